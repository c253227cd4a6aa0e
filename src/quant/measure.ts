/** What quantisation does to a tensor, in three numbers. Plain double arithmetic on arrays of one length. */
import { UsageError } from '../core/errors.js';
import { log } from '../core/math.js';
import type { QuantizedArray } from './quantize-array.js';

function checkLengths(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) {
    throw new UsageError(`measures compare arrays of one length, got ${a.length} and ${b.length} values`);
  }
}

/**
 * Signal to quantisation noise: 10 log10(sum x^2 / sum (x - y)^2), in dB. Infinity where nothing was lost, -Infinity
 * where the signal is zero and the noise is not.
 * @throws UsageError when the lengths differ.
 */
export function sqnr(original: ArrayLike<number>, quantised: ArrayLike<number>): number {
  checkLengths(original, quantised);
  let signal = 0;
  let noise = 0;
  for (let i = 0; i < original.length; i++) {
    const error = original[i] - quantised[i];
    signal += original[i] * original[i];
    noise += error * error;
  }
  if (noise === 0) return Infinity;
  return (10 * log(signal / noise)) / Math.LN10;
}

/**
 * Cosine of the angle between two tensors, -1 to 1. Two zero tensors point the same way (1); one zero tensor has no
 * direction left (0).
 * @throws UsageError when the lengths differ.
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkLengths(a, b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (aa === 0 || bb === 0) return aa === bb ? 1 : 0;
  // Rounding may push a parallel pair a hair past 1.
  return Math.min(1, Math.max(-1, ab / (Math.sqrt(aa) * Math.sqrt(bb))));
}

/** Share (0..1) of values that were clamped: they lie more than half a step outside what the codes can say. */
export function saturationShare(
  values: ArrayLike<number>,
  { scales, qmin, qmax, groups, groupStride }: QuantizedArray,
): number {
  let clamped = 0;
  for (let i = 0; i < values.length; i++) {
    const { scale, zeroPoint } = scales[Math.floor(i / groupStride) % groups];
    const code = values[i] / scale + zeroPoint;
    if (code < qmin - 0.5 || code > qmax + 0.5) clamped += 1;
  }
  return values.length === 0 ? 0 : clamped / values.length;
}
