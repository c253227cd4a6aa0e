import { describe, expect, it } from 'vitest';
import { decadeTicks, logTicks, niceTicks } from './axis-ticks.js';

describe('niceTicks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 938, [0, 200, 400, 600, 800]],
    [0.8, 1, [0.8, 0.85, 0.9, 0.95, 1]],
    [-3, 2, [-3, -2, -1, 0, 1, 2]],
    [5, 5, [5]],
    // Where floats have no round numbers between, and counting up by one stands still.
    [1e16, 1e16 + 2, [1e16, 1e16 + 2]],
    [1, 1 + 2 ** -50, [1, 1 + 2 ** -50]],
    [-1e308, 1e308, [-1e308, 1e308]],
    [0, Number.POSITIVE_INFINITY, [0, Number.POSITIVE_INFINITY]],
    [0, 5e-324, [0, 5e-324]],
  ])('%d to %d', (low, high, ticks) => {
    expect(niceTicks(low, high)).toEqual(ticks);
  });
});

describe('ticks of logarithmic axes', () => {
  it('are powers of ten, some of them left out where there are many', () => {
    expect(decadeTicks(1e-9, 1e9)).toEqual([1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9]);
    expect(logTicks(0.1, 100)).toEqual([0.1, 1, 10, 100]);
  });

  it.each([
    ['doubles and fivefolds too where there are few powers of ten', 1, 100, [1, 2, 5, 10, 20, 50, 100]],
    ['nothing beyond the axis', 1.5, 90, [2, 5, 10, 20, 50]],
    ['equal steps where one factor of ten is more than the axis has', 13.4, 34, [15, 20, 25, 30]],
    ['equal steps between two doubles', 0.3, 0.45, [0.3, 0.35, 0.4, 0.45]],
  ])('have %s', (_, low, high, ticks) => {
    expect(logTicks(low, high)).toEqual(ticks);
  });
});
