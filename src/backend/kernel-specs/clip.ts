/**
 * The clip of a range under which a tensor keeps most of its direction. Common rules stand in ../kernels.ts.
 */
import type { KernelSpec } from './spec.js';

export const clipSpecs = {
  /**
   * What each clip of a tensor's range loses of its direction: losses[k] = 1 - cos^2 of x and its codes, for the factors
   * (candidates - k)/candidates. One scale for all elements.
   * lo, hi: least minimum and greatest maximum of cells [rows][2]. Scale, inv and zeroPoint of candidate k are `qparams`'s (scheme 0
   * or 1) of f(lo*factor), f(hi*factor); q(i) is the code that `quantize` would write, noise16(i) included, less zeroPoint.
   * p(i) is x to 16 bits: the code of `quantize` to nearest under `qparams`'s scheme 1 of lo, hi for qmax 32767.
   * dot = sum p*q, qq = sum q*q, pp = sum p*p: in blocks of 1024 elements, each an exact integer, added in order in double (exact
   * below 2^53). losses[k] = f(max(0, 1 - dot*dot / (pp*qq))) in double; 1 where dot <= 0; 0 where pp = 0.
   * candidates 1 to 256, qmin and qmax those of at most 8 bits. A NaN gives unspecified losses.
   */
  clip_losses: {
    buffers: { input: 'in', cells: 'in', counters: 'in?', losses: 'out' },
    params: {
      count: 'int',
      rows: 'int',
      candidates: 'int',
      stochastic: 'int',
      scheme: 'int',
      qmin: 'int',
      qmax: 'int',
      site: 'int',
    },
  },

  /**
   * range [1][2] = { f(lo*factor), f(hi*factor) } with the factor of the least of losses [candidates], the first of equal ones;
   * lo, hi and factors as `clip_losses`.
   */
  clip_range: {
    buffers: { cells: 'in', losses: 'in', range: 'out' },
    params: { rows: 'int', candidates: 'int' },
  },
} as const satisfies Record<string, KernelSpec>;
