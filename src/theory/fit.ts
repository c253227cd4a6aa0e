/**
 * Gaussian, Laplace and log-normal fits of a tensor's values, and how far each is from them. For the distributions of
 * activations and gradients: a histogram's shape in a few numbers. Knows no tensor's name.
 */
import { DataError, UsageError } from '../core/errors.js';
import { normalTail } from './gaussian.js';
import { nonZeroValues } from './thin.js';

/** A family of distributions; see {@link Fit} for their parameters. */
export type FamilyName = 'gaussian' | 'laplace' | 'log-normal';

/** A distribution that was fitted. */
export interface Fit {
  readonly family: FamilyName;
  /**
   * `gaussian`: mean, sigma. `laplace`: median and scale b, density exp(-|x - median|/b)/(2b). `log-normal`: mu and sigma of
   * ln|x|, and negative, the share of values below 0 (each sign has the same |x|).
   */
  readonly parameters: Readonly<Record<string, number>>;
  /** P(X < x). */
  below(x: number): number;
  /** P(X > x), with its digits where it is small. */
  above(x: number): number;
}

/**
 * P(low < X < high); in the upper tail by the tail's own function, which has its digits.
 * @throws UsageError unless low <= high.
 */
export function probabilityBetween({ below, above }: Fit, low: number, high: number): number {
  if (!(low <= high)) throw new UsageError(`low must be at most high, got ${low} and ${high}`);
  return low >= 0 ? above(low) - above(high) : below(high) - below(low);
}

/** How far a sample is from a distribution; both are 0 for a perfect fit and do not grow with the sample. */
export interface Goodness {
  /**
   * Kolmogorov and Smirnov's distance, the largest difference of the distribution functions: 0..1. What a sample of the family itself
   * stays below: {@link ksCritical}. Says little of tails.
   */
  readonly ks: number;
  /**
   * Anderson and Darling's A^2/n, the squared difference weighted by 1/(F (1 - F)): sees the tails, which decide the step of
   * a quantiser. For n values of a fixed distribution its mean is 1/n; what those of a fitted Gaussian stay below:
   * {@link andersonDarlingCritical}.
   */
  readonly andersonDarling: number;
}

/** What {@link fitDistributions} gives: figures of a tensor, and each family's fit with its distances. */
export interface FitReport {
  /** Values in all. */
  readonly count: number;
  /** Share of exact zeros (dead units, ReLU): left out of fits and distances, as no density has them. */
  readonly zeroShare: number;
  /** Fourth central moment over the squared variance, less 3, of the values that are not 0: 0 for a Gaussian, 3 for Laplace. */
  readonly excessKurtosis: number;
  readonly fits: readonly { readonly fit: Fit; readonly goodness: Goodness }[];
}

/** Values other than 0 in ascending order. */
interface Sample {
  readonly sorted: Float64Array;
  /** A power of two near the largest magnitude: in this unit fourth powers stay within doubles, and no value loses a bit. */
  readonly unit: number;
  readonly scaled: Float64Array;
}

/** Largest magnitudes of samples whose spread doubles hold, however small it is beside them. */
const [least, most] = [1e-280, 1e300];

/** Refuses what has no shape. */
function sampleOf(values: ArrayLike<number>): Sample {
  const sorted = nonZeroValues(values).sort();
  if (sorted.length < 2 || sorted[0] === sorted[sorted.length - 1]) {
    throw new DataError('a fit needs at least two different values other than 0');
  }
  const largest = Math.max(-sorted[0], sorted[sorted.length - 1]);
  if (largest < least || largest > most) {
    throw new DataError(`the largest magnitude of a fit must be ${least} to ${most}, got ${largest}`);
  }
  const unit = 2 ** Math.floor(Math.log2(largest));
  return { sorted, unit, scaled: sorted.map((x) => x / unit) };
}

interface Moments {
  readonly mean: number;
  readonly sigma: number;
  readonly excess: number;
}

function momentsOf(values: Float64Array): Moments {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  let [second, fourth] = [0, 0];
  for (let i = 0; i < n; i++) {
    const square = (values[i] - mean) ** 2;
    second += square / n;
    fourth += (square * square) / n;
  }
  return { mean, sigma: Math.sqrt(second), excess: fourth / (second * second) - 3 };
}

function gaussian(mean: number, sigma: number): Fit {
  return {
    family: 'gaussian',
    parameters: { mean, sigma },
    below: (x) => normalTail((mean - x) / sigma),
    above: (x) => normalTail((x - mean) / sigma),
  };
}

function gaussianFit({ unit, scaled }: Sample): Fit {
  const { mean, sigma } = momentsOf(scaled);
  return gaussian(mean * unit, sigma * unit);
}

function laplaceFit({ unit, scaled }: Sample): Fit {
  const n = scaled.length;
  const median = (scaled[(n - 1) >> 1] + scaled[n >> 1]) / 2;
  let scale = 0;
  for (const x of scaled) scale += Math.abs(x - median) / n;
  return laplace(median * unit, scale * unit);
}

function laplace(median: number, scale: number): Fit {
  const above = (distance: number): number =>
    distance > 0 ? 0.5 * Math.exp(-distance) : 1 - 0.5 * Math.exp(distance);
  return {
    family: 'laplace',
    parameters: { median, scale },
    below: (x) => above((median - x) / scale),
    above: (x) => above((x - median) / scale),
  };
}

function logNormalFit({ sorted }: Sample): Fit {
  let negatives = 0;
  for (const x of sorted) if (x < 0) negatives += 1;
  const negative = negatives / sorted.length;
  const logs = sorted.map((x) => Math.log(Math.abs(x)));
  const { mean: mu, sigma: spread } = momentsOf(logs);
  // Two values x and -x have one magnitude: any narrow spread says the same.
  return logNormal(mu, Math.max(spread, 1e-12), negative);
}

function logNormal(mu: number, sigma: number, negative: number): Fit {
  const larger = (magnitude: number): number =>
    magnitude > 0 ? normalTail((Math.log(magnitude) - mu) / sigma) : 1;
  const smaller = (magnitude: number): number =>
    magnitude > 0 ? normalTail((mu - Math.log(magnitude)) / sigma) : 0;
  return {
    family: 'log-normal',
    parameters: { mu, sigma, negative },
    below: (x) => (x < 0 ? negative * larger(-x) : negative + (1 - negative) * smaller(x)),
    above: (x) => (x < 0 ? 1 - negative + negative * smaller(-x) : (1 - negative) * larger(x)),
  };
}

/** The parameters of each family, in the order in which it is made of them. */
const families = {
  gaussian: { names: ['mean', 'sigma'], make: gaussian },
  laplace: { names: ['median', 'scale'], make: laplace },
  'log-normal': { names: ['mu', 'sigma', 'negative'], make: logNormal },
} as const;

/** @throws UsageError for an unknown family. */
export function requireFamily(family: FamilyName): void {
  if (!Object.hasOwn(families, family)) {
    throw new UsageError(`there is no family "${family}"; known are ${Object.keys(families).join(', ')}`);
  }
}

/**
 * The distribution of a {@link Fit}'s family and parameters, for one that was written down.
 * @throws UsageError for an unknown family, or a parameter that is missing or out of range.
 */
export function fittedDistribution(family: FamilyName, parameters: Readonly<Record<string, number>>): Fit {
  requireFamily(family);
  const { names, make } = families[family];
  const values = names.map((name) => {
    const value = parameters[name];
    const fits =
      Number.isFinite(value) &&
      (!/sigma|scale/.test(name) || value > 0) &&
      (name !== 'negative' || (value >= 0 && value <= 1));
    if (!fits) throw new UsageError(`${family} needs a "${name}" in its range, got ${value}`);
    return value;
  });
  return (make as (...values: readonly number[]) => Fit)(...values);
}

/** Distances of a sorted sample from a distribution. */
function goodnessOf(sorted: Float64Array, fit: Fit): Goodness {
  const n = sorted.length;
  // A double that is 0 stands for a tail beyond 37 sigma; its logarithm must stay finite.
  const logOf = (p: number): number => Math.log(Math.max(p, 1e-300));
  let [ks, sum] = [0, 0];
  for (let i = 0; i < n; i++) {
    const below = fit.below(sorted[i]);
    ks = Math.max(ks, below - i / n, (i + 1) / n - below);
    sum += ((2 * i + 1) / n) * logOf(below) + ((2 * (n - i) - 1) / n) * logOf(fit.above(sorted[i]));
  }
  return { ks, andersonDarling: -1 - sum / n };
}

/**
 * Fits the three families by maximum likelihood to the values other than 0 and says how far each is off. Equal values
 * (codes, clamped tensors) count as drawn from a continuous distribution, so a coarse grid shows in both distances.
 * @throws DataError for a value that is not finite, fewer than two different values other than 0, or a largest magnitude outside 1e-280..1e300.
 */
export function fitDistributions(values: ArrayLike<number>): FitReport {
  const sample = sampleOf(values);
  const { sorted, scaled } = sample;
  const fits = [gaussianFit, laplaceFit, logNormalFit].map((make) => {
    const fit = make(sample);
    return { fit, goodness: goodnessOf(sorted, fit) };
  });
  return {
    count: values.length,
    zeroShare: 1 - sorted.length / values.length,
    excessKurtosis: momentsOf(scaled).excess,
    fits,
  };
}
