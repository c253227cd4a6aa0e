import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dataFolder, needs } from '../../test/support/needs.js';
import { DataError } from '../core/errors.js';
import { cifarClasses } from './cifar.js';
import { loadCifar10, loadCifar100 } from './cifar.node.js';
import {
  cifarRecords,
  errorOf,
  jpegOf,
  smallCifar10,
  tarGz,
  temporaryFolders,
  writeFiles,
} from './fixtures.node.case.js';
import { isShared } from './shared.js';

const folder = temporaryFolders();

/** A JPEG copy with one image of each class. */
function jpegCopy(): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const [n, name] of cifarClasses.cifar10.entries()) {
    files[`cifar/train/${name}/1.jpg`] = jpegOf([n * 20, 100, 100]);
    files[`cifar/test/${name}/1.jpg`] = jpegOf([100, n * 20, 100]);
  }
  return files;
}

const under = (prefix: string, files: Record<string, Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${prefix}/${name}`, bytes]));

describe('CIFAR, binary version', () => {
  it('reads the files, their folder and the archive alike', async () => {
    const dir = await folder();
    await writeFiles(dir, smallCifar10());
    const plain = await loadCifar10({ dir });
    expect([plain.train.count, plain.test.count]).toEqual([10, 2]);
    expect([...plain.train.labels]).toEqual([0, 5, 1, 6, 2, 7, 3, 8, 4, 9]);
    expect(plain.train.inputShape).toEqual([32, 32, 3]);
    expect(plain.train.classes[9]).toBe('truck');
    expect(plain.train.note).toBeUndefined();
    expect(isShared(plain.train.inputs)).toBe(true);
    expect(plain.test.normalization).toEqual(plain.train.normalization);

    const files = under('cifar-10-batches-bin', smallCifar10());
    const parent = await folder();
    await writeFiles(parent, files);
    expect(await loadCifar10({ dir: parent })).toEqual(plain);

    const archives = await folder();
    const archive = await tarGz({ 'cifar-10-batches-bin/readme.html': Buffer.from('x'), ...files });
    await writeFile(join(archives, 'cifar-10-binary.tar.gz'), archive);
    expect(await loadCifar10({ dir: archives, cache: false })).toEqual(plain);
    expect(await loadCifar10({ dir: join(archives, 'cifar-10-binary.tar.gz'), cache: false })).toEqual(plain);
  });

  it('reads CIFAR-100 with its fine labels', async () => {
    const dir = await folder();
    await writeFiles(dir, { 'train.bin': cifarRecords([[1, 99]]), 'test.bin': cifarRecords([[0, 3]]) });
    const { train, test } = await loadCifar100({ dir });
    expect([train.labels[0], test.labels[0]]).toEqual([99, 3]);
    expect(train.classes[99]).toBe('worm');
  });

  const cut = cifarRecords([[1], [2]]).subarray(0, 6000);

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ['a cut file', { 'data_batch_3.bin': cut }, /data_batch_3\.bin\)?: is truncated/],
    [
      'a label beyond the classes',
      { 'test_batch.bin': cifarRecords([[10]]) },
      /test_batch\.bin\)?: label of image 0 is 10/,
    ],
    ['an empty file', { 'data_batch_1.bin': new Uint8Array(0) }, /data_batch_1\.bin\)?: .*no record/],
    ['a file of CIFAR-100', { 'data_batch_1.bin': cifarRecords([[1, 2]]) }, /a file of cifar100/],
  ])('refuses %s, in a folder and in an archive', async (_, changes, message) => {
    const dir = await folder();
    const files = { ...smallCifar10(), ...changes };
    await writeFiles(dir, files);
    const error = await errorOf(() => loadCifar10({ dir }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
    const path = join(await folder(), 'a.tar.gz');
    await writeFile(path, await tarGz(files));
    expect((await errorOf(() => loadCifar10({ dir: path, cache: false }))).message).toMatch(message);
  });

  it('says what is missing and where to get it', async () => {
    const message = async (dir?: string) => (await errorOf(() => loadCifar10({ dir, cache: false }))).message;
    expect(await message()).toMatch(/CIFAR-10 is not shipped.*cifar-10-binary\.tar\.gz/);
    const dir = await folder();
    expect(await message(dir)).toMatch(/holds no CIFAR-10; give/);
    expect(await message(join(dir, 'no'))).toMatch(/no: does not exist; give/);
    await writeFiles(dir, { data_batch_1: new Uint8Array(1) });
    expect(await message(dir)).toMatch(/holds the Python version; give .*binary version/);
    await writeFiles(dir, smallCifar10());
    await unlink(join(dir, 'data_batch_4.bin'));
    expect(await message(dir)).toMatch(/data_batch_4\.bin: does not exist/);
    const { 'data_batch_4.bin': _, ...rest } = smallCifar10();
    const path = join(dir, 'a.tar.gz');
    await writeFile(path, await tarGz(rest));
    expect(await message(path)).toMatch(/lacks data_batch_4\.bin; give/);
    await writeFile(path, await tarGz({ 'x.txt': Buffer.from('x') }));
    expect(await message(path)).toMatch(/without the files of CIFAR-10; give/);
    await writeFile(path, 'no archive at all');
    expect(await message(path)).toMatch(/damaged or no tar archive/);
  });
});

describe('CIFAR, JPEG copy', () => {
  it('reads an unpacked copy and an archive alike, and notes that it is a copy', async () => {
    const dir = await folder();
    await writeFiles(dir, jpegCopy());
    const plain = await loadCifar10({ dir: join(dir, 'cifar') });
    expect(plain.train.note).toBe('CIFAR-10 (JPEG copy)');
    expect(isShared(plain.train.inputs)).toBe(true);
    expect([...plain.train.labels]).toEqual([...Array(10).keys()]);
    const path = join(dir, 'copy.tar.gz');
    await writeFile(path, await tarGz(jpegCopy()));
    expect(await loadCifar10({ dir: path, cache: false })).toEqual(plain);
  });

  it('uses its cache, and rebuilds one that is damaged', async () => {
    const dir = await folder();
    const cache = await folder();
    const path = join(dir, 'copy.tar.gz');
    await writeFile(path, await tarGz(jpegCopy()));
    const first = await loadCifar10({ dir: path, cache });
    const [name] = await readdir(cache);
    const bytes = await readFile(join(cache, name));
    expect(await loadCifar10({ dir: path, cache })).toEqual(first);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length >> 1] ^= 255;
    await writeFile(join(cache, name), damaged);
    expect(await loadCifar10({ dir: path, cache })).toEqual(first);
    expect(await readFile(join(cache, name))).toEqual(bytes);
    // Another archive at the same path does not get the old images.
    const other = { ...jpegCopy(), 'cifar/test/cat/2.jpg': jpegOf([1, 2, 3]) };
    await writeFile(path, await tarGz(other));
    expect((await loadCifar10({ dir: path, cache })).test.count).toBe(11);
  });

  it('goes on without a cache that cannot be written, and says so', async () => {
    const dir = await folder();
    const path = join(dir, 'copy.tar.gz');
    await writeFile(path, await tarGz(jpegCopy()));
    const told: string[] = [];
    const { train } = await loadCifar10({
      dir: path,
      cache: join(path, 'sub'),
      onProgress: (text) => told.push(text),
    });
    expect(train.count).toBe(10);
    expect(told.join()).toMatch(/could not be kept in .*OCTOGRAD_CACHE/);
  });

  it('refuses classes that are not the data set’s', async () => {
    const path = join(await folder(), 'copy.tar.gz');
    const message = async (files: Record<string, Uint8Array>) => {
      await writeFile(path, await tarGz(files));
      return (await errorOf(() => loadCifar10({ dir: path, cache: false }))).message;
    };
    expect(await message({ ...jpegCopy(), 'train/banana/1.jpg': jpegOf([1, 1, 1]) })).toMatch(
      /folder "banana"/,
    );
    const { 'cifar/train/cat/1.jpg': _a, 'cifar/test/cat/1.jpg': _b, ...rest } = jpegCopy();
    expect(await message(rest)).toMatch(/no folder for the classes cat/);
    expect(await message({ ...jpegCopy(), 'cifar/train/cat/2.jpg': Buffer.from('x') })).toMatch(
      /copy\.tar\.gz \(cifar\/train\/cat\/2\.jpg\): is a damaged JPEG/,
    );
  });
});

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the CIFAR-10 archive of JPEGs', () => {
  needs('data').it(
    'has all 60,000 images',
    async () => {
      // Kept in the repository's ignored .cache folder: decoding takes 12 s, the next run 1 s.
      const { train, test } = await loadCifar10({
        dir: join(dataFolder, 'cifar10-jpeg.tar.gz'),
        cache: join(root, '.cache'),
      });
      expect([train.count, test.count]).toEqual([50_000, 10_000]);
      expect(train.classes).toEqual(cifarClasses.cifar10);
      expect(train.note).toBe('CIFAR-10 (JPEG copy)');
      const counts = new Array(10).fill(0);
      for (const label of train.labels) counts[label] += 1;
      expect(counts).toEqual(Array(10).fill(5000));
      // The official set has mean 0.4914, 0.4822, 0.4465 and deviation 0.2470, 0.2435, 0.2616; JPEG moves them a little.
      for (const [c, mean] of [0.4914, 0.4822, 0.4465].entries()) {
        expect(Math.abs(train.mean[c] - mean)).toBeLessThan(0.003);
      }
      for (const [c, std] of [0.247, 0.2435, 0.2616].entries()) {
        expect(Math.abs(train.std[c] - std)).toBeLessThan(0.003);
      }
    },
    180_000,
  );
});
