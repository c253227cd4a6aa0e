/**
 * Philox against the known answers of its authors, and statistics of the kernels' noise. Every seed is fixed, so each
 * statistic is one number; its bound is where chance alone would fail one time in 1e5 or less (chi-square of k degrees:
 * k + 4.5 sqrt(2k); a correlation of n pairs: 4.5 / sqrt n).
 */
import { describe, expect, it } from 'vitest';
import { log } from './math.js';
import { hashText, noise16, noiseBits, noiseKey, philox4x32, RandomStream, seedWords } from './rng.js';

const hex = (words: readonly number[]): string => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');

/** Pearson's chi-square of counts that should be equal. */
function chiSquare(counts: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i];
  const expected = total / counts.length;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += (counts[i] - expected) ** 2 / expected;
  return sum;
}

const chiLimit = (bins: number): number => bins - 1 + 4.5 * Math.sqrt(2 * (bins - 1));

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const meanA = mean(a);
  const meanB = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

const COUNT = 1 << 16;
const correlationLimit = 4.5 / Math.sqrt(COUNT);

/** Noise of elements 0..COUNT-1, as values of [0, 1). */
function noiseOf(seed: number, site: number, step: number, microStep = 0): Float64Array {
  const key = noiseKey(...seedWords(seed), site, step, microStep);
  return Float64Array.from({ length: COUNT }, (_, i) => noise16(i, key) / 65536);
}

describe('philox4x32', () => {
  // kat_vectors of the Random123 distribution, lines "philox4x32 10".
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as [[number, number, number, number], [number, number], string][])(
    'gives the published answer %#',
    (counter, key, answer) => {
      expect(hex(philox4x32(counter, key))).toBe(answer);
    },
  );

  it('takes negative words as the same 32 bits', () => {
    expect(philox4x32([-1, -1, -1, -1], [-1, -1])).toEqual(
      philox4x32([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]),
    );
  });
});

describe('seedWords', () => {
  it('splits a safe integer', () => {
    expect(seedWords(5)).toEqual([5, 0]);
    expect(seedWords(2 ** 32 + 7)).toEqual([7, 1]);
    expect(seedWords(Number.MAX_SAFE_INTEGER)).toEqual([0xffffffff, 0x1fffff]);
  });
});

describe('noise of the kernels', () => {
  const key = noiseKey(...seedWords(42), 3, 100, 0);

  it('gives the low half to the even element of a pair and the high half to the odd one', () => {
    const bits = noiseBits(21, key);
    expect(noise16(42, key)).toBe(bits & 0xffff);
    expect(noise16(43, key)).toBe(bits >>> 16);
  });

  it('keys differ in seed, site, step and micro-step', () => {
    const keys = [
      [42, 0, 3, 100, 0],
      [43, 0, 3, 100, 0],
      [42, 1, 3, 100, 0],
      [42, 0, 4, 100, 0],
      [42, 0, 3, 101, 0],
      [42, 0, 3, 100, 1],
    ].map(([low, high, site, step, micro]) => {
      const { k0, k1 } = noiseKey(low, high, site, step, micro);
      return `${k0} ${k1}`;
    });
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('never repeats a pair under one key (the hash is a bijection)', () => {
    const seen = new Set<number>();
    for (let pair = 0; pair < 100_000; pair++) seen.add(noiseBits(pair, key));
    expect(seen.size).toBe(100_000);
  });

  it.each([
    [1, 0, 0],
    [1, 1, 0],
    [1, 0, 1],
    [987_654_321_012, 57, 12_345],
  ])('is uniform in its high and in its low bits (seed %d, site %d, step %d)', (seed, site, step) => {
    const own = noiseKey(...seedWords(seed), site, step, 0);
    const high = new Float64Array(256);
    const low = new Float64Array(256);
    for (let i = 0; i < COUNT; i++) {
      const value = noise16(i, own);
      high[value >>> 8] += 1;
      low[value & 255] += 1;
    }
    expect(chiSquare(high)).toBeLessThan(chiLimit(256));
    expect(chiSquare(low)).toBeLessThan(chiLimit(256));
    // Too even would be no noise either.
    expect(chiSquare(high)).toBeGreaterThan(255 - 4.5 * Math.sqrt(510));
  });

  it('each of the 32 bits is set half of the time', () => {
    const set = new Float64Array(32);
    for (let pair = 0; pair < COUNT; pair++) {
      const bits = noiseBits(pair, key);
      for (let b = 0; b < 32; b++) set[b] += (bits >>> b) & 1;
    }
    for (const count of set) expect(Math.abs(count - COUNT / 2)).toBeLessThan(4.5 * Math.sqrt(COUNT / 4));
  });

  it('mean and variance are those of 16 uniform bits', () => {
    const values = noiseOf(5, 2, 9);
    const mean = values.reduce((sum, v) => sum + v, 0) / COUNT;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / COUNT;
    // Standard error of the mean sqrt(1/12 / n), of the variance sqrt(1/180 / n).
    expect(Math.abs(mean - 0.5 + 0.5 / 65536)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / COUNT));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4.5 * Math.sqrt(1 / 180 / COUNT));
  });

  it('has no serial correlation at the strides that tensors have', () => {
    const values = noiseOf(42, 3, 100);
    for (const lag of [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 1024, 4096]) {
      const r = correlation(values.subarray(0, COUNT - lag), values.subarray(lag));
      expect(Math.abs(r), `lag ${lag}`).toBeLessThan(4.5 / Math.sqrt(COUNT - lag));
    }
  });

  it('low and high half of a pair are independent', () => {
    const cells = new Float64Array(256);
    for (let pair = 0; pair < COUNT; pair++) {
      const bits = noiseBits(pair, key);
      cells[(((bits & 0xffff) >>> 12) << 4) | (bits >>> 28)] += 1;
    }
    expect(chiSquare(cells)).toBeLessThan(chiLimit(256));
  });

  it('neighbouring pairs are independent', () => {
    const cells = new Float64Array(256);
    for (let pair = 0; pair < COUNT; pair++) {
      cells[((noiseBits(pair, key) >>> 28) << 4) | (noiseBits(pair + 1, key) >>> 28)] += 1;
    }
    expect(chiSquare(cells)).toBeLessThan(chiLimit(256));
  });

  it('a change of one bit of the index changes half of the bits', () => {
    for (const bit of [0, 1, 5, 10, 15, 20]) {
      let changed = 0;
      const pairs = 4096;
      for (let pair = 0; pair < pairs; pair++) {
        let difference = noiseBits(pair, key) ^ noiseBits(pair ^ (1 << bit), key);
        for (; difference !== 0; difference &= difference - 1) changed += 1;
      }
      expect(changed / (32 * pairs), `bit ${bit}`).toBeGreaterThan(0.47);
      expect(changed / (32 * pairs), `bit ${bit}`).toBeLessThan(0.53);
    }
  });

  it('streams of other seeds, sites, steps and micro-steps do not correlate', () => {
    const base = noiseOf(42, 3, 100);
    const others: [string, Float64Array][] = [
      ['seed', noiseOf(43, 3, 100)],
      ['site', noiseOf(42, 4, 100)],
      ['step', noiseOf(42, 3, 101)],
      ['micro-step', noiseOf(42, 3, 100, 1)],
      ['high word of the seed', noiseOf(42 + 2 ** 32, 3, 100)],
    ];
    for (const [what, other] of others) {
      expect(Math.abs(correlation(base, other)), what).toBeLessThan(correlationLimit);
    }
  });

  it('one element over many steps is as good as many elements at one step', () => {
    const bins = new Float64Array(64);
    const serial = new Float64Array(20_000);
    for (let step = 0; step < serial.length; step++) {
      const value = noise16(17, noiseKey(42, 0, 3, step, 0));
      bins[value >>> 10] += 1;
      serial[step] = value;
    }
    expect(chiSquare(bins)).toBeLessThan(chiLimit(64));
    const r = correlation(serial.subarray(0, -1), serial.subarray(1));
    expect(Math.abs(r)).toBeLessThan(4.5 / Math.sqrt(serial.length));
  });
});

describe('RandomStream', () => {
  it('repeats itself for the same seed, stream and index, and for no other', () => {
    const first = (...args: [number, number?, number?]) => {
      const stream = new RandomStream(...args);
      return hex([stream.uint32(), stream.uint32(), stream.uint32(), stream.uint32(), stream.uint32()]);
    };
    expect(first(1, 2, 3)).toBe(first(1, 2, 3));
    const all = [first(1), first(2), first(1, 1), first(1, 0, 1), first(1 + 2 ** 32), first(1, 1, 1)];
    expect(new Set(all).size).toBe(all.length);
  });

  it('hands out the words of Philox in order', () => {
    const stream = new RandomStream(9, 4, 5);
    const words = Array.from({ length: 8 }, () => stream.uint32());
    expect(words).toEqual([...philox4x32([0, 0, 4, 5], [9, 0]), ...philox4x32([1, 0, 4, 5], [9, 0])]);
  });

  it('uniform has the moments of [0, 1)', () => {
    const stream = new RandomStream(3);
    const n = 50_000;
    const bins = new Float64Array(100);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const u = stream.uniform();
      expect(u >= 0 && u < 1).toBe(true);
      bins[Math.floor(100 * u)] += 1;
      sum += u;
      squares += u * u;
    }
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 3)).toBeLessThan(4.5 * Math.sqrt(4 / 45 / n));
    expect(chiSquare(bins)).toBeLessThan(chiLimit(100));
  });

  it('below covers 0..n-1 evenly', () => {
    const stream = new RandomStream(4);
    const bins = new Float64Array(7);
    for (let i = 0; i < 14_000; i++) bins[stream.below(7)] += 1;
    expect(chiSquare(bins)).toBeLessThan(chiLimit(7));
  });

  it('normal has the first four moments of the standard normal', () => {
    const stream = new RandomStream(5);
    const n = 50_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = stream.normal(log);
      for (let k = 0; k < 4; k++) moments[k] += x ** (k + 1) / n;
    }
    // Variances of x, x^2, x^3, x^4 are 1, 2, 15, 96.
    [0, 1, 0, 3].forEach((expected, k) => {
      expect(Math.abs(moments[k] - expected), `moment ${k + 1}`).toBeLessThan(
        4.5 * Math.sqrt([1, 2, 15, 96][k] / n),
      );
    });
  });

  it('permutation holds every number once', () => {
    for (const n of [0, 1, 2, 7, 1000]) {
      const order = new RandomStream(6, n).permutation(n);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });

  it('all orders of three are equally likely', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = new RandomStream(8, 0, i).permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    expect(chiSquare([...counts.values()])).toBeLessThan(chiLimit(6));
  });
});

describe('hashText', () => {
  it('is FNV-1a, 32 bit', () => {
    expect(hashText('')).toBe(0x811c9dc5);
    expect(hashText('a')).toBe(0xe40c292c);
    expect(hashText('foobar')).toBe(0xbf9cf968);
  });
});
