/**
 * Ranges to scales: the qparams kernel, and the last step of it for kernels that quantise a few values of their own. Scalar, by
 * one thread, except where every group is its own.
 */
import { float, int, ptr } from './args';
import {
  qparams_by,
  qparams_cells,
  qparams_chunks,
  qparams_clip,
  qparams_inner,
  qparams_momentum,
  qparams_outer,
  qparams_qmax,
  qparams_qmin,
  qparams_qparams,
  qparams_scheme,
  qparams_state,
  qparams_tracking,
} from './generated';

// Values of the parameter `scheme`.
const SYMMETRIC: i32 = 1;
const WITHOUT_ZERO: i32 = 2;

const SMALLEST_SCALE: f32 = 1.1754943508222875e-38;

/** Results of {@link scaleOfRange} and {@link cellRange}. Globals belong to one thread. */
export let rangeScale: f32 = 1;
export let rangeInv: f32 = 1;
export let rangeZeroPoint: f32 = 0;
let foundLow: f32 = 0;
let foundHigh: f32 = 0;

/** Range lo <= 0 <= hi to scale, inverse and zero point, into rangeScale, rangeInv, rangeZeroPoint. */
export function scaleOfRange(lo: f32, hi: f32, symmetric: bool, qmin: i32, qmax: i32): void {
  const wide = symmetric
    ? max<f64>(-(<f64>lo), <f64>hi) / <f64>qmax
    : (<f64>hi - <f64>lo) / (<f64>qmax - <f64>qmin);
  const scale = <f32>wide;
  const empty = scale < SMALLEST_SCALE;
  const inv: f32 = empty ? <f32>1 : <f32>1 / scale;
  const offset = <f64>qmin - (empty ? 0.0 : <f64>lo) * <f64>inv;
  rangeScale = empty ? <f32>1 : scale;
  rangeInv = inv;
  rangeZeroPoint = symmetric ? <f32>0 : <f32>nearest<f64>(min<f64>(max<f64>(offset, <f64>qmin), <f64>qmax));
}

/** Least minimum and greatest maximum of cells first, first + step, ... below last. */
function cellRange(cells: usize, first: i32, last: i32, step: i32): void {
  let low: f32 = Infinity;
  let high: f32 = -Infinity;
  for (let i = first; i < last; i += step) {
    low = min<f32>(low, load<f32>(cells + (<usize>i << 3)));
    high = max<f32>(high, load<f32>(cells + (<usize>i << 3), 4));
  }
  foundLow = low;
  foundHigh = high;
}

/** Mean over chunks of outer rows of each chunk's range; no chunks: the range of all cells. */
function batchRange(cells: usize, outer: i32, inner: i32, chunks: i32): void {
  const parts = max(chunks, 1);
  let lowSum: f64 = 0;
  let highSum: f64 = 0;
  for (let k: i64 = 0; k < <i64>parts; k++) {
    const first = <i32>((k * outer) / parts);
    const last = <i32>(((k + 1) * outer) / parts);
    cellRange(cells, first * inner, last * inner, 1);
    lowSum += <f64>foundLow;
    highSum += <f64>foundHigh;
  }
  foundLow = <f32>(lowSum / <f64>parts);
  foundHigh = <f32>(highSum / <f64>parts);
}

/** (1 - momentum) * kept + momentum * now, in double. */
// @ts-ignore: decorator
@inline
function blend(kept: f32, now: f32, momentum: f64): f32 {
  return <f32>((1.0 - momentum) * <f64>kept + momentum * <f64>now);
}

/** Range of a group in this batch, into foundLow and foundHigh. */
function measuredRange(args: usize, group: i32): void {
  const cells = ptr(args, qparams_cells);
  const outer = int(args, qparams_outer);
  const inner = int(args, qparams_inner);
  const by = int(args, qparams_by);
  if (cells == 0) {
    foundLow = 0;
    foundHigh = 0;
  } else if (by == 0) batchRange(cells, outer, inner, int(args, qparams_chunks));
  else if (by == 1) cellRange(cells, group * inner, (group + 1) * inner, 1);
  else cellRange(cells, group, outer * inner, inner);
}

/** Range of a group after tracking, into foundLow and foundHigh; brings its state up to date. */
function trackedRange(args: usize, group: i32): void {
  const states = ptr(args, qparams_state);
  const state = states + (<usize>group << 4);
  const tracking = states == 0 ? 0 : int(args, qparams_tracking);
  if (tracking == 2) {
    foundLow = load<f32>(state);
    foundHigh = load<f32>(state, 4);
    return;
  }
  measuredRange(args, group);
  if (tracking == 0) return;
  const low = foundLow;
  const high = foundHigh;
  const keptLow = load<f32>(state);
  const keptHigh = load<f32>(state, 4);
  const count = load<f32>(state, 8);
  const seen = count > 0;
  const momentum = <f64>float(args, qparams_momentum);
  const blends = (tracking == 1 || tracking == 4) && seen;
  store<f32>(state, blends ? blend(keptLow, low, momentum) : low);
  store<f32>(state, blends ? blend(keptHigh, high, momentum) : high, 4);
  store<f32>(state, count + 1, 8);
  if (tracking == 4) {
    foundLow = load<f32>(state);
    foundHigh = load<f32>(state, 4);
  }
  if (tracking == 3 && seen) {
    foundLow = keptLow;
    foundHigh = keptHigh;
  }
}

export function qparams(args: usize, thread: i32, threads: i32): void {
  const by = int(args, qparams_by);
  if (by == 0 && thread != 0) return;
  const clip = float(args, qparams_clip);
  const scheme = int(args, qparams_scheme);
  const qmin = int(args, qparams_qmin);
  const qmax = int(args, qparams_qmax);
  const groups = by == 0 ? 1 : by == 1 ? int(args, qparams_outer) : int(args, qparams_inner);
  for (let group = by == 0 ? 0 : thread; group < groups; group += by == 0 ? 1 : threads) {
    if (by == 1) measuredRange(args, group);
    else trackedRange(args, group);
    let lo = foundLow * clip;
    let hi = foundHigh * clip;
    if (scheme != WITHOUT_ZERO) {
      lo = min<f32>(lo, 0);
      hi = max<f32>(hi, 0);
    }
    scaleOfRange(lo, hi, scheme == SYMMETRIC, qmin, qmax);
    const to = ptr(args, qparams_qparams) + (<usize>group << 4);
    store<f32>(to, rangeScale);
    store<f32>(to, rangeInv, 4);
    store<f32>(to, scheme == WITHOUT_ZERO ? <f32>qmin : rangeZeroPoint, 8);
    store<f32>(to, scheme == WITHOUT_ZERO ? lo : 0, 12);
  }
}
