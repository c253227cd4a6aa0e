import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { cosine, saturationShare, sqnr } from './measure.js';
import { quantizeArray } from './quantize-array.js';

describe('sqnr', () => {
  it('is in dB of power', () => {
    expect(sqnr([10, 0], [9, 0])).toBeCloseTo(20, 12);
    expect(sqnr([1, 1], [1.5, 0.5])).toBeCloseTo(6.0206, 4);
  });

  it('has its limits', () => {
    expect(sqnr([1, 2], [1, 2])).toBe(Infinity);
    expect(sqnr([0, 0], [1, 0])).toBe(-Infinity);
  });
});

describe('cosine', () => {
  it('measures the angle', () => {
    expect(cosine([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 15);
    expect(cosine([1, 2], [-2, -4])).toBeCloseTo(-1, 14);
    expect(cosine([0.1, 0.7], [0.3, 2.1])).toBeLessThanOrEqual(1);
  });

  it('says what zero tensors are', () => {
    expect(cosine([0, 0], [0, 0])).toBe(1);
    expect(cosine([1, 0], [0, 0])).toBe(0);
  });

  it('refuses arrays of different lengths', () => {
    expect(() => cosine([1], [1, 2])).toThrow(UsageError);
    expect(() => sqnr([1], [1, 2])).toThrow('got 1 and 2 values');
  });
});

describe('saturationShare', () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => i - 50);

  it('is 0 where the range is the minimum and maximum', () => {
    for (const scheme of ['symmetric', 'affine'] as const) {
      const quantised = quantizeArray(values, { format: 'int8', scheme, rounding: 'nearest', clip: 1 });
      expect(saturationShare(values, quantised)).toBe(0);
    }
  });

  it('counts what a clipped range cuts off', () => {
    const spec = { format: 'int8', scheme: 'symmetric', rounding: 'nearest', clip: 0.5 } as const;
    // The range ends at +-25: -50..-26 and 26..49 are outside.
    expect(saturationShare(values, quantizeArray(values, spec))).toBe((25 + 24) / 100);
  });

  it('does not take zeros at the lowest code for clamped ones', () => {
    const rectified = values.map((x) => Math.max(x, 0));
    const quantised = quantizeArray(rectified, {
      format: 'uint8',
      scheme: 'affine',
      rounding: 'nearest',
      clip: 1,
    });
    expect(saturationShare(rectified, quantised)).toBe(0);
    expect(saturationShare([], quantised)).toBe(0);
  });
});
