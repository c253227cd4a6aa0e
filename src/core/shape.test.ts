/** Shapes: sizes, strides and NumPy's broadcasting rule. */
import { describe, expect, it } from 'vitest';
import { broadcastShapes, sameShape, shapeText, sizeOf, stridesOf } from './shape.js';

describe('sizeOf and stridesOf', () => {
  it.each([
    [[], 1, []],
    [[7], 7, [1]],
    [[2, 3, 4], 24, [12, 4, 1]],
    [[5, 1, 8], 40, [8, 8, 1]],
  ])('of %j', (shape, size, strides) => {
    expect(sizeOf(shape)).toBe(size);
    expect(stridesOf(shape)).toEqual(strides);
  });
});

describe('shapeText', () => {
  it('prints lengths in brackets', () => {
    expect(shapeText([64, 28, 28, 1])).toBe('[64, 28, 28, 1]');
    expect(shapeText([])).toBe('[]');
  });
});

describe('sameShape', () => {
  it('compares lengths axis by axis', () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });
});

describe('broadcastShapes', () => {
  it.each([
    [[4, 3], [3], [4, 3]],
    [[3], [4, 3], [4, 3]],
    [
      [4, 1, 5],
      [7, 1],
      [4, 7, 5],
    ],
    [[], [2, 2], [2, 2]],
    [[1], [1], [1]],
  ])('%j with %j gives %j', (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected);
  });

  it.each([
    [[4, 3], [4]],
    [[2], [3]],
  ])('%j with %j do not fit', (a, b) => {
    expect(broadcastShapes(a, b)).toBeUndefined();
  });
});
