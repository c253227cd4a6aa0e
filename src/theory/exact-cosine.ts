/**
 * The cosine between Gaussian values and their quantised version without the uniform-noise assumption: sums over the grid's
 * cells of Gaussian integrals. Shows where the law of cosine-law.ts fails (2 and 3 bits), and why. Derivations:
 * docs/theory.md.
 */
import { UsageError } from '../core/errors.js';
import { requirePositive, requireSampleSize } from './arguments.js';
import { type CosineCase, type Grid, noiseFactor, type Rounding, stepsToEnd } from './cosine-law.js';
import {
  cellMoments,
  normalDensity,
  normalMass,
  normalTail,
  normalTailInverse,
  quadrature,
} from './gaussian.js';

/** Levels low, low + step, ..., `levels` of them; sigma = 1. */
export interface FixedGrid {
  readonly low: number;
  readonly step: number;
  readonly levels: number;
  readonly rounding: Rounding;
}

interface Products {
  /** E[W Q(W)], E[Q(W)^2] and E[W^2] over the interval that was asked for. */
  readonly cross: number;
  readonly quantised: number;
  readonly values: number;
}

/** Integrals over from..to against phi (not normalised); values beyond the end levels take the end level. */
function products({ low, step, levels, rounding }: FixedGrid, from: number, to: number): Products {
  let [cross, quantised, values] = [0, 0, 0];
  const high = low + (levels - 1) * step;
  const cell = (a: number, b: number, add: (mass: number, first: number, second: number) => void): void => {
    const [start, end] = [Math.max(a, from), Math.min(b, to)];
    if (end <= start) return;
    const { mass, first, second } = cellMoments(start, end);
    values += second;
    add(mass, first, second);
  };
  const constant = (level: number) => (mass: number, first: number) => {
    cross += level * first;
    quantised += level * level * mass;
  };
  if (rounding === 'nearest') {
    for (let k = 0; k < levels; k++) {
      const level = low + k * step;
      cell(
        k === 0 ? -Infinity : level - step / 2,
        k === levels - 1 ? Infinity : level + step / 2,
        constant(level),
      );
    }
  } else {
    cell(-Infinity, low, constant(low));
    cell(high, Infinity, constant(high));
    for (let k = 0; k < levels - 1; k++) {
      const [a, b] = [low + k * step, low + (k + 1) * step];
      cell(a, b, (mass, first, second) => {
        // E[Q | w] = w and Var[Q | w] = (w - a)(b - w).
        cross += second;
        quantised += (a + b) * first - a * b * mass;
      });
    }
  }
  return { cross, quantised, values };
}

function checkGrid({ low, step, levels, rounding }: FixedGrid): void {
  requirePositive('the step', step);
  if (!Number.isFinite(low)) throw new UsageError(`the lowest level must be finite, got ${low}`);
  if (!Number.isInteger(levels) || levels < 2 || levels > 65536) {
    throw new UsageError(`levels must be a whole number from 2 to 65536, got ${levels}`);
  }
  noiseFactor(rounding);
}

/**
 * E[W Q(W)]/sqrt(E[Q(W)^2]) of a standard normal W on a fixed grid: what the cosine of a long vector tends to. Values
 * outside take the end level. No approximation but the end of the series of doubles.
 * @throws UsageError for a step of 0, fewer than 2 levels or more than 65536, or no rounding. NaN never: a grid whose
 * values are all 0 gives 0.
 */
export function fixedGridCosine(grid: FixedGrid): number {
  checkGrid(grid);
  const { cross, quantised } = products(grid, -Infinity, Infinity);
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
  checkGrid(grid);
  const { cross, quantised, values } = products(grid, -Infinity, Infinity);
  const power = quantised - 2 * cross + values;
  return {
    power: power / (noiseFactor(grid.rounding) * grid.step * grid.step),
    correlation: power > 0 ? (cross - values) / Math.sqrt(power * values) : 0,
  };
}

/** Probability that is left out at each end of the distribution of an extreme value. */
const leftOut = 1e-10;

/** Nodes for the maximum of n values of which each exceeds x with probability factor*Q(x): [P near 0, P near 1]. */
function extremeNodes(n: number, factor: number): { x: number; weight: number }[] {
  // P(max <= x) = (1 - factor Q(x))^n = p.
  const quantile = (p: number): number =>
    -Math.expm1(Math.log(p) / n) / factor >= 0.5
      ? factor === 2
        ? 0
        : -normalTailInverse(Math.exp(Math.log(p) / n))
      : normalTailInverse(-Math.expm1(Math.log(p) / n) / factor);
  return quadrature(quantile(leftOut), quantile(1 - leftOut), 2);
}

/**
 * The cosine of n Gaussian values and their quantised version given their extremes: `low` and `high` are the smallest and
 * the largest value (`symmetric`: -max|W| and max|W|). These lie on levels; the other values are independent and follow
 * the Gaussian cut off at them, so that the sums have exact expectations, of which this is the cosine.
 * @param options bits 2 to 10, n from 3.
 * @throws UsageError for other arguments, low >= high, or a symmetric grid whose ends differ.
 */
export function cosineGivenExtremes(options: CosineCase, low: number, high: number): number {
  const { grid, bits, n, rounding } = options;
  const steps = stepsToEnd(grid, bits) * (grid === 'symmetric' ? 2 : 1);
  noiseFactor(rounding);
  requireSampleSize(n, 3);
  if (bits > 10) throw new UsageError(`exact expectations are there for up to 10 bits, got ${bits}`);
  if (!(low < high && high - low < Infinity) || (grid === 'symmetric' && low !== -high)) {
    throw new UsageError(`${low} and ${high} are no extremes for the ${grid} grid`);
  }
  const fixed = { low, step: (high - low) / steps, levels: steps + 1, rounding };
  // One value holds max|W|, with either sign; two hold minimum and maximum.
  const [ends, count] = grid === 'symmetric' ? [high * high, 1] : [low * low + high * high, 2];
  const share = (n - count) / normalMass(low, high);
  const inner = products(fixed, low, high);
  const cross = ends + share * inner.cross;
  return cross / Math.sqrt((ends + share * inner.values) * (ends + share * inner.quantised));
}

/**
 * The mean of something over the exact joint distribution of the extremes of n Gaussian values: `low` and `high` are the smallest
 * and the largest value (`symmetric`: -max|W| and max|W|). n from 16 to 1e9, which the caller checks.
 */
export function overExtremes(grid: Grid, n: number, what: (low: number, high: number) => number): number {
  let [total, weights] = [0, 0];
  const add = (weight: number, low: number, high: number): void => {
    total += weight * what(low, high);
    weights += weight;
  };
  if (grid === 'symmetric') {
    for (const { x: max, weight } of extremeNodes(n, 2)) {
      add(weight * normalDensity(max) * Math.exp((n - 1) * Math.log1p(-2 * normalTail(max))), -max, max);
    }
    return total / weights;
  }
  // The minimum's distribution is the maximum's mirrored; together they have the density n(n-1) phi phi (F - F)^(n-2).
  const nodes = extremeNodes(n, 1);
  for (const { x: high, weight: weightHigh } of nodes) {
    for (const { x: mirrored, weight: weightLow } of nodes) {
      if (-mirrored >= high) continue;
      const inside = Math.exp((n - 2) * Math.log1p(-normalTail(high) - normalTail(mirrored)));
      add(weightHigh * weightLow * normalDensity(high) * normalDensity(mirrored) * inside, -mirrored, high);
    }
  }
  return total / weights;
}

/**
 * The mean cosine of n Gaussian values and their quantised version, the step's dependence on the largest value included:
 * {@link cosineGivenExtremes} averaged over the exact distribution of the extreme values. What is left out is the scatter of
 * the sums given the extremes: of order 1/n (measured in docs/theory.md).
 * @param options bits 2 to 10, n from 16 to 1e9.
 * @throws UsageError for other arguments.
 */
export function expectedCosine(options: CosineCase): number {
  const { grid, bits, n, rounding } = options;
  stepsToEnd(grid, bits);
  noiseFactor(rounding);
  requireSampleSize(n, 16);
  if (bits > 10 || n > 1e9) {
    throw new UsageError(
      `the exact expectation is there for up to 10 bits and 1e9 values, got ${bits} and ${n}; use cosineLaw`,
    );
  }
  return overExtremes(grid, n, (low, high) => cosineGivenExtremes(options, low, high));
}
