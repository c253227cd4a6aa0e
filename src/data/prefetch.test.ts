/** Batches made ahead by a thread are those made in line, and the thread ends whenever the loop does. */
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DataError, UsageError } from '../core/errors.js';
import { fromArrays, imageDataset } from './arrays.js';
import { cutout, flip, padCrop } from './augment.js';
import type { Batch } from './batches.js';
import { type Dataset, subset } from './dataset.js';
import {
  type BatchStream,
  openStream,
  type PrefetchPlatform,
  type PrefetchThread,
  type StreamOptions,
} from './prefetch.js';
import { platform as nodePlatform } from './prefetch.node.js';
import { type PrefetchStart, words } from './prefetch-serve.js';
import { inSharedMemory, isShared, sharedBytes } from './shared.js';
import { textSplit } from './text.js';

const bytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i + 7, 2654435761) >>> 24);

function images(count: number): Dataset {
  const labels = Array.from({ length: count }, (_, i) => i % 5);
  return imageDataset({ inputs: bytes(count * 108), inputShape: [6, 6, 3], labels });
}

/** Floats with targets, as parts of larger arrays. */
function regression(): Dataset {
  const inputs = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)).subarray(9, 108);
  const targets = Float32Array.from({ length: 90 }, (_, i) => Math.cos(i)).subarray(12, 78);
  return fromArrays({ inputs, inputShape: [3], targets });
}

const base = { threads: 1, batches: 100 };
const open: BatchStream[] = [];
async function openOne(dataset: Dataset, options: Partial<StreamOptions>): Promise<BatchStream> {
  const stream = await openStream(dataset, { batchSize: 10, ...base, ...options });
  open.push(stream);
  return stream;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
  vi.unstubAllGlobals();
});

const copyOf = ({ size, inputs, labels, targets, indices }: Batch): object => ({
  size,
  inputs: Array.from(inputs),
  labels: Array.from(labels),
  targets: targets && Array.from(targets),
  indices: Array.from(indices),
});

async function take(stream: BatchStream, count: number): Promise<object[]> {
  const taken: object[] = [];
  for (let i = 0; i < count; i++) taken.push(copyOf(await stream.next()));
  return taken;
}

describe('a thread makes the batches that are made in line', () => {
  const augment = [padCrop(2), flip(), cutout(3)];
  const text = textSplit('the quick brown fox jumps over the lazy dog, again and again. '.repeat(9), {
    context: 8,
  }).train;
  const cases: [string, Dataset, Partial<StreamOptions>][] = [
    ['of bytes, augmented, in another order each epoch', images(33), { seed: 5, augment }],
    ['without the one that is not full', images(33), { seed: 5, dropLast: true }],
    ['from the middle of an epoch on', images(33), { seed: 6, epoch: 3, start: 2, augment }],
    ['from the end of an epoch on', images(33), { epoch: 1, start: 4 }],
    ['in the order of the data set', images(33), { shuffle: false }],
    ['larger than the data set', images(7), {}],
    ['of floats and targets, parts of larger arrays', regression(), { seed: 2 }],
    ['of a text, its windows moved', text, { seed: 2 }],
  ];
  it.each(cases)('%s', async (_, dataset, options) => {
    const [ahead, inLine] = [
      await openOne(dataset, { ...options, prefetch: true }),
      await openOne(dataset, { ...options, prefetch: false }),
    ];
    expect([ahead.ahead, inLine.ahead]).toEqual([true, false]);
    // More than two epochs.
    expect(await take(ahead, 11)).toEqual(await take(inLine, 11));
  });

  it('and leaves the one that was handed out alone', async () => {
    const stream = await openOne(images(33), { prefetch: true, seed: 1 });
    await stream.next();
    const batch = await stream.next();
    const before = copyOf(batch);
    await setTimeout(40);
    expect(copyOf(batch)).toEqual(before);
    expect(copyOf(await stream.next())).not.toEqual(before);
  });
});

describe('errors', () => {
  it('of the thread have the class and the message that they have in line', async () => {
    for (const options of [{ epoch: 2 ** 32 }, { start: 5 }]) {
      const messages: string[] = [];
      for (const prefetch of [false, true]) {
        const stream = await openOne(images(33), { ...options, prefetch });
        const error = await (async () => stream.next())().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UsageError);
        messages.push((error as Error).message);
      }
      expect(messages[1]).toBe(messages[0]);
    }
  });

  it.each([
    ['DataError', DataError],
    ['RangeError', RangeError],
    ['Unheard', Error],
  ])('of the class %s are told from the others', async (name, Class) => {
    const { platform, startThread } = idle();
    const stream = await openOne(images(33), { prefetch: true, platform });
    const [{ control }] = startThread.mock.calls[0] as unknown as [PrefetchStart];
    const text = new TextEncoder().encode(`${name}\na message\nof two lines`);
    new Uint8Array(control, words.count * 4).set(text);
    const shared = new Int32Array(control, 0, words.count);
    shared[words.textBytes] = text.length;
    shared[words.failed] = 1;
    const error = await (async () => stream.next())().catch((reason: unknown) => reason);
    expect((error as Error).constructor).toBe(Class);
    expect((error as Error).message).toBe('a message\nof two lines');
  });

  it('come after the batches that were made before', async () => {
    // The last epoch there can be.
    const stream = await openOne(images(33), { epoch: 2 ** 32 - 1, prefetch: true });
    expect(await take(stream, 4)).toHaveLength(4);
    await expect((async () => stream.next())()).rejects.toThrow(/epoch must be/);
  });

  it('of options are found before a thread is started', async () => {
    const startThread = vi.fn();
    const platform = { cores: 8, mayBlock: true, startThread };
    await expect(openOne(images(9), { batchSize: 0, prefetch: true, platform })).rejects.toThrow(UsageError);
    expect(startThread).not.toHaveBeenCalled();
  });
});

/** A thread that makes nothing, and what its other end is told. */
function idle(options: { cores?: number; mayBlock?: boolean; failure?: string; refuse?: string } = {}) {
  const { cores = 2, mayBlock = true, refuse } = options;
  const thread: { failure?: Error; stop(): Promise<void> } = { stop: vi.fn(async () => {}) };
  if (options.failure) thread.failure = new Error(options.failure);
  const startThread = vi.fn(async (): Promise<PrefetchThread> => {
    if (refuse) throw new Error(refuse);
    return thread;
  });
  const platform: PrefetchPlatform = { cores, mayBlock, startThread };
  return { thread, platform, startThread };
}

describe('a thread', () => {
  it('that is killed is missed, not waited for', async () => {
    for (const mayBlock of [true, false]) {
      const { platform } = idle({ mayBlock, failure: 'out of memory' });
      const stream = await openOne(images(33), { prefetch: true, platform });
      await expect((async () => stream.next())()).rejects.toThrow(/thread is gone \(out of memory\)/);
    }
  });

  it('that cannot be started is an error where it was asked for, and done without elsewhere', async () => {
    const { platform, startThread } = idle({ refuse: 'no such file' });
    await expect(openOne(images(33), { prefetch: true, platform })).rejects.toThrow(
      /cannot be started here \(no such file\); leave prefetch out/,
    );
    const shared = { ...images(33), inputs: inSharedMemory(bytes(33 * 108)) };
    const stream = await openOne(shared, { batches: 1e6, platform });
    expect(startThread).toHaveBeenCalledTimes(2);
    expect(stream.ahead).toBe(false);
    expect((await stream.next()).size).toBe(10);
  });

  it('is gone when its stream is closed', async () => {
    let thread: PrefetchThread | undefined;
    const startThread: PrefetchPlatform['startThread'] = async (start) => {
      thread = await nodePlatform.startThread(start);
      return thread;
    };
    const stream = await openOne(images(33), { prefetch: true, platform: { ...nodePlatform, startThread } });
    await stream.next();
    expect(thread?.failure).toBeUndefined();
    await stream.close();
    expect(thread?.failure?.message).toBe('the thread ended');
  });

  it('is told once to end', async () => {
    const { platform, thread, startThread } = idle();
    const stream = await openOne(images(33), { prefetch: true, platform });
    await Promise.all([stream.close(), stream.close()]);
    expect(thread.stop).toHaveBeenCalledTimes(1);
    const [{ control }] = startThread.mock.calls[0] as unknown as [PrefetchStart];
    expect(new Int32Array(control)[words.stop]).toBe(1);
    expect(() => stream.next()).toThrow(/was closed/);
  });

  it('that is closed while a batch is waited for ends the wait', async () => {
    const { platform } = idle({ mayBlock: false });
    const stream = await openOne(images(33), { prefetch: true, platform });
    const waiting = expect(stream.next()).rejects.toThrow(/was closed/);
    await stream.close();
    await waiting;
  });
});

describe('auto', () => {
  const shared: Dataset = { ...images(33), inputs: inSharedMemory(bytes(33 * 108)) };
  const started = async (dataset: Dataset, options: Partial<StreamOptions>, cores = 2): Promise<boolean> => {
    const { platform, startThread } = idle({ cores });
    const { ahead } = await openOne(dataset, { batches: 1e6, platform, ...options });
    expect(startThread).toHaveBeenCalledTimes(ahead ? 1 : 0);
    return ahead;
  };

  it('takes a core that no thread of the kernels needs', async () => {
    expect(await started(shared, { threads: 1 })).toBe(true);
    expect(await started(shared, { threads: 2 })).toBe(false);
    expect(await started(shared, { threads: 2 }, 3)).toBe(true);
  });

  it('copies no inputs, and starts no thread for a short run', async () => {
    expect(await started(images(33), { threads: 1 })).toBe(false);
    expect(await started(shared, { threads: 1, batches: 1000 })).toBe(false);
  });

  it('is in line without shared memory, as is all else', async () => {
    const { platform } = idle();
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(isShared(sharedBytes(4))).toBe(false);
    const own = bytes(8);
    expect(inSharedMemory(own)).toBe(own);
    for (const prefetch of [true, 'auto'] as const) {
      expect((await openOne(images(33), { prefetch, batches: 1e6, platform })).ahead).toBe(false);
    }
  });
});

describe('shared memory', () => {
  it('is kept by subset', () => {
    const shared: Dataset = { ...images(33), inputs: inSharedMemory(bytes(33 * 108)) };
    expect(isShared(shared.inputs)).toBe(true);
    const part = subset(shared, [3, 8]);
    expect(isShared(part.inputs)).toBe(true);
    expect(Array.from(part.inputs)).toEqual([
      ...bytes(33 * 108).subarray(3 * 108, 4 * 108),
      ...bytes(33 * 108).subarray(8 * 108, 9 * 108),
    ]);
    expect(isShared(subset(images(33), 2).inputs)).toBe(false);
  });

  it('takes bytes without a second copy of those that are there', () => {
    const there = inSharedMemory(bytes(8));
    expect(inSharedMemory(there)).toBe(there);
    expect(Array.from(there)).toEqual(Array.from(bytes(8)));
    expect(() => fromArrays({ inputs: there, inputShape: [3], labels: [0] })).toThrow(DataError);
  });
});
