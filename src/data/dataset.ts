/**
 * What a data set is: typed arrays of samples with labels, checked once when they are made so that nothing later has
 * to. Knows neither files nor graphs; where samples come from is the loaders' business, what trains on them the session's.
 */

import { DataError, UsageError } from '../core/errors.js';
import { hashText, RandomStream } from '../core/rng.js';
import { type Shape, sizeOf } from '../core/shape.js';
import { isShared } from './shared.js';

/**
 * Per-channel statistics of the TRAINING set. Values are (x - mean[c]) / std[c], where x is the float input, or the
 * byte divided by 255. `std` is never zero: a constant channel has 1. The training graph applies this; data stay raw.
 */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What inputs are kept in: bytes, floats, or whole numbers such as the tokens that an embedding looks up. */
export type SampleArray = Uint8Array | Float32Array | Int32Array;

/** Samples of one shape, each with a class label, regression targets or both. */
export interface Dataset {
  readonly name: string;
  /** What a reader of results must know about the origin, for instance "CIFAR-10 (JPEG copy)". */
  readonly note?: string;
  /** Number of samples, at least 1. */
  readonly count: number;
  /** Shape of one sample; images are [height, width, channels]. */
  readonly inputShape: Shape;
  /** count * sizeOf(inputShape) values, sample by sample. Floats are finite. */
  readonly inputs: SampleArray;
  /** count * labelsPerSample class indices in 0..classes.length-1; empty when there are only targets. */
  readonly labels: Int32Array;
  /** 1 for classification, more for a label at every position of a sequence, 0 without labels. */
  readonly labelsPerSample: number;
  /** Name of each class; empty when there are only targets. */
  readonly classes: readonly string[];
  /** count * sizeOf(targetShape) finite values of a regression. */
  readonly targets?: Float32Array;
  readonly targetShape?: Shape;
  readonly normalization?: Normalization;
  /** Of a text: where the samples come from, so that a shuffling loader can cut others. */
  readonly windows?: Windows;
}

/**
 * A running text of tokens, and where each sample begins in it: sample i is stream[starts[i]] and the tokens after it, its labels
 * are one place further. A loader that shuffles moves every window by a random distance below its length.
 */
export interface Windows {
  readonly stream: Int32Array;
  /** count values. */
  readonly starts: Int32Array;
}

/** Byte images in NHWC order with one label each. */
export interface ImageDataset extends Dataset {
  readonly inputs: Uint8Array;
  /** The same array as `inputs`. */
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly normalization: Normalization;
  /** `normalization.mean`: per channel, pixel values counted 0..1, of the training set. */
  readonly mean: readonly number[];
  /** `normalization.std`. */
  readonly std: readonly number[];
}

/** The two halves every loader returns. */
export interface DataSplit<D extends Dataset = ImageDataset> {
  readonly train: D;
  readonly test: D;
}

/** Exact per-channel mean and population standard deviation of byte pixels (last axis = channel), counted 0..1. */
export function channelStats(pixels: Uint8Array, channels: number): { mean: number[]; std: number[] } {
  if (!Number.isInteger(channels) || channels < 1 || pixels.length === 0 || pixels.length % channels !== 0) {
    throw new DataError(`${pixels.length} pixel values do not make whole pixels of ${channels} channels`);
  }
  const mean: number[] = [];
  const std: number[] = [];
  const count = pixels.length / channels;
  for (let c = 0; c < channels; c++) {
    // Integers in doubles: exact up to 2**53 / 255**2 = 1.4e11 pixels, whatever the order of summation.
    let sum = 0;
    let squares = 0;
    for (let i = c; i < pixels.length; i += channels) {
      const value = pixels[i];
      sum += value;
      squares += value * value;
    }
    const average = sum / count;
    mean.push(average / 255);
    std.push(Math.sqrt(Math.max(0, squares / count - average * average)) / 255);
  }
  return { mean, std };
}

/** {@link channelStats} in the form to divide by: a constant channel gets a standard deviation of 1. */
export function normalizationOf(pixels: Uint8Array, channels: number): Normalization {
  const { mean, std } = channelStats(pixels, channels);
  return { mean, std: std.map((value) => value || 1) };
}

/**
 * Part of a data set, copied: the samples of `which` when it is a list of indices, else that many samples drawn without
 * replacement by `seed` and kept in their order. (The first n would be one class in a set sorted by class.) The
 * normalisation stays that of the whole.
 * @throws UsageError for a count or an index that is not in the set.
 */
export function subset<D extends Dataset>(dataset: D, which: number | ArrayLike<number>, seed = 0): D {
  const indices = typeof which === 'number' ? drawIndices(dataset.count, which, seed) : which;
  const size = sizeOf(dataset.inputShape);
  if (indices.length === 0) throw new UsageError(`a subset of "${dataset.name}" needs at least one sample`);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= dataset.count) {
      throw new UsageError(
        `"${dataset.name}" has no sample ${index}: indices run from 0 to ${dataset.count - 1}`,
      );
    }
  }
  const gather = <A extends SampleArray>(from: A, to: A, width: number): A => {
    for (let i = 0; i < indices.length; i++) {
      to.set(from.subarray(indices[i] * width, (indices[i] + 1) * width), i * width);
    }
    return to;
  };
  const { inputs, targets, labelsPerSample, windows } = dataset;
  const length = indices.length * size;
  const part = gather(inputs, emptyLike(inputs, length), size);
  const targetSize = targets ? targets.length / dataset.count : 0;
  return {
    ...dataset,
    count: indices.length,
    inputs: part,
    ...('images' in dataset ? { images: part } : {}),
    labels: gather(dataset.labels, new Int32Array(indices.length * labelsPerSample), labelsPerSample),
    ...(windows
      ? { windows: { ...windows, starts: gather(windows.starts, new Int32Array(indices.length), 1) } }
      : {}),
    ...(targets
      ? { targets: gather(targets, new Float32Array(indices.length * targetSize), targetSize) }
      : {}),
  };
}

/** A new array of the same kind, in shared memory if the other is. */
export function emptyLike(array: SampleArray, length: number): SampleArray {
  const Memory = isShared(array) ? SharedArrayBuffer : ArrayBuffer;
  return viewLike(array, new Memory(length * array.BYTES_PER_ELEMENT));
}

/** The numbers of all of a buffer, of the same kind as an array's. */
export function viewLike(array: SampleArray, buffer: ArrayBufferLike): SampleArray {
  if (array instanceof Uint8Array) return new Uint8Array(buffer);
  return array instanceof Int32Array ? new Int32Array(buffer) : new Float32Array(buffer);
}

/** What is odd about a data set without making it useless: classes without a sample, a single class, flat channels. */
export function datasetWarnings(dataset: Dataset): string[] {
  const warnings: string[] = [];
  const { classes, labels, name } = dataset;
  if (classes.length > 0) {
    const counts = new Float64Array(classes.length);
    for (const label of labels) counts[label] += 1;
    const empty = classes.filter((_, index) => counts[index] === 0);
    if (empty.length > 0) {
      const shown = empty.slice(0, 10).map((text) => `"${text}"`);
      const rest = empty.length > 10 ? ` and ${empty.length - 10} more` : '';
      warnings.push(
        `${name}: no sample of ${empty.length === 1 ? 'class' : 'classes'} ${shown.join(', ')}${rest}; ` +
          'the model cannot learn what it never sees',
      );
    }
    if (classes.length === 1) warnings.push(`${name}: there is only one class, so there is nothing to learn`);
  }
  const { inputs, inputShape } = dataset;
  if (inputs instanceof Uint8Array && inputShape.length === 3) {
    channelStats(inputs, inputShape[2]).std.forEach((value, channel) => {
      if (value === 0) warnings.push(`${name}: channel ${channel} has the same value in every pixel`);
    });
  }
  return warnings;
}

function drawIndices(total: number, count: number, seed: number): Uint32Array {
  if (!Number.isInteger(count) || count < 1 || count > total) {
    throw new UsageError(`a subset needs a count from 1 to ${total}, got ${count}`);
  }
  return new RandomStream(seed, hashText('subset')).permutation(total).slice(0, count).sort();
}
