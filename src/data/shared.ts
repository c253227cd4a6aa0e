/**
 * Memory that threads share, where there is any: a page has it only when it is cross-origin isolated. Samples that lie in it are
 * read by a loader's thread without a copy. Knows no data sets.
 */

/** Whether an array lies in shared memory. */
export function isShared({ buffer }: ArrayBufferView): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}

/** Zeros, in shared memory where there is any. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(
    typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length),
  );
}

/** The same bytes, copied into shared memory where there is any, unless they are there already. */
export function inSharedMemory(bytes: Uint8Array): Uint8Array {
  if (isShared(bytes) || typeof SharedArrayBuffer === 'undefined') return bytes;
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
