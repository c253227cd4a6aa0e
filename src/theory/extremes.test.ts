import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { expectedMaxAbs, expectedRange, maxAbsMoment, maxAbsTail, rangeMoment } from './extremes.js';
import { gaussianSample, repeated } from './sample.case.js';

const relative = (got: number, wanted: number): number => Math.abs(got / wanted - 1);

describe('expectedMaxAbs', () => {
  it('has the closed forms of 1 and 2 values, and of 3', () => {
    expect(relative(expectedMaxAbs(1), Math.sqrt(2 / Math.PI))).toBeLessThan(1e-12);
    expect(relative(expectedMaxAbs(2), 2 / Math.sqrt(Math.PI))).toBeLessThan(1e-12);
    // Half-normal values: E max of 3 = 12/pi^1.5 atan(1/sqrt 2), from the integral by parts.
    const three = (12 / Math.PI ** 1.5) * Math.atan(Math.SQRT1_2);
    expect(relative(expectedMaxAbs(3), three)).toBeLessThan(1e-12);
  });

  it('has the second and fourth moments of one value and of two', () => {
    expect(maxAbsMoment(1, 2)).toBeCloseTo(1, 12);
    expect(maxAbsMoment(1, 4)).toBeCloseTo(3, 12);
    // max^2 of two: E max(a, b) = (E a + E b + E|a - b|)/2 with a, b chi-squared; E|W1^2 - W2^2| = 4/pi.
    expect(maxAbsMoment(2, 2)).toBeCloseTo(1 + 2 / Math.PI, 12);
  });

  it.each([10, 1000, 20000])('agrees with the largest of %i drawn values to 4 standard errors', (n) => {
    const { mean, error } = repeated(n > 1000 ? 40 : 400, (draw) =>
      gaussianSample(n, 'max', draw).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    );
    expect(Math.abs(mean - expectedMaxAbs(n))).toBeLessThan(4 * error);
    expect(error / mean).toBeLessThan(0.02);
  });

  it('grows with n, slower than sqrt(2 ln 2n)', () => {
    let before = 0;
    for (const n of [1, 2, 5, 10, 100, 1e4, 1e6, 1e9, 1e12, 1e15]) {
      const value = expectedMaxAbs(n);
      expect(value).toBeGreaterThan(before);
      expect(value).toBeLessThanOrEqual(Math.sqrt(2 * Math.log(2 * n)));
      before = value;
    }
  });

  it('knows its tail', () => {
    expect(maxAbsTail(1, 0)).toBe(1);
    expect(maxAbsTail(1000, 10)).toBeCloseTo(2000 * 7.61985302416e-24, 30);
    expect([maxAbsTail(10, -1), maxAbsTail(10, -50), maxAbsTail(3, Infinity)]).toEqual([1, 1, 0]);
    expect(() => maxAbsTail(-3, 1)).toThrow('a whole number from 1 to 1e15, got -3');
    expect(() => maxAbsTail(10, Number.NaN)).toThrow('t must be a number');
  });
});

describe('the range', () => {
  it.each([
    [16, 3.532],
    [512, 6.088],
    [65536, 8.582],
  ])('of %i values is %d, as tabulated, by both integrals', (n, value) => {
    expect(relative(expectedRange(n), value)).toBeLessThan(0.0002);
    expect(relative(rangeMoment(n, 1), expectedRange(n))).toBeLessThan(1e-6);
  });

  it('of as many values as it is there for is the same by both integrals', () => {
    expect(relative(rangeMoment(1e9, 1), expectedRange(1e9))).toBeLessThan(1e-6);
  });

  it('of two values is that of a Gaussian of variance 2', () => {
    expect(rangeMoment(2, 1)).toBeCloseTo(2 / Math.sqrt(Math.PI), 10);
    expect(rangeMoment(2, 2)).toBeCloseTo(2, 9);
    expect(rangeMoment(2, 4)).toBeCloseTo(12, 8);
  });

  it('has the published variance factor d3 of control charts', () => {
    // d3(5) = 0.8641, d3(25) = 0.7084 (Harter 1960).
    for (const [n, d3] of [
      [5, 0.8641],
      [25, 0.7084],
    ]) {
      expect(Math.sqrt(rangeMoment(n, 2) - expectedRange(n) ** 2)).toBeCloseTo(d3, 3);
    }
  });
});

it.each([0, -1, 1.5, Number.NaN, 2e15])('refuses %d values', (n) => {
  expect(() => expectedMaxAbs(n)).toThrow(UsageError);
  expect(() => rangeMoment(n, 2)).toThrow(UsageError);
  expect(() => expectedRange(n)).toThrow('a whole number from 2');
});

it('refuses ranges of more values than its arithmetic reaches, and unknown moments', () => {
  expect(() => expectedRange(1e10)).toThrow('up to 1e9');
  expect(() => rangeMoment(1e10, 1)).toThrow('up to 1e9');
  expect(() => maxAbsMoment(10, 3 as 2)).toThrow('orders 1, 2 and 4');
});
