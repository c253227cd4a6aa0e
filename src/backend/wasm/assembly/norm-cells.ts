/**
 * norm_cells: what a norm must know of each image and channel. Codes are walked sixteen channels wide, two super-rows
 * (vectors.ts) at a time, so that one dot instruction adds two squares; the positions of the extremes are found by a
 * second look at the image. Floats: norm-cells-float.ts.
 */
import { FLOAT, INT8, int, ptr, splitStart, storageOf } from './args';
import {
  norm_cells_batch,
  norm_cells_cells,
  norm_cells_channels,
  norm_cells_inner,
  norm_cells_input,
  norm_cells_positions,
} from './generated';
import { FLOAT_LANES_BYTES, floatCells } from './norm-cells-float';
import { scratch } from './threads';
import { unitsOf } from './vectors';

// Byte offsets in a cell of codes.
const MIN: usize = 0;
const MAX: usize = 4;
const ARG_MIN: usize = 8;
const ARG_MAX: usize = 12;
const SUM: usize = 16;
const SUM_SQ: usize = 24;

// Byte offsets in a thread's lanes.
const LANES_MAX: usize = 16;
const LANES_SUM: usize = 32;
const LANES_SQ: usize = 96;
// Of whole cache lines: threads that write to one line of each other are no faster than one.
const LANES_BYTES: usize = 192;

/** Pairs of rows whose squares fit int32: 2 * 255^2 * 8192 < 2^31. */
const SEGMENT: i32 = 8192;
/** Pairs of rows whose sums fit int16: 2 * 255 * 64 < 2^15. */
const SHORT_SEGMENT: i32 = 64;

/** A vector's lanes for each thread, of codes or floats. */
export function norm_cells_scratch(args: usize, threads: i32): usize {
  return <usize>threads * max(LANES_BYTES, FLOAT_LANES_BYTES);
}

/** Sixteen channels of `pairs` pairs of super-rows, `step` bytes apart: min, max, sum and squares of each lane to `lanes`. */
function gatherCodes<T>(start: usize, step: usize, pairs: i32, lanes: usize): void {
  let p = start;
  let lowest = v128.load(p);
  let highest = lowest;
  let sum0 = i32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let sq0 = sum0;
  let sq1 = sum0;
  let sq2 = sum0;
  let sq3 = sum0;
  let left = pairs;
  while (left > 0) {
    const n = min(left, SHORT_SEGMENT);
    let short0 = i16x8.splat(0);
    let short1 = short0;
    for (let k = 0; k < n; k++) {
      const a = v128.load(p);
      const b = v128.load(p + step);
      const low = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      let w0: v128;
      let w1: v128;
      let w2: v128;
      let w3: v128;
      if (isSigned<T>()) {
        lowest = i8x16.min_s(lowest, i8x16.min_s(a, b));
        highest = i8x16.max_s(highest, i8x16.max_s(a, b));
        short0 = i16x8.add(short0, i16x8.extadd_pairwise_i8x16_s(low));
        short1 = i16x8.add(short1, i16x8.extadd_pairwise_i8x16_s(high));
        w0 = i16x8.extend_low_i8x16_s(low);
        w1 = i16x8.extend_high_i8x16_s(low);
        w2 = i16x8.extend_low_i8x16_s(high);
        w3 = i16x8.extend_high_i8x16_s(high);
      } else {
        lowest = i8x16.min_u(lowest, i8x16.min_u(a, b));
        highest = i8x16.max_u(highest, i8x16.max_u(a, b));
        short0 = i16x8.add(short0, i16x8.extadd_pairwise_i8x16_u(low));
        short1 = i16x8.add(short1, i16x8.extadd_pairwise_i8x16_u(high));
        w0 = i16x8.extend_low_i8x16_u(low);
        w1 = i16x8.extend_high_i8x16_u(low);
        w2 = i16x8.extend_low_i8x16_u(high);
        w3 = i16x8.extend_high_i8x16_u(high);
      }
      sq0 = i32x4.add(sq0, i32x4.dot_i16x8_s(w0, w0));
      sq1 = i32x4.add(sq1, i32x4.dot_i16x8_s(w1, w1));
      sq2 = i32x4.add(sq2, i32x4.dot_i16x8_s(w2, w2));
      sq3 = i32x4.add(sq3, i32x4.dot_i16x8_s(w3, w3));
      p += step << 1;
    }
    sum0 = i32x4.add(sum0, i32x4.extend_low_i16x8_s(short0));
    sum1 = i32x4.add(sum1, i32x4.extend_high_i16x8_s(short0));
    sum2 = i32x4.add(sum2, i32x4.extend_low_i16x8_s(short1));
    sum3 = i32x4.add(sum3, i32x4.extend_high_i16x8_s(short1));
    left -= n;
  }
  v128.store(lanes, lowest);
  v128.store(lanes, highest, LANES_MAX);
  v128.store(lanes, sum0, LANES_SUM);
  v128.store(lanes, sum1, LANES_SUM + 16);
  v128.store(lanes, sum2, LANES_SUM + 32);
  v128.store(lanes, sum3, LANES_SUM + 48);
  v128.store(lanes, sq0, LANES_SQ);
  v128.store(lanes, sq1, LANES_SQ + 16);
  v128.store(lanes, sq2, LANES_SQ + 32);
  v128.store(lanes, sq3, LANES_SQ + 48);
}

/** Adds to one cell. */
// @ts-ignore: decorator
@inline
function mergeCell(cell: usize, low: i32, high: i32, sum: i32, squares: i32): void {
  store<i32>(cell, min(load<i32>(cell, MIN), low), MIN);
  store<i32>(cell, max(load<i32>(cell, MAX), high), MAX);
  store<i32>(cell, load<i32>(cell, SUM) + sum, SUM);
  store<i64>(cell, load<i64>(cell, SUM_SQ) + <i64>squares, SUM_SQ);
}

/** Lowers a cell's arguments for a code at `position` that is its minimum or maximum. */
// @ts-ignore: decorator
@inline
function mergePosition(cell: usize, code: i32, position: i32): void {
  if (code == load<i32>(cell, MIN) && position < load<i32>(cell, ARG_MIN)) store<i32>(cell, position, ARG_MIN);
  if (code == load<i32>(cell, MAX) && position < load<i32>(cell, ARG_MAX)) store<i32>(cell, position, ARG_MAX);
}

/** Walks super-rows for sixteen channels until every lane has met its channel's extremes. */
function findPositions<T>(image: usize, cells: usize, unit: i32, channels: i32, supers: i32, lanes: usize): void {
  const step = <usize>unitsOf(channels, 16) << 4;
  let c = (unit << 4) % channels;
  for (let lane: usize = 0; lane < 16; lane++) {
    store<i8>(lanes + lane, <i8>load<i32>(cells + (<usize>c << 5), MIN));
    store<i8>(lanes + lane, <i8>load<i32>(cells + (<usize>c << 5), MAX), LANES_MAX);
    if (++c == channels) c = 0;
  }
  const lowest = v128.load(lanes);
  const highest = v128.load(lanes, LANES_MAX);
  let seekLow = i8x16.splat(-1);
  let seekHigh = seekLow;
  let p = image + (<usize>unit << 4);
  for (let s = 0; s < supers; s++) {
    const codes = v128.load(p);
    const low = v128.and(i8x16.eq(codes, lowest), seekLow);
    const high = v128.and(i8x16.eq(codes, highest), seekHigh);
    const met = v128.or(low, high);
    if (v128.any_true(met)) {
      seekLow = v128.andnot(seekLow, low);
      seekHigh = v128.andnot(seekHigh, high);
      for (let bits = i8x16.bitmask(met); bits != 0; bits &= bits - 1) {
        const element = s * <i32>step + (unit << 4) + ctz(bits);
        const position = element / channels;
        const cell = cells + (<usize>(element - position * channels) << 5);
        mergePosition(cell, <i32>load<T>(image + <usize>element), position);
      }
      if (!v128.any_true(v128.or(seekLow, seekHigh))) return;
    }
    p += step;
  }
}

/** Cells of channels that units firstUnit .. lastUnit-1 of one image meet. */
function imageOfCodes<T>(
  image: usize,
  cells: usize,
  inner: i32,
  channels: i32,
  firstUnit: i32,
  lastUnit: i32,
  lanes: usize,
  positions: bool,
): void {
  const units = unitsOf(channels, 16);
  const period = units << 4;
  const supers = <i32>((<i64>inner * channels) / period);
  const pairs = supers >> 1;
  const c0 = channels & 15 ? 0 : firstUnit << 4;
  const c1 = channels & 15 ? channels : lastUnit << 4;
  for (let c = c0; c < c1; c++) {
    const cell = cells + (<usize>c << 5);
    memory.fill(cell, 0, 32);
    store<i32>(cell, i32.MAX_VALUE, MIN);
    store<i32>(cell, i32.MIN_VALUE, MAX);
    if (!positions) continue;
    store<i32>(cell, i32.MAX_VALUE, ARG_MIN);
    store<i32>(cell, i32.MAX_VALUE, ARG_MAX);
  }
  for (let unit = firstUnit; unit < lastUnit; unit++) {
    for (let pair = 0; pair < pairs; pair += SEGMENT) {
      const start = image + (<usize>unit << 4) + (<usize>pair << 1) * <usize>period;
      gatherCodes<T>(start, period, min(SEGMENT, pairs - pair), lanes);
      let c = (unit << 4) % channels;
      for (let lane: usize = 0; lane < 16; lane++) {
        const cell = cells + (<usize>c << 5);
        const sum = load<i32>(lanes + (lane << 2), LANES_SUM);
        const squares = load<i32>(lanes + (lane << 2), LANES_SQ);
        mergeCell(cell, <i32>load<T>(lanes + lane), <i32>load<T>(lanes + lane, LANES_MAX), sum, squares);
        if (++c == channels) c = 0;
      }
    }
  }
  const rowsOfSuper = period / channels;
  for (let row = (pairs << 1) * rowsOfSuper; row < inner; row++) {
    for (let c = c0; c < c1; c++) {
      const code = <i32>load<T>(image + <usize>row * <usize>channels + <usize>c);
      mergeCell(cells + (<usize>c << 5), code, code, code, code * code);
    }
  }
  if (!positions) return;
  for (let unit = firstUnit; unit < lastUnit; unit++) {
    findPositions<T>(image, cells, unit, channels, supers, lanes);
  }
  for (let row = supers * rowsOfSuper; row < inner; row++) {
    for (let c = c0; c < c1; c++) {
      mergePosition(cells + (<usize>c << 5), <i32>load<T>(image + <usize>row * <usize>channels + <usize>c), row);
    }
  }
}

export function norm_cells(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, norm_cells_input);
  const cells = ptr(args, norm_cells_cells);
  const batch = int(args, norm_cells_batch);
  const inner = int(args, norm_cells_inner);
  const channels = int(args, norm_cells_channels);
  const lanes = scratch() + <usize>thread * LANES_BYTES;
  const positions = int(args, norm_cells_positions) != 0;
  const storage = storageOf(args, norm_cells_input);
  const size = <usize>inner * <usize>channels;
  if (storage == FLOAT) {
    floatCells(args, thread, threads);
    return;
  }
  // Whole images, or vectors of channels where each vector has its channels for itself.
  const units = unitsOf(channels, 16);
  const parts = channels & 15 ? 1 : units;
  const end = splitStart(batch * parts, thread + 1, threads, 1);
  for (let item = splitStart(batch * parts, thread, threads, 1); item < end; item++) {
    const image = item / parts;
    const firstUnit = item - image * parts;
    const lastUnit = parts == 1 ? units : firstUnit + 1;
    const from = input + <usize>image * size;
    const own = cells + ((<usize>image * <usize>channels) << 5);
    if (storage == INT8) imageOfCodes<i8>(from, own, inner, channels, firstUnit, lastUnit, lanes, positions);
    else imageOfCodes<u8>(from, own, inner, channels, firstUnit, lastUnit, lanes, positions);
  }
}
