/**
 * The thread's side of loading ahead of the step: it makes batches in order into buffers that the loop reads, never more of them
 * than there are buffers. Knows the data layer, not who trains; prefetch.ts is the other side.
 */

import { type Batch, BatchLoader, endlessBatches, type LoaderOptions } from './batches.js';
import type { Dataset } from './dataset.js';

/** Places of the shared words. */
export const words = {
  /** Batches made so far. */
  made: 0,
  /** Batches that the loop is done with. */
  taken: 1,
  /** 1 when the thread shall end. */
  stop: 2,
  /** 1 when it has ended by an error. */
  failed: 3,
  /** Bytes of the error's text, which follows the words: its name, a newline, its message. */
  textBytes: 4,
  count: 8,
} as const;

/** The most of an error's text that is kept. */
export const textLimit = 4096;

/** What a thread is born with: plain data, arrays in shared memory where they are not to be copied. */
export interface PrefetchStart {
  readonly dataset: Dataset;
  readonly options: LoaderOptions;
  /** Two batches, written to in turn. */
  readonly buffers: readonly Batch[];
  /** `words` and the text. */
  readonly control: SharedArrayBuffer;
  readonly epoch: number;
  /** First batch of that epoch. */
  readonly start: number;
}

/** Waits until a buffer is free. False when the thread shall end. */
function room(control: Int32Array, made: number, buffers: number): boolean {
  for (;;) {
    const taken = Atomics.load(control, words.taken);
    if (Atomics.load(control, words.stop) !== 0) return false;
    if (made - taken < buffers) return true;
    Atomics.wait(control, words.taken, taken);
  }
}

/** Makes batches until it is told to stop. An error is left where the loop finds it. */
export function serveBatches({ dataset, options, buffers, control, epoch, start }: PrefetchStart): void {
  const shared = new Int32Array(control, 0, words.count);
  try {
    const batches = endlessBatches(new BatchLoader(dataset, options, buffers), epoch, start);
    for (let made = 0; room(shared, made, buffers.length); ) {
      batches.next();
      made += 1;
      Atomics.store(shared, words.made, made);
      Atomics.notify(shared, words.made);
    }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    const text = new TextEncoder().encode(`${name}\n${message}`).subarray(0, textLimit);
    new Uint8Array(control, shared.byteLength, text.length).set(text);
    shared[words.textBytes] = text.length;
    Atomics.store(shared, words.failed, 1);
    Atomics.notify(shared, words.made);
  }
}
