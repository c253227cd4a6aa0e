/** Reference kernels of codes that are small floats; rounding and decoding of one are core/minifloat.ts's. */
import { decodeMinifloat, encodeMinifloat } from '../../core/minifloat.js';
import { noise16, noiseKey } from '../../core/rng.js';
import { type KernelTable, QPARAMS_STRIDE } from './kernel.js';

export const minifloatKernels = {
  quantize_minifloat({ input, qparams, counters, codes }, params, { round: f }) {
    const { count, groups, groupStride, stochastic, site } = params;
    const key =
      stochastic && counters ? noiseKey(counters[0], counters[1], site, counters[2], counters[3]) : undefined;
    for (let i = 0; i < count; i++) {
      const group = Math.floor(i / groupStride) % groups;
      const t = f(input[i] * qparams[group * QPARAMS_STRIDE + 1]);
      codes[i] = encodeMinifloat(t, params, key && noise16(i, key));
    }
  },

  dequantize_minifloat({ codes, qparams, output }, params, { round: f }) {
    const { count, groups, groupStride, signBit, mantissaBits, minExponent } = params;
    // Decoding knows no largest value: it takes any code.
    const format = { signBit, mantissaBits, minExponent, largest: Number.POSITIVE_INFINITY };
    for (let i = 0; i < count; i++) {
      const group = Math.floor(i / groupStride) % groups;
      output[i] = f(qparams[group * QPARAMS_STRIDE] * decodeMinifloat(codes[i], format));
    }
  },
} satisfies Pick<KernelTable, 'quantize_minifloat' | 'dequantize_minifloat'>;
