/**
 * A Gaussian value rounded to a fixed grid, without the uniform-noise assumption: what each level holds, by Gaussian integrals over
 * the grid's cells. Shows where the law of cosine-law.ts fails (2 and 3 bits), and why. Derivations: docs/theory.md.
 */
import { UsageError } from '../core/errors.js';
import { requireFields } from './arguments.js';
import { noiseFactor, type Rounding } from './cosine-law.js';
import { type CellMoments, cellMoments, riseMoments } from './gaussian.js';

/** Levels low, low + step, ..., `levels` of them; sigma = 1. */
export interface FixedGrid {
  /** -1e6 to 1e6. */
  readonly low: number;
  /** 1e-6 to 1e6. */
  readonly step: number;
  /** A whole number from 2 to 65536. */
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
  /** A cell's part in from..to. */
  const inside = (a: number, b: number): (CellMoments & { start: number; end: number }) | undefined => {
    const [start, end] = [Math.max(a, from), Math.min(b, to)];
    return end > start ? { start, end, ...cellMoments(start, end) } : undefined;
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
      // w goes up with probability (w - a)/(b - a). Of a level below 0 or far out, w - a is a small part of w: hence moments of its own.
      const { rise, riseFirst } = riseMoments(cell.start, cell.end, cell);
      const before = cell.start - a;
      const [up, upFirst] = [
        (rise + before * cell.mass) / (b - a),
        (riseFirst + before * cell.first) / (b - a),
      ];
      mass[k + 1] += up;
      first[k + 1] += upFirst;
      mass[k] += cell.mass - up;
      first[k] += cell.first - upFirst;
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

/** Largest magnitude of the lowest level and range of the step, in sigma: the noise's power over step^2 and the levels' squares keep digits. */
const [farthest, finest] = [1e6, 1e-6];

function wholeLine(one: FixedGrid): ReturnType<typeof products> {
  const grid = requireFields(one, ['low', 'step', 'levels', 'rounding']);
  if (!(grid.step >= finest && grid.step <= farthest)) {
    throw new UsageError(`the step must be ${finest} to ${farthest}, got ${grid.step}`);
  }
  if (!(Math.abs(grid.low) <= farthest)) {
    throw new UsageError(`the lowest level must be -${farthest} to ${farthest}, got ${grid.low}`);
  }
  if (!Number.isInteger(grid.levels) || grid.levels < 2 || grid.levels > 65536) {
    throw new UsageError(`levels must be a whole number from 2 to 65536, got ${grid.levels}`);
  }
  noiseFactor(grid.rounding);
  return products(grid, levelMoments(grid, -Infinity, Infinity));
}

/**
 * E[W Q(W)]/sqrt(E[Q(W)^2]) of a standard normal W on a fixed grid: what the cosine of a long vector tends to. Values
 * outside take the end level. No approximation of that limit but the end of the series of doubles.
 * @throws UsageError for a field that is missing or out of the range in {@link FixedGrid}. NaN never: a grid whose values are all 0 gives 0.
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
 * 1 and 0 by terms of the order exp(-2 pi^2/step^2). What lies beyond the end levels takes these and is noise, too: a grid that does not reach
 * as far as the values has a power of many times step^2/12.
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
