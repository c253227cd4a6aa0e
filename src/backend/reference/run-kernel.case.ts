/** For tests: runs one kernel of the reference backend on plain arrays. */
import { bytesOf, type NumericArray, type Storage } from '../../core/dtype.js';
import { RandomStream } from '../../core/rng.js';
import type { BufferRef, CallOf, KernelCall, KernelName } from '../kernels.js';
import { createReferenceBackend } from './index.js';

/** Lists of numbers are floats; typed arrays keep their storage. */
export type Operand = readonly number[] | NumericArray;

type Operands<K extends KernelName> = {
  readonly [B in keyof CallOf<K>['buffers']]: Operand;
};

function storageOf(operand: Operand): Storage {
  if (operand instanceof Int8Array) return 'int8';
  if (operand instanceof Uint8Array) return 'uint8';
  if (operand instanceof Int16Array) return 'int16';
  if (operand instanceof Int32Array) return 'int32';
  return 'float';
}

/** Runs a kernel and gives copies of all its buffers as they then are. */
export function runKernel<K extends KernelName>(
  kernel: K,
  operands: Operands<K>,
  params: CallOf<K>['params'],
  float64 = false,
): { readonly [B in keyof CallOf<K>['buffers']]-?: NumericArray } {
  const backend = createReferenceBackend({ float64 });
  const given = Object.entries(operands as Record<string, Operand | undefined>);
  const refs: Record<string, BufferRef> = {};
  let end = 0;
  for (const [name, operand] of given) {
    if (!operand) continue;
    const storage = storageOf(operand);
    refs[name] = { offset: end, length: operand.length, storage };
    end = Math.ceil((end + operand.length * bytesOf(storage, backend.floatBytes)) / 16) * 16;
  }
  backend.reserve(end);
  for (const [name, operand] of given) if (operand) backend.view(refs[name]).set(operand);
  backend.compile([{ kernel, buffers: refs, params } as unknown as KernelCall]).run();
  const results = Object.entries(refs).map(([name, ref]) => [name, backend.view(ref).slice()]);
  return Object.fromEntries(results) as { [B in keyof CallOf<K>['buffers']]-?: NumericArray };
}

/** `count` zeros. */
export const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** `count` uniform numbers in [-1, 1). */
export function uniforms(count: number, seed: number): number[] {
  const stream = new RandomStream(seed);
  return Array.from({ length: count }, () => 2 * stream.uniform() - 1);
}

/** Whole numbers from `low` to `high`, both included. */
export function integers(count: number, low: number, high: number, seed: number): number[] {
  const stream = new RandomStream(seed);
  return Array.from({ length: count }, () => low + stream.below(high - low + 1));
}

/** Sum of products of two lists. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
