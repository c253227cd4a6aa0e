/**
 * The quantiser in plain scalar code, one value after another: the reference that people read and kernels are tested
 * against, bit for bit (backend/kernels.ts: `range`, `qparams`, `quantize`, `dequantize` and those of small floats). Knows no backend.
 * Formulas: method of Banner et al. 2018 (GEMMLOWP's scheme), with 0 in the range under every scheme but
 * `affine-float-zero`. Small floats are core/minifloat.ts's.
 */
import { NonFiniteError, UsageError } from '../core/errors.js';
import { decodeMinifloat, encodeMinifloat, type Minifloat } from '../core/minifloat.js';
import { codeRangeOf, formats } from './format.js';
import type { OperandSpec } from './recipe.js';

/** Codes in their format's storage. */
export type Codes = Int8Array | Uint8Array | Int16Array;

/** value ~ scale * (code - zeroPoint) + offset. */
export interface ScaleAndZero {
  readonly scale: number;
  /** 1/scale in float32: values are multiplied by it, since a division gives other codes now and then. */
  readonly inv: number;
  readonly zeroPoint: number;
  /** The low end of the range under `affine-float-zero`, else 0. */
  readonly offset: number;
}

/** How values fall into groups of one scale each: value i belongs to group floor(i / groupStride) % groups. */
export interface Grouping {
  readonly groups: number;
  readonly groupStride: number;
}

/** What {@link quantizeArray} gives and {@link dequantizeArray} takes: a code in qmin..qmax for each value. */
export interface QuantizedArray extends Grouping {
  readonly codes: Codes;
  /** One a group. */
  readonly scales: readonly ScaleAndZero[];
  readonly qmin: number;
  readonly qmax: number;
  /** Layout of the codes where they are small floats: qmin and qmax are then values, in units of the scale. */
  readonly minifloat?: Minifloat | undefined;
}

/** 16 noise bits (0..65535) of element `index`: `(index) => noise16(index, key)` of core/rng.ts. */
export type Noise = (index: number) => number;

/** The parts of an operand's specification that the arithmetic of one tensor needs. */
export type QuantizerSpec = Pick<OperandSpec, 'format' | 'scheme' | 'rounding' | 'clip'>;

const f = Math.fround;
const smallestNormal = 2 ** -126;

/** Factors that a clip by the cosine chooses from: 1, 15/16, ... 1/16. */
export const clipCandidates = 16;

const oneGroup = (values: ArrayLike<number>): Grouping => ({
  groups: 1,
  groupStride: Math.max(values.length, 1),
});

/** Round to nearest, ties to even. */
export function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

/**
 * Scale and zero point for values between `min` and `max` (float32).
 * @throws UsageError for a clip by the cosine, which depends on the values.
 */
export function scaleOf(min: number, max: number, spec: QuantizerSpec): ScaleAndZero {
  const { clip } = spec;
  if (clip === 'cosine') {
    throw new UsageError(
      'a clip by the cosine is found from the values; quantizeArray does, or give a number',
    );
  }
  const symmetric = spec.scheme === 'symmetric';
  const { qmin, qmax } = codeRangeOf(spec);
  const floatZero = spec.scheme === 'affine-float-zero';
  // Without 0 in the range a gamma in [0.9, 1.1] would decode to 0.195, unless the range's low end is kept as a float.
  let lo = floatZero ? f(min * clip) : Math.min(f(min * clip), 0);
  const hi = floatZero ? f(max * clip) : Math.max(f(max * clip), 0);
  const offset = floatZero ? lo + 0 : 0;
  let scale = f(symmetric ? Math.max(-lo, hi) / qmax : (hi - lo) / (qmax - qmin));
  if (scale < smallestNormal) {
    scale = 1;
    lo = 0;
  }
  const inv = f(1 / scale);
  if (floatZero) return { scale, inv, zeroPoint: qmin, offset };
  // + 0 turns a negative zero into zero.
  const zeroPoint = symmetric ? 0 : roundToEven(clamp(qmin - lo * inv, qmin, qmax)) + 0;
  return { scale, inv, zeroPoint, offset };
}

function allocate(storage: string, length: number): Codes {
  if (storage === 'int16') return new Int16Array(length);
  return storage === 'int8' ? new Int8Array(length) : new Uint8Array(length);
}

/**
 * Quantises `values` (taken as float32), by default as one group over its own minimum and maximum.
 *
 * Nearest: q = rne(clamp((x - offset)*inv, qmin - zeroPoint, qmax - zeroPoint)) + zeroPoint. Stochastic: floor of the same plus a
 * uniform number of 16 bits, so the mean over the noise is the value to within 2^-17 of a step. Small floats are rounded so within
 * their binade (encodeMinifloat).
 * @param ranges `[min, max]` of each group where the range comes from elsewhere (a mean, an average, a past step).
 * @throws UsageError for stochastic rounding without noise and for a small float under a scheme with a zero point, and for
 * a clip by the cosine of several groups, NonFiniteError for a NaN or infinity.
 */
export function quantizeArray(
  values: ArrayLike<number>,
  spec: QuantizerSpec,
  noise?: Noise,
  grouping: Grouping = oneGroup(values),
  ranges: readonly (readonly [min: number, max: number])[] = rangesOf(values, grouping),
): QuantizedArray {
  const stochastic = spec.rounding === 'stochastic';
  if (stochastic && noise === undefined) {
    throw new UsageError('stochastic rounding needs noise: pass (index) => noise16(index, key)');
  }
  const { storage, minifloat } = formats[spec.format];
  if (minifloat && spec.scheme !== 'symmetric') {
    throw new UsageError(
      `${spec.format} has a zero of its own; use scheme "symmetric", not "${spec.scheme}"`,
    );
  }
  const { groups, groupStride } = grouping;
  if (spec.clip === 'cosine') {
    if (groups !== 1)
      throw new UsageError('a clip by the cosine is of a tensor with one scale; give a number');
    const clip = cosineClip(values, spec, noise, ranges[0]);
    return quantizeArray(values, { ...spec, clip }, noise, grouping, ranges);
  }
  const { qmin, qmax } = codeRangeOf(spec);
  const scales = ranges.map(([min, max]) => scaleOf(min, max, spec));
  const codes = allocate(storage, values.length);
  for (let i = 0; i < values.length; i++) {
    const { inv, zeroPoint, offset } = scales[Math.floor(i / groupStride) % groups];
    if (minifloat) {
      codes[i] = encodeMinifloat(f(f(values[i]) * inv), minifloat, stochastic ? noise?.(i) : undefined);
      continue;
    }
    const t = clamp(f(f(f(values[i]) - offset) * inv), qmin - zeroPoint, qmax - zeroPoint);
    const rounded = stochastic && noise ? (roundToEven(t * 65536) + noise(i)) >> 16 : roundToEven(t);
    codes[i] = rounded + zeroPoint;
  }
  return { codes, scales, qmin, qmax, groups, groupStride, minifloat };
}

/**
 * The factor, of 1, 15/16, ... 1/16, on the range [min, max] under which the cosine of the values and their codes is greatest; of
 * equal ones the greatest. The values are taken to 16 bits for that, so that all sums are exact integers (kernel `clip_losses`).
 * @throws as {@link quantizeArray}.
 */
export function cosineClip(
  values: ArrayLike<number>,
  spec: QuantizerSpec,
  noise?: Noise,
  range: readonly [min: number, max: number] = rangesOf(values, oneGroup(values))[0],
): number {
  const fine = { format: 'int16', scheme: 'symmetric', rounding: 'nearest', clip: 1 } as const;
  const sixteen = quantizeArray(values, fine, undefined, oneGroup(values), [range]).codes;
  let [best, least] = [1, Number.POSITIVE_INFINITY];
  for (let k = 0; k < clipCandidates; k++) {
    const clip = (clipCandidates - k) / clipCandidates;
    const { codes, scales } = quantizeArray(values, { ...spec, clip }, noise, oneGroup(values), [range]);
    let [dot, own, squares] = [0, 0, 0];
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] - scales[0].zeroPoint;
      dot += sixteen[i] * code;
      own += code * code;
      squares += sixteen[i] * sixteen[i];
    }
    const lost = dot <= 0 ? 1 : Math.max(0, 1 - (dot * dot) / (squares * own));
    const loss = squares === 0 ? 0 : f(lost);
    if (loss < least) [best, least] = [clip, loss];
  }
  return best;
}

/** Minimum and maximum of each group's values in float32; [0, 0] for a group without any. */
export function rangesOf(
  values: ArrayLike<number>,
  { groups, groupStride }: Grouping,
): [min: number, max: number][] {
  const ranges = Array.from({ length: groups }, (): [number, number] => [Infinity, -Infinity]);
  for (let i = 0; i < values.length; i++) {
    const x = f(values[i]);
    if (!Number.isFinite(x)) throw new NonFiniteError(`value ${i} is ${x}; there is no range to quantise`);
    const range = ranges[Math.floor(i / groupStride) % groups];
    if (x < range[0]) range[0] = x;
    if (x > range[1]) range[1] = x;
  }
  return ranges.map(([min, max]) => (min > max ? [0, 0] : [min, max]));
}

/** The values that codes stand for, in float32: scale * (code - zeroPoint) + offset, or scale times a small float. */
export function dequantizeArray(quantized: QuantizedArray): Float32Array {
  const { codes, scales, groups, groupStride, minifloat } = quantized;
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const { scale, zeroPoint, offset } = scales[Math.floor(i / groupStride) % groups];
    values[i] = minifloat
      ? f(scale * decodeMinifloat(codes[i], minifloat))
      : f(scale * (codes[i] - zeroPoint)) + offset;
  }
  return values;
}
