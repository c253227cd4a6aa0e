/**
 * Random numbers from counters. There is no running state to share or to lose: the same (seed, counter) gives the same
 * bits on every machine, for any thread count. Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011) derives keys and serves the host; `noiseBits` is the cheap per-element hash the kernels use.
 */

const PHILOX_M0 = 0xd2511f53;
const PHILOX_M1 = 0xcd9e8d57;
const PHILOX_W0 = 0x9e3779b9;
const PHILOX_W1 = 0xbb67ae85;

/** High 32 bits of the unsigned product a*b. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middleLow = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + (middle >>> 16) + (middleLow >>> 16)) >>> 0;
}

/** Philox4x32-10: 128-bit counter and 64-bit key to four uint32. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  const out = new Uint32Array(4);
  philoxInto(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return [out[0], out[1], out[2], out[3]];
}

/** {@link philox4x32} without allocation: models draw millions of initial weights. */
function philoxInto(
  out: Uint32Array,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  key0: number,
  key1: number,
): void {
  let c0 = counter0 | 0;
  let c1 = counter1 | 0;
  let c2 = counter2 | 0;
  let c3 = counter3 | 0;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(PHILOX_M0, c0);
    const high1 = mulHigh(PHILOX_M1, c2);
    const low0 = Math.imul(PHILOX_M0, c0);
    const low1 = Math.imul(PHILOX_M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + PHILOX_W0) | 0;
    k1 = (k1 + PHILOX_W1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The key of one noise stream: a site of the plan at one micro-step of one run. */
export interface NoiseKey {
  readonly k0: number;
  readonly k1: number;
}

/** Key for the noise of `site` at (`step`, `microStep`) under a 64-bit `seed` given as two uint32. */
export function noiseKey(
  seedLow: number,
  seedHigh: number,
  site: number,
  step: number,
  microStep: number,
): NoiseKey {
  const [k0, k1] = philox4x32([site, step, microStep, 0], [seedLow, seedHigh]);
  return { k0, k1 };
}

/**
 * 32 noise bits for the pair of elements 2*pair and 2*pair+1: the low 16 bits belong to the even element, the high 16
 * to the odd one. A two-multiply integer hash (constants of C. Wellons' "lowbias32") with the key mixed in twice.
 */
export function noiseBits(pair: number, key: NoiseKey): number {
  let x = pair ^ key.k0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x = (x + key.k1) | 0;
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

/** The 16 noise bits (0..65535) of one element. */
export function noise16(index: number, key: NoiseKey): number {
  const bits = noiseBits(index >>> 1, key);
  return index & 1 ? bits >>> 16 : bits & 0xffff;
}

/** Splits a non-negative safe integer seed into two uint32. */
export function seedWords(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
}

/** A host-side stream of random numbers for initialisation, shuffling and augmentation. */
export class RandomStream {
  private readonly key: [number, number];
  private readonly streamWords: [number, number];
  private block = 0;
  private readonly words = new Uint32Array(4);
  /** Words of the block that were handed out. */
  private taken = 4;
  private spare: number | undefined;

  /** `stream` separates uses of one seed (hash a name with {@link hashText}); `index` separates items of one use. */
  constructor(seed: number, stream = 0, index = 0) {
    this.key = seedWords(seed);
    this.streamWords = [stream >>> 0, index >>> 0];
  }

  /** Next uint32. */
  uint32(): number {
    if (this.taken === 4) {
      const [stream, index] = this.streamWords;
      philoxInto(this.words, this.block, 0, stream, index, this.key[0], this.key[1]);
      this.block += 1;
      this.taken = 0;
    }
    return this.words[this.taken++];
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /**
   * Standard normal: the sum of twelve uniforms is not good enough in the tails, and Box-Muller needs log and cos,
   * whose last bit differs between engines; Marsaglia's polar method needs log only, taken from our own `log`.
   */
  normal(log: (x: number) => number): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * log(s)) / s);
        this.spare = v * factor;
        return u * factor;
      }
    }
  }

  /** A shuffled copy of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    return order;
  }
}

/** FNV-1a of a text, to name a random stream by what it is for. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
