import { describe, expect, it } from 'vitest';
import { runKernel, uniforms, zeros } from './run-kernel.case.js';

const f = Math.fround;

describe('masked maps', () => {
  it('relu: bits are the positive elements, a NaN passes, unused bits are 0', () => {
    const input = [1, -1, 0, 2, Number.NaN, 3, -2, 4, 5, -6];
    const { output, mask } = runKernel(
      'relu',
      { input, output: zeros(10), mask: new Uint8Array([255, 255]) },
      { count: 10 },
    );
    expect([...output]).toEqual([1, 0, 0, 2, Number.NaN, 3, 0, 4, 5, 0]);
    expect([...mask]).toEqual([0b10101001, 0b1]);
    const gradient = runKernel(
      'relu_grad',
      { gradOutput: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], mask, output: zeros(10) },
      { count: 10, cellRows: 0, site: 0 },
    );
    expect([...gradient.output]).toEqual([1, 0, 0, 4, 0, 6, 0, 8, 9, 0]);
  });

  it('leaky_relu: forward and backward use one rounded slope', () => {
    const { output, mask } = runKernel(
      'leaky_relu',
      { input: [-3, 3, 0], output: zeros(3), mask: new Uint8Array(1) },
      { count: 3, slope: 0.1 },
    );
    expect([...output]).toEqual([f(f(0.1) * -3), 3, 0]);
    const back = runKernel(
      'leaky_relu_grad',
      { gradOutput: [7, 7, 7], mask, output: zeros(3) },
      { count: 3, slope: 0.1 },
    );
    expect([...back.output]).toEqual([f(f(0.1) * 7), 7, f(f(0.1) * 7)]);
  });

  it('dropout: keeps about 1 - p, scaled, and the same elements both ways', () => {
    const counters = new Int32Array([5, 6, 7, 0]);
    const params = { count: 20000, threshold: Math.round(0.3 * 65536), scale: 1 / 0.7, site: 3 };
    const input = new Array<number>(20000).fill(1);
    const first = runKernel('dropout', { input, counters, output: zeros(20000) }, params).output;
    const second = runKernel('dropout', { input, counters, output: zeros(20000) }, params).output;
    expect(second).toEqual(first);
    expect(new Set(first)).toEqual(new Set([0, f(1 / 0.7)]));
    const kept = first.filter((x) => x !== 0).length / 20000;
    expect(Math.abs(kept - 0.7)).toBeLessThan(4 * Math.sqrt((0.7 * 0.3) / 20000));
    const other = runKernel(
      'dropout',
      { input, counters: new Int32Array([5, 6, 8, 0]), output: zeros(20000) },
      params,
    ).output;
    expect(other).not.toEqual(first);
  });
});

describe('maps', () => {
  it('affine rounds the product before the sum', () => {
    const scale = f(1.1);
    const x = f(3.3);
    const shift = f(-3.63);
    const { output } = runKernel('affine', { input: [x], output: [0] }, { count: 1, scale, shift });
    expect(output[0]).toBe(f(f(scale * x) + shift));
    expect(output[0]).not.toBe(f(scale * x + shift));
  });

  it.each([
    [0, (x: number) => Math.exp(x)],
    [1, (x: number) => Math.log(x)],
    [2, (x: number) => Math.sqrt(x)],
    [4, (x: number) => Math.tanh(x)],
  ])('unary kind %i', (kind, expected) => {
    const input = uniforms(50, 1).map((x) => 2 + 1.5 * x);
    const { output } = runKernel('unary', { input, output: zeros(50) }, { kind, count: 50 }, true);
    for (let i = 0; i < 50; i++) {
      expect(Math.abs(output[i] - expected(input[i]))).toBeLessThan(
        1e-14 * Math.abs(expected(input[i])) + 1e-15,
      );
    }
  });

  it('gelu_grad is the derivative of gelu', () => {
    const input = uniforms(20, 2).map((x) => 4 * x);
    const gelu = (x: number[]): ArrayLike<number> =>
      runKernel('unary', { input: x, output: zeros(20) }, { kind: 3, count: 20 }, true).output;
    expect(gelu(new Array<number>(20).fill(1))[0]).toBeCloseTo(0.8413447460685429, 14);
    const { output } = runKernel(
      'gelu_grad',
      { input, gradOutput: new Array<number>(20).fill(2), output: zeros(20) },
      { count: 20 },
      true,
    );
    const h = 1e-5;
    const up = gelu(input.map((x) => x + h));
    const down = gelu(input.map((x) => x - h));
    for (let i = 0; i < 20; i++) expect(output[i]).toBeCloseTo((up[i] - down[i]) / h, 8);
  });

  it('binary does what its kind says', () => {
    const run = (kind: number): number[] => [
      ...runKernel('binary', { left: [6, 1], right: [4, 3], output: [0, 0] }, { kind, count: 2 }).output,
    ];
    expect([0, 1, 2, 3].map(run)).toEqual([
      [10, 4],
      [2, -2],
      [24, 3],
      [1.5, f(1 / 3)],
    ]);
  });
});

describe('sums and moves', () => {
  it('reduce_sum adds blocks of 128 in order', () => {
    const axis = 300;
    const inner = 3;
    const input = uniforms(2 * axis * inner, 4).map(f);
    const { output } = runKernel(
      'reduce_sum',
      { input, output: zeros(6) },
      { outer: 2, axis, inner, scale: 1 / axis },
    );
    for (let o = 0; o < 2; o++) {
      for (let i = 0; i < inner; i++) {
        const blocks = [0, 0, 0];
        for (let a = 0; a < axis; a++) {
          const block = Math.floor(a / 128);
          blocks[block] = f(blocks[block] + input[(o * axis + a) * inner + i]);
        }
        const sum = f(f(blocks[0] + blocks[1]) + blocks[2]);
        expect(output[o * inner + i]).toBe(f(f(1 / axis) * sum));
      }
    }
  });

  it('copy_strided transposes, slices and broadcasts any storage', () => {
    const none = { shape3: 1, shape4: 1, shape5: 1 };
    const noIn = { inStride3: 0, inStride4: 0, inStride5: 0 };
    const noOut = { outStride3: 0, outStride4: 0, outStride5: 0 };
    // [2][3] codes to [3][2][2]: transposed, each element twice, from element 1 of the output on.
    const { output } = runKernel(
      'copy_strided',
      { input: new Int8Array([1, 2, 3, 4, 5, 6]), output: new Int8Array(13) },
      {
        rank: 3,
        ...none,
        shape0: 3,
        shape1: 2,
        shape2: 2,
        ...noIn,
        inStride0: 1,
        inStride1: 3,
        inStride2: 0,
        ...noOut,
        outStride0: 4,
        outStride1: 2,
        outStride2: 1,
        inOffset: 0,
        outOffset: 1,
      },
    );
    expect([...output]).toEqual([0, 1, 1, 4, 4, 2, 2, 5, 5, 3, 3, 6, 6]);
  });
});
