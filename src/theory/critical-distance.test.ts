import { describe, expect, it } from 'vitest';
import { log } from '../core/math.js';
import { hashText, RandomStream } from '../core/rng.js';
import { andersonDarlingCritical, ksCritical } from './critical-distance.js';
import { type FamilyName, fitDistributions, type Goodness } from './fit.js';

const [draws, n] = [2000, 200];
const value: Readonly<Record<FamilyName, (stream: RandomStream) => number>> = {
  gaussian: (stream) => 3 + stream.normal(log),
  laplace: (stream) => (stream.uniform() < 0.5 ? -1 : 1) * -Math.log(1 - stream.uniform()),
  'log-normal': (stream) => (stream.uniform() < 0.5 ? -1 : 1) * Math.exp(2 * stream.normal(log)),
};

/** Distances of samples of a family from its own fit. */
function distances(family: FamilyName): Goodness[] {
  return Array.from({ length: draws }, (_, draw) => {
    const stream = new RandomStream(1, hashText(`critical ${family}`), draw);
    const { fits } = fitDistributions(Float64Array.from({ length: n }, () => value[family](stream)));
    return fits.find(({ fit }) => fit.family === family)!.goodness;
  });
}

// The share of the draws beyond has a standard error of 0.005; four of them, and 1 to 3 % in the constants, move 5 in 100 by 0.025 at most.
const isOneInTwenty = (share: number): boolean => Math.abs(share - 0.05) < 0.025;
const share = (all: readonly Goodness[], is: (one: Goodness) => boolean): number =>
  all.filter(is).length / draws;

describe('critical distances', () => {
  it.each(Object.keys(value) as FamilyName[])('one sample of twenty of a %s is beyond', (family) => {
    const all = distances(family);
    const beyond = share(all, ({ ks }) => ks > ksCritical(family, n));
    expect(isOneInTwenty(beyond), `${beyond} are`).toBe(true);
    // Kolmogorov's own constant is for a distribution that was not fitted: next to nothing is beyond it.
    expect(share(all, ({ ks }) => ks > 1.36 / Math.sqrt(n))).toBeLessThan(0.002);
    if (family !== 'gaussian') return;
    const far = share(all, ({ andersonDarling }) => andersonDarling > andersonDarlingCritical(n));
    expect(isOneInTwenty(far), `${far} are by A²/n`).toBe(true);
  });

  it('become those of many values', () => {
    expect(ksCritical('gaussian', 1e6) * 1e3).toBeCloseTo(0.895, 4);
    expect(ksCritical('log-normal', 50)).toBe(ksCritical('gaussian', 50));
    expect(ksCritical('laplace', 50)).toBeGreaterThan(ksCritical('gaussian', 50));
    expect(andersonDarlingCritical(1e6) * 1e6).toBeCloseTo(0.752, 4);
  });

  it('are not known for a few values', () => {
    expect(() => ksCritical('laplace', 4)).toThrow('from 5 values, got 4');
    expect(() => ksCritical('cauchy' as 'laplace', 100)).toThrow('there is no family "cauchy"');
    expect(() => andersonDarlingCritical(Number.NaN)).toThrow('from 5 values, got NaN');
  });
});
