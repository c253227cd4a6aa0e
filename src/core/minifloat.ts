/**
 * Floats of 8 bits and fewer: from values to codes and back, one at a time. A code is the sign, the exponent and the mantissa in this
 * order, as in the OCP 8-bit floating point specification (rev. 1.0, 2023); the least exponent field holds the subnormals. Knows
 * nothing of scales.
 */
import { roundHalfEven } from './round.js';

/** How a small float is laid out. */
export interface Minifloat {
  /** 0 to 5. Without any, the levels are powers of two, and 0. */
  readonly mantissaBits: number;
  /** Exponent of the least normal number, at least -60. */
  readonly minExponent: number;
  /** The largest finite value. Nothing stands above it: values are clamped to it, and codes of infinity or NaN never occur. */
  readonly largest: number;
  /** The bit of the sign; codes are below its double. */
  readonly signBit: number;
}

const bits = new Float32Array(1);
const words = new Uint32Array(bits.buffer);

/** floor(log2(x)) of a positive normal float32. */
function exponentOf(x: number): number {
  bits[0] = x;
  return (words[0] >>> 23) - 127;
}

/**
 * Code of `t`, clamped to what there is. Within a binade, and below the least normal number, levels lie evenly: s = |t| in steps of
 * its binade. To nearest: rne(s), ties to even. With `noise` (0 to 65535): (rne(s*65536) + noise) >> 16, so that over uniform noise
 * the mean of the value is t to 2^-17 of a step; that holds below the least level too, where the value is 0 or that level.
 * Zero is code 0: there is no negative zero.
 */
export function encodeMinifloat(t: number, format: Minifloat, noise?: number): number {
  const { mantissaBits, minExponent, largest, signBit } = format;
  const magnitude = Math.min(Math.abs(t), largest);
  const exponent = Math.max(exponentOf(magnitude), minExponent);
  const steps = magnitude * 2 ** (mantissaBits - exponent);
  const rounded = noise === undefined ? roundHalfEven(steps) : (roundHalfEven(steps * 65536) + noise) >> 16;
  // A carry out of the mantissa lands on the first code of the next exponent.
  const code = ((exponent - minExponent) << mantissaBits) + rounded;
  return t < 0 && code > 0 ? code + signBit : code;
}

/** The value that a code stands for. */
export function decodeMinifloat(code: number, { mantissaBits, minExponent, signBit }: Minifloat): number {
  const unsigned = code & (signBit - 1);
  // Subnormals have the exponent of the least normals.
  const field = Math.max(unsigned >> mantissaBits, 1) - 1;
  const steps = unsigned - (field << mantissaBits);
  const magnitude = steps * 2 ** (field + minExponent - mantissaBits);
  return code & signBit ? -magnitude : magnitude;
}
