/**
 * Reference kernels that find ranges, turn them into scales and zero points, and encode and decode. Rounding of one
 * value is exported for the kernels that quantise on the way.
 */
import type { NumericArray } from '../../core/dtype.js';
import { noise16, noiseKey } from '../../core/rng.js';
import { roundHalfEven } from '../../core/round.js';
import { type KernelTable, QPARAMS_STRIDE, STATUS_NON_FINITE } from './kernel.js';

const SMALLEST_SCALE = 2 ** -126;
/** Noise has 16 bits, so codes are rounded from fixed point with 16 bits after the point. */
const FIXED_POINT = 65536;

/** Scale, its inverse and the zero point of one group. */
export interface GroupScale {
  readonly scale: number;
  readonly inv: number;
  readonly zeroPoint: number;
}

/** Values of the kernel parameter `scheme`. */
const SYMMETRIC = 1;
const WITHOUT_ZERO = 2;

/** The last step of `qparams`: a range with 0 in it, lo <= 0 <= hi, to a scale. */
export function scaleOfRange(
  lo: number,
  hi: number,
  symmetric: boolean,
  qmin: number,
  qmax: number,
  f: (x: number) => number,
): GroupScale {
  const scale = f(symmetric ? Math.max(-lo, hi) / qmax : (hi - lo) / (qmax - qmin));
  const empty = scale < SMALLEST_SCALE;
  const inv = empty ? 1 : f(1 / scale);
  const offset = qmin - (empty ? 0 : lo) * inv;
  const zeroPoint = symmetric ? 0 : roundHalfEven(Math.min(Math.max(offset, qmin), qmax));
  return { scale: empty ? 1 : scale, inv, zeroPoint };
}

/**
 * Code less zero point, to nearest.
 * @param low qmin - zeroPoint
 * @param high qmax - zeroPoint
 */
export function roundToCode(
  x: number,
  inv: number,
  low: number,
  high: number,
  f: (x: number) => number,
): number {
  return roundHalfEven(Math.min(Math.max(f(x * inv), low), high));
}

/** Minimum and maximum of each of `rows` runs of `cols` values into `cells`, as the kernel `range`. */
export function rangeOfRows(
  input: NumericArray,
  rows: number,
  cols: number,
  cells: NumericArray,
  status: NumericArray | undefined,
  site: number,
): void {
  for (let row = 0; row < rows; row++) {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    // Math.min and Math.max keep a NaN once they meet one.
    for (let i = row * cols; i < (row + 1) * cols; i++) {
      min = Math.min(min, input[i]);
      max = Math.max(max, input[i]);
    }
    // A zero is +0, whichever zeros were met.
    cells[2 * row] = min + 0;
    cells[2 * row + 1] = max + 0;
    if (!Number.isFinite(min) || !Number.isFinite(max)) {
      if (status) status[site] |= STATUS_NON_FINITE;
    }
  }
}

interface QuantizeParams {
  readonly count: number;
  readonly groups: number;
  readonly groupStride: number;
  readonly stochastic: number;
  readonly qmin: number;
  readonly qmax: number;
  readonly site: number;
}

function quantizeInto(
  input: NumericArray,
  qparams: NumericArray,
  counters: NumericArray | undefined,
  codes: NumericArray,
  params: QuantizeParams,
  f: (x: number) => number,
): void {
  const { count, groups, groupStride, stochastic, qmin, qmax, site } = params;
  const key =
    stochastic && counters
      ? noiseKey(counters[0], counters[1], site, counters[2], counters[3])
      : { k0: 0, k1: 0 };
  let group = 0;
  for (let first = 0; first < count; first += groupStride) {
    const inv = qparams[group * QPARAMS_STRIDE + 1];
    const zeroPoint = qparams[group * QPARAMS_STRIDE + 2];
    const offset = qparams[group * QPARAMS_STRIDE + 3];
    const low = qmin - zeroPoint;
    const high = qmax - zeroPoint;
    const last = Math.min(first + groupStride, count);
    if (stochastic) {
      for (let i = first; i < last; i++) {
        const t = Math.min(Math.max(f(f(input[i] - offset) * inv), low), high);
        codes[i] = ((roundHalfEven(t * FIXED_POINT) + noise16(i, key)) >> 16) + zeroPoint;
      }
    } else {
      for (let i = first; i < last; i++) {
        codes[i] = roundToCode(f(input[i] - offset), inv, low, high, f) + zeroPoint;
      }
    }
    group = group + 1 === groups ? 0 : group + 1;
  }
}

/** Mean over chunks of outer rows of each chunk's least and greatest; without chunks, those of all cells. */
function batchRange(
  cells: NumericArray,
  outer: number,
  inner: number,
  chunks: number,
  f: (x: number) => number,
): { lo: number; hi: number } {
  const parts = Math.max(chunks, 1);
  let lowSum = 0;
  let highSum = 0;
  for (let k = 0; k < parts; k++) {
    const first = Math.floor((k * outer) / parts) * inner;
    const last = Math.floor(((k + 1) * outer) / parts) * inner;
    const { lo, hi } = cellRange(cells, first, last, 1);
    lowSum += lo;
    highSum += hi;
  }
  return { lo: f(lowSum / parts), hi: f(highSum / parts) };
}

/** Least minimum and greatest maximum of cells first, first + step, ... below `last`. */
function cellRange(
  cells: NumericArray,
  first: number,
  last: number,
  step: number,
): { lo: number; hi: number } {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let i = first; i < last; i += step) {
    lo = Math.min(lo, cells[2 * i]);
    hi = Math.max(hi, cells[2 * i + 1]);
  }
  return { lo, hi };
}

/** Numbers of a group in `state`: lo, hi, count, 0. */
const STATE_STRIDE = 4;

/** The range that a group uses after tracking, `state` brought up to date. */
function trackedRange(
  batch: () => { lo: number; hi: number },
  state: NumericArray | undefined,
  group: number,
  tracking: number,
  momentum: number,
): { lo: number; hi: number } {
  if (!state || tracking === 0) return batch();
  const at = group * STATE_STRIDE;
  const kept = { lo: state[at], hi: state[at + 1] };
  if (tracking === 2) return kept;
  const now = batch();
  const seen = state[at + 2] > 0;
  const blend = (tracking === 1 || tracking === 4) && seen;
  state[at] = blend ? (1 - momentum) * kept.lo + momentum * now.lo : now.lo;
  state[at + 1] = blend ? (1 - momentum) * kept.hi + momentum * now.hi : now.hi;
  state[at + 2] += 1;
  if (tracking === 4) return { lo: state[at], hi: state[at + 1] };
  return tracking === 3 && seen ? kept : now;
}

export const quantizeKernels = {
  range({ input, cells, status }, { rows, cols, site }) {
    rangeOfRows(input, rows, cols, cells, status, site);
  },

  range_channels({ input, cells, status }, { batch, inner, channels, site }) {
    for (let b = 0; b < batch; b++) {
      for (let c = 0; c < channels; c++) {
        let min = Number.POSITIVE_INFINITY;
        let max = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < inner; i++) {
          const x = input[(b * inner + i) * channels + c];
          min = Math.min(min, x);
          max = Math.max(max, x);
        }
        const at = (b * channels + c) * 2;
        cells[at] = min + 0;
        cells[at + 1] = max + 0;
        if (!Number.isFinite(min) || !Number.isFinite(max)) status[site] |= STATUS_NON_FINITE;
      }
    }
  },

  qparams({ cells, state, qparams }, params, { round: f }) {
    const { outer, inner, by, chunks, tracking, momentum, clip, scheme, qmin, qmax } = params;
    const groups = by === 0 ? 1 : by === 1 ? outer : inner;
    for (let group = 0; group < groups; group++) {
      const measured = (): { lo: number; hi: number } => {
        if (!cells) return { lo: 0, hi: 0 };
        if (by === 1) return cellRange(cells, group * inner, (group + 1) * inner, 1);
        if (by === 2) return cellRange(cells, group, outer * inner, inner);
        return batchRange(cells, outer, inner, chunks, f);
      };
      const range = by === 1 ? measured() : trackedRange(measured, state, group, tracking, momentum);
      let lo = f(range.lo * clip);
      let hi = f(range.hi * clip);
      if (scheme !== WITHOUT_ZERO) {
        lo = Math.min(lo, 0);
        hi = Math.max(hi, 0);
      }
      const { scale, inv, zeroPoint } = scaleOfRange(lo, hi, scheme === SYMMETRIC, qmin, qmax, f);
      const at = group * QPARAMS_STRIDE;
      qparams[at] = scale;
      qparams[at + 1] = inv;
      qparams[at + 2] = scheme === WITHOUT_ZERO ? qmin : zeroPoint;
      qparams[at + 3] = scheme === WITHOUT_ZERO ? lo : 0;
    }
  },

  quantize({ input, qparams, counters, codes }, params, { round: f }) {
    quantizeInto(input, qparams, counters, codes, params, f);
  },

  quantize_pair({ input, qparamsA, qparamsB, counters, codesA, codesB }, params, { round: f }) {
    const { count } = params;
    const a = {
      count,
      groups: params.groupsA,
      groupStride: params.groupStrideA,
      stochastic: params.stochasticA,
      qmin: params.qminA,
      qmax: params.qmaxA,
      site: params.siteA,
    };
    const b = {
      count,
      groups: params.groupsB,
      groupStride: params.groupStrideB,
      stochastic: params.stochasticB,
      qmin: params.qminB,
      qmax: params.qmaxB,
      site: params.siteB,
    };
    quantizeInto(input, qparamsA, counters, codesA, a, f);
    quantizeInto(input, qparamsB, counters, codesB, b, f);
  },

  dequantize({ codes, qparams, output }, { count, groups, groupStride }, { round: f }) {
    let group = 0;
    for (let first = 0; first < count; first += groupStride) {
      const scale = qparams[group * QPARAMS_STRIDE];
      const zeroPoint = qparams[group * QPARAMS_STRIDE + 2];
      const offset = qparams[group * QPARAMS_STRIDE + 3];
      const last = Math.min(first + groupStride, count);
      for (let i = first; i < last; i++) output[i] = f(scale * (codes[i] - zeroPoint)) + offset;
      group = group + 1 === groups ? 0 : group + 1;
    }
  },

  scale_channels({ input, qparams, output }, { rows, channels }) {
    for (let m = 0; m < rows; m++) {
      for (let c = 0; c < channels; c++) {
        output[m * channels + c] = input[m * channels + c] * qparams[c * QPARAMS_STRIDE];
      }
    }
  },
} satisfies Pick<
  KernelTable,
  'range' | 'range_channels' | 'qparams' | 'quantize' | 'quantize_pair' | 'dequantize' | 'scale_channels'
>;
