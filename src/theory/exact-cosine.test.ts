/** The exact mean cosine against a second derivation and simulation, in the short vectors where the cosine of means is refuted. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { hashText, RandomStream } from '../core/rng.js';
import { type CosineCase, stepsToEnd } from './cosine-law.js';
import { cosineGivenExtremes, expectedCosine } from './exact-cosine.js';
import { integrate, normalDensity, normalMass, normalTail } from './gaussian.js';
import { overExtremes } from './over-extremes.js';
import { gaussianSample, repeated } from './sample.case.js';
import { expectedNorm } from './sign-ternary.js';

/** The mean over the extremes of the cosine of expected sums. */
const cosineOfMeans = (one: CosineCase): number =>
  overExtremes(one.grid, one.n, (low, high) => cosineGivenExtremes(one, low, high));

/** Cosine of a drawn vector less the cosine of means given its extremes, which takes the scatter of the extremes away. */
function aboveMeans(one: CosineCase, draw: number): number {
  const { grid, bits, n, rounding } = one;
  const w = gaussianSample(n, 'exact', draw);
  const noise = new RandomStream(2, hashText('exact noise'), draw);
  const [min, max] = [Math.min(...w), Math.max(...w)];
  const end = Math.max(max, -min);
  const [low, high] = grid === 'minmax' ? [min, max] : [-end, end];
  const steps = stepsToEnd(grid, bits) * (grid === 'minmax' ? 1 : 2);
  const step = (high - low) / steps;
  let [cross, quantised, values] = [0, 0, 0];
  for (const x of w) {
    const u = rounding === 'nearest' ? 0.5 : noise.uniform();
    const q = low + step * Math.min(steps, Math.floor((x - low) / step + u));
    cross += x * q;
    quantised += q * q;
    values += x * x;
  }
  return cross / Math.sqrt(quantised * values) - cosineGivenExtremes(one, low, high);
}

describe('expectedCosine', () => {
  it.each([
    ['symmetric', 'nearest', 2, 16],
    ['symmetric', 'nearest', 2, 100],
    ['symmetric', 'stochastic', 2, 16],
    ['symmetric', 'nearest', 3, 16],
    ['minmax', 'nearest', 2, 16],
    ['minmax', 'stochastic', 2, 16],
  ] as const)('%s, %s, %i bits, N = %i: drawn vectors to 4 standard errors', (grid, rounding, bits, n) => {
    const one = { grid, rounding, bits, n };
    const { mean, error } = repeated(20_000, (draw) => aboveMeans(one, draw));
    expect(Math.abs(cosineOfMeans(one) + mean - expectedCosine(one))).toBeLessThan(4 * error);
    // And the draws tell it from the cosine of means where the two are farthest apart.
    if (bits === 2 && grid === 'symmetric' && rounding === 'nearest')
      expect(-mean).toBeGreaterThan(8 * error);
  });

  it.each([16, 100, 1000])('is a sum over the number of values kept, for three levels of %i', (n) => {
    // Given max|W| = m and K others above m/2: C = m (m + sum of the K), T = m^2 (1 + K), and the K are independent.
    const given = (m: number): number => {
      const inside = normalMass(-m, m);
      const p = (2 * normalMass(m / 2, m)) / inside;
      const kept = (normalDensity(m / 2) - normalDensity(m)) / normalMass(m / 2, m);
      let [binomial, sum] = [Math.exp((n - 1) * Math.log1p(-p)), 0];
      for (let k = 0; k < n; k++) {
        sum += (binomial * (m + k * kept)) / Math.sqrt(1 + k);
        binomial *= ((n - 1 - k) / (k + 1)) * (p / (1 - p));
      }
      return sum;
    };
    const density = (m: number): number =>
      2 * n * normalDensity(m) * Math.exp((n - 1) * Math.log1p(-2 * normalTail(m)));
    const mean = integrate((m) => density(m) * given(m), 0.05, 12, 20) / expectedNorm(n);
    const one = { grid: 'symmetric', bits: 2, n, rounding: 'nearest' } as const;
    // The quadrature's error; the cosine of means is 6e-3 away at 16, 1e-3 at 1000.
    expect(Math.abs(expectedCosine(one) - mean)).toBeLessThan(1e-7);
    expect(Math.abs(cosineOfMeans(one) - mean)).toBeGreaterThan(5e-4);
  });

  it('has the cosine of means as its limit, like 1/N but for a factor that grows slowly', () => {
    const apart = (n: number): number => {
      const one = { grid: 'symmetric', bits: 2, n, rounding: 'nearest' } as const;
      return cosineOfMeans(one) - expectedCosine(one);
    };
    expect(apart(1e4) / apart(1e6)).toBeGreaterThan(30);
    expect(apart(1e6) / apart(1e8)).toBeGreaterThan(30);
    expect(Math.abs(apart(1e9))).toBeLessThan(1e-7);
  });
});

describe('cosineGivenExtremes', () => {
  /** The same by sums over a fine grid of values, whose density is taken relative to that at the end nearer to 0. */
  function bySums({ grid, bits, n, rounding }: CosineCase, low: number, high: number): number {
    const steps = stepsToEnd(grid, bits) * (grid === 'minmax' ? 1 : 2);
    const [points, step] = [400_000, (high - low) / steps];
    const nearest = low > 0 ? low : high < 0 ? high : 0;
    let [mass, cross, values, quantised] = [0, 0, 0, 0];
    for (let i = 0; i < points; i++) {
      const at = ((i + 0.5) / points) * steps;
      const x = low + at * step;
      const density = Math.exp(-((x - nearest) * (x + nearest)) / 2);
      const down = Math.floor(at);
      const up = rounding === 'nearest' ? Math.round(at) - down : at - down;
      const [a, b] = [low + down * step, low + (down + 1) * step];
      mass += density;
      values += density * x * x;
      cross += density * x * (a + up * step);
      quantised += density * ((1 - up) * a * a + up * b * b);
    }
    const [ends, count] = grid === 'minmax' ? [low * low + high * high, 2] : [high * high, 1];
    const sum = (one: number): number => ends + ((n - count) * one) / mass;
    return sum(cross) / (Math.sqrt(sum(values)) * Math.sqrt(sum(quantised)));
  }

  it.each([
    ['minmax', 'nearest', 8, 35, 36],
    ['minmax', 'stochastic', 4, -36, -30],
    ['minmax', 'nearest', 2, 20, 20.5],
    ['minmax', 'stochastic', 2, -36, 36],
    ['symmetric', 'nearest', 2, -1e-6, 1e-6],
    ['symmetric', 'nearest', 8, -1e-6, 1e-6],
    ['symmetric', 'stochastic', 8, -1e-9, 1e-9],
    ['symmetric', 'stochastic', 3, -1e-90, 1e-90],
    ['minmax', 'stochastic', 3, 1, 1 + 1e-7],
    ['symmetric', 'nearest', 8, -4, 4],
    ['minmax', 'stochastic', 3, -2, 3],
  ] as const)('%s, %s, %i bits between %d and %d is that of sums', (grid, rounding, bits, low, high) => {
    const one = { grid, rounding, bits, n: 100 };
    const cosine = cosineGivenExtremes(one, low, high);
    const sums = bySums(one, low, high);
    // Relative to the angle squared, where the sums have digits for it.
    expect(Math.abs(cosine - sums)).toBeLessThan(1e-4 * (1 - sums) + 1e-9);
    expect(cosine).toBeLessThanOrEqual(1);
  });

  it('refuses extremes that doubles cannot tell or that no Gaussian value has', () => {
    const of = (low: number, high: number) => () =>
      cosineGivenExtremes({ grid: 'minmax', bits: 8, n: 100, rounding: 'nearest' }, low, high);
    expect(of(40, 41)).toThrow('extremes lie within -36 and 36');
    expect(of(-1e200, 1e200)).toThrow('got -1e+200 and 1e+200');
    expect(of(-5e-324, 5e-324)).toThrow('the larger is 1e-100 or more');
    expect(of(36 - 1e-14, 36)).toThrow('more than 1e-9 of it apart');
    expect(of(Number.NaN, 1)).toThrow('no extremes');
    expect(of(-Infinity, 1)).toThrow(UsageError);
    const positional = cosineGivenExtremes as unknown as (...of: unknown[]) => number;
    expect(() => positional(-1, 1)).toThrow('give one object { grid, bits, n, rounding }, got -1');
  });
});
