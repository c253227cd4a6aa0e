import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import {
  type FamilyName,
  type FitReport,
  fitDistributions,
  fittedDistribution,
  probabilityBetween,
} from './fit.js';
import { gaussianSample } from './sample.case.js';

const n = 20000;
const gaussian = gaussianSample(n, 'fit', 0);
const other = gaussianSample(2 * n, 'fit', 1);
const signs = gaussianSample(n, 'fit', 2);
const samples: Record<FamilyName, Float64Array> = {
  gaussian: gaussian.map((x) => 0.3 + 2 * x),
  // An exponential number from two Gaussians, with the sign of a third.
  laplace: gaussian.map((x, i) => (Math.sign(other[n + i]) * 1.5 * (x * x + other[i] * other[i])) / 2),
  'log-normal': gaussian.map((x, i) => Math.sign(signs[i] + 0.2) * Math.exp(-5 + 2 * x)),
};

const by = ({ fits }: FitReport, family: FamilyName) => fits.find(({ fit }) => fit.family === family)!;

describe('fitDistributions', () => {
  it.each(Object.keys(samples) as FamilyName[])('knows a %s sample by both distances', (family) => {
    const report = fitDistributions(samples[family]);
    const right = by(report, family);
    // 1.95/sqrt(n) is passed once in a thousand times; fitted parameters make it rarer.
    expect(right.goodness.ks).toBeLessThan(1.95 / Math.sqrt(n));
    expect(right.goodness.andersonDarling).toBeLessThan(6 / n);
    for (const other of report.fits.filter(({ fit }) => fit.family !== family)) {
      expect(other.goodness.ks).toBeGreaterThan(3 * right.goodness.ks);
      expect(other.goodness.andersonDarling).toBeGreaterThan(10 * right.goodness.andersonDarling);
    }
  });

  it('finds the parameters', () => {
    expect(by(fitDistributions(samples.gaussian), 'gaussian').fit.parameters.mean).toBeCloseTo(0.3, 1);
    expect(by(fitDistributions(samples.gaussian), 'gaussian').fit.parameters.sigma).toBeCloseTo(2, 1);
    expect(by(fitDistributions(samples.laplace), 'laplace').fit.parameters.scale).toBeCloseTo(1.5, 1);
    const { mu, sigma, negative } = by(fitDistributions(samples['log-normal']), 'log-normal').fit.parameters;
    expect(mu).toBeCloseTo(-5, 1);
    expect(sigma).toBeCloseTo(2, 1);
    expect(negative).toBeCloseTo(0.42, 1);
    expect(fitDistributions(samples.laplace).excessKurtosis).toBeGreaterThan(2);
    expect(Math.abs(fitDistributions(samples.gaussian).excessKurtosis)).toBeLessThan(4 * Math.sqrt(24 / n));
  });

  it('leaves exact zeros out and counts them', () => {
    const half = gaussian.map((x, i) => (i % 2 === 0 ? 0 : x));
    const report = fitDistributions(half);
    expect(report.zeroShare).toBe(0.5);
    expect(report.count).toBe(n);
    expect(by(report, 'gaussian').goodness.ks).toBeLessThan(0.02);
  });

  it('has distribution functions that add up', () => {
    for (const { fit } of fitDistributions(samples['log-normal']).fits) {
      for (const x of [-3, -0.01, 0, 0.002, 5]) expect(fit.below(x) + fit.above(x)).toBeCloseTo(1, 12);
      expect(fit.below(-1)).toBeLessThan(fit.below(1));
    }
  });

  it('says what lies between two values, with its digits in both tails', () => {
    for (const { fit } of fitDistributions(samples.gaussian).fits) {
      const [whole, parts] = [
        probabilityBetween(fit, -4, 4),
        [-4, -1, 0, 2].map((x, i) => probabilityBetween(fit, x, [-1, 0, 2, 4][i])),
      ];
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(whole, 12);
    }
    const { fit } = by(fitDistributions(samples.gaussian), 'gaussian');
    // 10 deviations above the mean; the difference of two distribution functions would be 0.
    const [mean, sigma] = [fit.parameters.mean, fit.parameters.sigma];
    const upper = probabilityBetween(fit, mean + 10 * sigma, mean + 11 * sigma);
    expect(upper / 7.62e-24).toBeCloseTo(1, 2);
    expect(() => probabilityBetween(fit, 1, 0)).toThrow('low must be at most high, got 1 and 0');
    expect(probabilityBetween(fit, mean - 11 * sigma, mean - 10 * sigma) / upper).toBeCloseTo(1, 6);
  });

  it('stays finite for values of one magnitude and for outliers', () => {
    for (const values of [
      [1, -1, 1],
      [...gaussian.slice(0, 100), 1e6],
    ]) {
      for (const { goodness } of fitDistributions(values).fits) {
        expect(Number.isFinite(goodness.andersonDarling)).toBe(true);
        expect(goodness.ks).toBeLessThanOrEqual(1);
      }
    }
  });

  it('has the same shape in any unit, to the ends of the doubles', () => {
    const shape = (values: readonly number[]) => {
      const { fits, excessKurtosis } = fitDistributions(values);
      for (const { fit } of fits)
        expect(fittedDistribution(fit.family, fit.parameters).family).toBe(fit.family);
      return { excessKurtosis, goodness: fits.map(({ goodness }) => goodness) };
    };
    const values = [1, -1, 0.3, 0.2];
    const one = shape(values);
    for (const unit of [2 ** -900, 2 ** 990]) {
      const other = shape(values.map((x) => x * unit));
      expect(other.excessKurtosis).toBe(one.excessKurtosis);
      other.goodness.forEach(({ ks, andersonDarling }, i) => {
        expect(ks).toBeCloseTo(one.goodness[i].ks, 9);
        expect(andersonDarling).toBeCloseTo(one.goodness[i].andersonDarling, 9);
      });
    }
    const { fits } = fitDistributions([1e200, -1e200, 3e199, 2e200]);
    expect(fits[0].fit.parameters.sigma / 1e200).toBeCloseTo(
      Math.sqrt((1 + 1 + 0.09 + 4) / 4 - 0.575 ** 2),
      12,
    );
    expect(() => fitDistributions([5e-324, 1e-323, -5e-324])).toThrow(DataError);
    expect(() => fitDistributions([1.7e308, -1.7e308])).toThrow('must be 1e-280 to 1e+300, got 1.7e+308');
  });

  it.each([
    [[], 'at least two different values'],
    [[0, 0, 3], 'at least two different values'],
    [[2, 2, 2], 'at least two different values'],
    [[1, Number.NaN], 'value 1 is NaN'],
    [[Infinity, 1], 'value 0 is Infinity'],
  ])('refuses %o', (values, message) => {
    expect(() => fitDistributions(values)).toThrow(DataError);
    expect(() => fitDistributions(values)).toThrow(message);
  });
});
