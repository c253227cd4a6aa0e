/**
 * What a tensor's values are like, in a record that can be written down: a histogram, fits with their distances, and what a
 * quantiser makes of them beside what it would make of Gaussian values. Knows no tensor's name.
 */
import { UsageError } from '../core/errors.js';
import type { NoiseKey } from '../core/rng.js';
import type { QuantizerSpec } from '../quant/quantize-array.js';
import { type FamilyName, fitDistributions, type Goodness } from './fit.js';
import { compareWithLaw, type TensorLaw } from './tensor-law.js';

/** A family's fit without its functions; {@link fittedDistribution} gives them back. */
export interface FamilyFit extends Goodness {
  readonly family: FamilyName;
  readonly parameters: Readonly<Record<string, number>>;
}

/** What {@link describeDistribution} finds. */
export interface Distribution {
  /** Values in all. */
  readonly count: number;
  /** Share of exact zeros, which are in neither histogram nor fits. */
  readonly zeroShare: number;
  /** Root mean square of all values: the histogram's unit. */
  readonly rms: number;
  /** 0 for a Gaussian, 3 for Laplace; of the values other than 0. */
  readonly excessKurtosis: number;
  /** Values other than 0 in bins of equal width from -{@link histogramEdge} to +histogramEdge rms; what lies beyond is in the outermost. */
  readonly histogram: readonly number[];
  readonly fits: readonly FamilyFit[];
  /** Share of the values other than 0 that are smaller than half a step: to nearest they become 0. */
  readonly belowHalfStep: number;
  readonly law: TensorLaw;
}

/** Options of {@link describeDistribution}. */
export interface DistributionOptions {
  /** Noise of stochastic rounding. */
  readonly key?: NoiseKey;
  /** Bins of the histogram, an odd number from 3, so that the middle one is around 0. Default 51. */
  readonly bins?: number;
  /** At most so many values, evenly taken, are fitted (they are sorted for it). Default 50,000: tells distances of 0.01. */
  readonly fitted?: number;
}

/** End of the histogram in root mean squares. A Gaussian of a million values ends at 5; layer gradients go on to 10 and more. */
export const histogramEdge = 10;

/** At most `limit` values, evenly taken. A stride that shares a factor with the channels would see some of them only. */
function thinned(values: ArrayLike<number>, limit: number): ArrayLike<number> {
  const stride = Math.ceil(values.length / limit);
  if (stride <= 1) return values;
  const odd = stride % 2 === 0 ? stride + 1 : stride;
  return Float64Array.from({ length: Math.ceil(values.length / odd) }, (_, i) => values[i * odd]);
}

/**
 * Histogram, fits, and the cosine of `values` with their codes under `spec` beside the Gaussian law's.
 * @throws UsageError for a spec that clips or options out of range; DataError for values that are not finite, or fewer than two
 * different ones other than 0, which have no shape.
 */
export function describeDistribution(
  values: ArrayLike<number>,
  spec: QuantizerSpec,
  options: DistributionOptions = {},
): Distribution {
  const { key = { k0: 0, k1: 0 }, bins = 51, fitted = 50_000 } = options;
  if (!Number.isInteger(bins) || bins < 3 || bins % 2 === 0) {
    throw new UsageError(`bins must be an odd number from 3, got ${bins}`);
  }
  if (!Number.isInteger(fitted) || fitted < 2) {
    throw new UsageError(`fitted must be a whole number from 2, got ${fitted}`);
  }
  // Fits come first: they refuse what the rest could say nothing of.
  const { fits, excessKurtosis } = fitDistributions(thinned(values, fitted));
  const law = compareWithLaw(values, spec, key);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  const rms = Math.sqrt(squares / values.length);
  const histogram = new Array<number>(bins).fill(0);
  const halfStep = (law.step * rms) / 2;
  let [small, kept] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === 0) continue;
    kept += 1;
    if (Math.abs(value) < halfStep) small += 1;
    const place = Math.floor(((value / rms + histogramEdge) / (2 * histogramEdge)) * bins);
    histogram[Math.min(bins - 1, Math.max(0, place))] += 1;
  }
  return {
    count: values.length,
    zeroShare: law.zeroShare,
    rms,
    excessKurtosis,
    histogram,
    fits: fits.map(({ fit: { family, parameters }, goodness }) => ({ family, parameters, ...goodness })),
    belowHalfStep: small / kept,
    law,
  };
}
