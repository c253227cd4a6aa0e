import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { fromArrays, imageDataset } from './arrays.js';
import { cutout, flip, padCrop } from './augment.js';
import { BatchLoader, batches, type LoaderOptions } from './batches.js';
import type { Dataset } from './dataset.js';

/** Image n is filled with n, so that a mix-up shows. */
function filled(count: number, shape: readonly [number, number, number] = [2, 2, 1]): Dataset {
  const size = shape[0] * shape[1] * shape[2];
  return imageDataset({
    inputs: Uint8Array.from({ length: count * size }, (_, i) => Math.floor(i / size)),
    inputShape: shape,
    labels: Array.from({ length: count }, (_, i) => i % 7),
  });
}

/** Image n has the pixels n, n + 1, ... so that a move shows. */
function ramps(count: number): Dataset {
  return imageDataset({
    inputs: Uint8Array.from({ length: count * 64 }, (_, i) => (Math.floor(i / 64) + (i % 64)) % 256),
    inputShape: [8, 8, 1],
    labels: new Int32Array(count),
  });
}

function indicesOf(data: Dataset, options: LoaderOptions & { epoch?: number }): number[] {
  const seen: number[] = [];
  for (const batch of batches(data, options)) seen.push(...batch.indices);
  return seen;
}

describe('batches', () => {
  it('visits every sample once with its own input and label, the last batch ragged', () => {
    // Samples of 256 bytes and more are copied another way.
    for (const shape of [[1, 1, 3] as const, [16, 17, 1] as const]) {
      const data = filled(23, shape);
      const size = shape[0] * shape[1] * shape[2];
      const seen: number[] = [];
      const sizes: number[] = [];
      for (const batch of batches(data, { batchSize: 10, seed: 4 })) {
        sizes.push(batch.size);
        expect(batch.inputs.length).toBe(batch.size * size);
        expect(batch.labels.length).toBe(batch.size);
        for (let i = 0; i < batch.size; i++) {
          const index = batch.indices[i];
          expect([...batch.inputs.subarray(i * size, (i + 1) * size)]).toEqual(Array(size).fill(index));
          expect(batch.labels[i]).toBe(data.labels[index]);
          seen.push(index);
        }
      }
      expect(sizes).toEqual([10, 10, 3]);
      expect(seen.sort((a, b) => a - b)).toEqual([...Array(23).keys()]);
    }
  });

  it('is a permutation for any count, batch size, seed and epoch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 70 }),
        fc.maxSafeNat(),
        fc.nat(),
        (count, batchSize, seed, epoch) => {
          const seen = indicesOf(filled(count), { batchSize, seed, epoch });
          expect(seen.sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        },
      ),
    );
  });

  it('has an order that follows from seed and epoch alone', () => {
    const data = filled(50);
    const order = (seed: number, epoch: number, batchSize = 8) => indicesOf(data, { batchSize, seed, epoch });
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0, 8)).toEqual(order(1, 0, 50));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
    expect(order(1, 0)).not.toEqual(order(1 + 2 ** 32, 0));
    expect(indicesOf(data, { batchSize: 8, shuffle: false })).toEqual([...Array(50).keys()]);
  });

  it('pins the order of seed 1', () => {
    expect(indicesOf(filled(8), { batchSize: 8, seed: 1 })).toMatchInlineSnapshot(`
      [
        2,
        5,
        3,
        7,
        0,
        6,
        1,
        4,
      ]
    `);
  });

  it('drops the ragged batch when asked', () => {
    const loader = new BatchLoader(filled(23), { batchSize: 10, dropLast: true });
    expect(loader.batchesPerEpoch).toBe(2);
    expect([...loader.epoch(0)].map((batch) => batch.size)).toEqual([10, 10]);
    expect(new BatchLoader(filled(20), { batchSize: 10 }).batchesPerEpoch).toBe(2);
  });

  it('makes one batch of all when the batch is larger than the set', () => {
    const loader = new BatchLoader(filled(5), { batchSize: 100 });
    expect([...loader.epoch(0)].map((batch) => batch.size)).toEqual([5]);
  });

  it('resumes in the middle of an epoch', () => {
    const loader = new BatchLoader(ramps(23), { batchSize: 5, seed: 3, augment: [padCrop(2), flip()] });
    const copies = (start: number) =>
      Array.from(loader.epoch(2, start), (batch) => `${batch.indices.join()}:${batch.inputs.join()}`);
    expect(copies(0)).toHaveLength(5);
    expect(copies(3)).toEqual(copies(0).slice(3));
    expect(copies(5)).toEqual([]);
    expect(() => [...loader.epoch(0, 6)]).toThrow(UsageError);
  });

  it('reuses its buffers', () => {
    const loader = new BatchLoader(filled(12), { batchSize: 4 });
    const buffers = new Set([...loader.epoch(0), ...loader.epoch(1)].map((batch) => batch.inputs));
    expect(buffers.size).toBe(1);
  });

  it('augments a sample alike in any batch, differently in each epoch, and leaves the data set alone', () => {
    const data = ramps(40);
    const before = data.inputs.slice();
    const look = (options: Partial<LoaderOptions>, epoch: number) => {
      const loader = new BatchLoader(data, {
        batchSize: 7,
        seed: 9,
        augment: [padCrop(2), flip(), cutout(3)],
        ...options,
      });
      const images: string[] = [];
      for (const batch of loader.epoch(epoch)) {
        for (let i = 0; i < batch.size; i++) {
          images[batch.indices[i]] = batch.inputs.subarray(i * 64, (i + 1) * 64).join();
        }
      }
      return images;
    };
    expect(look({ batchSize: 13, shuffle: false }, 4)).toEqual(look({}, 4));
    expect(look({}, 5)).not.toEqual(look({}, 4));
    expect(look({ seed: 8 }, 4)).not.toEqual(look({}, 4));
    expect(look({}, 4)).not.toEqual(look({ augment: [] }, 4));
    expect(data.inputs).toEqual(before);
  });

  it('carries floats, targets and labels of sequences', () => {
    const data = fromArrays({
      inputs: Float32Array.of(0.5, 1.5, 2.5),
      inputShape: [1],
      labels: [0, 1, 2, 3, 4, 5],
      labelsPerSample: 2,
      targets: Float32Array.of(10, 11, 12),
    });
    const seen = [...batches(data, { batchSize: 2, shuffle: false })].map((batch) => batch.size);
    expect(seen).toEqual([2, 1]);
    for (const batch of batches(data, { batchSize: 2, seed: 5 })) {
      batch.indices.forEach((index, i) => {
        expect(batch.inputs[i]).toBe(index + 0.5);
        expect([...batch.labels.subarray(2 * i, 2 * i + 2)]).toEqual([2 * index, 2 * index + 1]);
        expect(batch.targets?.[i]).toBe(10 + index);
      });
    }
  });

  it('copies samples of an array that starts at an odd byte', () => {
    const bytes = Uint8Array.from({ length: 17 }, (_, i) => i);
    const data = fromArrays({ inputs: bytes.subarray(1), inputShape: [4], labels: [0, 1, 0, 1] });
    const [batch] = batches(data, { batchSize: 4, shuffle: false });
    expect([...batch.inputs]).toEqual([...bytes.subarray(1)]);
  });

  it.each<[string, Partial<LoaderOptions>, RegExp]>([
    ['a batch of zero', { batchSize: 0 }, /batchSize must be a positive integer, got 0/],
    ['a fractional batch', { batchSize: 2.5 }, /batchSize/],
    ['a negative seed', { seed: -1 }, /seed must be a non-negative integer/],
    ['a seed that is no number', { seed: Number.NaN }, /seed/],
    ['dropLast that leaves nothing', { batchSize: 10, dropLast: true }, /leaves no batch/],
    ['an augmentation beyond the image', { augment: [padCrop(4)] }, /from 1 to 2/],
  ])('refuses %s', (_, change, message) => {
    const make = () => new BatchLoader(filled(6), { batchSize: 2, ...change });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  it('refuses to augment floats and an epoch that is none', () => {
    const data = fromArrays({ inputs: new Float32Array(8), inputShape: [2, 2, 1], labels: [0, 1] });
    expect(() => new BatchLoader(data, { batchSize: 1, augment: [flip()] })).toThrow(/byte images/);
    expect(() => [...new BatchLoader(data, { batchSize: 1 }).epoch(-1)]).toThrow(/epoch/);
  });
});
