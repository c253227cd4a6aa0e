import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../core/errors.js';
import { measuredRangeScale, rangeScale, rangeScaleVariation } from './range-norm.js';
import { gaussianSample, repeated } from './sample.case.js';

describe('rangeScale', () => {
  it.each([
    [16, 0.81],
    [512, 0.931],
    [8192, 0.968],
    [1048576, 1.0],
  ])("of the published code's constant at %i values is %d", (n, value) => {
    expect(Math.abs(rangeScale('published-code', n) - value)).toBeLessThan(0.0006);
  });

  it('is 1 for d2, and leaves outputs near 0.55 under the constant as printed', () => {
    expect(rangeScale('d2', 512)).toBeCloseTo(1, 14);
    expect(1 / rangeScale('paper', 16)).toBeCloseTo(0.67, 2);
    expect(1 / rangeScale('paper', 4096)).toBeCloseTo(0.562, 3);
  });
});

describe('the scatter of the scale', () => {
  it('is 0.021 for 16 chunks of 512 values, where batch norm has 0.0078', () => {
    expect(rangeScaleVariation(512, 16)).toBeCloseTo(0.0215, 3);
    expect(1 / Math.sqrt(2 * 8192)).toBeCloseTo(0.0078, 4);
  });

  it('is measured, and so is the mean, to 4 standard errors', () => {
    const measure = (draw: number) => measuredRangeScale(gaussianSample(2048, 'range', draw), 4, 'd2');
    const { mean, error } = repeated(200, measure);
    // The sample's own standard deviation is 1/(4n) short of sigma.
    expect(Math.abs(mean - 1)).toBeLessThan(4 * error + 1 / (4 * 2048));
    expect((error * Math.sqrt(200)) / rangeScaleVariation(512, 4)).toBeGreaterThan(0.8);
    expect((error * Math.sqrt(200)) / rangeScaleVariation(512, 4)).toBeLessThan(1.2);
  });
});

it('refuses what has no spread or no chunks', () => {
  expect(() => measuredRangeScale([1, 1, 1, 1], 2, 'd2')).toThrow(DataError);
  expect(() => measuredRangeScale([1, Number.NaN, 2, 1], 2, 'd2')).toThrow(DataError);
  // Squares that a double cannot hold are no reason to refuse.
  for (const size of [1e200, 1e-200]) {
    expect(measuredRangeScale([size, -size, 0], 1, 'd2')).toBeCloseTo(
      measuredRangeScale([1, -1, 0], 1, 'd2'),
      12,
    );
  }
  expect(() => measuredRangeScale([1, 2, 3], 2, 'd2')).toThrow(UsageError);
  expect(() => measuredRangeScale([1, 2, 3, 4], 0, 'd2')).toThrow('chunks must be');
  expect(() => rangeScaleVariation(1, 4)).toThrow(UsageError);
  expect(() => rangeScale('paper', 1)).toThrow(UsageError);
});

it('refuses more values than the expected range is there for, and constants that are none', () => {
  expect(rangeScale('paper', 1e9)).toBeGreaterThan(rangeScale('paper', 1e8));
  expect(() => rangeScale('paper', 1e13)).toThrow('up to 1e9 values, got 10000000000000');
  expect(() => rangeScale('d2', 2e9)).toThrow(UsageError);
  expect(() => rangeScale('foo' as 'paper', 100)).toThrow('no constant "foo" of Range BN; use "d2"');
  expect(() => measuredRangeScale([1, 2, 3, 4], 1, 'foo' as 'd2')).toThrow('no constant "foo"');
});
