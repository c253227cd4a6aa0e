/**
 * copy_strided: any element size, contiguous runs moved whole. Threads share out the runs, or the bytes of the runs where
 * there are few.
 */
import { bytesOf, int, ptr, splitStart, storageOf } from './args';
import {
  copy_strided_inOffset,
  copy_strided_input,
  copy_strided_inStride0,
  copy_strided_outOffset,
  copy_strided_output,
  copy_strided_outStride0,
  copy_strided_rank,
  copy_strided_shape0,
} from './generated';

/** Extent of axis d; axes beyond the rank have extent 1. */
// @ts-ignore: decorator
@inline
function shapeOf(args: usize, d: i32): i32 {
  return d < int(args, copy_strided_rank) ? int(args, copy_strided_shape0 + (<usize>d << 2)) : 1;
}

// @ts-ignore: decorator
@inline
function inStrideOf(args: usize, d: i32): i32 {
  return int(args, copy_strided_inStride0 + (<usize>d << 2));
}

// @ts-ignore: decorator
@inline
function outStrideOf(args: usize, d: i32): i32 {
  return int(args, copy_strided_outStride0 + (<usize>d << 2));
}

/** Elements start .. end-1 of one strided axis. */
function copyElements<T>(from: usize, to: usize, inStep: usize, outStep: usize, start: i32, end: i32): void {
  let p = from + <usize>start * inStep;
  let q = to + <usize>start * outStep;
  for (let i = start; i < end; i++) {
    store<T>(q, load<T>(p));
    p += inStep;
    q += outStep;
  }
}

/** Runs start .. end-1 of one strided axis, `bytes` each. */
function copyRuns(
  from: usize,
  to: usize,
  inStep: usize,
  outStep: usize,
  start: i32,
  end: i32,
  bytes: usize,
): void {
  let p = from + <usize>start * inStep;
  let q = to + <usize>start * outStep;
  for (let i = start; i < end; i++) {
    if (bytes >= 512) memory.copy(q, p, bytes);
    else {
      let k: usize = 0;
      for (; k + 16 <= bytes; k += 16) v128.store(q + k, v128.load(p + k));
      for (; k < bytes; k++) store<u8>(q + k, load<u8>(p + k));
    }
    p += inStep;
    q += outStep;
  }
}

export function copy_strided(args: usize, thread: i32, threads: i32): void {
  const size = bytesOf(storageOf(args, copy_strided_input));
  const input = ptr(args, copy_strided_input) + <usize>int(args, copy_strided_inOffset) * size;
  const output = ptr(args, copy_strided_output) + <usize>int(args, copy_strided_outOffset) * size;

  // The innermost axes that are contiguous on both sides make one run.
  let run = 1;
  let axis = 5;
  for (; axis >= 0; axis--) {
    const extent = shapeOf(args, axis);
    if (extent == 0) return;
    if (extent != 1 && (inStrideOf(args, axis) != run || outStrideOf(args, axis) != run)) break;
    run *= extent;
  }
  // The next axis is the inner loop; those before it are counted through.
  let steps = 1;
  let inStep: usize = 0;
  let outStep: usize = 0;
  if (axis >= 0) {
    steps = shapeOf(args, axis);
    inStep = <usize>inStrideOf(args, axis) * size;
    outStep = <usize>outStrideOf(args, axis) * size;
  }
  let outer = 1;
  for (let d = 0; d < axis; d++) outer *= shapeOf(args, d);

  const units = outer * steps;
  const shareRuns = units >= 4 * threads;
  let first = 0;
  let last = units;
  let runStart = 0;
  let runEnd = run;
  if (shareRuns) {
    first = splitStart(units, thread, threads, 1);
    last = splitStart(units, thread + 1, threads, 1);
  } else {
    runStart = splitStart(run, thread, threads, 64);
    runEnd = splitStart(run, thread + 1, threads, 64);
  }
  const bytes = <usize>(runEnd - runStart) * size;
  if (bytes == 0) return;
  for (let unit = first; unit < last; ) {
    let rest = unit / steps;
    const start = unit - rest * steps;
    const end = min(steps, start + last - unit);
    let from = input + <usize>runStart * size;
    let to = output + <usize>runStart * size;
    for (let d = axis - 1; d >= 0; d--) {
      const extent = shapeOf(args, d);
      const next = rest / extent;
      const index = <usize>(rest - next * extent);
      from += index * <usize>inStrideOf(args, d) * size;
      to += index * <usize>outStrideOf(args, d) * size;
      rest = next;
    }
    if (bytes == 4) copyElements<u32>(from, to, inStep, outStep, start, end);
    else if (bytes == 1) copyElements<u8>(from, to, inStep, outStep, start, end);
    else if (bytes == 2) copyElements<u16>(from, to, inStep, outStep, start, end);
    else copyRuns(from, to, inStep, outStep, start, end, bytes);
    unit += end - start;
  }
}
