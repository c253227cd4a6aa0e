import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../core/errors.js';
import { describeDistribution, histogramEdge, magnitudeOctaves } from './distribution.js';
import { fitDistributions, fittedDistribution } from './fit.js';
import { gaussianSample } from './sample.case.js';
import { fittedCount } from './thin.js';

const spec = { format: 'int8', scheme: 'symmetric', rounding: 'nearest', clip: 1 } as const;
const n = 20_000;
const values = gaussianSample(n, 'distribution', 0).map((x) => 3 * x);

describe('describeDistribution', () => {
  it('puts every value other than 0 into a bin of its size in root mean squares', () => {
    const { histogram, rms, count, zeroShare } = describeDistribution(values, spec);
    expect(count).toBe(n);
    expect(zeroShare).toBe(0);
    expect(Math.abs(rms / 3 - 1)).toBeLessThan(0.02);
    expect(histogram).toHaveLength(51);
    expect(histogram.reduce((sum, bin) => sum + bin, 0)).toBe(n);
    const width = (2 * histogramEdge * rms) / 51;
    const middle = values.filter((x) => Math.abs(x) < width / 2).length;
    expect(histogram[25]).toBe(middle);
  });

  it('has the tails in the outermost bins, and zeros in none', () => {
    const spiked = Float64Array.from([
      -50,
      ...new Array<number>(999).fill(0),
      ...gaussianSample(999, 's', 0),
      60,
    ]);
    const { histogram, zeroShare, law } = describeDistribution(spiked, spec, { bins: 5 });
    expect([histogram[0], histogram[4]]).toEqual([1, 1]);
    expect(histogram.reduce((sum, bin) => sum + bin, 0)).toBe(1001);
    expect(zeroShare).toBeCloseTo(999 / 2000, 12);
    expect(law.crest).toBeGreaterThan(25);
  });

  it('counts magnitudes in bins of half an octave, and beside them what is beyond', () => {
    // The root mean square is near sqrt(1/2), of which 1e-8 is less than 2^-20.
    const small = [1e-9, -1e-9, 1e-8];
    const mixed = Float64Array.from([
      ...new Array<number>(500).fill(0),
      ...small,
      -0.01,
      ...new Array<number>(496).fill(1),
    ]);
    const { magnitudes, rms } = describeDistribution(mixed, spec);
    const { low, high } = magnitudeOctaves;
    expect(magnitudes.counts).toHaveLength(2 * (high - low));
    const bin = (x: number): number => Math.floor(2 * (Math.log2(x / rms) - low));
    const expected = magnitudes.counts.map((_, i) => (i === bin(0.01) ? 1 : i === bin(1) ? 496 : 0));
    expect(magnitudes).toEqual({ below: 3, counts: expected, above: 0 });
    // One of a million is 1,000 times the root mean square, and 2^8 is 256.
    const spike = Float64Array.from({ length: 1e6 }, (_, i) => (i === 7 ? 1 : i % 2 ? 1e-10 : -1e-10));
    expect(describeDistribution(spike, spec).magnitudes).toMatchObject({ below: 999_999, above: 1 });
  });

  it('drops zeros before it thins, so that a tensor whose zeros have a pattern keeps its shape', () => {
    const third = new Float32Array(100_000);
    for (let i = 1; i < third.length; i += 3) third[i] = Math.sin(i * i);
    const { fits, zeroShare } = describeDistribution(third, spec);
    expect(zeroShare).toBeCloseTo(2 / 3, 4);
    const whole = fitDistributions(third);
    expect(fits).toEqual(
      whole.fits.map(({ fit: { family, parameters }, goodness }) => ({ family, parameters, ...goodness })),
    );
  });

  it('counts what is below half a step: what to nearest becomes 0', () => {
    const { clip: _, ...short } = spec;
    const { belowHalfStep, law, rms } = describeDistribution(values, short);
    expect(describeDistribution(values, spec).law).toEqual(law);
    const below = values.filter((x) => Math.abs(x) < (law.step * rms) / 2).length;
    expect(belowHalfStep).toBe(below / n);
    expect(below).toBeGreaterThan(50);
    expect(law.measured).toBeGreaterThan(0.9999);
  });

  it('fits a part of a long tensor, and says what the whole is', () => {
    const { fits, count, fitted } = describeDistribution(values, spec, { fitted: 2000 });
    expect(fitted).toBe(fittedCount(n, 2000));
    expect(count).toBe(n);
    const gaussian = fits.find(({ family }) => family === 'gaussian');
    expect(gaussian?.ks).toBeLessThan(1.95 / Math.sqrt(1800));
    // A fit to all 20,000 would be nearer: another sample was fitted.
    const whole = fitDistributions(values).fits.find(({ fit }) => fit.family === 'gaussian');
    expect(gaussian?.parameters).not.toEqual(whole?.fit.parameters);
  });

  it('refuses what has no shape, and options out of range', () => {
    expect(() => describeDistribution([0, 0, 1], spec)).toThrow(DataError);
    expect(() => describeDistribution(values, spec, { bins: 4 })).toThrow(
      'bins must be an odd number from 3',
    );
    expect(() => describeDistribution(values, spec, { bins: 1e9 + 1 })).toThrow('from 3 to 99999, got');
    expect(() => describeDistribution(values, spec, { fitted: 1 })).toThrow(UsageError);
    expect(() => describeDistribution([1, 2, Number.NaN], spec)).toThrow('value 2 is NaN');
    expect(() => describeDistribution(values, 'int8' as unknown as typeof spec)).toThrow(UsageError);
    expect(() => describeDistribution(values, { ...spec, clip: 0.5 })).toThrow(UsageError);
  });
});

describe('fittedDistribution', () => {
  it('gives a fit back from its family and parameters', () => {
    for (const { fit } of fitDistributions(values.map((x) => x + 0.5)).fits) {
      const again = fittedDistribution(fit.family, fit.parameters);
      for (const x of [-9, -1, -1e-3, 0, 1e-3, 2, 30]) {
        expect([again.below(x), again.above(x)]).toEqual([fit.below(x), fit.above(x)]);
      }
    }
  });

  it('refuses unknown families and parameters that are none', () => {
    expect(() => fittedDistribution('cauchy' as 'laplace', {})).toThrow(
      'known are gaussian, laplace, log-normal',
    );
    expect(() => fittedDistribution('gaussian', { mean: 0 })).toThrow('gaussian needs a "sigma"');
    expect(() => fittedDistribution('laplace', { median: 0, scale: 0 })).toThrow(UsageError);
    expect(() => fittedDistribution('log-normal', { mu: 0, sigma: 1, negative: 1.5 })).toThrow('"negative"');
  });
});
