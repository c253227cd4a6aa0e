import { describe, expect, it } from 'vitest';
import { roundHalfEven } from './round.js';

describe('roundHalfEven', () => {
  it('takes ties to the even neighbour on both sides of zero', () => {
    const ties = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5];
    expect(ties.map((x) => roundHalfEven(x) + 0)).toEqual([-4, -2, -2, 0, 0, 2, 2, 4, 4]);
  });

  it('is not misled next to a tie', () => {
    expect(roundHalfEven(0.49999999999999994)).toBe(0);
    expect(roundHalfEven(0.5000000000000001)).toBe(1);
    expect(roundHalfEven(2.4999999999999996)).toBe(2);
    expect(roundHalfEven(-2.5000000000000004)).toBe(-3);
  });

  it('holds up to 2^52', () => {
    expect(roundHalfEven(2 ** 51 + 0.5)).toBe(2 ** 51);
    expect(roundHalfEven(2 ** 51 + 1.5)).toBe(2 ** 51 + 2);
    expect(roundHalfEven(-(2 ** 51) - 1.5)).toBe(-(2 ** 51) - 2);
    expect(roundHalfEven(2 ** 52 - 0.5)).toBe(2 ** 52);
  });

  it('agrees with adding and taking away 1.5 * 2^52, which rounds in the adder', () => {
    const shift = 1.5 * 2 ** 52;
    for (let i = -4000; i <= 4000; i++) {
      const x = i / 8 + (i % 3) * 1e-9;
      expect(roundHalfEven(x) + 0).toBe(x + shift - shift + 0);
    }
  });

  it('passes what is no number', () => {
    expect(roundHalfEven(Number.NaN)).toBeNaN();
    expect(roundHalfEven(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(roundHalfEven(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  });
});
