/** Reference kernels that choose the clip of a range by the direction that a tensor keeps. */
import type { NumericArray } from '../../core/dtype.js';
import { noise16, noiseKey } from '../../core/rng.js';
import { roundHalfEven } from '../../core/round.js';
import type { KernelTable } from './kernel.js';
import { roundToCode, scaleOfRange } from './quantize.js';

/** Elements whose sums are exact integers of 32 bits in any backend. */
const BLOCK = 1024;

function extremes(cells: NumericArray, rows: number): { lo: number; hi: number } {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows; row++) {
    lo = Math.min(lo, cells[2 * row]);
    hi = Math.max(hi, cells[2 * row + 1]);
  }
  return { lo, hi };
}

/** Sum of `term` over all elements, in blocks. */
function sumOf(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let first = 0; first < count; first += BLOCK) {
    let sum = 0;
    for (let i = first; i < Math.min(first + BLOCK, count); i++) sum += term(i);
    total += sum;
  }
  return total;
}

export const clipKernels = {
  clip_losses({ input, cells, counters, losses }, params, { round: f }) {
    const { count, rows, candidates, stochastic, scheme, qmin, qmax, site } = params;
    const key =
      stochastic && counters ? noiseKey(counters[0], counters[1], site, counters[2], counters[3]) : undefined;
    const { lo, hi } = extremes(cells, rows);
    const fine = scaleOfRange(Math.min(lo, 0), Math.max(hi, 0), true, -32767, 32767, f).inv;
    const codes16 = Float64Array.from({ length: count }, (_, i) =>
      roundToCode(input[i], fine, -32767, 32767, f),
    );
    const squares = sumOf(count, (i) => codes16[i] * codes16[i]);
    const codes = new Float64Array(count);
    for (let k = 0; k < candidates; k++) {
      const factor = f((candidates - k) / candidates);
      const { inv, zeroPoint } = scaleOfRange(
        Math.min(f(lo * factor), 0),
        Math.max(f(hi * factor), 0),
        scheme === 1,
        qmin,
        qmax,
        f,
      );
      const [low, high] = [qmin - zeroPoint, qmax - zeroPoint];
      for (let i = 0; i < count; i++) {
        if (key) {
          const t = Math.min(Math.max(f(input[i] * inv), low), high);
          codes[i] = (roundHalfEven(t * 65536) + noise16(i, key)) >> 16;
        } else codes[i] = roundToCode(input[i], inv, low, high, f);
      }
      const dot = sumOf(count, (i) => codes16[i] * codes[i]);
      const own = sumOf(count, (i) => codes[i] * codes[i]);
      losses[k] = squares === 0 ? 0 : dot <= 0 ? 1 : Math.max(0, 1 - (dot * dot) / (squares * own));
    }
  },

  clip_range({ cells, losses, range }, { rows, candidates }, { round: f }) {
    let best = 0;
    for (let k = 1; k < candidates; k++) if (losses[k] < losses[best]) best = k;
    const factor = f((candidates - best) / candidates);
    const { lo, hi } = extremes(cells, rows);
    range[0] = lo * factor;
    range[1] = hi * factor;
  },
} satisfies Pick<KernelTable, 'clip_losses' | 'clip_range'>;
