/**
 * What a conformance case is: one call of one kernel with the content of its buffers, as data. Knows nothing of
 * backends or of how outputs are compared.
 */
import type { NumericArray, Storage } from '../../core/dtype.js';
import { type CallOf, type KernelName, type KernelSpec, kernelSpecs } from '../kernels.js';

export interface CaseBuffer {
  readonly storage: Storage;
  readonly length: number;
  /** Content before the call; a buffer without is filled with a pattern. */
  readonly data?: NumericArray;
  /** Elements that the contract leaves unspecified: they are not compared. */
  readonly unspecified?: readonly number[] | 'all';
}

export interface KernelCase {
  readonly kernel: KernelName;
  readonly title: string;
  readonly buffers: Readonly<Record<string, CaseBuffer>>;
  readonly params: Readonly<Record<string, number>>;
}

type CaseBuffers<K extends KernelName> = {
  readonly [B in keyof CallOf<K>['buffers']]:
    | CaseBuffer
    | (undefined extends CallOf<K>['buffers'][B] ? undefined : never);
};

/** Makes a case; the compiler checks the names of buffers and parameters against the kernel's spec. */
export function kernelCase<K extends KernelName>(
  kernel: K,
  title: string,
  buffers: CaseBuffers<K>,
  params: CallOf<K>['params'],
): KernelCase {
  const named = buffers as Readonly<Record<string, CaseBuffer | undefined>>;
  const present = Object.entries(named).filter(
    (entry): entry is [string, CaseBuffer] => entry[1] !== undefined,
  );
  return { kernel, title, buffers: Object.fromEntries(present), params };
}

/** Whether a kernel writes the buffer of this name. */
export function isWritten(kernel: KernelName, buffer: string): boolean {
  const spec: KernelSpec = kernelSpecs[kernel];
  return spec.buffers[buffer].includes('out');
}

/** An input (or the content of a buffer used in place) with these numbers. */
export function data(storage: Storage, values: ArrayLike<number>): CaseBuffer {
  return { storage, length: values.length, data: typedArray(storage, values) };
}

/** A float input. */
export const floats = (values: ArrayLike<number>): CaseBuffer => data('float', values);

/** An int32 input. */
export const ints = (values: ArrayLike<number>): CaseBuffer => data('int32', values);

/** An output of this many elements. */
export function out(
  storage: Storage,
  length: number,
  marks: Pick<CaseBuffer, 'unspecified'> = {},
): CaseBuffer {
  return { storage, length, ...marks };
}

/** Bytes of a mask of `count` bits. */
export const maskBytes = (count: number): number => Math.ceil(count / 8);

export function typedArray(storage: Storage, values: ArrayLike<number>): NumericArray {
  switch (storage) {
    case 'float':
      return Float32Array.from(values);
    case 'int8':
      return Int8Array.from(values);
    case 'uint8':
      return Uint8Array.from(values);
    case 'int16':
      return Int16Array.from(values);
    case 'int32':
      return Int32Array.from(values);
  }
}
