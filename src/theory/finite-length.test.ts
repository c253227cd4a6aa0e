import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { hashText, RandomStream } from '../core/rng.js';
import { type CosineCase, noiseFactor } from './cosine-law.js';
import { finiteLengthTerm } from './finite-length.js';
import { gaussianSample, repeated } from './sample.case.js';

/** What a drawn vector's cosine has above the law at the step it really has. */
function above({ grid, bits, n, rounding }: CosineCase, draw: number): number {
  const w = gaussianSample(n, 'finite', draw);
  const noise = new RandomStream(2, hashText('finite noise'), draw);
  const [min, max] = [Math.min(...w), Math.max(...w)];
  const low = grid === 'minmax' ? min : -Math.max(max, -min);
  const steps = grid === 'minmax' ? 2 ** bits - 1 : 2 ** bits - 2;
  const step = (grid === 'minmax' ? max - min : -2 * low) / steps;
  let [cross, square, second] = [0, 0, 0];
  for (const x of w) {
    const u = rounding === 'nearest' ? 0.5 : noise.uniform();
    const q = low + step * Math.min(steps, Math.floor((x - low) / step + u));
    cross += x * q;
    square += q * q;
    second += x * x;
  }
  const law = 1 / Math.sqrt(1 + (noiseFactor(rounding) * n * step * step) / second);
  return cross / Math.sqrt(square * second) - law;
}

describe('finiteLengthTerm', () => {
  it.each([
    ['symmetric', 'stochastic', 16, 8],
    ['symmetric', 'nearest', 16, 8],
    ['minmax', 'nearest', 16, 8],
    ['minmax', 'stochastic', 16, 5],
    ['minmax', 'nearest', 64, 8],
  ] as const)('%s, %s: what the law misses at N = %i, %i bits', (grid, rounding, n, bits) => {
    const one = { grid, rounding, n, bits };
    const { mean, error } = repeated(20_000, (draw) => above(one, draw));
    const term = finiteLengthTerm(one);
    // Four standard errors; what is left out is of order X/n of the term, 1 % at 5 bits.
    expect(Math.abs(mean - term)).toBeLessThan(4 * error + 0.02 * term);
    // And it is there: the law alone is refuted by the same draws.
    expect(term).toBeGreaterThan(6 * error);
  });

  it('vanishes like 1/N', () => {
    const at = (n: number) => finiteLengthTerm({ grid: 'symmetric', bits: 8, n, rounding: 'nearest' });
    // Times E[D^2], which grows like ln N.
    expect(at(1e4) / at(1e6)).toBeGreaterThan(60);
    expect(at(1e4) / at(1e6)).toBeLessThan(100);
  });

  it('refuses what it is not defined for', () => {
    const one = { grid: 'symmetric', bits: 8, n: 16, rounding: 'nearest' } as const;
    for (const bad of [{ n: 15 }, { n: 2e9 }, { bits: 1 }, { bits: 17 }])
      expect(() => finiteLengthTerm({ ...one, ...bad })).toThrow(UsageError);
    expect(() => finiteLengthTerm({ ...one, grid: 'cubic' as 'minmax' })).toThrow(UsageError);
    expect(() => finiteLengthTerm({ ...one, rounding: 'up' as 'nearest' })).toThrow(UsageError);
  });
});
