/**
 * Pooling, softmax, cross-entropy and embedding. Common rules stand in ../kernels.ts.
 */
import type { KernelSpec } from './spec.js';

const pool = {
  batch: 'int',
  inH: 'int',
  inW: 'int',
  channels: 'int',
  outH: 'int',
  outW: 'int',
  kernelH: 'int',
  kernelW: 'int',
  strideH: 'int',
  strideW: 'int',
  padH: 'int',
  padW: 'int',
} as const;

export const poolingSpecs = {
  /** index (uint8) = kh*kernelW + kw of the first maximum of the window (a NaN counts as larger); padding never wins. */
  max_pool: { buffers: { input: 'in', output: 'out', index: 'out?' }, params: pool },

  /** gradInput pixel = sum in order (oh, then ow ascending) of gradOutput of the windows whose index points at it. */
  max_pool_grad: { buffers: { gradOutput: 'in', index: 'in', gradInput: 'out' }, params: pool },

  /** Sum over the window (kh, kw ascending, f each, from 0), times f(1/divisor); divisor = kernelH*kernelW, padding included. */
  avg_pool: { buffers: { input: 'in', output: 'out' }, params: pool },

  /** gradInput pixel = f(f(1/divisor) * sum in order (oh, then ow ascending) of gradOutput of the windows that cover it). */
  avg_pool_grad: { buffers: { gradOutput: 'in', gradInput: 'out' }, params: pool },

  /** Over the last axis: y_j = f(e_j / s), e_j = exp(x_j - max) in double, s = sum e_j in double in order. */
  softmax: { buffers: { input: 'in', output: 'out' }, params: { rows: 'int', cols: 'int' } },

  /** gradInput_j = f(y_j * (g_j - dot)), dot = sum g_j*y_j in double in order; the formula in double. */
  softmax_grad: {
    buffers: { output: 'in', gradOutput: 'in', gradInput: 'out' },
    params: { rows: 'int', cols: 'int' },
  },

  /** Over the last axis: y_j = f((x_j - max) - log s), s = sum exp(x_k - max) in double in order; the formula in double. */
  log_softmax: { buffers: { input: 'in', output: 'out' }, params: { rows: 'int', cols: 'int' } },

  /** gradInput_j = f(g_j - exp(y_j) * s), s = sum g_k in double in order; the formula in double. */
  log_softmax_grad: {
    buffers: { output: 'in', gradOutput: 'in', gradInput: 'out' },
    params: { rows: 'int', cols: 'int' },
  },

  /**
   * Softmax cross-entropy of logits [rows][cols] with labels int32 [rows], label smoothing eps, all in double:
   * p_j = softmax; target_j = (1-eps)[j = label] + eps/cols; loss[row] = log(sum exp(x - max)) - sum_j target_j (x_j - max);
   * gradLogits_j = (p_j - target_j) * scale (scale = 1/rows for the mean). A label outside 0..cols-1 sets status bit 2,
   * and its row gets loss 0 and gradient 0. A non-finite loss sets status bit 1.
   * correct[row] = 1 if the first maximum is the label, else 0.
   */
  softmax_cross_entropy: {
    buffers: {
      logits: 'in',
      labels: 'in',
      loss: 'out',
      gradLogits: 'out?',
      correct: 'out?',
      status: 'inout',
    },
    params: { rows: 'int', cols: 'int', smoothing: 'float', scale: 'float', site: 'int' },
  },

  /** output[row] = table[indices[row]] of width cols; a bad index gives zeros and status bit 2. */
  embedding: {
    buffers: { table: 'in', indices: 'in', output: 'out', status: 'inout' },
    params: { rows: 'int', cols: 'int', tableRows: 'int', site: 'int' },
  },

  /** gradTable = 0, then gradTable[indices[row]] += gradOutput[row] for rows in order (f each). */
  embedding_grad: {
    buffers: { gradOutput: 'in', indices: 'in', gradTable: 'out' },
    params: { rows: 'int', cols: 'int', tableRows: 'int' },
  },
} as const satisfies Record<string, KernelSpec>;
