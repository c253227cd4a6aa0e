/** Laws and exact expectations of the cosine against each other, the method's table and simulation. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { cosine } from '../quant/measure.js';
import {
  angleDegrees,
  type CosineCase,
  cosineLaw,
  type Grid,
  jensenGap,
  printedBound,
  type Rounding,
  stepMoment,
  stepsToEnd,
  uniformNoiseCosine,
} from './cosine-law.js';
import { cosineGivenExtremes, expectedCosine } from './exact-cosine.js';
import { finiteLengthTerm } from './finite-length.js';
import { fixedGridCosine, roundingNoise } from './rounded-gaussian.js';
import { gaussianSample, repeated } from './sample.case.js';

/** Cosine of one drawn vector and its quantised version. */
function drawnCosine({ grid, bits, n, rounding }: CosineCase, draw: number): number {
  const values = gaussianSample(n, 'cosine', draw);
  const max = values.reduce((a, b) => Math.max(a, b));
  const min = values.reduce((a, b) => Math.min(a, b));
  const end = Math.max(max, -min);
  const step = (grid === 'minmax' ? max - min : end) / stepsToEnd(grid, bits);
  const low = grid === 'minmax' ? min : -end;
  // Any digits far below the step are uniform to this accuracy.
  const quantised = values.map((value, i) => {
    const t = (value - low) / step;
    const u = (Math.abs(values[(i + 1) % n]) * 1e6) % 1;
    return low + step * (rounding === 'nearest' ? Math.round(t) : Math.floor(t + u));
  });
  return cosine(values, quantised);
}

const cases: [Grid, number, Rounding][] = [
  ['minmax', 2, 'nearest'],
  ['minmax', 2, 'stochastic'],
  ['minmax', 3, 'nearest'],
  ['minmax', 4, 'stochastic'],
  ['symmetric', 2, 'nearest'],
  ['symmetric', 2, 'stochastic'],
  ['symmetric', 3, 'nearest'],
  ['symmetric', 8, 'nearest'],
];

describe('against simulation', () => {
  it.each(cases)(
    'the exact expectation of the %s grid, %i bits, %s: 4 standard errors',
    (grid, bits, rounding) => {
      const one = { grid, bits, n: 2000, rounding };
      const { mean, error } = repeated(60, (draw) => drawnCosine(one, draw));
      expect(Math.abs(mean - expectedCosine(one))).toBeLessThan(4 * error);
    },
  );
});

describe("the method's table", () => {
  it.each([
    [4, 'nearest', 1e4, 0.99],
    [4, 'nearest', 1e6, 0.983],
    [6, 'nearest', 1e4, 0.9994],
    [6, 'nearest', 1e6, 0.999],
    [8, 'nearest', 1e4, 0.99996],
    [8, 'nearest', 1e6, 0.99994],
    [4, 'stochastic', 1e6, Math.cos((14.7 * Math.PI) / 180)],
    [6, 'stochastic', 1e6, Math.cos((3.6 * Math.PI) / 180)],
    [8, 'stochastic', 1e6, Math.cos((0.89 * Math.PI) / 180)],
  ] as const)('%i bits, %s, N = %d: %d by the law', (bits, rounding, n, value) => {
    const law = cosineLaw({ grid: 'minmax', bits, n, rounding });
    expect(Math.abs(law - value)).toBeLessThan(0.002);
    if (bits === 8) expect(Math.abs(law - value)).toBeLessThan(0.00001);
  });

  it('2 bits by the exact expectation, where the law is far off', () => {
    const two = { grid: 'minmax', bits: 2, n: 1e6, rounding: 'nearest' } as const;
    expect(Math.abs(expectedCosine(two) - 0.799)).toBeLessThan(0.002);
    expect(cosineLaw(two)).toBeLessThan(0.74);
    expect(Math.abs(angleDegrees(expectedCosine({ ...two, rounding: 'stochastic' })) - 53.8)).toBeLessThan(
      0.5,
    );
  });

  it.each([
    [2, 0.725],
    [4, 0.913],
    [6, 0.977],
    [8, 0.994],
  ])('the bound as printed at %i bits and N = 1e6 is %d', (bits, value) => {
    expect(Math.abs(printedBound(bits, 1e6) - value)).toBeLessThan(0.0006);
  });

  it('the printed bound is none at 2 bits with stochastic rounding or the symmetric grid', () => {
    const two = { grid: 'minmax', bits: 2, n: 1e6, rounding: 'nearest' } as const;
    expect(expectedCosine(two)).toBeGreaterThan(printedBound(2, 1e6));
    expect(expectedCosine({ ...two, rounding: 'stochastic' })).toBeLessThan(printedBound(2, 1e6));
    expect(expectedCosine({ ...two, grid: 'symmetric' })).toBeLessThan(printedBound(2, 1e6));
  });
});

describe('the law', () => {
  it('lies below the exact expectation by the gap it leaves out, from 4 bits on', () => {
    for (const bits of [4, 5, 6]) {
      const one = { grid: 'symmetric', bits, n: 1e6, rounding: 'stochastic' } as const;
      const rest = expectedCosine(one) - cosineLaw(one) - jensenGap(one);
      // Third order, and what the law leaves out in short vectors (1/n).
      expect(Math.abs(rest)).toBeLessThan(0.2 * jensenGap(one) + 1 / 1e6);
      expect(expectedCosine(one)).toBeGreaterThan(cosineLaw(one));
    }
  });

  it('rises with bits and falls with n', () => {
    for (const rounding of ['nearest', 'stochastic'] as const) {
      for (const grid of ['minmax', 'symmetric'] as const) {
        const at = (bits: number, n: number) => cosineLaw({ grid, bits, n, rounding });
        expect(at(3, 1e4)).toBeGreaterThan(at(2, 1e4));
        expect(at(16, 1e4)).toBeGreaterThan(at(8, 1e4));
        expect(at(4, 1e6)).toBeLessThan(at(4, 1e4));
        expect(at(16, 1e6)).toBeLessThan(1);
      }
    }
  });

  it('has the moments of the step behind it', () => {
    expect(stepMoment('minmax', 2, 2, 1)).toBeCloseTo(2 / Math.sqrt(Math.PI) / 3, 10);
    expect(stepMoment('symmetric', 8, 1, 2)).toBeCloseTo(1 / 127 ** 2, 12);
    expect(uniformNoiseCosine(0, 'nearest')).toBe(1);
    expect(uniformNoiseCosine(1, 'nearest')).toBeCloseTo(Math.sqrt(12 / 13), 14);
  });
});

describe('a fixed grid', () => {
  it('is the sign for two levels, whatever their distance', () => {
    for (const step of [0.1, 1, 9]) {
      const grid = { low: -step / 2, step, levels: 2, rounding: 'nearest' } as const;
      expect(fixedGridCosine(grid)).toBeCloseTo(Math.sqrt(2 / Math.PI), 12);
    }
  });

  it("has Widrow's noise: off by exp(-2 pi^2/step^2) and no more", () => {
    for (const step of [1, 1.5, 2]) {
      const grid = { low: -40 * step, step, levels: 81, rounding: 'nearest' } as const;
      const small = Math.exp((-2 * Math.PI ** 2) / step ** 2);
      const { power, correlation } = roundingNoise(grid);
      // First term of the Fourier series of the error's variance, on a grid with a level at 0 (Sripad & Snyder 1977).
      const first = 1 - (12 / Math.PI ** 2) * small;
      expect(power / first).toBeCloseTo(1, 5);
      // E[e W] = -2 sum over k of (-1)^k... of which k = 1 leads: -2 exp(-2 pi^2/step^2).
      expect((correlation * Math.sqrt(power / 12) * step) / (-2 * small)).toBeCloseTo(1, 4);
    }
    // Where 0 lies half a step from a level, every term has the other sign.
    for (const step of [1.5, 2]) {
      const small = Math.exp((-2 * Math.PI ** 2) / step ** 2);
      const grid = { low: -40.5 * step, step, levels: 82, rounding: 'nearest' } as const;
      const { power, correlation } = roundingNoise(grid);
      expect(power / (1 + (12 / Math.PI ** 2) * small)).toBeCloseTo(1, 5);
      expect((correlation * Math.sqrt(power / 12) * step) / (2 * small)).toBeCloseTo(1, 4);
    }
    const stochastic = roundingNoise({ low: -40, step: 1, levels: 81, rounding: 'stochastic' });
    expect(Math.abs(stochastic.correlation)).toBeLessThan(1e-12);
    expect(stochastic.power).toBeCloseTo(1, 7);
  });

  it('counts what lies beyond the end levels as noise', () => {
    // Of a grid that is all but a point at 0 the noise is W itself.
    const { power } = roundingNoise({ low: 0, step: 1e-6, levels: 3, rounding: 'nearest' });
    expect((power * 1e-12) / 12).toBeCloseTo(1, 5);
    const fine = roundingNoise({ low: -8, step: 2 ** -12, levels: 65536, rounding: 'nearest' });
    expect(fine.power).toBeCloseTo(1, 4);
  });

  it('gives 0 where nothing but 0 is left', () => {
    expect(fixedGridCosine({ low: -1e3, step: 1e3, levels: 3, rounding: 'nearest' })).toBe(0);
  });
});

describe('bad arguments', () => {
  const good = { grid: 'minmax', bits: 4, n: 100, rounding: 'nearest' } as const;
  it.each([
    [{ ...good, bits: 1 }, 'bits must be'],
    [{ ...good, bits: 17 }, 'bits must be'],
    [{ ...good, n: 1 }, 'the number of values must be'],
    [{ ...good, grid: 'log' as Grid }, 'there is no grid "log"'],
    [{ ...good, rounding: 'up' as Rounding }, 'there is no rounding "up"'],
  ])('%o', (one, message) => {
    for (const call of [cosineLaw, jensenGap, expectedCosine]) {
      expect(() => call(one)).toThrow(UsageError);
      expect(() => call(one)).toThrow(message);
    }
  });

  it.each([cosineLaw, jensenGap, finiteLengthTerm, expectedCosine])('%o takes one object', (call) => {
    const wrong = call as unknown as (...of: unknown[]) => number;
    const wanted = 'give one object { grid, bits, n, rounding }';
    expect(() => wrong(8, 1e6)).toThrow(`${wanted}, got 8`);
    expect(() => wrong(undefined)).toThrow(UsageError);
    expect(() => wrong({ bits: 8, n: 1e6 })).toThrow(`grid and rounding missing: ${wanted}`);
  });

  it('of the other functions', () => {
    const positional = fixedGridCosine as unknown as (...of: unknown[]) => number;
    expect(() => positional(-1, 2)).toThrow('give one object { low, step, levels, rounding }, got -1');
    for (const step of [1e200, 1e-12, Number.NaN]) {
      const grid = { low: 0, step, levels: 3, rounding: 'nearest' } as const;
      expect(() => roundingNoise(grid)).toThrow(`the step must be 0.000001 to 1000000, got ${step}`);
    }

    expect(() => expectedCosine({ ...good, bits: 11 })).toThrow('use cosineLaw');
    expect(() => expectedCosine({ ...good, n: 15 })).toThrow('from 16');
    expect(() => cosineGivenExtremes(good, 1, -1)).toThrow('no extremes for the minmax grid');
    expect(() => cosineGivenExtremes({ ...good, grid: 'symmetric' }, -1, 2)).toThrow('no extremes for the');
    expect(() => cosineGivenExtremes({ ...good, bits: 12 }, -1, 1)).toThrow('up to 10 bits');
    expect(() => cosineGivenExtremes({ ...good, rounding: 'up' as Rounding }, -1, 1)).toThrow('no rounding');
    expect(() => printedBound(0, 10)).toThrow('bits must be');
    expect(() => printedBound(8, 0)).toThrow('number of values');
    expect(() => angleDegrees(1.1)).toThrow('a cosine lies in');
    expect(() => angleDegrees(-1.00000001)).toThrow('a cosine lies in');
    expect(() => angleDegrees(Number.NaN)).toThrow('a cosine lies in');
    expect([angleDegrees(1.0000000002), angleDegrees(-1.0000000002)]).toEqual([0, 180]);
    expect(() => uniformNoiseCosine(-1, 'nearest')).toThrow('the step');
    expect(() => fixedGridCosine({ low: 0, step: 0, levels: 3, rounding: 'nearest' })).toThrow('the step');
    expect(() => fixedGridCosine({ low: 0, step: 1, levels: 1, rounding: 'nearest' })).toThrow('levels');
    expect(() => fixedGridCosine({ low: Number.NaN, step: 1, levels: 3, rounding: 'nearest' })).toThrow(
      'level',
    );
  });
});
