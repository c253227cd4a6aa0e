/**
 * How a kernel reads its record: two words for each buffer (byte pointer, 0 if absent; storage code), one word for each
 * parameter. The offsets are in generated.ts. Also how work is split over threads.
 */

/** Storage codes: positions in `storages` of core/dtype.ts. */
export const FLOAT: i32 = 0;
export const INT8: i32 = 1;
export const UINT8: i32 = 2;
export const INT16: i32 = 3;
export const INT32: i32 = 4;

/** Byte pointer of a buffer, 0 if it is absent. */
// @ts-ignore: decorator
@inline
export function ptr(args: usize, offset: usize): usize {
  return <usize>load<u32>(args + offset);
}

/** Storage code of a buffer. */
// @ts-ignore: decorator
@inline
export function storageOf(args: usize, offset: usize): i32 {
  return load<i32>(args + offset, 4);
}

/** An int parameter. */
// @ts-ignore: decorator
@inline
export function int(args: usize, offset: usize): i32 {
  return load<i32>(args + offset);
}

/** A float parameter. */
// @ts-ignore: decorator
@inline
export function float(args: usize, offset: usize): f32 {
  return load<f32>(args + offset);
}

/** Bytes of one element. */
export function bytesOf(storage: i32): usize {
  return storage == FLOAT || storage == INT32 ? 4 : storage == INT16 ? 2 : 1;
}

/**
 * Where a thread's part of 0..count-1 begins; it ends where the next thread's begins. Parts begin at multiples of
 * `multiple` (use it to keep vectors, mask bytes or blocks whole).
 */
export function splitStart(count: i32, thread: i32, threads: i32, multiple: i32): i32 {
  const units = (<i64>count + multiple - 1) / multiple;
  const start = ((units * thread) / threads) * multiple;
  return start < <i64>count ? <i32>start : count;
}

/** a/b rounded up; a from 0. */
export function ceilDiv(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

/** Bytes up to the next cache line. */
export function roundUp64(bytes: usize): usize {
  return (bytes + 63) & ~63;
}
