/**
 * Content for the buffers of conformance cases, drawn from a seed: floats of many kinds, codes with their extremes,
 * scales. Every draw is named, so that a case's data does not depend on its place in the list.
 */
import type { NumericArray, Storage } from '../../core/dtype.js';
import { hashText, type NoiseKey, noiseBits, RandomStream } from '../../core/rng.js';
import { typedArray } from './kernel-case.case.js';

/** Element counts around the widths of vectors, mask bytes and thread parts. */
export const COUNTS = [1, 7, 33, 1003] as const;

/** Channel counts: a grey image, RGB, one vector, ragged, two vectors, ragged. */
export const CHANNELS = [1, 3, 8, 10, 16, 33] as const;

/** Floats that arithmetic treats specially, NaN and infinities apart. */
export const SPECIAL_FLOATS = [
  0, -0, 1, -1, 0.5, -0.5, 1e-45, -1e-45, 1.1e-38, -1.1e-38, 1.17549435e-38, 3.4e38, -3.4e38, 1e-20, 2.5,
  -3.5,
] as const;

export const NON_FINITE_FLOATS = [Number.NaN, Infinity, -Infinity] as const;

/** Places in 48 elements: every lane of every vector of a loop unrolled up to six times. */
export const PLACES: readonly number[] = Array.from({ length: 48 }, (_, i) => i);

/** Seed of all cases. */
const SEED = 20_180_525;

export class Draw {
  private readonly stream: RandomStream;
  private readonly own: NoiseKey;
  private drawn = 0;

  constructor(name: string) {
    this.stream = new RandomStream(SEED, hashText(name));
    this.own = this.key();
  }

  private key(): NoiseKey {
    return { k0: this.stream.uint32(), k1: this.stream.uint32() };
  }

  /** Uniform in [0, 1), 32 bits: the kernels' hash is many times quicker than the host's Philox. */
  private unit(): number {
    return noiseBits(this.drawn++, this.own) / 2 ** 32;
  }

  private below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** Uniform integer of [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Nearly normal (a sum of four uniforms), of standard deviation `sigma` about `mean`. */
  normal(count: number, sigma = 1, mean = 0): Float32Array {
    const values = new Float32Array(count);
    const width = sigma * Math.sqrt(3);
    for (let i = 0; i < count; i++) {
      values[i] = mean + width * (this.unit() + this.unit() + this.unit() + this.unit() - 2);
    }
    return values;
  }

  /** Uniform in [low, high). */
  uniform(count: number, low = -1, high = 1): Float32Array {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = low + (high - low) * this.unit();
    return values;
  }

  /** Values over many binades, of both signs: sums of these depend on their order. */
  wide(count: number, binades = 12): Float32Array {
    const exponents = this.uniform(count, -binades, binades);
    return this.uniform(count).map((x, i) => x * 2 ** Math.round(exponents[i]));
  }

  /** Normal values with zeros of both signs, denormals, powers of two and large numbers strewn in. */
  special(count: number): Float32Array {
    const values = this.normal(count);
    for (let i = 0; i < count; i += 1 + this.below(4)) {
      values[i] = SPECIAL_FLOATS[this.below(SPECIAL_FLOATS.length)];
    }
    return values;
  }

  /** {@link special} with NaN and infinities. */
  nonFinite(count: number): Float32Array {
    const values = this.special(count);
    for (let i = this.below(3); i < count; i += 5) values[i] = NON_FINITE_FLOATS[this.below(3)];
    return values;
  }

  /** Normal values with one other at a place: a NaN alone, wherever a vector loop may lose it. */
  withOne(count: number, at: number, value: number): Float32Array {
    const values = this.normal(count);
    values[at] = value;
    return values;
  }

  /** Multiples of 1/4 of small size: exact ties of maxima and of roundings. */
  ties(count: number, steps = 16): Float32Array {
    return Float32Array.from({ length: count }, () => this.between(-steps, steps) / 4);
  }

  /** Integers of [low, high] in a storage; both ends occur, and runs of them. */
  codes(storage: Storage, count: number, low: number, high: number): NumericArray {
    const key = this.key();
    const values = new Int32Array(count);
    const span = high - low + 1;
    for (let i = 0; i < count; i++) {
      const bits = noiseBits(i, key);
      const kind = bits & 15;
      const at = Math.floor(((bits >>> 4) / 2 ** 28) * span);
      values[i] = kind === 0 ? low : kind === 1 ? high : low + at;
    }
    return typedArray(storage, values);
  }

  /** Bytes of a bit mask whose unused bits are 0. */
  mask(count: number): Uint8Array {
    const bytes = this.codes('uint8', Math.ceil(count / 8), 0, 255) as Uint8Array;
    if (count % 8 !== 0) bytes[bytes.length - 1] &= (1 << (count % 8)) - 1;
    return bytes;
  }

  /** qparams of `groups` groups: irregular scales, the zero points in turn. */
  qparams(groups: number, zeroPoints: readonly number[], size = 0.01): Float32Array {
    const values = new Float32Array(groups * 4);
    for (let g = 0; g < groups; g++) {
      values.set(qparamsOf(size * (0.5 + this.unit()), zeroPoints[g % zeroPoints.length]), 4 * g);
    }
    return values;
  }

  /** counters { seedLow, seedHigh, step, microStep }. */
  counters(): Int32Array {
    return Int32Array.of(
      this.stream.uint32() | 0,
      this.stream.uint32() | 0,
      this.between(0, 90_000),
      this.between(0, 7),
    );
  }
}

/** One group of qparams: { scale, f(1/scale), zeroPoint, 0 }. */
export function qparamsOf(scale: number, zeroPoint: number): [number, number, number, number] {
  const rounded = Math.fround(scale);
  return [rounded, Math.fround(1 / rounded), zeroPoint, 0];
}

/** The interval of codes of a storage as recipes use it. */
export function codeRange(storage: Storage): readonly [low: number, high: number] {
  if (storage === 'int8') return [-128, 127];
  if (storage === 'uint8') return [0, 255];
  return [-32767, 32767];
}
