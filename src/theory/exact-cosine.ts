/**
 * The cosine between n Gaussian values and their quantised version for a grid that is laid over their own extremes: its exact
 * expectation, and the cosine of expected sums, which is near it. Derivations: docs/theory.md, section 1c.
 */
import { UsageError } from '../core/errors.js';
import { requireSampleSize } from './arguments.js';
import { type CosineCase, type Grid, noiseFactor, requireCase, stepsToEnd } from './cosine-law.js';
import { quadrature } from './gaussian.js';
import { overExtremes } from './over-extremes.js';
import { type FixedGrid, type LevelMoments, levelMoments, products } from './rounded-gaussian.js';
import { expectedNorm } from './sign-ternary.js';

/** A grid over the extremes low..high, and the values between them. */
interface GivenExtremes {
  readonly fixed: FixedGrid;
  /** Sum of the squares of the values that lie at the ends: max|W| (with either sign), or the minimum and the maximum. */
  readonly ends: number;
  /** How many values are left; they are independent and follow the Gaussian cut off at the ends. */
  readonly rest: number;
  /** Of one of them: normalised. */
  readonly moments: LevelMoments;
}

function givenExtremes({ grid, bits, n, rounding }: CosineCase, low: number, high: number): GivenExtremes {
  const steps = stepsToEnd(grid, bits) * (grid === 'symmetric' ? 2 : 1);
  const fixed = { low, step: (high - low) / steps, levels: steps + 1, rounding };
  const [ends, count] = grid === 'symmetric' ? [high * high, 1] : [low * low + high * high, 2];
  const { mass, first, second } = levelMoments(fixed, low, high);
  const all = mass.reduce((sum, one) => sum + one, 0);
  const moments = {
    mass: mass.map((one) => one / all),
    first: first.map((one) => one / all),
    second: second / all,
  };
  return { fixed, ends, rest: n - count, moments };
}

/** Where doubles hold the density of an extreme value, its square and the grid between two of them. */
const [smallestExtreme, largestExtreme, leastSpan] = [1e-100, 36, 1e-9];

/** @throws UsageError unless the two can be the extremes of Gaussian values that the grid is laid over. */
function requireExtremes(grid: Grid, low: number, high: number): void {
  if (!(low < high) || (grid === 'symmetric' && low !== -high)) {
    throw new UsageError(`${low} and ${high} are no extremes for the ${grid} grid`);
  }
  const largest = Math.max(-low, high);
  if (largest > largestExtreme || largest < smallestExtreme || high - low < leastSpan * largest) {
    throw new UsageError(
      `extremes lie within -${largestExtreme} and ${largestExtreme}, the larger is ${smallestExtreme} or more, and they are more than ` +
        `${leastSpan} of it apart, got ${low} and ${high}`,
    );
  }
}

/**
 * Near the mean cosine of n Gaussian values and their quantised version given their extremes: `low` and `high` are the smallest
 * and the largest value (`symmetric`: -max|W| and max|W|). The sums of W Q(W), W^2 and Q(W)^2 have exact expectations, of which
 * this is the cosine; the mean of the cosine differs from it by order 1/n (docs/theory.md, section 1c, has by how much).
 * @param options bits 2 to 10, n from 3. @param low from -36. @param high up to 36; the larger magnitude of the two is 1e-100 or more, and they
 * are at least 1e-9 of it apart.
 * @throws UsageError for other arguments, or a symmetric grid whose ends differ.
 */
export function cosineGivenExtremes(options: CosineCase, low: number, high: number): number {
  const { grid, bits, n, rounding } = requireCase(options);
  stepsToEnd(grid, bits);
  noiseFactor(rounding);
  requireSampleSize(n, 3);
  if (bits > 10) throw new UsageError(`exact expectations are there for up to 10 bits, got ${bits}`);
  requireExtremes(grid, low, high);
  const { fixed, ends, rest, moments } = givenExtremes(options, low, high);
  const { cross, quantised, values } = products(fixed, moments);
  const [sumCross, sumValues, sumQuantised] = [cross, values, quantised].map((one) => ends + rest * one);
  // By Cauchy and Schwarz at most 1, which doubles overshoot; the product of the sums could be below them.
  return Math.min(1, sumCross / (Math.sqrt(sumValues) * Math.sqrt(sumQuantised)));
}

/** exp of less than this is nothing against 1. */
const nothing = -40;

/**
 * E[C/sqrt T] given the extremes, C = sum of W Q(W), T = sum of Q(W)^2. As 1/sqrt T is 2/sqrt pi times the integral of
 * exp(-s^2 T) over s > 0, and the values are independent, the expectation is a product in the integrand:
 *   2/sqrt pi * integral of exp(-s^2 ends) A^(rest - 1) (ends A + rest B) ds,  A = E exp(-s^2 Q^2), B = E[W Q exp(-s^2 Q^2)].
 */
function expectedProjection({ fixed, ends, rest, moments }: GivenExtremes): number {
  const { low, step, levels } = fixed;
  // In s = x/sqrt(E T) the integrand is near exp(-x^2) for a long vector and wider for a short one.
  const size = ends + rest * products(fixed, moments).quantised;
  const at = (x: number): { logPower: number; average: number; cross: number } => {
    // A - 1: A itself, to the power of `rest`, would lose its digits.
    let [short, cross] = [0, 0];
    for (let k = 0; k < levels; k++) {
      const level = low + k * step;
      const less = Math.expm1((-x * x * level * level) / size);
      short += moments.mass[k] * less;
      cross += moments.first[k] * level * (1 + less);
    }
    return { logPower: (-x * x * ends) / size + (rest - 1) * Math.log1p(short), average: 1 + short, cross };
  };
  let reach = 6;
  while (at(reach).logPower > nothing) reach *= 1.25;
  let integral = 0;
  for (const { x, weight } of quadrature(0, reach, Math.ceil(reach / 3.2))) {
    const { logPower, average, cross } = at(x);
    integral += weight * Math.exp(logPower) * (ends * average + rest * cross);
  }
  return ((2 / Math.sqrt(Math.PI)) * integral) / Math.sqrt(size);
}

/**
 * The mean cosine of n Gaussian values and their quantised version, the step's dependence on the values included: exact, by two
 * integrals. Q(cW) = c Q(W), so C/sqrt T is homogeneous of degree 1, and direction and length of a Gaussian vector are independent:
 * E[C/(|W| sqrt T)] = E[C/sqrt T]/E|W|. The numerator is averaged over the exact distribution of the extremes, given which the
 * other values are independent. Error of the quadrature below 2e-8.
 * @param options bits 2 to 10, n from 16 to 1e9.
 * @throws UsageError for other arguments.
 */
export function expectedCosine(options: CosineCase): number {
  const { grid, bits, n, rounding } = requireCase(options);
  stepsToEnd(grid, bits);
  noiseFactor(rounding);
  requireSampleSize(n, 16, 9);
  if (bits > 10) {
    throw new UsageError(`the exact expectation is there for up to 10 bits, got ${bits}; use cosineLaw`);
  }
  const mean = overExtremes(grid, n, (low, high) => expectedProjection(givenExtremes(options, low, high)));
  return mean / expectedNorm(n);
}
