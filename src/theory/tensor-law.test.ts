import { describe, expect, it } from 'vitest';
import { DataError, NonFiniteError, UsageError } from '../core/errors.js';
import { cosineLaw } from './cosine-law.js';
import { gaussianSample } from './sample.case.js';
import { compareWithLaw } from './tensor-law.js';

const values = gaussianSample(20000, 'tensor', 0);
const spec = { format: 'int4', scheme: 'symmetric', rounding: 'nearest', clip: 1 } as const;

describe('compareWithLaw', () => {
  it('finds a Gaussian tensor where the law puts it', () => {
    for (const rounding of ['nearest', 'stochastic'] as const) {
      const law = compareWithLaw(values, { ...spec, rounding }, { k0: 1, k1: 2 });
      expect(law.n).toBe(20000);
      expect(law.gaussian).toBe(cosineLaw({ grid: 'symmetric', bits: 4, n: 20000, rounding }));
      // The noise's own scatter is 1/sqrt(n) of 1 - cos.
      expect(Math.abs((1 - law.measured) / (1 - law.byStep) - 1)).toBeLessThan(0.04);
      expect(law.byStepWithoutZeros).toBe(law.byStep);
      expect(law.crest).toBeCloseTo(7 * law.step, 4);
    }
  });

  it('counts the noise of values that are not 0 alone', () => {
    const half = values.map((x) => Math.max(x, 0));
    const law = compareWithLaw(half, { ...spec, format: 'uint5', scheme: 'affine' });
    expect(law.zeroShare).toBeCloseTo(0.5, 1);
    expect(Math.abs((1 - law.measured) / (1 - law.byStepWithoutZeros) - 1)).toBeLessThan(0.05);
    expect((1 - law.measured) / (1 - law.byStep)).toBeLessThan(0.6);
  });

  it('takes a grid that does not clip for granted', () => {
    const { clip: _, ...short } = spec;
    expect(compareWithLaw(values, short)).toEqual(compareWithLaw(values, spec));
  });

  it.each([
    ['int8', 'give one object { format, scheme, rounding }, got int8'],
    [undefined, 'give one object'],
    [{ format: 'int8', clip: 1 }, 'scheme and rounding missing'],
    [{ ...spec, format: 'int99' }, 'there is no format "int99"; known are'],
    [{ ...spec, scheme: 'odd' }, 'there is no scheme "odd"; known are'],
    [{ ...spec, rounding: 'up' }, 'there is no rounding "up"'],
  ])('refuses the specification %o', (wrong, message) => {
    expect(() => compareWithLaw(values, wrong as typeof spec)).toThrow(UsageError);
    expect(() => compareWithLaw(values, wrong as typeof spec)).toThrow(message);
  });

  it('refuses what has no law', () => {
    expect(() => compareWithLaw([1e200, -1e199], spec)).toThrow(NonFiniteError);
    const wide = { ...spec, format: 'uint8', scheme: 'affine-float-zero' } as const;
    expect(() => compareWithLaw([3e38, -3e38, 1], wide)).toThrow(NonFiniteError);
    expect(() => compareWithLaw([1e-200, 2e-200], spec)).toThrow('a tensor of zeros, as float32 has it');
    expect(() => compareWithLaw(values, { ...spec, clip: 0.9 })).toThrow(UsageError);
    expect(() => compareWithLaw(values, { ...spec, format: 'fp8-e5m2' })).toThrow('fp8-e5m2 is a float');
    expect(() => compareWithLaw([1], spec)).toThrow('at least two');
    expect(() => compareWithLaw([0, 0], spec)).toThrow(DataError);
    expect(() => compareWithLaw([0, Number.NaN], spec)).toThrow(NonFiniteError);
  });
});
