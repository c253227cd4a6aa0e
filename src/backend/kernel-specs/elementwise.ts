/**
 * Kernels that move elements or work one by one; all float unless said. Common rules stand in ../kernels.ts.
 */
import { type KernelSpec, rangeBuffers, rangeParams } from './spec.js';

const view = {
  rank: 'int',
  shape0: 'int',
  shape1: 'int',
  shape2: 'int',
  shape3: 'int',
  shape4: 'int',
  shape5: 'int',
  inStride0: 'int',
  inStride1: 'int',
  inStride2: 'int',
  inStride3: 'int',
  inStride4: 'int',
  inStride5: 'int',
  outStride0: 'int',
  outStride1: 'int',
  outStride2: 'int',
  outStride3: 'int',
  outStride4: 'int',
  outStride5: 'int',
  inOffset: 'int',
  outOffset: 'int',
} as const;

export const elementwiseSpecs = {
  /** output[i] = value. */
  fill: { buffers: { output: 'out' }, params: { count: 'int', value: 'float' } },

  /**
   * output[outOffset + sum i_d*outStride_d] = input[inOffset + sum i_d*inStride_d] for every index of shape (rank <= 6,
   * unused axes have shape 1 and stride 0). Any storage, the same on both sides. Serves transpose, slice, concat,
   * broadcast (inStride 0). Strides and offsets in elements.
   */
  copy_strided: { buffers: { input: 'in', output: 'out' }, params: view },

  /** kind 0 add, 1 sub, 2 mul, 3 div: output[i] = f(left[i] op right[i]). */
  binary: { buffers: { left: 'in', right: 'in', output: 'out' }, params: { kind: 'int', count: 'int' } },

  /** kind 0 exp, 1 log, 2 sqrt, 3 gelu = x * 0.5 * (1 + erf(x / sqrt 2)), 4 tanh: in double with core/math.ts. */
  unary: { buffers: { input: 'in', output: 'out' }, params: { kind: 'int', count: 'int' } },

  /** Derivative of unary kind 3: output[i] = gradOutput[i] * (0.5(1 + erf(x/sqrt 2)) + x exp(-x^2/2)/sqrt(2 pi)), in double. */
  gelu_grad: { buffers: { input: 'in', gradOutput: 'in', output: 'out' }, params: { count: 'int' } },

  /** output[i] = f(f(scale * input[i]) + shift). */
  affine: {
    buffers: { input: 'in', output: 'out' },
    params: { count: 'int', scale: 'float', shift: 'float' },
  },

  /** output[i] = x < 0 ? 0 : x (a NaN passes); mask bit i = x > 0. The last byte's unused bits are 0. */
  relu: { buffers: { input: 'in', output: 'out', mask: 'out?' }, params: { count: 'int' } },

  /** output[i] = mask bit i ? gradOutput[i] : 0; with addend f(gradOutput[i] + addend[i]) stands for gradOutput[i]. */
  relu_grad: {
    buffers: { gradOutput: 'in', addend: 'in?', mask: 'in', output: 'out', ...rangeBuffers },
    params: { count: 'int', ...rangeParams },
  },

  /** output[i] = x > 0 ? x : f(slope * x); mask bit i = x > 0. */
  leaky_relu: {
    buffers: { input: 'in', output: 'out', mask: 'out?' },
    params: { count: 'int', slope: 'float' },
  },

  /** output[i] = mask bit i ? gradOutput[i] : f(slope * gradOutput[i]). */
  leaky_relu_grad: {
    buffers: { gradOutput: 'in', mask: 'in', output: 'out' },
    params: { count: 'int', slope: 'float' },
  },

  /**
   * Inverted dropout, forward and backward alike: keep element i iff noise16(i) >= threshold (= rne(p * 65536));
   * output[i] = kept ? f(input[i] * scale) : 0, scale = 1/(1-p). The mask is regenerated from its counter, not kept.
   */
  dropout: {
    buffers: { input: 'in', counters: 'in', output: 'out' },
    params: { count: 'int', threshold: 'int', scale: 'float', site: 'int' },
  },

  /** input [outer][axis][inner] -> output [outer][inner] = f(scale * sum over axis, in blocks). */
  reduce_sum: {
    buffers: { input: 'in', output: 'out' },
    params: { outer: 'int', axis: 'int', inner: 'int', scale: 'float' },
  },

  /** total[i] = f(total[i] + input[i]). */
  accumulate: { buffers: { input: 'in', total: 'inout' }, params: { count: 'int' } },
} as const satisfies Record<string, KernelSpec>;
