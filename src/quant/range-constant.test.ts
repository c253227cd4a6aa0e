import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { d2, rangeConstant } from './range-constant.js';

describe('d2', () => {
  it.each([
    [16, 3.532],
    [64, 4.687],
    [512, 6.088],
    [1024, 6.496],
    [4096, 7.252],
    [8192, 7.605],
    [25088, 8.144],
    [65536, 8.582],
    [1048576, 9.745],
  ])('of %i values is %f, as tabulated', (n, value) => {
    expect(Math.abs(d2(n) / value - 1)).toBeLessThan(0.01);
    // The table has three decimals.
    expect(Math.abs(d2(n) - value)).toBeLessThan(0.0006);
  });

  it('agrees with the closed forms and the published factors of quality control charts', () => {
    expect(d2(2)).toBeCloseTo(2 / Math.sqrt(Math.PI), 12);
    expect(d2(3)).toBeCloseTo(3 / Math.sqrt(Math.PI), 12);
    expect(d2(2)).toBeCloseTo(1.128, 3);
    expect(d2(5)).toBeCloseTo(2.326, 3);
    expect(d2(25)).toBeCloseTo(3.931, 3);
  });

  it('gives the same number again', () => {
    expect(d2(777)).toBe(d2(777));
  });

  it.each([1, 0, -2, 2.5, Number.NaN])('refuses n = %d', (n) => {
    expect(() => d2(n)).toThrow(UsageError);
    expect(() => rangeConstant('paper', n)).toThrow('n must be a whole number from 2');
  });
});

it('refuses more values than the integral has digits for', () => {
  expect(() => d2(1e9 + 1)).toThrow('up to 1e9 values, got 1000000001');
});

describe('rangeConstant', () => {
  it('refuses another name', () => {
    expect(() => rangeConstant('foo' as 'paper', 64)).toThrow('use "d2", "paper" or "published-code"');
  });

  it('has three kinds', () => {
    expect(rangeConstant('d2', 64)).toBe(1 / d2(64));
    expect(rangeConstant('paper', 64)).toBeCloseTo(1 / Math.sqrt(2 * Math.log(64)), 14);
    expect(rangeConstant('published-code', 64) / rangeConstant('paper', 64)).toBeCloseTo(0.5402, 4);
  });

  it.each([
    [16, 0.81],
    [64, 0.878],
    [512, 0.931],
    [1024, 0.943],
    [4096, 0.961],
    [8192, 0.968],
    [25088, 0.977],
    [65536, 0.984],
    [1048576, 1.0],
  ])("the published code's scale of %i Gaussian values is %f sigma", (n, sigmas) => {
    expect(Math.abs(rangeConstant('published-code', n) * d2(n) - sigmas)).toBeLessThan(0.0006);
  });
});
