/**
 * reduce_sum: the sums of blocks of 128 terms go to scratch, shared out over the threads, and are then added in order.
 */
import { float, int, ptr, splitStart } from './args';
import {
  reduce_sum_axis,
  reduce_sum_inner,
  reduce_sum_input,
  reduce_sum_outer,
  reduce_sum_output,
  reduce_sum_scale,
} from './generated';
import { barrier, scratch } from './threads';

const BLOCK: i32 = 128;

/** Bytes of block sums. */
export function reduce_sum_scratch(args: usize, threads: i32): usize {
  const blocks = (int(args, reduce_sum_axis) + BLOCK - 1) / BLOCK;
  return <usize>int(args, reduce_sum_outer) * <usize>blocks * <usize>int(args, reduce_sum_inner) * 4;
}

/** to[c] = sum in order over n rows `step` bytes apart of from[row][c], for c below `columns`. */
function sumRows(from: usize, to: usize, n: i32, columns: i32, step: usize): void {
  let c = 0;
  for (; c + 16 <= columns; c += 16) {
    let p = from + ((<usize>c) << 2);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let k = 0; k < n; k++) {
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
      p += step;
    }
    const q = to + ((<usize>c) << 2);
    v128.store(q, s0);
    v128.store(q, s1, 16);
    v128.store(q, s2, 32);
    v128.store(q, s3, 48);
  }
  for (; c + 4 <= columns; c += 4) {
    let p = from + ((<usize>c) << 2);
    let sum = f32x4.splat(0);
    for (let k = 0; k < n; k++) {
      sum = f32x4.add(sum, v128.load(p));
      p += step;
    }
    v128.store(to + ((<usize>c) << 2), sum);
  }
  for (; c < columns; c++) {
    let p = from + ((<usize>c) << 2);
    let sum: f32 = 0;
    for (let k = 0; k < n; k++) {
      sum += load<f32>(p);
      p += step;
    }
    store<f32>(to + ((<usize>c) << 2), sum);
  }
}

/** Four sums at once, of n contiguous values each, `step` bytes apart: the chains of additions hide each other. */
function sumFourRuns(from: usize, to: usize, n: i32, step: usize): void {
  let s0: f32 = 0;
  let s1: f32 = 0;
  let s2: f32 = 0;
  let s3: f32 = 0;
  const p1 = from + step;
  const p2 = p1 + step;
  const p3 = p2 + step;
  const bytes = (<usize>n) << 2;
  for (let k: usize = 0; k < bytes; k += 4) {
    s0 += load<f32>(from + k);
    s1 += load<f32>(p1 + k);
    s2 += load<f32>(p2 + k);
    s3 += load<f32>(p3 + k);
  }
  store<f32>(to, s0);
  store<f32>(to, s1, 4);
  store<f32>(to, s2, 8);
  store<f32>(to, s3, 12);
}

/** Block sums of rows [outer] of contiguous values; unit = row * blocks + block. */
function contiguousBlocks(input: usize, sums: usize, axis: i32, blocks: i32, first: i32, last: i32): void {
  let unit = first;
  while (unit < last) {
    const row = unit / blocks;
    const block = unit - row * blocks;
    const from = input + ((<usize>row * <usize>axis + <usize>(block * BLOCK)) << 2);
    const to = sums + ((<usize>unit) << 2);
    if (blocks == 1 && unit + 4 <= last) {
      sumFourRuns(from, to, axis, (<usize>axis) << 2);
      unit += 4;
    } else if (block + 4 <= axis / BLOCK && unit + 4 <= last) {
      sumFourRuns(from, to, BLOCK, BLOCK << 2);
      unit += 4;
    } else {
      sumRows(from, to, min(BLOCK, axis - block * BLOCK), 1, 4);
      unit++;
    }
  }
}

export function reduce_sum(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, reduce_sum_input);
  const output = ptr(args, reduce_sum_output);
  const outer = int(args, reduce_sum_outer);
  const axis = int(args, reduce_sum_axis);
  const inner = int(args, reduce_sum_inner);
  const scale = float(args, reduce_sum_scale);
  const blocks = (axis + BLOCK - 1) / BLOCK;
  const sums = scratch();
  const first = splitStart(outer * blocks, thread, threads, 1);
  const last = splitStart(outer * blocks, thread + 1, threads, 1);
  if (inner == 1) contiguousBlocks(input, sums, axis, blocks, first, last);
  else {
    const step = (<usize>inner) << 2;
    for (let unit = first; unit < last; unit++) {
      const row = unit / blocks;
      const start = (unit - row * blocks) * BLOCK;
      const from = input + (<usize>row * <usize>axis + <usize>start) * step;
      sumRows(from, sums + <usize>unit * step, min(BLOCK, axis - start), inner, step);
    }
  }
  barrier();
  const end = splitStart(outer * inner, thread + 1, threads, 16);
  for (let i = splitStart(outer * inner, thread, threads, 16); i < end; i++) {
    const row = i / inner;
    const c = i - row * inner;
    let p = sums + ((<usize>row * <usize>blocks * <usize>inner + <usize>c) << 2);
    let total: f32 = 0;
    for (let block = 0; block < blocks; block++) {
      total += load<f32>(p);
      p += (<usize>inner) << 2;
    }
    store<f32>(output + ((<usize>i) << 2), scale * total);
  }
}
