import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { angleDegrees } from './cosine-law.js';
import { normalDensity, normalTail } from './gaussian.js';
import { gaussianSample, repeated } from './sample.case.js';
import {
  bestTernary,
  expectedNorm,
  expectedNormRatio,
  expectedSignCosine,
  halfStepGammaRatio,
  signCosineLimit,
  ternaryCosine,
} from './sign-ternary.js';

describe('halfStepGammaRatio', () => {
  it('has the values that factorials and Gamma(1/2) give', () => {
    const root = Math.sqrt(Math.PI);
    const exact: [number, number][] = [
      [0.5, 1 / root],
      [1, root / 2],
      [1.5, 2 / root],
      [2, (3 * root) / 4],
      // Gamma(10.5)/Gamma(10) = 19!!/2^10 sqrt(pi)/9!
      [10, (654729075 / 1024 / 362880) * root],
    ];
    for (const [x, value] of exact) expect(Math.abs(halfStepGammaRatio(x) / value - 1)).toBeLessThan(1e-13);
  });

  it('obeys its recurrence across the place where the series takes over', () => {
    for (const x of [20, 63, 63.5, 64, 80]) {
      const ratio = (halfStepGammaRatio(x + 1) * x) / (halfStepGammaRatio(x) * (x + 0.5));
      expect(Math.abs(ratio - 1)).toBeLessThan(1e-14);
    }
  });

  it.each([0, -1, Number.NaN, Infinity])('refuses %d', (x) => {
    expect(() => halfStepGammaRatio(x)).toThrow(UsageError);
  });
});

describe('the norm', () => {
  it('has the mean of the chi distribution: half a normal, Rayleigh, Maxwell', () => {
    expect(expectedNorm(1)).toBeCloseTo(Math.sqrt(2 / Math.PI), 13);
    expect(expectedNorm(2)).toBeCloseTo(Math.sqrt(Math.PI / 2), 13);
    expect(expectedNorm(3)).toBeCloseTo(2 * Math.sqrt(2 / Math.PI), 13);
    expect(() => expectedNorm(0)).toThrow(UsageError);
  });
});

describe('the ratio of norms', () => {
  it('is exact for one and two values', () => {
    expect(expectedNormRatio(1)).toBeCloseTo(1, 13);
    // Two values: the mean of |cos t| + |sin t| is 4/pi.
    expect(expectedNormRatio(2)).toBeCloseTo(4 / Math.PI, 13);
    // Three: a uniform direction on the sphere has E|x| = 1/2.
    expect(expectedNormRatio(3)).toBeCloseTo(1.5, 13);
  });

  it.each([2, 5, 20, 300])('agrees with %i drawn values to 4 standard errors', (n) => {
    const { mean, error } = repeated(2000, (draw) => {
      const values = gaussianSample(n, 'ratio', draw);
      let [first, second] = [0, 0];
      for (const value of values) {
        first += Math.abs(value);
        second += value * value;
      }
      return first / Math.sqrt(second);
    });
    expect(Math.abs(mean - expectedNormRatio(n))).toBeLessThan(4 * error);
    // sqrt(2n/pi), the limit, is told from it at small n.
    if (n <= 5) expect(Math.abs(mean - Math.sqrt((2 * n) / Math.PI))).toBeGreaterThan(8 * error);
  });

  it('falls to its limit, from 1/(4n) above', () => {
    let before = 1.1;
    for (const n of [1, 2, 3, 10, 100, 1e4]) {
      const value = expectedSignCosine(n);
      expect(value).toBeLessThan(before);
      expect(value).toBeGreaterThan(signCosineLimit);
      before = value;
    }
    expect((expectedSignCosine(1e4) / signCosineLimit - 1) * 4e4).toBeCloseTo(1, 3);
    expect(angleDegrees(signCosineLimit)).toBeCloseTo(37.07, 1);
  });

  it.each([0, 2.5, -3])('refuses %d values', (n) => {
    expect(() => expectedSignCosine(n)).toThrow(UsageError);
  });
});

describe('three levels', () => {
  const best = bestTernary();

  it('keep 25.9 degrees at best', () => {
    expect(best.degrees).toBeCloseTo(25.85, 2);
    expect(best.threshold).toBeCloseTo(0.612, 3);
    // The scale of three levels of Max (1960), table I, N = 3.
    expect(best.scale).toBeCloseTo(1.224, 3);
  });

  it('have one stationary point, a maximum: the cosine rises up to it and falls from it on', () => {
    const at = (i: number): number => ternaryCosine(i / 1000);
    const top = Math.round(1000 * best.threshold);
    for (let i = 1; i < 8000; i++) {
      if (i === top || i === top + 1) continue;
      if (i < top) expect(at(i)).toBeGreaterThan(at(i - 1));
      else expect(at(i)).toBeLessThan(at(i - 1));
    }
    // The proof: the slope of the logarithm, -h + r(h)/2 with r = phi/Q, falls everywhere, since 0 < r' < 1 (Sampford 1953).
    const slope = (h: number): number => normalDensity(h) / normalTail(h) / 2 - h;
    for (let h = 0; h < 20; h += 0.01) {
      const step = slope(h + 0.01) - slope(h);
      expect(step).toBeLessThan(-0.005 + 1e-12);
      expect(step).toBeGreaterThan(-0.01);
    }
  });

  it('are not beaten by any other choice of signs and zeros on drawn values', () => {
    // For k kept values the largest k are best, so that the best of all k is the best of all 3^n choices.
    const { mean, error } = repeated(40, (draw) => {
      const sizes = gaussianSample(5000, 'ternary', draw).map(Math.abs).sort().reverse();
      const norm = Math.sqrt(sizes.reduce((sum, x) => sum + x * x, 0));
      let [sum, most] = [0, 0];
      sizes.forEach((x, i) => {
        sum += x;
        most = Math.max(most, sum / Math.sqrt(i + 1) / norm);
      });
      return most;
    });
    // The best of 5000 thresholds fitted to the draw gains of order 1/n.
    expect(mean).toBeGreaterThan(best.cosine - 4 * error);
    expect(mean).toBeLessThan(best.cosine + 4 * error + 2 / 5000);
  });

  it('are worse with any other threshold', () => {
    for (const h of [0, 0.3, best.threshold - 0.01, best.threshold + 0.01, 1, 3]) {
      expect(ternaryCosine(h)).toBeLessThan(best.cosine);
    }
    expect(ternaryCosine(0)).toBeCloseTo(signCosineLimit, 13);
  });

  it('agree with drawn values to 4 standard errors', () => {
    const { mean, error } = repeated(40, (draw) => {
      let [kept, sum, squares] = [0, 0, 0];
      for (const value of gaussianSample(5000, 'ternary', draw)) {
        squares += value * value;
        if (Math.abs(value) <= best.threshold) continue;
        kept += 1;
        sum += Math.abs(value);
      }
      return sum / Math.sqrt(kept * squares);
    });
    expect(Math.abs(mean - best.cosine)).toBeLessThan(4 * error + 1 / 5000);
  });

  it.each([-0.1, 38, Number.NaN])('refuses the threshold %d', (h) => {
    expect(() => ternaryCosine(h)).toThrow(UsageError);
  });
});
