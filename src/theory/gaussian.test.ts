/** Tails against tabulated values (Abramowitz & Stegun table 26.1 and 26.2, more digits by arbitrary precision). */
import { describe, expect, it } from 'vitest';
import {
  cellMoments,
  integrate,
  normalDensity,
  normalMass,
  normalTail,
  normalTailInverse,
} from './gaussian.js';

describe('normalTail', () => {
  it.each([
    [0, 0.5],
    [1, 0.15865525393145705],
    [2.8, 0.00255513033042793],
    [3, 0.0013498980316300946],
    [5, 2.866515718791939e-7],
    [10, 7.619853024160527e-24],
    [-1, 0.8413447460685429],
  ])('Q(%d) = %d', (x, value) => {
    expect(Math.abs(normalTail(x) / value - 1)).toBeLessThan(1e-12);
  });

  it('is continuous where its two formulas meet, and ends at 0 and 1', () => {
    const step = 1e-7;
    const slope = (normalTail(2.8 - step) - normalTail(2.8 + step)) / (2 * step);
    expect(slope / normalDensity(2.8)).toBeCloseTo(1, 5);
    expect(normalTail(Infinity)).toBe(0);
    expect(normalTail(-Infinity)).toBe(1);
  });

  it.each([0.5, 0.2, 1e-3, 1e-12, 1e-200])('has the inverse of %d', (p) => {
    expect(Math.abs(normalTail(normalTailInverse(p)) / p - 1)).toBeLessThan(1e-9);
  });
});

describe('integrals', () => {
  it('are exact for polynomials up to degree 31', () => {
    expect(integrate((x) => x ** 30, -1, 1, 1)).toBeCloseTo(2 / 31, 13);
    expect(integrate((x) => x ** 3, 0, 2, 3)).toBeCloseTo(4, 12);
  });

  it.each([
    [-0.3, 1.1],
    [4, 5.5],
    [-7, -5],
  ])('the moments of the cell %d to %d are those of its integrals', (a, b) => {
    const { mass, first, second } = cellMoments(a, b);
    const moment = (k: number): number => integrate((x) => x ** k * normalDensity(x), a, b, 8);
    expect(mass / moment(0)).toBeCloseTo(1, 10);
    expect(first / moment(1)).toBeCloseTo(1, 10);
    expect(second / moment(2)).toBeCloseTo(1, 8);
  });

  it('the moments of the whole line are 1, 0 and 1', () => {
    expect(cellMoments(-Infinity, Infinity)).toEqual({ mass: 1, first: 0, second: 1 });
    expect(normalMass(-1, 2)).toBeCloseTo(0.8185946141203637, 13);
  });
});
