/**
 * Codes that are small floats. Common rules stand in ../kernels.ts. No product reads such codes: they are decoded first.
 */
import type { KernelSpec } from './spec.js';

export const minifloatSpecs = {
  /**
   * codes (uint8) = encodeMinifloat of core/minifloat.ts. Element i belongs to group floor(i/groupStride) % groups.
   * t = f(x*inv); t = min(max(t, -largest), largest); a = |t|; e = max(floor(log2 a), minExponent), and minExponent where a = 0;
   * s = f(a * 2^(mantissaBits - e)); nearest: r = rne(s); stochastic: r = (int32(rne(s * 65536)) + noise16(i)) >> 16;
   * code = ((e - minExponent) << mantissaBits) + r, plus signBit where t < 0 and that is not 0. zeroPoint and offset of the
   * qparams are not read. mantissaBits 0 to 5, minExponent -60 to 0, signBit a power of two up to 128, largest a level of the
   * format. A NaN gives an unspecified code.
   */
  quantize_minifloat: {
    buffers: { input: 'in', qparams: 'in', counters: 'in?', codes: 'out' },
    params: {
      count: 'int',
      groups: 'int',
      groupStride: 'int',
      stochastic: 'int',
      mantissaBits: 'int',
      minExponent: 'int',
      largest: 'float',
      signBit: 'int',
      site: 'int',
    },
  },

  /**
   * output[i] = f(scale * decodeMinifloat(code)), grouping as `quantize_minifloat`. With u = code & (signBit - 1), E = max(u >>
   * mantissaBits, 1) - 1: the value is (u - (E << mantissaBits)) * 2^(E + minExponent - mantissaBits), negative where code & signBit.
   */
  dequantize_minifloat: {
    buffers: { codes: 'in', qparams: 'in', output: 'out' },
    params: {
      count: 'int',
      groups: 'int',
      groupStride: 'int',
      mantissaBits: 'int',
      minExponent: 'int',
      signBit: 'int',
    },
  },
} as const satisfies Record<string, KernelSpec>;
