/**
 * ReLU and leaky ReLU with their bit masks, forward and backward. Threads begin at multiples of 16 elements, so no two
 * write the same byte of a mask.
 */
import { float, int, ptr, splitStart } from './args';
import {
  leaky_relu_count,
  leaky_relu_grad_count,
  leaky_relu_grad_gradOutput,
  leaky_relu_grad_mask,
  leaky_relu_grad_output,
  leaky_relu_grad_slope,
  leaky_relu_input,
  leaky_relu_mask,
  leaky_relu_output,
  leaky_relu_slope,
  relu_count,
  relu_grad_addend,
  relu_grad_cellRows,
  relu_grad_cells,
  relu_grad_count,
  relu_grad_gradOutput,
  relu_grad_mask,
  relu_grad_output,
  relu_grad_site,
  relu_grad_status,
  relu_input,
  relu_mask,
  relu_output,
} from './generated';
import { setStatus, startCells, widenRows } from './range';
import { barrier } from './threads';
import { bits16, bitVector, keepLanes } from './vectors';

/** Elements between two looks at the range: they lie in the first cache. */
const RANGE_BLOCK: i32 = 4096;

/** Four elements forward. Leaky: x > 0 ? x : slope * x; else x < 0 ? 0 : x. */
// @ts-ignore: decorator
@inline
function forward4(leaky: bool, x: v128, positive: v128, slopes: v128): v128 {
  if (leaky) return v128.bitselect(x, f32x4.mul(slopes, x), positive);
  return v128.andnot(x, f32x4.lt(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function forward(leaky: bool, input: usize, output: usize, mask: usize, start: i32, end: i32, slope: f32): void {
  const slopes = f32x4.splat(slope);
  const zero = f32x4.splat(0);
  let i = start;
  for (; i + 16 <= end; i += 16) {
    const from = input + (<usize>i << 2);
    const to = output + (<usize>i << 2);
    const x0 = v128.load(from);
    const x1 = v128.load(from, 16);
    const x2 = v128.load(from, 32);
    const x3 = v128.load(from, 48);
    const p0 = f32x4.gt(x0, zero);
    const p1 = f32x4.gt(x1, zero);
    const p2 = f32x4.gt(x2, zero);
    const p3 = f32x4.gt(x3, zero);
    v128.store(to, forward4(leaky, x0, p0, slopes));
    v128.store(to, forward4(leaky, x1, p1, slopes), 16);
    v128.store(to, forward4(leaky, x2, p2, slopes), 32);
    v128.store(to, forward4(leaky, x3, p3, slopes), 48);
    if (mask != 0) store<u16>(mask + (<usize>i >> 3), bits16(p0, p1, p2, p3));
  }
  let bits = 0;
  for (; i < end; i++) {
    const at = <usize>i << 2;
    const x = load<f32>(input + at);
    if (leaky) store<f32>(output + at, x > 0 ? x : slope * x);
    else store<f32>(output + at, x < 0 ? <f32>0 : x);
    bits |= <i32>(x > 0) << (i & 7);
    if ((i & 7) == 7 || i + 1 == end) {
      if (mask != 0) store<u8>(mask + (<usize>i >> 3), bits);
      bits = 0;
    }
  }
}

/** Four elements backward: lanes whose bit is set keep g, the others get 0 or slope * g. */
// @ts-ignore: decorator
@inline
function backward4(leaky: bool, g: v128, word: v128, bits: v128, slopes: v128): v128 {
  if (!leaky) return keepLanes(g, word, bits);
  return v128.bitselect(g, f32x4.mul(slopes, g), i32x4.eq(v128.and(word, bits), bits));
}

/** Four gradients, or sums of two. */
// @ts-ignore: decorator
@inline
function gradient4(adds: bool, from: usize, plus: usize, at: usize): v128 {
  const g = v128.load(from + at);
  return adds ? f32x4.add(g, v128.load(plus + at)) : g;
}

// @ts-ignore: decorator
@inline
function backward(
  leaky: bool,
  adds: bool,
  grad: usize,
  addend: usize,
  mask: usize,
  output: usize,
  start: i32,
  end: i32,
  slope: f32,
): void {
  const slopes = f32x4.splat(slope);
  const bits0 = bitVector(0);
  const bits1 = bitVector(1);
  const bits2 = bitVector(2);
  const bits3 = bitVector(3);
  let i = start;
  for (; i + 16 <= end; i += 16) {
    const from = grad + (<usize>i << 2);
    const plus = addend + (<usize>i << 2);
    const to = output + (<usize>i << 2);
    const word = i32x4.splat(<i32>load<u16>(mask + (<usize>i >> 3)));
    v128.store(to, backward4(leaky, gradient4(adds, from, plus, 0), word, bits0, slopes));
    v128.store(to, backward4(leaky, gradient4(adds, from, plus, 16), word, bits1, slopes), 16);
    v128.store(to, backward4(leaky, gradient4(adds, from, plus, 32), word, bits2, slopes), 32);
    v128.store(to, backward4(leaky, gradient4(adds, from, plus, 48), word, bits3, slopes), 48);
  }
  for (; i < end; i++) {
    const at = <usize>i << 2;
    const g = adds ? load<f32>(grad + at) + load<f32>(addend + at) : load<f32>(grad + at);
    const kept = (<i32>load<u8>(mask + (<usize>i >> 3)) >> (i & 7)) & 1;
    store<f32>(output + at, kept ? g : leaky ? slope * g : <f32>0);
  }
}

export function relu(args: usize, thread: i32, threads: i32): void {
  const count = int(args, relu_count);
  const start = splitStart(count, thread, threads, 16);
  const end = splitStart(count, thread + 1, threads, 16);
  forward(false, ptr(args, relu_input), ptr(args, relu_output), ptr(args, relu_mask), start, end, 0);
}

export function relu_grad(args: usize, thread: i32, threads: i32): void {
  const count = int(args, relu_grad_count);
  const end = splitStart(count, thread + 1, threads, 16);
  const grad = ptr(args, relu_grad_gradOutput);
  const addend = ptr(args, relu_grad_addend);
  const mask = ptr(args, relu_grad_mask);
  const output = ptr(args, relu_grad_output);
  const cells = ptr(args, relu_grad_cells);
  const rows = int(args, relu_grad_cellRows);
  if (cells != 0) {
    startCells(cells, rows, thread);
    barrier();
  }
  let bad = 0;
  for (let first = splitStart(count, thread, threads, 16); first < end; first += RANGE_BLOCK) {
    const stop = min(end, first + RANGE_BLOCK);
    if (addend != 0) backward(false, true, grad, addend, mask, output, first, stop, 0);
    else backward(false, false, grad, 0, mask, output, first, stop, 0);
    if (cells != 0) bad |= widenRows(output, first, stop, count / rows, cells);
  }
  if (cells != 0) setStatus(ptr(args, relu_grad_status), int(args, relu_grad_site), bad);
}

export function leaky_relu(args: usize, thread: i32, threads: i32): void {
  const count = int(args, leaky_relu_count);
  const start = splitStart(count, thread, threads, 16);
  const end = splitStart(count, thread + 1, threads, 16);
  const slope = float(args, leaky_relu_slope);
  const mask = ptr(args, leaky_relu_mask);
  forward(true, ptr(args, leaky_relu_input), ptr(args, leaky_relu_output), mask, start, end, slope);
}

export function leaky_relu_grad(args: usize, thread: i32, threads: i32): void {
  const count = int(args, leaky_relu_grad_count);
  const start = splitStart(count, thread, threads, 16);
  const end = splitStart(count, thread + 1, threads, 16);
  const slope = float(args, leaky_relu_grad_slope);
  const grad = ptr(args, leaky_relu_grad_gradOutput);
  const mask = ptr(args, leaky_relu_grad_mask);
  backward(true, false, grad, 0, mask, ptr(args, leaky_relu_grad_output), start, end, slope);
}
