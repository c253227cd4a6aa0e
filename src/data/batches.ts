/**
 * Cuts a data set into batches in a seeded order. The order follows from (seed, epoch) alone, so a run can resume at any
 * batch of any epoch. One batch object and its buffers serve every step: copy what must outlive the next one.
 * Knows no graphs: the session writes a batch into the plan's input.
 */

import { UsageError } from '../core/errors.js';
import { hashText, RandomStream } from '../core/rng.js';
import { sizeOf } from '../core/shape.js';
import { type Augmentation, Augmenter, checkAugmentations } from './augment.js';
import { type Dataset, normalizationOf, type SampleArray, viewLike } from './dataset.js';

/** Options of {@link BatchLoader}. */
export interface LoaderOptions {
  /** Samples in a batch; more than the data set holds gives one batch of all. */
  readonly batchSize: number;
  /** Non-negative safe integer, 0 by default. */
  readonly seed?: number;
  /** A new order in every epoch (default true); false keeps the data set's own. */
  readonly shuffle?: boolean;
  /** Leaves out a last batch that is not full (default false). */
  readonly dropLast?: boolean;
  /** Applied in this order; needs byte images. */
  readonly augment?: readonly Augmentation[];
}

/** One batch. The arrays are reused by the next one. */
export interface Batch {
  /** Number of samples, `batchSize` but for a ragged last batch. */
  readonly size: number;
  /** size * sizeOf(inputShape) values; bytes stay bytes. */
  readonly inputs: SampleArray;
  /** size * labelsPerSample class indices. */
  readonly labels: Int32Array;
  /** size * sizeOf(targetShape) values, for a data set with targets. */
  readonly targets?: Float32Array;
  /** Number of each sample in the data set. */
  readonly indices: Uint32Array;
}

/** Makes the batches of any epoch of one data set. */
export class BatchLoader {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  readonly augment: readonly Augmentation[];
  private readonly seed: number;
  private readonly shuffle: boolean;
  /** Full batches that are written to in turn, and the first samples of each for a ragged one. */
  private readonly full: readonly Batch[];
  private readonly ragged: readonly Batch[];
  private served = 0;
  private readonly augmenter: Augmenter | undefined;

  /**
   * @param buffers batches of batchSize samples to write to in turn; without them the loader has one of its own.
   * @throws UsageError for options that cannot be used.
   */
  constructor(
    readonly dataset: Dataset,
    options: LoaderOptions,
    buffers?: readonly Batch[],
  ) {
    const { batchSize, seed = 0, shuffle = true, dropLast = false, augment = [] } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new UsageError(`batchSize must be a positive integer, got ${batchSize}`);
    }
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new UsageError(`seed must be a non-negative integer below 2**53, got ${seed}`);
    }
    if (dropLast && batchSize > dataset.count) {
      throw new UsageError(
        `batchSize ${batchSize} is more than the ${dataset.count} samples of "${dataset.name}", so dropLast leaves no batch`,
      );
    }
    const { inputs, inputShape, count } = dataset;
    this.batchSize = Math.min(batchSize, count);
    this.seed = seed;
    this.shuffle = shuffle;
    const rest = count % this.batchSize;
    this.batchesPerEpoch = Math.floor(count / this.batchSize) + (rest > 0 && !dropLast ? 1 : 0);
    this.augment = checkAugmentations(augment, inputShape);
    if (this.augment.length > 0) {
      if (!(inputs instanceof Uint8Array)) {
        throw new UsageError(
          `augmentation needs byte images; the inputs of "${dataset.name}" are ${inputs instanceof Int32Array ? 'whole numbers' : 'floats'}`,
        );
      }
      const { mean } = dataset.normalization ?? normalizationOf(inputs, inputShape[2]);
      this.augmenter = new Augmenter(
        this.augment,
        inputShape,
        Uint8Array.from(mean, (value) => Math.round(value * 255)),
      );
    }
    this.full = buffers ?? [makeBatch(dataset, this.batchSize)];
    this.ragged = rest > 0 && !dropLast ? this.full.map((batch) => firstOf(batch, rest)) : [];
  }

  /** The samples in the order of one epoch. */
  order(epoch: number): Uint32Array {
    if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffffffff) {
      throw new UsageError(`epoch must be a non-negative integer, got ${epoch}`);
    }
    if (!this.shuffle) return Uint32Array.from({ length: this.dataset.count }, (_, index) => index);
    return new RandomStream(this.seed, hashText('shuffle'), epoch).permutation(this.dataset.count);
  }

  /**
   * Where the windows of a text begin in one epoch: each moved on by a random distance below its length, where the text goes on so far.
   * So an epoch sees about all of the text once, cut at other places than the last.
   */
  private shiftedStarts(epoch: number): Int32Array | undefined {
    const { windows, inputShape } = this.dataset;
    if (!windows) return undefined;
    const { stream, starts } = windows;
    const size = sizeOf(inputShape);
    const random = new RandomStream(this.seed, hashText('windows'), epoch);
    // A window's last label is one place behind it.
    return starts.map((start) => Math.min(start + random.below(size), stream.length - size - 1));
  }

  /** Samples of batch `number` of an epoch. */
  sizeOfBatch(number: number): number {
    return Math.min(this.batchSize, this.dataset.count - number * this.batchSize);
  }

  /** The batches of one epoch, from batch `start` on. A loader serves one epoch at a time: its buffers are shared. */
  *epoch(epoch = 0, start = 0): Generator<Batch, void, undefined> {
    const order = this.order(epoch);
    if (!Number.isInteger(start) || start < 0 || start > this.batchesPerEpoch) {
      throw new UsageError(
        `an epoch has batches 0 to ${this.batchesPerEpoch - 1}, it cannot start at ${start}`,
      );
    }
    const key = Augmenter.key(this.seed, epoch);
    const { inputs, labels, labelsPerSample, targets, count, windows } = this.dataset;
    const size = sizeOf(this.dataset.inputShape);
    const targetSize = targets ? targets.length / count : 0;
    const shifted = this.shuffle ? this.shiftedStarts(epoch) : undefined;
    for (let number = start; number < this.batchesPerEpoch; number++) {
      const first = number * this.batchSize;
      const batch = (first + this.batchSize <= count ? this.full : this.ragged)[
        this.served++ % this.full.length
      ];
      for (let i = 0; i < batch.size; i++) {
        const index = order[first + i];
        batch.indices[i] = index;
        if (shifted && windows) {
          copyWindow(windows.stream, shifted[index], size, batch, i);
          continue;
        }
        copySample(inputs, index, batch.inputs, i, size);
        for (let k = 0; k < labelsPerSample; k++) {
          batch.labels[i * labelsPerSample + k] = labels[index * labelsPerSample + k];
        }
        if (targets && batch.targets) {
          for (let k = 0; k < targetSize; k++) {
            batch.targets[i * targetSize + k] = targets[index * targetSize + k];
          }
        }
        this.augmenter?.apply(batch.inputs as Uint8Array, i * size, index, key);
      }
      yield batch;
    }
  }
}

/** The batches of epoch after epoch, without an end, from batch `start` of `epoch` on. */
export function* endlessBatches(
  loader: BatchLoader,
  epoch: number,
  start: number,
): Generator<Batch, never, undefined> {
  for (let first = start; ; epoch++, first = 0) yield* loader.epoch(epoch, first);
}

/** The batches of one epoch (`epoch`, 0 by default); see {@link BatchLoader}, which serves many epochs. */
export function batches(
  dataset: Dataset,
  options: LoaderOptions & { readonly epoch?: number },
): Generator<Batch, void, undefined> {
  return new BatchLoader(dataset, options).epoch(options.epoch ?? 0);
}

/** An empty batch of `size` samples, in memory that threads share where `Memory` says so. */
export function makeBatch(
  { inputs, inputShape, labelsPerSample, targets, count }: Dataset,
  size: number,
  Memory: ArrayBufferConstructor | SharedArrayBufferConstructor = ArrayBuffer,
): Batch {
  const words = (length: number): ArrayBufferLike => new Memory(length * 4);
  return {
    size,
    inputs: viewLike(inputs, new Memory(size * sizeOf(inputShape) * inputs.BYTES_PER_ELEMENT)),
    labels: new Int32Array(words(size * labelsPerSample)),
    indices: new Uint32Array(words(size)),
    ...(targets ? { targets: new Float32Array(words((size * targets.length) / count)) } : {}),
  };
}

/** A batch over the first samples of another's buffers. */
export function firstOf(full: Batch, size: number): Batch {
  const part = <A extends SampleArray | Uint32Array>(array: A): A =>
    array.subarray(0, (array.length / full.size) * size) as A;
  return {
    size,
    inputs: part(full.inputs),
    labels: part(full.labels),
    indices: part(full.indices),
    ...(full.targets ? { targets: part(full.targets) } : {}),
  };
}

/** Tokens from `start` on as sample `place` of a batch, with the token after each as its label. */
function copyWindow(stream: Int32Array, start: number, size: number, batch: Batch, place: number): void {
  const { inputs, labels } = batch;
  const first = place * size;
  for (let k = 0; k < size; k++) {
    inputs[first + k] = stream[start + k];
    labels[first + k] = stream[start + k + 1];
  }
}

/** From so many bytes on the engine's own copy is faster than a loop, though it takes a view of the sample. */
const viewBytes = 256;

/** Copies sample `from` of `source` to place `to` of `target`. */
function copySample(source: SampleArray, from: number, target: SampleArray, to: number, size: number): void {
  const first = from * size;
  const start = to * size;
  if (size * source.BYTES_PER_ELEMENT >= viewBytes) {
    target.set(source.subarray(first, first + size), start);
  } else {
    for (let i = 0; i < size; i++) target[start + i] = source[first + i];
  }
}
