/** Reference kernels of the forward pass of normalisation over channels: statistics, coefficients and their use. */
import type { NumericArray } from '../../core/dtype.js';
import { chunkConstant, chunkStart } from './chunks.js';
import {
  BLOCK,
  isFloat,
  type KernelTable,
  loadInt64,
  QPARAMS_STRIDE,
  STATUS_NON_FINITE,
  storeInt64,
  sumInBlocks,
  type ViewsOf,
} from './kernel.js';
import { roundToCode, scaleOfRange } from './quantize.js';

/** Numbers of a channel in `cells` of norm_cells and in `coef`. */
const CELL = 8;
const COEF = 8;

/** Value of the parameter `codes` of norm_finalize for codes with a scale per channel. */
const PER_CHANNEL = 2;

/** Sum "in blocks" of the squared distances from the mean, of terms `stride` apart. */
function squaresInBlocks(
  terms: NumericArray,
  start: number,
  stride: number,
  count: number,
  mean: number,
  f: (x: number) => number,
): number {
  let total = 0;
  for (let first = 0; first < count; first += BLOCK) {
    const last = Math.min(first + BLOCK, count);
    let sum = 0;
    for (let i = first; i < last; i++) {
      const d = f(terms[start + i * stride] - mean);
      sum = f(sum + f(d * d));
    }
    total = f(total + sum);
  }
  return total;
}

/** What one channel's cells say of it, in units of real values. */
interface ChannelStatistics {
  readonly mean: number;
  readonly spread: number;
  /** Before quantisation. */
  readonly inv: number;
}

type FinalizeParams = Parameters<KernelTable['norm_finalize']>[1];

/** Range BN's s: the mean over chunks of constant times range, in units of the input. */
function meanRange(
  cells: NumericArray,
  channel: number,
  params: FinalizeParams,
  codes: boolean,
  scale: number,
): number {
  const { batch, channels, chunks, constantLow, constantHigh } = params;
  let sum = 0;
  for (let k = 0; k < chunks; k++) {
    const first = chunkStart(k, batch, chunks);
    const last = chunkStart(k + 1, batch, chunks);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let b = first; b < last; b++) {
      const at = (b * channels + channel) * CELL;
      min = Math.min(min, cells[at]);
      max = Math.max(max, cells[at + 1]);
    }
    sum += chunkConstant(last - first, batch, chunks, constantLow, constantHigh) * (max - min);
  }
  const mean = (1 / chunks) * sum;
  return codes ? mean * scale : mean;
}

function statisticsOfCells(
  cells: NumericArray,
  channel: number,
  params: FinalizeParams,
  scale: number,
  zeroPoint: number,
): ChannelStatistics {
  const { batch, inner, channels, kind, eps } = params;
  const codes = params.codes !== 0;
  const n = batch * inner;
  let rawMean = 0;
  let variance = 0;
  if (codes) {
    let sum = 0;
    let squares = 0;
    for (let b = 0; b < batch; b++) {
      const at = (b * channels + channel) * CELL;
      sum += cells[at + 4];
      squares += loadInt64(cells, at + 6);
    }
    rawMean = sum / n;
    variance = scale * scale * (squares / n - rawMean * rawMean);
  } else {
    // Chan, Golub & LeVeque 1983: joining the moments of two sets.
    let m2 = 0;
    let count = 0;
    for (let b = 0; b < batch; b++) {
      const at = (b * channels + channel) * CELL;
      const d = cells[at + 4] - rawMean;
      const w = inner / (count + inner);
      rawMean = rawMean + d * w;
      m2 = m2 + cells[at + 5] + d * d * count * w;
      count += inner;
    }
    variance = m2 / n;
  }
  const mean = codes ? scale * (rawMean - zeroPoint) : rawMean;
  if (kind === 0) {
    return { mean, spread: (variance * n) / (n - 1), inv: 1 / Math.sqrt(variance + eps) };
  }
  const spread = meanRange(cells, channel, params, codes, scale);
  return { mean, spread, inv: 1 / (spread + eps) };
}

/** How a channel's codes are decoded; a float input is its own value. */
function scaleOfChannel(
  qparams: NumericArray | undefined,
  codes: number,
  channel: number,
): { scale: number; zeroPoint: number } {
  if (!codes || !qparams) return { scale: 1, zeroPoint: 0 };
  const at = codes === PER_CHANNEL ? channel * QPARAMS_STRIDE : 0;
  return { scale: qparams[at], zeroPoint: qparams[at + 2] };
}

/** Statistics of every channel: the batch's, which it adds to the running ones, or those. */
function channelStatistics(
  { cells, qparams, runningMean, runningSpread }: ViewsOf<'norm_finalize'>,
  params: FinalizeParams,
): ChannelStatistics[] {
  const { channels, kind, train, codes, eps, momentum, coefBits } = params;
  const all: ChannelStatistics[] = [];
  if (!train || !cells) {
    for (let c = 0; c < channels; c++) {
      const spread = runningSpread[c];
      const inv = kind === 0 ? 1 / Math.sqrt(spread + eps) : 1 / (spread + eps);
      all.push({ mean: runningMean[c], spread, inv });
    }
    return all;
  }
  for (let c = 0; c < channels; c++) {
    const { scale, zeroPoint } = scaleOfChannel(qparams, codes, c);
    all.push(statisticsOfCells(cells, c, params, scale, zeroPoint));
  }
  const ofDead = coefBits > 0 ? leastSpread(all) : 0;
  all.forEach(({ mean, spread }, c) => {
    runningMean[c] = (1 - momentum) * runningMean[c] + momentum * mean;
    runningSpread[c] = (1 - momentum) * runningSpread[c] + momentum * (spread === 0 ? ofDead : spread);
  });
  return all;
}

/** The smallest spread of a live channel: its inverse is what dead channels are given. 1 if all are dead. */
function leastSpread(statistics: readonly ChannelStatistics[]): number {
  const live = statistics.map(({ spread }) => spread).filter((spread) => spread !== 0);
  return live.length > 0 ? Math.min(...live) : 1;
}

/** Values as they come back from affine codes of `bits` bits over their own range. */
function quantizedValues(values: ArrayLike<number>, bits: number, f: (x: number) => number): Float64Array {
  let lo = 0;
  let hi = 0;
  for (let i = 0; i < values.length; i++) {
    lo = Math.min(lo, values[i]);
    hi = Math.max(hi, values[i]);
  }
  const qmax = 2 ** bits - 1;
  const { scale, inv, zeroPoint } = scaleOfRange(lo, hi, false, 0, qmax, f);
  const decoded = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const code = roundToCode(values[i], inv, -zeroPoint, qmax - zeroPoint, f) + zeroPoint;
    decoded[i] = f(scale * (code - zeroPoint));
  }
  return decoded;
}

/** In inference a channel is dead whose standard deviation, or range, is at most this part of the largest. */
const DEAD_SHARE = 1 / 4096;

/** Which channels are dead: in training those that are constant, in inference those whose running spread has decayed. */
function deadChannels(statistics: readonly ChannelStatistics[], kind: number, train: boolean): boolean[] {
  if (train) return statistics.map(({ spread }) => spread === 0);
  const deviations = statistics.map(({ spread }) => (kind === 0 ? Math.sqrt(spread) : spread));
  const limit = Math.max(0, ...deviations) * DEAD_SHARE;
  return deviations.map((deviation) => deviation <= limit);
}

/** Quantised 1/spread of every channel. Dead channels stay out of the range, which they would blow up for all. */
function quantizedInverses(
  statistics: readonly ChannelStatistics[],
  dead: readonly boolean[],
  bits: number,
  f: (x: number) => number,
): Float64Array {
  const live = statistics.filter((_, c) => !dead[c]).map(({ inv }) => f(inv));
  const decoded = quantizedValues(live, bits, f);
  const largest = live.length > 0 ? Math.max(...decoded) : 1;
  const all = new Float64Array(statistics.length);
  let next = 0;
  for (let c = 0; c < all.length; c++) all[c] = dead[c] ? largest : decoded[next++];
  return all;
}

export const normKernels = {
  norm_cells({ input, cells, status }, { batch, inner, channels, positions, site }, { round: f }) {
    const float = isFloat(input);
    for (let b = 0; b < batch; b++) {
      for (let c = 0; c < channels; c++) {
        const start = b * inner * channels + c;
        let min = input[start];
        let max = min;
        let argMin = 0;
        let argMax = 0;
        let sum = 0;
        let squares = 0;
        let finite = true;
        for (let i = 0; i < inner; i++) {
          const x = input[start + i * channels];
          if (x < min) {
            min = x;
            argMin = i;
          }
          if (x > max) {
            max = x;
            argMax = i;
          }
          if (!Number.isFinite(x)) finite = false;
          sum += x;
          squares += x * x;
        }
        const at = (b * channels + c) * CELL;
        // A zero is +0, whichever zeros were met.
        cells[at] = min + 0;
        cells[at + 1] = max + 0;
        cells[at + 2] = positions ? argMin : 0;
        cells[at + 3] = positions ? argMax : 0;
        if (float) {
          const mean = f(sumInBlocks(input, start, channels, inner, f) / inner);
          cells[at + 4] = mean;
          cells[at + 5] = squaresInBlocks(input, start, channels, inner, mean, f);
          cells[at + 6] = 0;
          cells[at + 7] = 0;
          if (!finite) status[site] |= STATUS_NON_FINITE;
        } else {
          cells[at + 4] = sum;
          cells[at + 5] = 0;
          storeInt64(cells, at + 6, squares);
        }
      }
    }
  },

  norm_finalize(buffers, params, { round: f }) {
    const { qparams, gamma, beta, coef } = buffers;
    const { channels, kind, train, codes, coefBits } = params;
    const statistics = channelStatistics(buffers, params);
    const gammas = coefBits > 0 ? quantizedValues(gamma.subarray(0, channels), coefBits, f) : gamma;
    const betas = coefBits > 0 ? quantizedValues(beta.subarray(0, channels), coefBits, f) : beta;
    const inverses =
      coefBits > 0
        ? quantizedInverses(statistics, deadChannels(statistics, kind, train !== 0), coefBits, f)
        : Float64Array.from(statistics, ({ inv }) => inv);
    for (let c = 0; c < channels; c++) {
      const { scale, zeroPoint } = scaleOfChannel(qparams, codes, c);
      const { mean, spread } = statistics[c];
      const inv = inverses[c];
      const rawMean = mean / scale + zeroPoint;
      const at = c * COEF;
      coef[at] = gammas[c] * inv * scale;
      coef[at + 1] = betas[c] - gammas[c] * inv * scale * rawMean;
      coef[at + 2] = inv * scale;
      coef[at + 3] = -inv * scale * rawMean;
      coef[at + 4] = inv;
      coef[at + 5] = gammas[c];
      coef[at + 6] = mean;
      coef[at + 7] = spread;
    }
  },

  channel_affine({ input, coef, output }, { rows, channels }, { round: f }) {
    for (let m = 0; m < rows; m++) {
      for (let c = 0; c < channels; c++) {
        const at = m * channels + c;
        output[at] = f(coef[c * COEF] * input[at]) + coef[c * COEF + 1];
      }
    }
  },

  channel_affine_quantize({ input, coef, qparams, codes, mask }, params, { round: f }) {
    const { rows, channels, relu, qmin, qmax } = params;
    const inv = qparams[1];
    const zeroPoint = qparams[2];
    const low = qmin - zeroPoint;
    const high = qmax - zeroPoint;
    const count = rows * channels;
    let bits = 0;
    let c = 0;
    for (let i = 0; i < count; i++) {
      let value = f(f(coef[c * COEF] * input[i]) + coef[c * COEF + 1]);
      if (value > 0) bits |= 1 << (i & 7);
      if (relu && value < 0) value = 0;
      codes[i] = roundToCode(value, inv, low, high, f) + zeroPoint;
      if ((i & 7) === 7 || i === count - 1) {
        if (relu && mask) mask[i >> 3] = bits;
        bits = 0;
      }
      c = c + 1 === channels ? 0 : c + 1;
    }
  },

  channel_affine_range({ normCells, coef, cells, status }, params, { round: f }) {
    const { batch, channels, relu, site } = params;
    for (let b = 0; b < batch; b++) {
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < channels; c++) {
        const from = (b * channels + c) * CELL;
        for (let end = 0; end < 2; end++) {
          let value = f(f(coef[c * COEF] * normCells[from + end]) + coef[c * COEF + 1]);
          if (relu && value < 0) value = 0;
          min = Math.min(min, value);
          max = Math.max(max, value);
        }
      }
      cells[2 * b] = min + 0;
      cells[2 * b + 1] = max + 0;
      if (!Number.isFinite(min) || !Number.isFinite(max)) status[site] |= STATUS_NON_FINITE;
    }
  },

  channel_affine_add_relu(buffers, { batch, inner, channels, site }, { round: f }) {
    const { input, coef, shortcut, output, mask, cells, status } = buffers;
    const imageSize = inner * channels;
    const count = batch * imageSize;
    let bits = 0;
    let c = 0;
    for (let b = 0; b < batch; b++) {
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      for (let i = b * imageSize; i < (b + 1) * imageSize; i++) {
        let value = f(f(f(coef[c * COEF] * input[i]) + coef[c * COEF + 1]) + shortcut[i]);
        if (value > 0) bits |= 1 << (i & 7);
        if (value < 0) value = 0;
        output[i] = value;
        min = Math.min(min, value);
        max = Math.max(max, value);
        if ((i & 7) === 7 || i === count - 1) {
          mask[i >> 3] = bits;
          bits = 0;
        }
        c = c + 1 === channels ? 0 : c + 1;
      }
      cells[2 * b] = min + 0;
      cells[2 * b + 1] = max + 0;
      if (!Number.isFinite(min) || !Number.isFinite(max)) status[site] |= STATUS_NON_FINITE;
    }
  },
} satisfies Pick<
  KernelTable,
  | 'norm_cells'
  | 'norm_finalize'
  | 'channel_affine'
  | 'channel_affine_quantize'
  | 'channel_affine_range'
  | 'channel_affine_add_relu'
>;
