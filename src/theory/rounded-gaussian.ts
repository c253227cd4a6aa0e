/**
 * A Gaussian value rounded to a fixed grid, without the uniform-noise assumption: what each level holds, by Gaussian integrals over
 * the grid's cells. Shows where the law of cosine-law.ts fails (2 and 3 bits), and why. Derivations: docs/theory.md.
 */
import { UsageError } from '../core/errors.js';
import { requirePositive } from './arguments.js';
import { noiseFactor, type Rounding } from './cosine-law.js';
import { type CellMoments, cellMoments } from './gaussian.js';

/** Levels low, low + step, ..., `levels` of them; sigma = 1. */
export interface FixedGrid {
  readonly low: number;
  readonly step: number;
  readonly levels: number;
  readonly rounding: Rounding;
}

/** What the levels of a grid hold of a standard normal W from an interval; integrals against phi, not normalised. */
export interface LevelMoments {
  /** P(Q(W) = level k), by k. */
  readonly mass: Float64Array;
  /** E[W; Q(W) = level k], by k. */
  readonly first: Float64Array;
  /** E[W^2] over all levels. */
  readonly second: number;
}

/** Moments by level of W in from..to; values beyond the end levels take the end level. */
export function levelMoments(
  { low, step, levels, rounding }: FixedGrid,
  from: number,
  to: number,
): LevelMoments {
  const [mass, first] = [new Float64Array(levels), new Float64Array(levels)];
  const level = (k: number): number => low + k * step;
  const last = levels - 1;
  const inside = (a: number, b: number): CellMoments | undefined => {
    const [start, end] = [Math.max(a, from), Math.min(b, to)];
    return end > start ? cellMoments(start, end) : undefined;
  };
  /** A cell whose values all go to level k. */
  const whole = (k: number, a: number, b: number): void => {
    const cell = inside(a, b);
    if (!cell) return;
    mass[k] += cell.mass;
    first[k] += cell.first;
  };
  if (rounding === 'nearest') {
    for (let k = 0; k < levels; k++) {
      whole(k, k === 0 ? -Infinity : level(k) - step / 2, k === last ? Infinity : level(k) + step / 2);
    }
  } else {
    whole(0, -Infinity, low);
    whole(last, level(last), Infinity);
    for (let k = 0; k < last; k++) {
      const [a, b] = [level(k), level(k + 1)];
      const cell = inside(a, b);
      if (!cell) continue;
      // w goes up with probability (w - a)/step, down with (b - w)/step.
      mass[k + 1] += (cell.first - a * cell.mass) / step;
      first[k + 1] += (cell.second - a * cell.first) / step;
      mass[k] += (b * cell.mass - cell.first) / step;
      first[k] += (b * cell.first - cell.second) / step;
    }
  }
  return { mass, first, second: inside(-Infinity, Infinity)?.second ?? 0 };
}

/** E[W Q(W)], E[Q(W)^2] and E[W^2] over from..to, not normalised. */
export function products(
  grid: FixedGrid,
  { mass, first, second }: LevelMoments,
): { readonly cross: number; readonly quantised: number; readonly values: number } {
  let [cross, quantised] = [0, 0];
  for (let k = 0; k < grid.levels; k++) {
    const level = grid.low + k * grid.step;
    cross += level * first[k];
    quantised += level * level * mass[k];
  }
  return { cross, quantised, values: second };
}

function wholeLine(grid: FixedGrid): ReturnType<typeof products> {
  requirePositive('the step', grid.step);
  if (!Number.isFinite(grid.low)) throw new UsageError(`the lowest level must be finite, got ${grid.low}`);
  if (!Number.isInteger(grid.levels) || grid.levels < 2 || grid.levels > 65536) {
    throw new UsageError(`levels must be a whole number from 2 to 65536, got ${grid.levels}`);
  }
  noiseFactor(grid.rounding);
  return products(grid, levelMoments(grid, -Infinity, Infinity));
}

/**
 * E[W Q(W)]/sqrt(E[Q(W)^2]) of a standard normal W on a fixed grid: what the cosine of a long vector tends to. Values
 * outside take the end level. No approximation of that limit but the end of the series of doubles.
 * @throws UsageError for a step of 0, fewer than 2 levels or more than 65536, or no rounding. NaN never: a grid whose
 * values are all 0 gives 0.
 */
export function fixedGridCosine(grid: FixedGrid): number {
  const { cross, quantised } = wholeLine(grid);
  return quantised > 0 ? cross / Math.sqrt(quantised) : 0;
}

/** The noise e = Q(W) - W of a standard normal W on a fixed grid; see {@link roundingNoise}. */
export interface RoundingNoise {
  /** E[e^2]/(step^2/12) (stochastic: step^2/6), e = Q(W) - W: 1 if the noise were uniform. */
  readonly power: number;
  /** Correlation of e and W: 0 if they were independent. */
  readonly correlation: number;
}

/**
 * What the uniform-noise assumption says of the noise on a fixed grid, and what holds. On an endless grid both differ from
 * 1 and 0 by terms of the order exp(-2 pi^2/step^2).
 * @throws UsageError as {@link fixedGridCosine}.
 */
export function roundingNoise(grid: FixedGrid): RoundingNoise {
  const { cross, quantised, values } = wholeLine(grid);
  const power = quantised - 2 * cross + values;
  return {
    power: power / (noiseFactor(grid.rounding) * grid.step * grid.step),
    correlation: power > 0 ? (cross - values) / Math.sqrt(power * values) : 0,
  };
}
