/**
 * Ranges, scales, codes and back. Common rules stand in ../kernels.ts.
 */
import type { KernelSpec } from './spec.js';

export const quantizeSpecs = {
  /** input [rows][cols] -> cells [rows][2] = { min, max } of each row; a NaN or infinity sets status bit 1 (cells then unspecified). */
  range: {
    buffers: { input: 'in', cells: 'out', status: 'inout' },
    params: { rows: 'int', cols: 'int', site: 'int' },
  },

  /** input [batch][inner][channels] -> cells [batch][channels][2], as `range`. */
  range_channels: {
    buffers: { input: 'in', cells: 'out', status: 'inout' },
    params: { batch: 'int', inner: 'int', channels: 'int', site: 'int' },
  },

  /**
   * Ranges to scales. scheme: 0 affine with an exact zero, 1 symmetric, 2 affine without one. cells [outer][inner][2] -> qparams.
   * by: 0 one group; 1 a group per outer index; 2 a group per inner index. Range of a group = min and max over its
   * cells; with chunks > 0 (by = 0 only): chunk k is outer rows floor(k*outer/chunks) .. floor((k+1)*outer/chunks)-1,
   * lo = mean over chunks of the chunk minima (in double, in order), hi likewise.
   * tracking (by = 0 and 2; state float [groups][4] = { lo, hi, count, 0 }):
   *   0 none. 1 use the batch's range, then state.lo = count = 0 ? lo : f((1-momentum)*state.lo + momentum*lo) in double,
   *   hi likewise, count += 1. 2 use the state's range (cells may be absent). 3 use the state's range if count > 0,
   *   else the batch's; then state = the batch's range, count += 1. 4 update the state as 1 does, then use the state's range.
   * Then lo = f(lo*clip), hi = f(hi*clip); schemes 0 and 1: lo = min(lo, 0), hi = max(hi, 0), and offset = 0.
   * scheme 1: qmin = -qmax; scale = f(max(-lo, hi)/qmax), zeroPoint 0.
   * scheme 0: scale = f((hi - lo)/(qmax - qmin)) in double; zeroPoint = rne(clip(qmin - lo*inv, qmin, qmax)) in double.
   * scheme 2: scale as 0; zeroPoint = qmin, offset = lo.
   * scale below 2^-126 (all zeros, under scheme 2 a constant): scale = inv = 1, zeroPoint by the same formula with lo = 0.
   */
  qparams: {
    buffers: { cells: 'in?', state: 'inout?', qparams: 'out' },
    params: {
      outer: 'int',
      inner: 'int',
      by: 'int',
      chunks: 'int',
      tracking: 'int',
      momentum: 'float',
      clip: 'float',
      scheme: 'int',
      qmin: 'int',
      qmax: 'int',
    },
  },

  /**
   * codes (int8, uint8 or int16) = clamp(round(x*inv)) + zeroPoint. Element i belongs to group floor(i/groupStride) % groups.
   * t = f(f(x - offset)*inv); t = min(max(t, qmin - zeroPoint), qmax - zeroPoint); nearest: rne(t);
   * stochastic: (int32(rne(t * 65536)) + noise16(i)) >> 16, an arithmetic shift. A NaN gives an unspecified code.
   */
  quantize: {
    buffers: { input: 'in', qparams: 'in', counters: 'in?', codes: 'out' },
    params: {
      count: 'int',
      groups: 'int',
      groupStride: 'int',
      stochastic: 'int',
      qmin: 'int',
      qmax: 'int',
      site: 'int',
    },
  },

  /** Two `quantize` from one read; suffix A and B; the same grouping for both. */
  quantize_pair: {
    buffers: {
      input: 'in',
      qparamsA: 'in',
      qparamsB: 'in',
      counters: 'in?',
      codesA: 'out',
      codesB: 'out',
    },
    params: {
      count: 'int',
      groupsA: 'int',
      groupStrideA: 'int',
      stochasticA: 'int',
      qminA: 'int',
      qmaxA: 'int',
      siteA: 'int',
      groupsB: 'int',
      groupStrideB: 'int',
      stochasticB: 'int',
      qminB: 'int',
      qmaxB: 'int',
      siteB: 'int',
    },
  },

  /** output[i] = f(f(scale * (code - zeroPoint)) + offset), grouping as `quantize`. */
  dequantize: {
    buffers: { codes: 'in', qparams: 'in', output: 'out' },
    params: { count: 'int', groups: 'int', groupStride: 'int' },
  },

  /** output[m][c] = f(input[m][c] * qparams[c].scale): W's channel scales folded into the gradient that meets W. */
  scale_channels: {
    buffers: { input: 'in', qparams: 'in', output: 'out' },
    params: { rows: 'int', channels: 'int' },
  },
} as const satisfies Record<string, KernelSpec>;
