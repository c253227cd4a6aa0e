/** Tails against tabulated values (Abramowitz & Stegun table 26.1 and 26.2, more digits by arbitrary precision). */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import {
  cellMoments,
  integrate,
  normalDensity,
  normalMass,
  normalTail,
  normalTailInverse,
  riseMoments,
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

  it.each([
    [-1e-9, 1e-9],
    [1e-7, 1.0001e-7],
    [2, 2 + 1e-9],
    [-35, -35 + 1e-8],
    [36, 36.02],
  ])('a narrow cell, %d to %d, keeps its digits', (a, b) => {
    // Near the middle m the density is phi(m) exp(-m t), t = x - m, to the order of the cell's width squared.
    const [m, half] = [(a + b) / 2, (b - a) / 2];
    const s = m * half;
    const mass = 2 * half * normalDensity(m) * (s === 0 ? 1 : Math.sinh(s) / s);
    const cell = cellMoments(a, b);
    const close = (b - a) ** 2 + 1e-13;
    expect(Math.abs(normalMass(a, b) / mass - 1)).toBeLessThan(close);
    expect(cell.mass).toBe(normalMass(a, b));
    if (m !== 0) expect(Math.abs(cell.first / mass / m - 1)).toBeLessThan(half);
    expect(Math.abs(cell.second / mass - (m * m + (half * half) / 3))).toBeLessThan(
      1e-3 * half * half + 3 * half * Math.abs(m) * Math.abs(s) + close * m * m,
    );
    const { rise, riseFirst } = riseMoments(a, b, cell);
    // A share of the width: a half, less by s/6 where the density falls.
    expect(Math.abs(rise / mass / (b - a) - (0.5 - s / 6))).toBeLessThan(1e-9 + s * s);
    expect(riseFirst / rise).toBeGreaterThanOrEqual(a);
    expect(riseFirst / rise).toBeLessThanOrEqual(b);
  });

  it('both ways to a moment agree where one takes over from the other', () => {
    for (const [a, b] of [
      [0.2, 1.2],
      [-0.4, 0.6],
      [10, 10.0990195],
      [-30, -29.96667],
    ]) {
      const [narrow, wide] = [0.999, 1.001].map((part) => {
        const end = a + part * (b - a);
        const cell = cellMoments(a, end);
        const width = end - a;
        return [cell.mass / width, cell.first / width, riseMoments(a, end, cell).rise / width ** 2];
      });
      // Their slopes are below 40, and the widths 0.002 of a cell apart.
      narrow.forEach((one, i) => {
        if (Math.abs(one) > 1e-200) expect(Math.abs(wide[i] / one - 1)).toBeLessThan(0.01);
      });
    }
  });

  it('refuses cells whose ends are the wrong way round, and tails that are none', () => {
    expect(() => normalMass(1, 0)).toThrow('from its lower to its upper end, got 1 to 0');
    expect(() => cellMoments(Number.NaN, 0)).toThrow(UsageError);
    for (const p of [0.7, 0, -1, 1e-300, Number.NaN]) {
      expect(() => normalTailInverse(p)).toThrow('must be 1e-299 to 0.5');
    }
    expect(normalTail(normalTailInverse(1e-299)) / 1e-299).toBeCloseTo(1, 9);
  });

  it('the moments of the whole line are 1, 0 and 1', () => {
    expect(cellMoments(-Infinity, Infinity)).toEqual({ mass: 1, first: 0, second: 1 });
    expect(cellMoments(1e160, 1e160)).toEqual({ mass: 0, first: 0, second: 0 });
    expect(normalMass(-1, 2)).toBeCloseTo(0.8185946141203637, 13);
  });
});
