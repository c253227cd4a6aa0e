import { describe, expect, it } from 'vitest';
import {
  chanceOfAtMost,
  chanceOfZero,
  estimate,
  standTogether,
  studentQuantile,
  verdictOf,
} from './statistics.js';

describe("Student's t", () => {
  // Two-sided 95 % and 99 % points, printed tables (Abramowitz and Stegun, table 26.10).
  it.each([
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 3, 3.182],
    [0.95, 4, 2.776],
    [0.95, 9, 2.262],
    [0.95, 10, 2.228],
    [0.95, 30, 2.042],
    [0.95, 120, 1.98],
    [0.99, 2, 9.925],
    [0.99, 9, 3.25],
  ])('has share %d within +-t for %d degrees at t = %d', (share, freedom, t) => {
    expect(studentQuantile(share, freedom)).toBeCloseTo(t, freedom === 120 ? 2 : 3);
  });

  it('refuses what it is not defined for', () => {
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.95, 0)).toThrow(RangeError);
  });
});

describe('estimate', () => {
  it('gives the mean with its interval', () => {
    // By hand: mean 2, deviation 1, 4.302653 / sqrt(3) = 2.484138.
    const made = estimate([1, 2, 3]);
    expect(made).toMatchObject({ n: 3, mean: 2, deviation: 1 });
    expect(made?.low).toBeCloseTo(2 - 2.484138, 5);
    expect(made?.high).toBeCloseTo(2 + 2.484138, 5);
  });

  it('knows nothing of the spread of one number, and nothing of none', () => {
    expect(estimate([0.5])).toMatchObject({ n: 1, mean: 0.5, low: -Infinity, high: Infinity });
    expect(estimate([])).toBeUndefined();
  });
});

describe('many differences', () => {
  // Student's density integrated by Simpson's rule in 2,000,000 steps, in Python.
  it.each([
    [[1, 2, 3], 0.07417990022744853],
    [[0.1, -0.3, 0.4, 0.9], 0.35642242900589105],
    [[0, 0, 0], 1],
    [[2, 2, 2], 0],
  ])('%j are 0 but for chance with p = %d', (values, p) => {
    const made = estimate(values);
    expect(made && chanceOfZero(made)).toBeCloseTo(p, 9);
  });

  it('are at most a bound with half of that, on the side where they lie', () => {
    const made = estimate([-0.1, 0, 0.1]);
    // Two degrees of freedom: the share above t is (1 - t/sqrt(2 + t^2))/2.
    const t = 0.5 / (0.1 / Math.sqrt(3));
    const above = (1 - t / Math.sqrt(2 + t * t)) / 2;
    expect(made && chanceOfAtMost(made, -0.5)).toBeCloseTo(above, 12);
    expect(made && chanceOfAtMost(made, 0.5)).toBeCloseTo(1 - above, 12);
  });

  it('one says nothing of chance', () => {
    const made = estimate([3]);
    expect(made && chanceOfZero(made)).toBeUndefined();
  });

  it('stand together by Holm: each against what is left, and none past the first that fails', () => {
    // 0.01 against 0.05/4, 0.015 against 0.05/3, 0.03 against 0.05/2 fails, and so does 0.04 that 0.05/1 would let pass.
    expect(standTogether([0.04, 0.01, 0.03, 0.015])).toEqual([false, true, false, true]);
    expect(standTogether([0.01, 0.01])).toEqual([true, true]);
    expect(standTogether([])).toEqual([]);
  });
});

describe('the verdict', () => {
  const of = (low: number, high: number, n = 3) =>
    verdictOf({ n, mean: (low + high) / 2, deviation: 1, low, high }, 0.5);
  it.each([
    ['no loss', -0.4, 0.3],
    ['no loss', -0.4, -0.1],
    ['no loss', 0.1, 0.9],
    ['loss', -2, -0.6],
    ['loss', -0.6, -0.1],
    ['not settled', -0.6, 0.1],
    ['not settled', -0.5, 0.1],
  ] as const)('is "%s" for %d to %d points', (verdict, low, high) => {
    expect(of(low, high)).toBe(verdict);
  });

  it('settles nothing by one seed', () => {
    expect(verdictOf(estimate([0]), 0.5)).toBe('not settled');
    // Two that agree to the last digit have an interval of no width.
    expect(verdictOf(estimate([0.01, 0.01]), 0.5)).toBe('not settled');
    expect(verdictOf(estimate([0.01, 0.01, 0.02]), 0.5)).toBe('no loss');
    expect(verdictOf(undefined, 0.5)).toBe('not run');
  });
});
