/**
 * What a tensor's values are like, in a record that can be written down: a histogram, fits with their distances, and what a
 * quantiser makes of them beside what it would make of Gaussian values. Knows no tensor's name.
 */
import { UsageError } from '../core/errors.js';
import type { NoiseKey } from '../core/rng.js';
import { type FamilyName, fitDistributions, type Goodness } from './fit.js';
import { compareWithLaw, type LawSpec, type TensorLaw } from './tensor-law.js';
import { nonZeroValues, requireLimit, thinned, usuallyFitted } from './thin.js';

/** A family's fit without its functions; {@link fittedDistribution} gives them back. */
export interface FamilyFit extends Goodness {
  readonly family: FamilyName;
  readonly parameters: Readonly<Record<string, number>>;
}

/** Values other than 0 counted by log2 of their magnitude in root mean squares. */
export interface MagnitudeHistogram {
  /** Magnitudes below 2^low of {@link magnitudeOctaves}. */
  readonly below: number;
  /** In bins of equal width in octaves, from 2^low up to 2^high. */
  readonly counts: readonly number[];
  /** Magnitudes from 2^high on. */
  readonly above: number;
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
  /** The same values by magnitude, which shows a peak around 0 that is narrower than a bin of `histogram`. */
  readonly magnitudes: MagnitudeHistogram;
  /** How many values the fits are of: {@link ksCritical} takes it. */
  readonly fitted: number;
  readonly fits: readonly FamilyFit[];
  /** Share of the values other than 0 that are smaller than half a step: to nearest they become 0. */
  readonly belowHalfStep: number;
  readonly law: TensorLaw;
}

/** Options of {@link describeDistribution}. */
export interface DistributionOptions {
  /** Noise of stochastic rounding. */
  readonly key?: NoiseKey;
  /** Bins of the histogram, an odd number from 3 to 99,999, so that the middle one is around 0. Default 51. */
  readonly bins?: number;
  /** At most so many of the values other than 0, evenly taken, are fitted (they are sorted for it). Default 50,000: tells distances of 0.01. */
  readonly fitted?: number;
}

/** Far more than there are values for, and little memory. */
const mostBins = 99_999;

/** End of the histogram in root mean squares. A Gaussian of a million values ends at 5; layer gradients go on to 10 and more. */
export const histogramEdge = 10;

/**
 * Range of {@link MagnitudeHistogram} in octaves around the root mean square. Layer gradients fill the 20 below; the largest of a tensor
 * is rarely 2^8 times its root mean square.
 */
export const magnitudeOctaves = { low: -20, high: 8 } as const;
/** Two bins an octave are narrow against the width of every family, and a few hundred values still fill them. */
const binsPerOctave = 2;

/** Counts what is not 0 by magnitude. @param rms above 0. */
function magnitudeHistogram(values: ArrayLike<number>, rms: number): MagnitudeHistogram {
  const { low, high } = magnitudeOctaves;
  const counts = new Array<number>((high - low) * binsPerOctave).fill(0);
  let [below, above] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue;
    const place = Math.floor((Math.log2(Math.abs(values[i]) / rms) - low) * binsPerOctave);
    if (place < 0) below += 1;
    else if (place >= counts.length) above += 1;
    else counts[place] += 1;
  }
  return { below, counts, above };
}

/**
 * Histogram, fits, and the cosine of `values` with their codes under `spec` beside the Gaussian law's.
 * @param spec as {@link compareWithLaw} takes it.
 * @throws UsageError for a spec that clips or lacks a field, or options out of range; DataError for values that are not finite, or fewer
 * than two different ones other than 0, which have no shape; NonFiniteError for what float32 has no number for.
 */
export function describeDistribution(
  values: ArrayLike<number>,
  spec: LawSpec,
  options: DistributionOptions = {},
): Distribution {
  const { key = { k0: 0, k1: 0 }, bins = 51, fitted = usuallyFitted } = options;
  if (!Number.isInteger(bins) || bins < 3 || bins > mostBins || bins % 2 === 0) {
    throw new UsageError(`bins must be an odd number from 3 to ${mostBins}, got ${bins}`);
  }
  requireLimit(fitted);
  // Fits come first: they refuse what the rest could say nothing of.
  const part = thinned(nonZeroValues(values), fitted);
  const { fits, excessKurtosis } = fitDistributions(part);
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
    magnitudes: magnitudeHistogram(values, rms),
    fitted: part.length,
    fits: fits.map(({ fit: { family, parameters }, goodness }) => ({ family, parameters, ...goodness })),
    belowHalfStep: small / kept,
    law,
  };
}
