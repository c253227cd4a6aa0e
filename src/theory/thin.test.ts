import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../core/errors.js';
import { fittedCount, nonZeroValues, thinned } from './thin.js';

describe('the values that are fitted', () => {
  it('are those other than 0', () => {
    expect([...nonZeroValues([0, 1, -0, -2, 0, 3])]).toEqual([1, -2, 3]);
    expect(nonZeroValues([])).toHaveLength(0);
    expect(() => nonZeroValues([0, 0, Number.NaN])).toThrow('value 2 is NaN');
    expect(() => nonZeroValues([-Infinity])).toThrow(DataError);
  });

  it('are all of a short tensor, and of a long one at most the limit', () => {
    expect([0, 144, 50_000].map((n) => fittedCount(n))).toEqual([0, 144, 50_000]);
    expect([fittedCount(401_408), fittedCount(200_704), fittedCount(1000, 101)]).toEqual([
      44_601, 40_141, 91,
    ]);
    const values = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
    expect(thinned(values, 1000)).toBe(values);
    expect([...thinned(values, 101)]).toEqual(Array.from({ length: 91 }, (_, i) => 11 * i + 1));
  });

  it.each([[64, 64, 3, 3], [3, 5, 7, 11, 101], [128, 3, 224], [50_001]])(
    'are of every place along every dimension of the layout %i x %i ...',
    (...shape) => {
      const count = shape.reduce((a, b) => a * b);
      const taken = thinned(
        Float64Array.from({ length: count }, (_, i) => i),
        Math.floor(count / 9.5),
      );
      expect(taken).toHaveLength(fittedCount(count, Math.floor(count / 9.5)));
      expect(taken.length).toBeLessThanOrEqual(count / 9.5);
      let stride = 1;
      for (const size of [...shape].reverse()) {
        const seen = new Array<number>(size).fill(0);
        for (const i of taken) seen[Math.floor(i / stride) % size] += 1;
        // A stride that shared a factor with the dimension would leave places out.
        const share = taken.length / size;
        if (share > 20) for (const one of seen) expect(Math.abs(one / share - 1)).toBeLessThan(0.5);
        stride *= size;
      }
    },
  );

  it('have no number that is none', () => {
    expect(() => fittedCount(-5)).toThrow('a whole number from 0, got -5');
    expect(() => fittedCount(Number.NaN)).toThrow(UsageError);
    expect(() => fittedCount(100, 1)).toThrow('fitted must be a whole number from 2, got 1');
  });
});
