import { describe, expect, it } from 'vitest';
import { ShapeError } from '../core/errors.js';
import { Graph, type Value } from '../graph/graph.js';
import { avgPool2d, maxPool2d } from './pooling.js';

const image = (...shape: number[]): Value => new Graph().source('input', 'x', shape, 'float');

describe.each([
  ['maxPool2d', maxPool2d],
  ['avgPool2d', avgPool2d],
] as const)('%s', (_name, pool) => {
  it.each([
    [[2, 8, 8, 3], { kernel: 2 }, [2, 4, 4, 3]],
    [[2, 9, 7, 3], { kernel: 2 }, [2, 4, 3, 3]],
    [[2, 8, 8, 3], { kernel: 3, stride: 2, padding: 1 }, [2, 4, 4, 3]],
    [[1, 6, 6, 1], { kernel: [3, 2], stride: [1, 2], padding: [1, 0] }, [1, 6, 3, 1]],
    [[1, 15, 17, 1], { kernel: [15, 17] }, [1, 1, 1, 1]],
  ] as const)('%j by %j gives %j', (input, options, output) => {
    expect(pool(image(...input), options).shape).toEqual(output);
  });

  it.each([
    [[8, 8, 3], { kernel: 2 }, /\[batch, height, width, channels\], got \[8, 8, 3\]/],
    [[1, 16, 16, 1], { kernel: 16 }, /16x16 window has more than 255 elements.*globalAvgPool2d/],
    [[1, 8, 8, 1], { kernel: 2, padding: 2 }, /half the 2x2 kernel/],
    [[1, 2, 2, 1], { kernel: 3 }, /3x3 window does not fit the 2x2 input/],
    [[1, 8, 8, 1], { kernel: 0 }, /positive integers/],
    [[1, 8, 8, 1], { kernel: 2, stride: 0.5 }, /positive integers/],
  ] as const)('refuses %j by %j', (input, options, message) => {
    expect(() => pool(image(...input), options)).toThrow(ShapeError);
    expect(() => pool(image(...input), options)).toThrow(message);
  });
});
