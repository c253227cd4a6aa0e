/**
 * What a reference kernel is: a function of typed views and numbers. Also the few loops that several kernels share.
 * Knows nothing of memory, offsets and lists of calls.
 */
import type { NumericArray } from '../../core/dtype.js';
import type { CallOf, KernelName } from '../kernels.js';

/** What the backend's mode decides. */
export interface KernelContext {
  /** The f of kernels.ts: Math.fround, or nothing in float64 mode. */
  readonly round: (x: number) => number;
  /** For the innermost loops, where calling `round` would cost more than the sum. */
  readonly float64: boolean;
}

/** A kernel's buffers as typed views; those that may be absent are optional. */
export type ViewsOf<K extends KernelName> = {
  readonly [B in keyof CallOf<K>['buffers']]: NumericArray;
};

export type KernelFunction<K extends KernelName> = (
  buffers: ViewsOf<K>,
  params: CallOf<K>['params'],
  context: KernelContext,
) => void;

/** One function for every kernel: the compiler finds a missing one. */
export type KernelTable = { readonly [K in KernelName]: KernelFunction<K> };

/** Bit of `status` for a NaN or an infinity. */
export const STATUS_NON_FINITE = 1;
/** Bit of `status` for a label or index out of range. */
export const STATUS_BAD_INDEX = 2;

/** Terms of one block of a sum "in blocks". */
export const BLOCK = 128;

/** Numbers of a group in `qparams`: scale, inv, zeroPoint, offset. */
export const QPARAMS_STRIDE = 4;

/** Whether a view holds floats rather than codes. */
export function isFloat(view: NumericArray): boolean {
  return view instanceof Float32Array || view instanceof Float64Array;
}

/** Sum "in blocks" of `count` terms, the first at `start`, `stride` apart. */
export function sumInBlocks(
  terms: NumericArray,
  start: number,
  stride: number,
  count: number,
  f: (x: number) => number,
): number {
  let total = 0;
  for (let first = 0; first < count; first += BLOCK) {
    const last = Math.min(first + BLOCK, count);
    let sum = 0;
    for (let i = first; i < last; i++) sum = f(sum + terms[start + i * stride]);
    total = f(total + sum);
  }
  return total;
}

/** Writes an integer below 2^53 in size as int64, low word first, into two cells of an int32 view. */
export function storeInt64(cells: NumericArray, at: number, value: number): void {
  // Storing to int32 takes the value modulo 2^32.
  cells[at] = value;
  cells[at + 1] = Math.floor(value / 0x100000000);
}

/** Reads what {@link storeInt64} wrote. */
export function loadInt64(cells: NumericArray, at: number): number {
  return cells[at + 1] * 0x100000000 + (cells[at] >>> 0);
}
