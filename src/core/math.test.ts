/**
 * The elementary functions against the engine's own (within a few units in the last place: no engine rounds them
 * correctly) and against values computed to 40 digits.
 */
import { describe, expect, it } from 'vitest';
import { cos, erf, exp, log, powerOfTwo, tanh } from './math.js';
import { RandomStream } from './rng.js';

/** Distance to the next larger double. */
function ulp(value: number): number {
  const floats = new Float64Array([Math.abs(value)]);
  const before = floats[0];
  new BigInt64Array(floats.buffer)[0] += 1n;
  return floats[0] - before;
}

/** Largest error over random points of [low, high), in units in the last place of `theirs`. */
function worstUlp(
  ours: (x: number) => number,
  theirs: (x: number) => number,
  low: number,
  high: number,
): number {
  const stream = new RandomStream(7);
  let worst = 0;
  for (let i = 0; i < 5000; i++) {
    const x = low + (high - low) * stream.uniform();
    worst = Math.max(worst, Math.abs(ours(x) - theirs(x)) / ulp(theirs(x)));
  }
  return worst;
}

describe('powerOfTwo', () => {
  it('is exact over the whole range of doubles', () => {
    for (let k = -1074; k <= 1023; k++) expect(powerOfTwo(k)).toBe(2 ** k);
  });
});

describe('exp', () => {
  it.each([
    [-1, 1],
    [-700, 700],
    [-745, -708],
    [708, 709.78],
  ])('is within 2 ulp on [%d, %d]', (low, high) => {
    expect(worstUlp(exp, Math.exp, low, high)).toBeLessThanOrEqual(2);
  });

  it('has its ends where doubles end', () => {
    expect(exp(0)).toBe(1);
    expect(exp(709.78)).toBeLessThan(Infinity);
    expect(exp(709.79)).toBe(Infinity);
    expect(exp(Infinity)).toBe(Infinity);
    expect(exp(-745.13)).toBe(5e-324);
    expect(exp(-745.2)).toBe(0);
    expect(exp(-Infinity)).toBe(0);
    expect(exp(Number.NaN)).toBeNaN();
  });
});

describe('log', () => {
  it.each([
    [0.5, 2],
    [0.999, 1.001],
    [1e-10, 1e10],
    [1e-310, 1e-307],
    [1e300, 1.7e308],
  ])('is within 4 ulp on [%d, %d]', (low, high) => {
    expect(worstUlp(log, Math.log, low, high)).toBeLessThanOrEqual(4);
  });

  it('knows its special points', () => {
    expect(log(1)).toBe(0);
    expect(log(0)).toBe(-Infinity);
    expect(log(-0)).toBe(-Infinity);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
    expect(log(Infinity)).toBe(Infinity);
    expect(log(5e-324)).toBe(Math.log(5e-324));
  });
});

describe('tanh', () => {
  it.each([
    [-1e-4, 1e-4],
    [1e-4, 0.01],
    [-1.001, 1.001],
    [0.99, 25],
  ])('is within 3 ulp on [%d, %d]', (low, high) => {
    expect(worstUlp(tanh, Math.tanh, low, high)).toBeLessThanOrEqual(3);
  });

  it('is odd, saturates and keeps the sign of zero', () => {
    expect(tanh(0)).toBe(0);
    expect(tanh(-0)).toBe(-0);
    expect(tanh(-0.7)).toBe(-tanh(0.7));
    expect(tanh(-3)).toBe(-tanh(3));
    expect(tanh(Infinity)).toBe(1);
    expect(tanh(-Infinity)).toBe(-1);
    expect(tanh(Number.NaN)).toBeNaN();
  });
});

describe('cos', () => {
  it('is within 4e-16 on [-3.2, 3.2], and within 2e-13 up to 2000 (the angle itself is rounded there)', () => {
    const stream = new RandomStream(11);
    for (let i = 0; i < 5000; i++) {
      const near = 3.2 * (2 * stream.uniform() - 1);
      expect(Math.abs(cos(near) - Math.cos(near))).toBeLessThanOrEqual(4e-16);
      const far = 2000 * (2 * stream.uniform() - 1);
      expect(Math.abs(cos(far) - Math.cos(far))).toBeLessThanOrEqual(2e-13);
    }
  });

  it('meets the ends of a cosine schedule', () => {
    expect(cos(0)).toBe(1);
    expect(cos(Math.PI)).toBe(-1);
    expect(Math.abs(cos(Math.PI / 2))).toBeLessThan(1e-16);
    expect(cos(-1)).toBe(cos(1));
  });
});

describe('erf', () => {
  // Its Taylor series summed in 60-digit decimal arithmetic, at the double nearest to x. The error of x^2, up to
  // 9 here, comes through exp(-x^2) as that many ulp.
  it.each([
    [1e-10, 1.1283791670955126e-10],
    [0.001, 0.0011283787909692365],
    [0.25, 0.27632639016823696],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [2.999999, 0.999977909363748],
    [3, 0.9999779095030014],
    [3.5, 0.9999992569016276],
    [4, 0.9999999845827421],
    [5, 0.9999999999984626],
    [5.5, 0.9999999999999927],
    [6.5, 1],
  ])('erf(%d) is within 10 ulp', (x, expected) => {
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(10 * ulp(expected));
    expect(erf(-x)).toBe(-erf(x));
  });

  it('is monotone over the joints of its formulas', () => {
    for (const joint of [3, 6]) {
      expect(erf(joint - 1e-6)).toBeLessThanOrEqual(erf(joint));
      expect(erf(joint)).toBeLessThanOrEqual(erf(joint + 1e-6));
    }
  });

  it('knows its special points', () => {
    expect(erf(0)).toBe(0);
    expect(erf(Infinity)).toBe(1);
    expect(erf(-Infinity)).toBe(-1);
    expect(erf(Number.NaN)).toBeNaN();
  });
});
