/**
 * Minimum and maximum of rows or of channels, with a real test for NaN and infinity (pmin and pmax swallow NaN). A range
 * without rows enough for every thread is gathered by all of them with compare-and-swap: the order does not matter to a
 * minimum. A zero is always +0, whatever zeros were met.
 */
import { int, ptr, splitStart } from './args';
import {
  range_cells,
  range_channels_batch,
  range_channels_cells,
  range_channels_channels,
  range_channels_inner,
  range_channels_input,
  range_channels_site,
  range_channels_status,
  range_cols,
  range_input,
  range_rows,
  range_site,
  range_status,
} from './generated';
import { barrier, scratch } from './threads';
import { unitsOf } from './vectors';

/** Values below which one thread does a row's range alone. */
const ALONE: i32 = 4096;

/** What {@link rangePart} found. Globals belong to one thread. */
export let foundMin: f32 = 0;
export let foundMax: f32 = 0;
/** 1 if {@link rangePart} met a NaN or infinity, else 0. */
export let foundBad: i32 = 0;

/** ORs bits into the status word of a site. */
export function setStatus(status: usize, site: i32, bits: i32): void {
  if (bits != 0) atomic.or<i32>(status + (<usize>site << 2), bits);
}

/** Empties a cell { min, max }. */
export function resetCell(cell: usize): void {
  store<f32>(cell, Infinity);
  store<f32>(cell, -Infinity, 4);
}

/** Widens a cell { min, max } that other threads may be widening too. */
export function widenShared(cell: usize, low: f32, high: f32): void {
  const lowBits = reinterpret<i32>(<f32>(low + 0));
  let seen = atomic.load<i32>(cell);
  while (low < reinterpret<f32>(seen)) {
    const before = atomic.cmpxchg<i32>(cell, seen, lowBits);
    if (before == seen) break;
    seen = before;
  }
  const highBits = reinterpret<i32>(<f32>(high + 0));
  seen = atomic.load<i32>(cell + 4);
  while (high > reinterpret<f32>(seen)) {
    const before = atomic.cmpxchg<i32>(cell + 4, seen, highBits);
    if (before == seen) break;
    seen = before;
  }
}

/** 1 if x is NaN or infinite. */
// @ts-ignore: decorator
@inline
export function isBad(x: f32): i32 {
  return <i32>(!(x - x == 0));
}

/** Smallest lane. */
// @ts-ignore: decorator
@inline
export function lowestLane(x: v128): f32 {
  const a = min(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
  return min(a, min(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
}

/** Largest lane. */
// @ts-ignore: decorator
@inline
export function highestLane(x: v128): f32 {
  const a = max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
  return max(a, max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
}

/** Range of n > 0 values, into foundMin, foundMax and foundBad. */
function rangePart(input: usize, n: i32): void {
  let lows = f32x4.splat(Infinity);
  let highs = f32x4.splat(-Infinity);
  let sound = i32x4.splat(-1);
  let p = input;
  const end = input + (<usize>n << 2);
  for (; p + 64 <= end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    // pmin keeps a NaN of its first operand, pmax(b, a) one of b: either makes the comparison false.
    const low0 = f32x4.pmin(a, b);
    const high0 = f32x4.pmax(b, a);
    const low1 = f32x4.pmin(c, d);
    const high1 = f32x4.pmax(d, c);
    lows = f32x4.pmin(lows, f32x4.pmin(low0, low1));
    highs = f32x4.pmax(highs, f32x4.pmax(high0, high1));
    sound = v128.and(sound, v128.and(f32x4.le(low0, high0), f32x4.le(low1, high1)));
  }
  let low = lowestLane(lows);
  let high = highestLane(highs);
  let bad = <i32>!i32x4.all_true(sound);
  for (; p < end; p += 4) {
    const x = load<f32>(p);
    if (x < low) low = x;
    if (x > high) high = x;
    bad |= isBad(x);
  }
  foundMin = low;
  foundMax = high;
  foundBad = bad | <i32>(low == -Infinity) | <i32>(high == Infinity);
}

/** Empties the cells of a kernel that finds the range of its own output; a barrier must follow. Nothing if there are none. */
export function startCells(cells: usize, rows: i32, thread: i32): void {
  if (cells != 0 && thread == 0) for (let row = 0; row < rows; row++) resetCell(cells + (<usize>row << 3));
}

/**
 * Widens the cells of the rows (of `size` values) that values first .. end-1 belong to, right after a kernel has written them:
 * they are read from the nearest cache. Returns 1 if it met a NaN or infinity.
 */
export function widenRows(values: usize, first: i32, end: i32, size: i32, cells: usize): i32 {
  let bad = 0;
  while (first < end) {
    const row = first / size;
    const stop = min(end, (row + 1) * size);
    rangePart(values + (<usize>first << 2), stop - first);
    widenShared(cells + (<usize>row << 3), foundMin, foundMax);
    bad |= foundBad;
    first = stop;
  }
  return bad;
}

export function range(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, range_input);
  const cells = ptr(args, range_cells);
  const rows = int(args, range_rows);
  const cols = int(args, range_cols);
  let bad = 0;
  if (rows >= 2 * threads || cols < ALONE) {
    const end = splitStart(rows, thread + 1, threads, 1);
    for (let row = splitStart(rows, thread, threads, 1); row < end; row++) {
      rangePart(input + ((<usize>row * <usize>cols) << 2), cols);
      store<f32>(cells + (<usize>row << 3), foundMin + 0);
      store<f32>(cells + (<usize>row << 3), foundMax + 0, 4);
      bad |= foundBad;
    }
  } else {
    if (thread == 0) for (let row = 0; row < rows; row++) resetCell(cells + (<usize>row << 3));
    barrier();
    const start = splitStart(cols, thread, threads, 16);
    const n = splitStart(cols, thread + 1, threads, 16) - start;
    for (let row = 0; row < rows && n > 0; row++) {
      rangePart(input + ((<usize>row * <usize>cols + <usize>start) << 2), n);
      widenShared(cells + (<usize>row << 3), foundMin, foundMax);
      bad |= foundBad;
    }
  }
  setStatus(ptr(args, range_status), int(args, range_site), bad);
}

/** Scratch of range_channels: a vector's lanes for each thread. */
export function range_channels_scratch(args: usize, threads: i32): usize {
  return <usize>threads * 64;
}

/** Widens the cells of `channels` channels by super-rows first .. last-1 of one image; returns 1 if it met a NaN or infinity. */
function channelRanges(image: usize, cells: usize, channels: i32, first: i32, last: i32, lanes: usize): i32 {
  const units = unitsOf(channels, 8);
  const period = units * 8;
  const step = <usize>period << 2;
  let sound = i32x4.splat(-1);
  for (let unit = 0; unit < units && first < last; unit++) {
    let low0 = f32x4.splat(Infinity);
    let low1 = low0;
    let high0 = f32x4.splat(-Infinity);
    let high1 = high0;
    let p = image + <usize>first * step + (<usize>unit << 5);
    for (let s = first; s < last; s++) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      low0 = f32x4.pmin(low0, a);
      low1 = f32x4.pmin(low1, b);
      high0 = f32x4.pmax(high0, a);
      high1 = f32x4.pmax(high1, b);
      sound = v128.and(sound, v128.and(f32x4.eq(a, a), f32x4.eq(b, b)));
      p += step;
    }
    v128.store(lanes, low0);
    v128.store(lanes, low1, 16);
    v128.store(lanes, high0, 32);
    v128.store(lanes, high1, 48);
    let c = (unit * 8) % channels;
    for (let lane: usize = 0; lane < 32; lane += 4) {
      widenShared(cells + (<usize>c << 3), load<f32>(lanes + lane), load<f32>(lanes + lane, 32));
      if (++c == channels) c = 0;
    }
  }
  return <i32>!i32x4.all_true(sound);
}

export function range_channels(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, range_channels_input);
  const cells = ptr(args, range_channels_cells);
  const batch = int(args, range_channels_batch);
  const channels = int(args, range_channels_channels);
  const count = int(args, range_channels_inner) * channels;
  const lanes = scratch() + ((<usize>thread) << 6);
  const period = unitsOf(channels, 8) * 8;
  const supers = count / period;
  for (let i = splitStart(batch * channels, thread, threads, 1); i < splitStart(batch * channels, thread + 1, threads, 1); i++) {
    resetCell(cells + (<usize>i << 3));
  }
  barrier();
  let bad = 0;
  // Whole images to each thread where there are enough, else a part of every image.
  const whole = batch >= 2 * threads;
  const firstImage = whole ? splitStart(batch, thread, threads, 1) : 0;
  const lastImage = whole ? splitStart(batch, thread + 1, threads, 1) : batch;
  const first = whole ? 0 : splitStart(supers, thread, threads, 1);
  const last = whole ? supers : splitStart(supers, thread + 1, threads, 1);
  for (let b = firstImage; b < lastImage; b++) {
    const image = input + ((<usize>b * <usize>count) << 2);
    const own = cells + ((<usize>b * <usize>channels) << 3);
    bad |= channelRanges(image, own, channels, first, last, lanes);
    if (whole || thread == threads - 1) {
      for (let i = supers * period; i < count; i++) {
        const x = load<f32>(image + (<usize>i << 2));
        bad |= isBad(x);
        widenShared(own + (<usize>(i % channels) << 3), x, x);
      }
    }
  }
  barrier();
  // Infinities in full vectors show in the cells.
  const end = splitStart(batch * channels, thread + 1, threads, 1);
  for (let i = splitStart(batch * channels, thread, threads, 1); i < end; i++) {
    bad |= isBad(load<f32>(cells + (<usize>i << 3))) | isBad(load<f32>(cells + (<usize>i << 3), 4));
  }
  setStatus(ptr(args, range_channels_status), int(args, range_channels_site), bad);
}
