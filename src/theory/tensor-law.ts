/**
 * The law of the quantisation cosine held against a tensor at hand: one figure for each assumption that is dropped, so that
 * a reader sees which one fails. Quantises with the library's own reference quantiser. Knows no model.
 */
import { DataError, NonFiniteError, UsageError } from '../core/errors.js';
import { type NoiseKey, noise16 } from '../core/rng.js';
import { formats } from '../quant/format.js';
import { cosine } from '../quant/measure.js';
import { dequantizeArray, type QuantizerSpec, quantizeArray } from '../quant/quantize-array.js';
import { requireFields } from './arguments.js';
import { cosineLaw, noiseFactor, uniformNoiseCosine } from './cosine-law.js';

/**
 * How a tensor is quantised for the comparison: by an integer format, over its own extremes. A `clip` other than 1, which is the default, is
 * refused, since the law is for grids that cover all values.
 */
export type LawSpec = Omit<QuantizerSpec, 'clip'> & Partial<Pick<QuantizerSpec, 'clip'>>;

const schemes: readonly QuantizerSpec['scheme'][] = ['affine', 'affine-float-zero', 'symmetric'];

/** `spec` in full. @throws UsageError for what the law is not for. */
function checkedSpec(given: LawSpec): QuantizerSpec {
  const { format, scheme, rounding, clip = 1 } = requireFields(given, ['format', 'scheme', 'rounding']);
  if (!Object.hasOwn(formats, format)) {
    throw new UsageError(`there is no format "${format}"; known are ${Object.keys(formats).join(', ')}`);
  }
  if (formats[format].minifloat) {
    throw new UsageError(
      `the law is for evenly spaced codes, and ${format} is a float; give an integer format`,
    );
  }
  if (!schemes.includes(scheme)) {
    throw new UsageError(`there is no scheme "${scheme}"; known are ${schemes.join(', ')}`);
  }
  noiseFactor(rounding);
  if (clip !== 1) throw new UsageError(`the law is for grids that do not clip; clip is ${clip}`);
  return { format, scheme, rounding, clip };
}

/** What {@link compareWithLaw} finds on a tensor of n values: its measured cosine beside those of the laws. */
export interface TensorLaw {
  readonly n: number;
  /** Share of exact zeros, which the library's grids hold exactly. */
  readonly zeroShare: number;
  /** Largest magnitude over the root mean square: about 4 to 5 for a Gaussian tensor (expectedMaxAbs). */
  readonly crest: number;
  /** Step in units of the root mean square. */
  readonly step: number;
  /** cos(x, Q(x)), measured. */
  readonly measured: number;
  /** Uniform noise at the step at hand: no assumption on the values but that the noise is uniform. */
  readonly byStep: number;
  /** The same with noise on the values other than 0 only: k step^2 (1 - zeroShare). */
  readonly byStepWithoutZeros: number;
  /** The law for n Gaussian values, which knows nothing of the tensor but its length. */
  readonly gaussian: number;
}

/**
 * Quantises `values` by their own extremes with one scale and compares the cosine with the laws.
 * @param given format, scheme and rounding. @param key noise of stochastic rounding.
 * @throws UsageError for a spec that lacks one of them, clips or has a float format, or fewer than two values; DataError for values that are
 * all 0; NonFiniteError for a NaN, an infinity or what float32 has no number for.
 */
export function compareWithLaw(
  values: ArrayLike<number>,
  given: LawSpec,
  key: NoiseKey = { k0: 0, k1: 0 },
): TensorLaw {
  const spec = checkedSpec(given);
  const n = values.length;
  if (n < 2) throw new UsageError(`a tensor of ${n} values has no law; give at least two`);
  const quantised = quantizeArray(values, spec, (index) => noise16(index, key));
  let [squares, zeros, largest] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    squares += values[i] * values[i];
    if (values[i] === 0) zeros += 1;
    largest = Math.max(largest, Math.abs(values[i]));
  }
  // As the quantiser has them.
  if (Math.fround(largest) === 0)
    throw new DataError('a tensor of zeros, as float32 has it, has no direction');
  const rms = Math.sqrt(squares / n);
  const step = quantised.scales[0].scale / rms;
  const zeroShare = zeros / n;
  const { bits } = formats[spec.format];
  // Both of the library's schemes: affine has 2^bits codes between the extremes, as `minmax` has.
  const grid = spec.scheme === 'symmetric' ? 'symmetric' : 'minmax';
  const measured = cosine(values, dequantizeArray(quantised));
  if (!Number.isFinite(measured))
    throw new NonFiniteError(
      'the range of the values, or what they are rounded to, is more than float32 has numbers for',
    );
  return {
    n,
    zeroShare,
    crest: largest / rms,
    step,
    measured,
    byStep: uniformNoiseCosine(step, spec.rounding),
    byStepWithoutZeros: 1 / Math.sqrt(1 + noiseFactor(spec.rounding) * (1 - zeroShare) * step * step),
    gaussian: cosineLaw({ grid, bits, n, rounding: spec.rounding }),
  };
}
