import { describe, expect, it } from 'vitest';
import { dot, runKernel, uniforms, zeros } from './run-kernel.case.js';

const square = (size: number, kernel: number, stride: number, pad: number, out: number) => ({
  batch: 1,
  inH: size,
  inW: size,
  channels: 1,
  outH: out,
  outW: out,
  kernelH: kernel,
  kernelW: kernel,
  strideH: stride,
  strideW: stride,
  padH: pad,
  padW: pad,
});

describe('max_pool', () => {
  it('takes the first of equal maxima and a NaN before all', () => {
    const { NaN: nan } = Number;
    const input = [5, 5, 1, 7, 5, 5, 7, 1, nan, 9, -1, -1, 1, nan, -1, -1];
    const { output, index } = runKernel(
      'max_pool',
      { input, output: zeros(4), index: new Uint8Array(4) },
      square(4, 2, 2, 0, 2),
    );
    expect([...output]).toEqual([5, 7, nan, -1]);
    expect([...index]).toEqual([0, 1, 0, 0]);
  });

  it('never lets padding win, and sends each gradient where its maximum was', () => {
    const input = [-1, -2, -3, -4, -5, -6, -7, -8, -9];
    const params = square(3, 3, 1, 1, 3);
    const { output, index } = runKernel(
      'max_pool',
      { input, output: zeros(9), index: new Uint8Array(9) },
      params,
    );
    expect([...output]).toEqual([-1, -1, -2, -1, -1, -2, -4, -4, -5]);
    const { gradInput } = runKernel(
      'max_pool_grad',
      { gradOutput: [1, 2, 3, 4, 5, 6, 7, 8, 9], index, gradInput: new Array<number>(9).fill(99) },
      params,
    );
    expect([...gradInput]).toEqual([1 + 2 + 4 + 5, 3 + 6, 0, 7 + 8, 9, 0, 0, 0, 0]);
  });
});

describe('avg_pool', () => {
  it('counts the padding in its divisor', () => {
    const { output } = runKernel(
      'avg_pool',
      { input: [1, 2, 3, 4], output: zeros(4) },
      square(2, 2, 2, 1, 2),
    );
    expect([...output]).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('has its gradient as adjoint', () => {
    const params = { ...square(5, 3, 2, 1, 3), batch: 2, channels: 3 };
    const input = uniforms(2 * 25 * 3, 1);
    const gradOutput = uniforms(2 * 9 * 3, 2);
    const { output } = runKernel('avg_pool', { input, output: zeros(54) }, params, true);
    const { gradInput } = runKernel('avg_pool_grad', { gradOutput, gradInput: zeros(150) }, params, true);
    expect(dot(output, gradOutput)).toBeCloseTo(dot(input, gradInput), 12);
  });
});
