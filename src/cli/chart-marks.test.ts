import { expect, it } from 'vitest';
import { beyondPath, endsWithin, intervalPath } from './chart-marks.js';

const pathOf = (low: number, high: number): string | undefined => {
  const ends = endsWithin(low, high, [0, 100]);
  return ends && intervalPath('y', 50, ends);
};

it('has caps where an interval ends', () => {
  expect(pathOf(80, 20)).toBe('M50 80L50 20M46 80L54 80M46 20L54 20');
  const ends = endsWithin(20, 80, [0, 100]);
  expect(ends && intervalPath('x', 50, ends)).toBe('M20 50L80 50M20 46L20 54M80 46L80 54');
});

it('has an arrow, its tip at the edge, where an interval goes on', () => {
  expect(pathOf(80, -5)).toBe('M50 80L50 0M46 80L54 80M46 6L50 0L54 6');
  expect(pathOf(Number.POSITIVE_INFINITY, 20)).toBe('M50 100L50 20M46 94L50 100L54 94M46 20L54 20');
});

it('takes what is not beyond by half a pixel as an end', () => {
  expect(endsWithin(100.4, 0.2, [0, 100])?.map(({ isCut }) => isCut)).toEqual([false, false]);
});

it('draws nothing of an interval beyond the axis or not known', () => {
  expect(pathOf(-10, -5)).toBeUndefined();
  expect(pathOf(120, 140)).toBeUndefined();
  expect(pathOf(Number.NaN, 50)).toBeUndefined();
});

it('points out of the axis where a value lies beyond it', () => {
  expect(beyondPath('y', 100, 50, 1)).toBe('M50 100L45 92L55 92Z');
  expect(beyondPath('x', 0, 50, -1)).toBe('M0 50L8 45L8 55Z');
});
