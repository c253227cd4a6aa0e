/**
 * Products in float and in integers. Common rules stand in ../kernels.ts.
 */
import { type KernelSpec, rangeBuffers, rangeParams } from './spec.js';

const conv = {
  batch: 'int',
  inH: 'int',
  inW: 'int',
  inC: 'int',
  outH: 'int',
  outW: 'int',
  outC: 'int',
  kernelH: 'int',
  kernelW: 'int',
  strideH: 'int',
  strideW: 'int',
  padH: 'int',
  padW: 'int',
  dilationH: 'int',
  dilationW: 'int',
  groups: 'int',
} as const;

const matmul = {
  batch: 'int',
  rows: 'int',
  cols: 'int',
  inner: 'int',
  transposeLeft: 'int',
  transposeRight: 'int',
} as const;

/*
 * Sums over k (conv: kh, kw, channel ascending; gradWeight: image, oh, ow ascending) in order from 0 with f after each
 * multiplication and addition. This is the reference's order; the wasm backend may differ within the tolerance it states.
 */
export const productSpecs = {
  /** output [batch][rows][cols] = left . right + bias[col]; left [batch][rows][inner] (transposeLeft: [inner][rows]), right
   * [batch][inner][cols] (transposeRight: [cols][inner]). */
  matmul: { buffers: { left: 'in', right: 'in', bias: 'in?', output: 'out' }, params: matmul },

  /** Cross-correlation, as every framework's conv2d; out pixel (oh, ow) reads in pixel (oh*strideH - padH + kh*dilationH, ...). */
  conv2d: { buffers: { input: 'in', weight: 'in', bias: 'in?', output: 'out' }, params: conv },
  conv2d_grad_input: { buffers: { gradOutput: 'in', weight: 'in', gradInput: 'out' }, params: conv },
  conv2d_grad_weight: { buffers: { gradOutput: 'in', input: 'in', gradWeight: 'out' }, params: conv },
} as const satisfies Record<string, KernelSpec>;

/*
 * Operands are codes less their zero point, 8-bit storage (at most +-255 each) or one of them symmetric int16 (+-32767). The
 * accumulator is exact at any length (int32 for as many terms as fit it whatever their codes, then wider: double below 2^53, or int64), converted
 * once: out = f(f(acc) * f(scaleLeft * scaleRight)), then f(out + bias) if there is a bias.
 */
export const integerProductSpecs = {
  /** leftGroups: group of row m of batch b = floor((b*rows + m) / (batch*rows/leftGroups)). rightBy: 0 one group, 1 per
   * col, 2 per batch, 3 folded: the right side's scales are already in the left codes (scale_channels), scale 1 and zeroPoint 0 stand for it. */
  matmul_int: {
    buffers: { left: 'in', leftParams: 'in', right: 'in', rightParams: 'in', bias: 'in?', output: 'out' },
    params: { ...matmul, leftGroups: 'int', rightBy: 'int' },
  },

  /** inputGroups 1 or batch (per sample); weightGroups 1 or outC. */
  conv2d_int: {
    buffers: {
      input: 'in',
      inputParams: 'in',
      weight: 'in',
      weightParams: 'in',
      bias: 'in?',
      output: 'out',
      ...rangeBuffers,
    },
    params: { ...conv, inputGroups: 'int', weightGroups: 'int', ...rangeParams },
  },

  /** gradGroups 1 or batch; one weight group. weightFolded = 1: the weight's channel scales are already in the gradient's codes
   * (scale_channels); scale 1 and zeroPoint 0 stand for it. */
  conv2d_grad_input_int: {
    buffers: { gradOutput: 'in', gradParams: 'in', weight: 'in', weightParams: 'in', gradInput: 'out' },
    params: { ...conv, gradGroups: 'int', weightFolded: 'int' },
  },

  /** gradGroups 1 or outC; one input group. */
  conv2d_grad_weight_int: {
    buffers: { gradOutput: 'in', gradParams: 'in', input: 'in', inputParams: 'in', gradWeight: 'out' },
    params: { ...conv, gradGroups: 'int' },
  },
} as const satisfies Record<string, KernelSpec>;
