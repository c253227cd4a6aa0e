/**
 * The angle between a Gaussian vector and its quantised version by the uniform-noise law, for the number of values at
 * hand; how far that law is off for a step that depends on the values; and the bound of Banner et al. 2018 as printed.
 * Derivations: docs/theory.md. Knows no tensor.
 */
import { UsageError } from '../core/errors.js';
import { requireFields, requirePositive, requireSampleSize } from './arguments.js';
import { maxAbsMoment, rangeMoment } from './extremes.js';

/**
 * `minmax`: 2^bits levels from the smallest to the largest value, step = range/(2^bits - 1).
 * `symmetric`: levels -q..q times the step, q = 2^(bits-1) - 1, step = max|W|/q; 0 is a level.
 * Neither clips: the step covers all values.
 */
export type Grid = 'minmax' | 'symmetric';

export type Rounding = 'nearest' | 'stochastic';

/** A Gaussian vector's length and how it is quantised. */
export interface CosineCase {
  readonly grid: Grid;
  /** 2 to 16. */
  readonly bits: number;
  /** Number of values, from 2 (`symmetric`: from 1) to 1e9. */
  readonly n: number;
  readonly rounding: Rounding;
}

/** @throws UsageError unless `one` is an object with all four fields. */
export function requireCase(one: CosineCase): CosineCase {
  return requireFields(one, ['grid', 'bits', 'n', 'rounding']);
}

/** Steps between the two ends of the grid, or between 0 and its end where it is symmetric. */
export function stepsToEnd(grid: Grid, bits: number): number {
  if (!Number.isInteger(bits) || bits < 2 || bits > 16) {
    throw new UsageError(`bits must be a whole number from 2 to 16, got ${bits}`);
  }
  if (grid === 'minmax') return 2 ** bits - 1;
  if (grid === 'symmetric') return 2 ** (bits - 1) - 1;
  throw new UsageError(`there is no grid "${String(grid)}"; use "minmax" or "symmetric"`);
}

/** Noise power over step^2: 1/12 for rounding to nearest, 1/6 for stochastic rounding, if the noise is uniform. */
export function noiseFactor(rounding: Rounding): number {
  if (rounding === 'nearest') return 1 / 12;
  if (rounding === 'stochastic') return 1 / 6;
  throw new UsageError(`there is no rounding "${String(rounding)}"; use "nearest" or "stochastic"`);
}

/** E[step^order] for sigma = 1, order 1, 2 or 4. */
export function stepMoment(grid: Grid, bits: number, n: number, order: 1 | 2 | 4): number {
  const moment = grid === 'minmax' ? rangeMoment : maxAbsMoment;
  return moment(n, order) / stepsToEnd(grid, bits) ** order;
}

/**
 * cos = 1/sqrt(1 + k step^2), k = 1/12 (nearest) or 1/6 (stochastic); the step in units of the values' root mean square.
 * Exact for noise of that power that is orthogonal to the values; an approximation for real rounding, good to
 * exp(-2 pi^2/step^2) (Widrow's theorem, docs/theory.md) for a Gaussian.
 * @throws UsageError for a step below 0 or not finite, or an unknown rounding.
 */
export function uniformNoiseCosine(step: number, rounding: Rounding): number {
  requirePositive('the step', step, true);
  return 1 / Math.sqrt(1 + noiseFactor(rounding) * step * step);
}

/**
 * The law at finite n: cos(W, Q(W)) ~ 1/sqrt(1 + k E[step^2]). The step D depends on max|W|, which depends on ||W||. Yet
 * D/||W|| is a function of W's direction, hence independent of ||W||, so E[(D/||W||)^2] = E[D^2]/(n sigma^2) without
 * error for noise of the same power in every value. As x -> 1/sqrt(1 + x) is convex, the law lies below the mean cosine (Jensen) if
 * the noise is uniform; {@link jensenGap} says by how much. In short vectors finiteLengthTerm is the larger part of its error.
 * @throws UsageError for bits, n, grid or rounding out of range.
 */
export function cosineLaw(one: CosineCase): number {
  const { grid, bits, n, rounding } = requireCase(one);
  return 1 / Math.sqrt(1 + noiseFactor(rounding) * stepMoment(grid, bits, n, 2));
}

/**
 * Second-order term of what the law leaves out because the step varies from vector to vector:
 * E[c(X)] - c(E X) ~ c''(E X) Var X / 2, c(x) = (1 + x)^(-1/2), c'' = 3/4 (1 + x)^(-5/2), X = k n D^2/||W||^2, with
 * E[X^2] = k^2 E[D^4] n/(n + 2) by the same independence (E||W||^4 = n(n + 2)). Never negative.
 * @throws UsageError as {@link cosineLaw}.
 */
export function jensenGap(one: CosineCase): number {
  const { grid, bits, n, rounding } = requireCase(one);
  const k = noiseFactor(rounding);
  const mean = k * stepMoment(grid, bits, n, 2);
  const square = k * k * stepMoment(grid, bits, n, 4) * (n / (n + 2));
  return 0.375 * (1 + mean) ** -2.5 * Math.max(0, square - mean * mean);
}

/** By how much a cosine that was computed in doubles, from sums over millions of values, may overshoot 1. */
const overshoot = 1e-9;

/** Angle in degrees of a cosine; one that overshoots 1 or -1 by up to 1e-9 counts as that. @throws UsageError for others outside -1..1. */
export function angleDegrees(cosine: number): number {
  if (!(Math.abs(cosine) <= 1 + overshoot)) throw new UsageError(`a cosine lies in -1..1, got ${cosine}`);
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}

/**
 * The lower bound on the cosine as printed by Banner et al. 2018, 2^M/(2^M + sqrt(ln N)/sqrt 6). It names no grid and no
 * rounding, and is none: it fails at 2 bits for the symmetric grid and for stochastic rounding, at 3 for both together.
 * From 4 bits on it holds and is loose, since it is of first order in the step where the angle is of second order.
 * @param bits M, 1 to 32. @param n N, a whole number from 1.
 * @throws UsageError for other arguments.
 */
export function printedBound(bits: number, n: number): number {
  if (!Number.isInteger(bits) || bits < 1 || bits > 32) {
    throw new UsageError(`bits must be a whole number from 1 to 32, got ${bits}`);
  }
  requireSampleSize(n);
  const levels = 2 ** bits;
  return levels / (levels + Math.sqrt(Math.log(n) / 6));
}
