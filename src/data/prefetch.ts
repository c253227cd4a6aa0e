/**
 * Where a training loop gets its batches: made in line, when they are asked for, or ahead of it by a thread of its own, into two
 * buffers in shared memory that change hands by Atomics. The same batches either way, bit for bit. Knows no sessions.
 */

import { DataError, UsageError } from '../core/errors.js';
import {
  type Batch,
  BatchLoader,
  endlessBatches,
  firstOf,
  type LoaderOptions,
  makeBatch,
} from './batches.js';
import type { Dataset } from './dataset.js';
import { type PrefetchStart, textLimit, words } from './prefetch-serve.js';
import { isShared } from './shared.js';

/** A running thread. */
export interface PrefetchThread {
  /** Why it is no more, if it ended without being told to. */
  readonly failure?: Error;
  /** Resolves when it is gone; it has been told to leave, and is terminated otherwise. */
  stop(): Promise<void>;
}

/** What loading ahead needs of its surroundings; prefetch.node.ts and prefetch.browser.ts provide it. */
export interface PrefetchPlatform {
  readonly cores: number;
  /** Whether the calling thread may sleep in Atomics.wait (a browser's page may not). */
  readonly mayBlock: boolean;
  /** Resolves when the thread runs, rejects when it cannot be had. */
  startThread(start: PrefetchStart): Promise<PrefetchThread>;
}

/** The batches of epoch after epoch, without an end. */
export interface BatchStream {
  /** Whether a thread makes them ahead. */
  readonly ahead: boolean;
  /** The next batch; the one before is overwritten from now on. */
  next(): Batch | Promise<Batch>;
  /** Ends the thread and lets its memory go. */
  close(): Promise<void>;
}

/** Options of {@link openStream}. */
export interface StreamOptions extends LoaderOptions {
  /** First epoch, 0 by default. */
  readonly epoch?: number;
  /** First batch of that epoch, 0 by default. */
  readonly start?: number;
  /** Make batches ahead, in line, or (default) ahead where that pays. */
  readonly prefetch?: boolean | 'auto';
  /** Threads that compute; `auto` looks for a core that they leave free. */
  readonly threads: number;
  /** Batches that will be asked for: a thread is not worth it for few. */
  readonly batches: number;
  /** Surroundings other than those of this process, for tests. */
  readonly platform?: PrefetchPlatform;
}

/** Below so many bytes of inputs a run is over before a thread's start has paid: they are made in line in some 50 ms. */
const worthBytes = 2 ** 26;
/** So long the loop waits for a batch at a time before it looks whether the thread still lives. */
const waitMilliseconds = 10;

const aheadClasses = { DataError, UsageError, TypeError, RangeError };

async function loadPlatform(): Promise<PrefetchPlatform> {
  const node = typeof process !== 'undefined' && process.versions?.node !== undefined;
  const module = node ? await import('./prefetch.node.js') : await import('./prefetch.browser.js');
  return module.platform;
}

/**
 * Opens the batches of `dataset`. Where there is no shared memory they are made in line, whatever was asked for.
 * @throws UsageError for options that cannot be used, or when `prefetch` is true and no thread can be started.
 */
export async function openStream(dataset: Dataset, options: StreamOptions): Promise<BatchStream> {
  const { epoch = 0, start = 0, prefetch = 'auto', threads, batches, platform: given, ...loading } = options;
  const loader = new BatchLoader(dataset, loading);
  const inLine = (): BatchStream => {
    const made = endlessBatches(loader, epoch, start);
    return { ahead: false, next: () => made.next().value, close: async () => {} };
  };
  if (prefetch === false || typeof SharedArrayBuffer === 'undefined') return inLine();
  const platform = given ?? (await loadPlatform());
  if (prefetch === 'auto') {
    const { inputs, count } = dataset;
    const bytes = (inputs.byteLength / count) * loader.batchSize * batches;
    if (!isShared(inputs) || platform.cores <= threads || bytes < worthBytes) return inLine();
  }
  const control = new SharedArrayBuffer(words.count * 4 + textLimit);
  const buffers = [0, 1].map(() => makeBatch(dataset, loader.batchSize, SharedArrayBuffer));
  try {
    const thread = await platform.startThread({
      dataset: movable(dataset),
      options: loading,
      buffers,
      control,
      epoch,
      start,
    });
    return new AheadStream(loader, buffers, new Int32Array(control, 0, words.count), platform, thread, start);
  } catch (error) {
    if (prefetch === 'auto') return inLine();
    throw new UsageError(
      `prefetch: the loader's thread cannot be started here (${(error as Error).message}); leave prefetch out`,
    );
  }
}

/** What a loader reads of a data set. An array that is a small part of unshared memory would take all of that along. */
function movable(dataset: Dataset): Dataset {
  const own = <A extends NonNullable<Dataset['inputs' | 'targets']>>(array: A): A =>
    isShared(array) || array.byteLength === array.buffer.byteLength ? array : (array.slice() as A);
  const { name, count, inputShape, inputs, labels, labelsPerSample, targets, windows, normalization } =
    dataset;
  return {
    name,
    count,
    inputShape,
    inputs: own(inputs),
    labels: own(labels),
    labelsPerSample,
    classes: [],
    ...(targets ? { targets: own(targets) } : {}),
    ...(windows ? { windows: { stream: own(windows.stream), starts: own(windows.starts) } } : {}),
    ...(normalization ? { normalization } : {}),
  };
}

class AheadStream implements BatchStream {
  readonly ahead = true;
  /** Batches handed out. */
  private count = 0;
  /** Place in its epoch of the next batch. */
  private place: number;
  private closed: Promise<void> | undefined;
  private readonly ragged: readonly Batch[];

  constructor(
    private readonly loader: BatchLoader,
    private readonly buffers: readonly Batch[],
    private readonly control: Int32Array,
    private readonly platform: PrefetchPlatform,
    private readonly thread: PrefetchThread,
    start: number,
  ) {
    // Past the last batch the next epoch begins.
    this.place = start % loader.batchesPerEpoch;
    const last = loader.sizeOfBatch(loader.batchesPerEpoch - 1);
    this.ragged = buffers.map((batch) => (last < batch.size ? firstOf(batch, last) : batch));
  }

  next(): Batch | Promise<Batch> {
    const { control, count } = this;
    if (this.closed) throw new UsageError('this stream of batches was closed; open another');
    Atomics.store(control, words.taken, count);
    Atomics.notify(control, words.taken);
    this.count += 1;
    return Atomics.load(control, words.made) > count ? this.handOut() : this.wait();
  }

  private handOut(): Batch {
    const last = this.place === this.loader.batchesPerEpoch - 1;
    this.place = last ? 0 : this.place + 1;
    return (last ? this.ragged : this.buffers)[(this.count - 1) % this.buffers.length];
  }

  /** Waits for the thread, and gives the event loop turns, by which news of a thread that was killed come. */
  private async wait(): Promise<Batch> {
    const { control, platform, thread } = this;
    for (;;) {
      const made = Atomics.load(control, words.made);
      if (made >= this.count) return this.handOut();
      if (Atomics.load(control, words.failed) !== 0) throw this.error();
      if (thread.failure) {
        throw new UsageError(
          `prefetch: the loader's thread is gone (${thread.failure.message}); try with prefetch: false`,
        );
      }
      if (this.closed) throw new UsageError('this stream of batches was closed while it was waited for');
      if (platform.mayBlock) {
        if (Atomics.wait(control, words.made, made, waitMilliseconds) !== 'timed-out') continue;
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  private error(): Error {
    const bytes = this.control[words.textBytes];
    // A decoder refuses shared memory.
    const text = new Uint8Array(this.control.buffer, this.control.byteLength, bytes).slice();
    const [name, ...message] = new TextDecoder().decode(text).split('\n');
    const Class = (aheadClasses as Record<string, new (message: string) => Error>)[name] ?? Error;
    return new Class(message.join('\n'));
  }

  close(): Promise<void> {
    const { control } = this;
    this.closed ??= (async () => {
      Atomics.store(control, words.stop, 1);
      // Another value, so that the thread does not fall asleep on the old one.
      Atomics.add(control, words.taken, 1);
      Atomics.notify(control, words.taken);
      await this.thread.stop();
    })();
    return this.closed;
  }
}
