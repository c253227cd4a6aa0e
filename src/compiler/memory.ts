/**
 * Memory: places buffers by lifetime. Two buffers may share bytes only if their lifetimes do not meet. Greedy by size
 * (largest first, lowest gap that fits), as in Pisarchyk & Lee, "Efficient memory management for deep neural net
 * inference" (2020). Knows sizes and lifetimes, nothing else.
 */

export const alignment = 16;

export function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

export interface Lifetime {
  readonly bytes: number;
  /** Index of the first call that writes it. */
  readonly first: number;
  /** Index of the last call that touches it. */
  readonly last: number;
}

/** Offsets for `buffers`, in their order, and the bytes from 0 to the end of the highest one. */
export function placeBuffers(
  buffers: readonly Lifetime[],
  reuse = true,
): { offsets: number[]; peak: number } {
  const offsets = new Array<number>(buffers.length).fill(0);
  let peak = 0;
  if (!reuse) {
    let end = 0;
    buffers.forEach((buffer, i) => {
      offsets[i] = align(end);
      end = offsets[i] + buffer.bytes;
    });
    return { offsets, peak: end };
  }
  const order = buffers.map((_, i) => i).sort((a, b) => buffers[b].bytes - buffers[a].bytes || a - b);
  const placed: number[] = [];
  for (const i of order) {
    const buffer = buffers[i];
    let offset = 0;
    // `placed` is kept in order of offset, so one sweep finds the lowest gap.
    for (const j of placed) {
      const other = buffers[j];
      if (other.last < buffer.first || other.first > buffer.last) continue;
      if (offset + buffer.bytes <= offsets[j]) break;
      offset = Math.max(offset, align(offsets[j] + other.bytes));
    }
    offsets[i] = offset;
    peak = Math.max(peak, offset + buffer.bytes);
    let at = placed.findIndex((j) => offsets[j] > offset);
    if (at < 0) at = placed.length;
    placed.splice(at, 0, i);
  }
  return { offsets, peak };
}
