/** How Range BN cuts a batch into chunks of whole images. Knows nothing of values. */

/** First image of chunk k; the last is the one before chunk k + 1. */
export function chunkStart(k: number, batch: number, chunks: number): number {
  return Math.floor((k * batch) / chunks);
}

/** The constant of a chunk of `size` images: chunks have two sizes at most, one image apart. */
export function chunkConstant(
  size: number,
  batch: number,
  chunks: number,
  constantLow: number,
  constantHigh: number,
): number {
  return size > Math.floor(batch / chunks) ? constantHigh : constantLow;
}
