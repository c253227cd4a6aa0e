/**
 * norm_cells of float input: eight channels wide, in the order that the contract's blocks ask for. A NaN is looked for
 * only where a mean says that there may be one.
 */
import { int, ptr, splitStart } from './args';
import {
  norm_cells_batch,
  norm_cells_cells,
  norm_cells_channels,
  norm_cells_inner,
  norm_cells_input,
  norm_cells_positions,
  norm_cells_site,
  norm_cells_status,
} from './generated';
import { isBad, setStatus } from './range';
import { scratch } from './threads';

/** Rows of a block of a float sum. */
const BLOCK: i32 = 128;

/** Bytes of a thread's lanes: six numbers of eight channels. */
export const FLOAT_LANES_BYTES: usize = 192;

/** The first four channels of a row, or the one that is left. */
// @ts-ignore: decorator
@inline
function firstChannels(p: usize, width: i32): v128 {
  return width >= 4 ? v128.load(p) : v128.load32_zero(p);
}

/** Channels 4 .. 7 of a row, if the walk is that wide. */
// @ts-ignore: decorator
@inline
function lastChannels(p: usize, width: i32, none: v128): v128 {
  return width == 8 ? v128.load(p, 16) : none;
}

/** 1 if a value of `width` channels, `step` bytes a row, is NaN or infinite. */
function anyBad(start: usize, inner: i32, step: usize, width: i32): i32 {
  let p = start;
  let bad = 0;
  for (let row = 0; row < inner; row++) {
    for (let c = 0; c < width; c++) bad |= isBad(load<f32>(p + ((<usize>c) << 2)));
    p += step;
  }
  return bad;
}

/** Float cells of 8, 4 or 1 channels; returns 1 if it met a NaN or infinity. */
function columnsOfFloats(
  start: usize,
  cell: usize,
  inner: i32,
  step: usize,
  width: i32,
  lanes: usize,
  positions: bool,
): i32 {
  const zero = f32x4.splat(0);
  let low0 = firstChannels(start, width);
  let low1 = lastChannels(start, width, zero);
  let high0 = low0;
  let high1 = low1;
  let argMin0 = zero;
  let argMin1 = zero;
  let argMax0 = zero;
  let argMax1 = zero;
  let total0 = zero;
  let total1 = zero;
  let p = start;
  for (let first = 0; first < inner; first += BLOCK) {
    const n = min(BLOCK, inner - first);
    let sum0 = zero;
    let sum1 = zero;
    for (let k = 0; k < n; k++) {
      const x0 = firstChannels(p, width);
      const x1 = lastChannels(p, width, zero);
      const lower0 = f32x4.lt(x0, low0);
      const lower1 = f32x4.lt(x1, low1);
      const higher0 = f32x4.gt(x0, high0);
      const higher1 = f32x4.gt(x1, high1);
      // New extremes become rare after the first few rows.
      if (v128.any_true(v128.or(v128.or(lower0, lower1), v128.or(higher0, higher1)))) {
        const row = f32x4.splat(<f32>(first + k));
        low0 = v128.bitselect(x0, low0, lower0);
        low1 = v128.bitselect(x1, low1, lower1);
        high0 = v128.bitselect(x0, high0, higher0);
        high1 = v128.bitselect(x1, high1, higher1);
        argMin0 = v128.bitselect(row, argMin0, lower0);
        argMin1 = v128.bitselect(row, argMin1, lower1);
        argMax0 = v128.bitselect(row, argMax0, higher0);
        argMax1 = v128.bitselect(row, argMax1, higher1);
      }
      sum0 = f32x4.add(sum0, x0);
      sum1 = f32x4.add(sum1, x1);
      p += step;
    }
    total0 = f32x4.add(total0, sum0);
    total1 = f32x4.add(total1, sum1);
  }
  const n = f32x4.splat(<f32>inner);
  const mean0 = f32x4.div(total0, n);
  const mean1 = f32x4.div(total1, n);
  let square0 = zero;
  let square1 = zero;
  p = start;
  for (let first = 0; first < inner; first += BLOCK) {
    const n = min(BLOCK, inner - first);
    let sum0 = zero;
    let sum1 = zero;
    for (let k = 0; k < n; k++) {
      const d0 = f32x4.sub(firstChannels(p, width), mean0);
      const d1 = f32x4.sub(lastChannels(p, width, zero), mean1);
      sum0 = f32x4.add(sum0, f32x4.mul(d0, d0));
      sum1 = f32x4.add(sum1, f32x4.mul(d1, d1));
      p += step;
    }
    square0 = f32x4.add(square0, sum0);
    square1 = f32x4.add(square1, sum1);
  }
  v128.store(lanes, f32x4.add(low0, zero));
  v128.store(lanes, f32x4.add(low1, zero), 16);
  v128.store(lanes, f32x4.add(high0, zero), 32);
  v128.store(lanes, f32x4.add(high1, zero), 48);
  v128.store(lanes, argMin0, 64);
  v128.store(lanes, argMin1, 80);
  v128.store(lanes, argMax0, 96);
  v128.store(lanes, argMax1, 112);
  v128.store(lanes, mean0, 128);
  v128.store(lanes, mean1, 144);
  v128.store(lanes, square0, 160);
  v128.store(lanes, square1, 176);
  for (let lane: usize = 0; lane < <usize>width; lane++) {
    const own = cell + (lane << 5);
    for (let field: usize = 0; field < 6; field++) {
      store<f32>(own + (field << 2), load<f32>(lanes + (field << 5) + (lane << 2)));
    }
    if (!positions) store<i64>(own, 0, 8);
    store<i64>(own, 0, 24);
  }
  // A NaN or infinity makes its mean one; so may an overflow of finite values, hence the second look.
  const sound0 = f32x4.eq(f32x4.sub(mean0, mean0), zero);
  const sound1 = f32x4.eq(f32x4.sub(mean1, mean1), zero);
  return i32x4.all_true(v128.and(sound0, sound1)) ? 0 : anyBad(start, inner, step, width);
}

/** {@link columnsOfFloats} for a thread's share of images and channels. */
export function floatCells(args: usize, thread: i32, threads: i32): void {
  const batch = int(args, norm_cells_batch);
  const inner = int(args, norm_cells_inner);
  const channels = int(args, norm_cells_channels);
  const size = <usize>inner * <usize>channels;
  const step = (<usize>channels) << 2;
  const octets = channels >> 3;
  // Channels beyond the octets: a group of four, then one by one.
  const quads = (channels >> 2) & 1;
  const groups = octets + quads + (channels & 3);
  const lanes = scratch() + <usize>thread * FLOAT_LANES_BYTES;
  const positions = int(args, norm_cells_positions) != 0;
  let bad = 0;
  const end = splitStart(batch * groups, thread + 1, threads, 1);
  for (let item = splitStart(batch * groups, thread, threads, 1); item < end; item++) {
    const image = item / groups;
    const group = item - image * groups;
    const width = group < octets ? 8 : group < octets + quads ? 4 : 1;
    const c = <usize>(width == 1 ? channels - groups + group : group << 3);
    const start = ptr(args, norm_cells_input) + ((<usize>image * size + c) << 2);
    const cell = ptr(args, norm_cells_cells) + ((<usize>image * <usize>channels + c) << 5);
    bad |= columnsOfFloats(start, cell, inner, step, width, lanes, positions);
  }
  setStatus(ptr(args, norm_cells_status), int(args, norm_cells_site), bad);
}
