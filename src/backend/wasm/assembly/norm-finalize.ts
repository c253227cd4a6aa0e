/**
 * norm_finalize: from the cells of a batch, or from running values, to the coefficients of every channel. All in double; a
 * channel's record in coef holds three doubles between the two passes.
 */
import { FLOAT, float, int, ptr, splitStart, storageOf } from './args';
import {
  norm_finalize_batch,
  norm_finalize_beta,
  norm_finalize_cells,
  norm_finalize_channels,
  norm_finalize_chunks,
  norm_finalize_codes,
  norm_finalize_coef,
  norm_finalize_coefBits,
  norm_finalize_constantHigh,
  norm_finalize_constantLow,
  norm_finalize_eps,
  norm_finalize_gamma,
  norm_finalize_inner,
  norm_finalize_kind,
  norm_finalize_momentum,
  norm_finalize_qparams,
  norm_finalize_runningMean,
  norm_finalize_runningSpread,
  norm_finalize_train,
} from './generated';
import { rangeInv, rangeScale, rangeZeroPoint, scaleOfRange } from './qparams';
import { barrier } from './threads';

const COEF: usize = 32;

/** Value of the parameter `codes` for codes with a scale per channel. */
const PER_CHANNEL: i32 = 2;

// Byte offsets of the doubles that a channel's record holds after the first pass.
const INV: usize = 0;
const MEAN: usize = 8;
const SPREAD: usize = 16;

/** First image of chunk k. */
export function chunkStart(k: i32, batch: i32, chunks: i32): i32 {
  return <i32>((<i64>k * batch) / chunks);
}

/** The constant of a chunk of `size` images. */
export function chunkConstant(size: i32, batch: i32, chunks: i32, low: f32, high: f32): f32 {
  return size > batch / chunks ? high : low;
}

/** A minimum or maximum of a cell, code or float. */
// @ts-ignore: decorator
@inline
function extreme(cell: usize, ofFloats: bool): f64 {
  return ofFloats ? <f64>load<f32>(cell) : <f64>load<i32>(cell);
}

/** Range BN's s of one channel: the mean over chunks of constant times range, in units of the input. */
function meanRange(args: usize, cells: usize, step: usize, scale: f64): f64 {
  const batch = int(args, norm_finalize_batch);
  const chunks = int(args, norm_finalize_chunks);
  const ofFloats = storageOf(args, norm_finalize_cells) == FLOAT;
  const low = float(args, norm_finalize_constantLow);
  const high = float(args, norm_finalize_constantHigh);
  let sum: f64 = 0;
  for (let k = 0; k < chunks; k++) {
    const first = chunkStart(k, batch, chunks);
    const last = chunkStart(k + 1, batch, chunks);
    let least: f64 = Infinity;
    let greatest: f64 = -Infinity;
    for (let b = first; b < last; b++) {
      const cell = cells + <usize>b * step;
      least = min<f64>(least, extreme(cell, ofFloats));
      greatest = max<f64>(greatest, extreme(cell + 4, ofFloats));
    }
    sum += <f64>chunkConstant(last - first, batch, chunks, low, high) * (greatest - least);
  }
  const mean = (1.0 / <f64>chunks) * sum;
  return int(args, norm_finalize_codes) != 0 ? mean * scale : mean;
}

/** Scale of a channel's codes, whose qparams are at `own`; 1 for a float input, which has none. */
// @ts-ignore: decorator
@inline
function scaleAt(own: usize, ofCodes: bool): f64 {
  return ofCodes ? <f64>load<f32>(own) : 1.0;
}

/** Their zero point; 0 for a float input. */
// @ts-ignore: decorator
@inline
function zeroPointAt(own: usize, ofCodes: bool): f64 {
  return ofCodes ? <f64>load<f32>(own, 8) : 0.0;
}

/** Statistics of one channel from the batch's cells, into its record. `cells` is the channel's cell of the first image. */
function fromCells(args: usize, cells: usize, record: usize, step: usize, scale: f64, zeroPoint: f64): void {
  const batch = int(args, norm_finalize_batch);
  const inner = <f64>int(args, norm_finalize_inner);
  const eps = <f64>float(args, norm_finalize_eps);
  const codes = int(args, norm_finalize_codes) != 0;
  const n = <f64>batch * inner;
  let rawMean: f64 = 0;
  let variance: f64 = 0;
  if (codes) {
    let sum: i64 = 0;
    let squares: i64 = 0;
    for (let b = 0; b < batch; b++) {
      const cell = cells + <usize>b * step;
      sum += <i64>load<i32>(cell, 16);
      squares += load<i64>(cell, 24);
    }
    rawMean = <f64>sum / n;
    variance = scale * scale * (<f64>squares / n - rawMean * rawMean);
  } else {
    // Chan, Golub & LeVeque 1983: joining the moments of two sets.
    let m2: f64 = 0;
    let count: f64 = 0;
    for (let b = 0; b < batch; b++) {
      const cell = cells + <usize>b * step;
      const d = <f64>load<f32>(cell, 16) - rawMean;
      const w = inner / (count + inner);
      rawMean = rawMean + d * w;
      m2 = m2 + <f64>load<f32>(cell, 20) + d * d * count * w;
      count += inner;
    }
    variance = m2 / n;
  }
  const mean = codes ? scale * (rawMean - zeroPoint) : rawMean;
  let spread: f64;
  let inv: f64;
  if (int(args, norm_finalize_kind) == 0) {
    spread = (variance * n) / (n - 1.0);
    inv = 1.0 / sqrt<f64>(variance + eps);
  } else {
    spread = meanRange(args, cells, step, scale);
    inv = 1.0 / (spread + eps);
  }
  store<f64>(record, inv, INV);
  store<f64>(record, mean, MEAN);
  store<f64>(record, spread, SPREAD);
}

/** f((1-momentum)*kept + momentum*now) at `at`. */
// @ts-ignore: decorator
@inline
function track(at: usize, now: f64, momentum: f64): void {
  store<f32>(at, <f32>((1.0 - momentum) * <f64>load<f32>(at) + momentum * now));
}

/** Range of gamma or beta with 0 in it, to the globals of qparams.ts. */
function scaleOfValues(values: usize, channels: i32, qmax: i32): void {
  let lo: f32 = 0;
  let hi: f32 = 0;
  for (let c = 0; c < channels; c++) {
    const x = load<f32>(values + (<usize>c << 2));
    lo = min<f32>(lo, x);
    hi = max<f32>(hi, x);
  }
  scaleOfRange(lo, hi, false, 0, qmax);
}

/** The spread of a record as a standard deviation or range, by which dead channels are told. */
// @ts-ignore: decorator
@inline
function deviation(record: usize, kind: i32): f64 {
  const spread = load<f64>(record, SPREAD);
  return kind == 0 ? sqrt<f64>(spread) : spread;
}

/** The deviation up to which a channel is dead in inference, where the running spread of a dead one only nears 0. */
function deadLimit(coef: usize, channels: i32, kind: i32): f64 {
  let largest: f64 = 0;
  for (let c = 0; c < channels; c++) largest = max<f64>(largest, deviation(coef + <usize>c * COEF, kind));
  return largest / 4096.0;
}

/** Range of 1/spread over the live channels, to the globals of qparams.ts. */
function scaleOfInverses(coef: usize, channels: i32, qmax: i32, kind: i32, limit: f64): void {
  let lo: f32 = 0;
  let hi: f32 = 0;
  for (let c = 0; c < channels; c++) {
    const record = coef + <usize>c * COEF;
    if (deviation(record, kind) <= limit) continue;
    const x = <f32>load<f64>(record, INV);
    lo = min<f32>(lo, x);
    hi = max<f32>(hi, x);
  }
  scaleOfRange(lo, hi, false, 0, qmax);
}

/** x as it comes back from codes 0 .. qmax. */
function decoded(x: f32, scale: f32, inv: f32, zeroPoint: f32, qmax: i32): f32 {
  const code = nearest<f32>(min<f32>(max<f32>(x * inv, -zeroPoint), <f32>qmax - zeroPoint));
  // A code has no negative zero.
  return scale * (code + 0);
}

export function norm_finalize(args: usize, thread: i32, threads: i32): void {
  const cells = ptr(args, norm_finalize_cells);
  const qparams = ptr(args, norm_finalize_qparams);
  const gamma = ptr(args, norm_finalize_gamma);
  const beta = ptr(args, norm_finalize_beta);
  const runningMean = ptr(args, norm_finalize_runningMean);
  const runningSpread = ptr(args, norm_finalize_runningSpread);
  const coef = ptr(args, norm_finalize_coef);
  const channels = int(args, norm_finalize_channels);
  const kind = int(args, norm_finalize_kind);
  const coefBits = int(args, norm_finalize_coefBits);
  const eps = <f64>float(args, norm_finalize_eps);
  const momentum = <f64>float(args, norm_finalize_momentum);
  const ofCodes = int(args, norm_finalize_codes) != 0 && qparams != 0;
  // From a channel's scale to the next one's: none where all have one.
  const paramStep: usize = int(args, norm_finalize_codes) == PER_CHANNEL ? 16 : 0;
  const train = int(args, norm_finalize_train) != 0 && cells != 0;
  const first = splitStart(channels, thread, threads, 1);
  const last = splitStart(channels, thread + 1, threads, 1);
  for (let c = first; c < last; c++) {
    const record = coef + <usize>c * COEF;
    const at = <usize>c << 2;
    if (train) {
      const own = qparams + <usize>c * paramStep;
      const step = <usize>channels * 32;
      fromCells(args, cells + <usize>c * 32, record, step, scaleAt(own, ofCodes), zeroPointAt(own, ofCodes));
      track(runningMean + at, load<f64>(record, MEAN), momentum);
      if (coefBits == 0) track(runningSpread + at, load<f64>(record, SPREAD), momentum);
    } else {
      const spread = <f64>load<f32>(runningSpread + at);
      store<f64>(record, kind == 0 ? 1.0 / sqrt<f64>(spread + eps) : 1.0 / (spread + eps), INV);
      store<f64>(record, <f64>load<f32>(runningMean + at), MEAN);
      store<f64>(record, spread, SPREAD);
    }
  }

  const qmax = (1 << coefBits) - 1;
  let gammaScale: f32 = 1;
  let gammaInv: f32 = 1;
  let gammaZero: f32 = 0;
  let betaScale: f32 = 1;
  let betaInv: f32 = 1;
  let betaZero: f32 = 0;
  let largest: f32 = 1;
  let limit: f64 = 0;
  let ofDead: f64 = Infinity;
  if (coefBits > 0) {
    barrier();
    scaleOfValues(gamma, channels, qmax);
    gammaScale = rangeScale;
    gammaInv = rangeInv;
    gammaZero = rangeZeroPoint;
    scaleOfValues(beta, channels, qmax);
    betaScale = rangeScale;
    betaInv = rangeInv;
    betaZero = rangeZeroPoint;
    if (!train) limit = deadLimit(coef, channels, kind);
    scaleOfInverses(coef, channels, qmax, kind, limit);
    let highest: f32 = -Infinity;
    for (let c = 0; c < channels; c++) {
      const record = coef + <usize>c * COEF;
      if (deviation(record, kind) <= limit) continue;
      ofDead = min<f64>(ofDead, load<f64>(record, SPREAD));
      const inv = <f32>load<f64>(record, INV);
      highest = max<f32>(highest, decoded(inv, rangeScale, rangeInv, rangeZeroPoint, qmax));
    }
    if (highest != -Infinity) largest = highest;
    else ofDead = 1;
    // The next pass overwrites the records that the other threads have just read.
    barrier();
  }

  for (let c = first; c < last; c++) {
    const record = coef + <usize>c * COEF;
    const mean = load<f64>(record, MEAN);
    const spread = load<f64>(record, SPREAD);
    let inv = load<f64>(record, INV);
    let g = load<f32>(gamma + (<usize>c << 2));
    let b = load<f32>(beta + (<usize>c << 2));
    if (coefBits > 0) {
      g = decoded(g, gammaScale, gammaInv, gammaZero, qmax);
      b = decoded(b, betaScale, betaInv, betaZero, qmax);
      const dead = deviation(record, kind) <= limit;
      inv = <f64>(dead ? largest : decoded(<f32>inv, rangeScale, rangeInv, rangeZeroPoint, qmax));
      if (train) track(runningSpread + (<usize>c << 2), dead ? ofDead : spread, momentum);
    }
    const own = qparams + <usize>c * paramStep;
    const scale = scaleAt(own, ofCodes);
    const rawMean = mean / scale + zeroPointAt(own, ofCodes);
    store<f32>(record, <f32>(<f64>g * inv * scale));
    store<f32>(record, <f32>(<f64>b - <f64>g * inv * scale * rawMean), 4);
    store<f32>(record, <f32>(inv * scale), 8);
    store<f32>(record, <f32>(-inv * scale * rawMean), 12);
    store<f32>(record, <f32>inv, 16);
    store<f32>(record, g, 20);
    store<f32>(record, <f32>mean, 24);
    store<f32>(record, <f32>spread, 28);
  }
}
