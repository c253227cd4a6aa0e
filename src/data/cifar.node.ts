/**
 * Loads CIFAR-10 and CIFAR-100: the official binary version (a folder of .bin files or the official .tar.gz), or a JPEG
 * copy in folders train/<class> and test/<class>, unpacked or as an archive. Decoded archives of JPEGs are cached.
 */

import { basename, join } from 'node:path';
import { DataError } from '../core/errors.js';
import { imageDataset } from './arrays.js';
import { cacheFolder, keyOf, readCache, writeCache } from './cache.node.js';
import { type CifarVariant, cifarClasses, cifarCount, cifarShape, decodeCifar } from './cifar.js';
import type { DataSplit } from './dataset.js';
import { kindOf, readTarGz, readWhole } from './files.node.js';
import {
  type DecodedImages,
  decodeJpegs,
  type JpegEntry,
  jpegPath,
  listJpegs,
  MAX_JPEG_BYTES,
  splitOfImages,
} from './jpeg.node.js';
import type { LoadOptions } from './mnist.node.js';
import { sharedBytes } from './shared.js';

/** Options of {@link loadCifar10} and {@link loadCifar100}. */
export interface CifarOptions extends LoadOptions {
  /** Folder for decoded JPEG archives, by default `OCTOGRAD_CACHE` or the system's; false for none. */
  readonly cache?: string | false;
}

interface Variant {
  readonly id: CifarVariant;
  readonly title: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Folder inside the official archive. */
  readonly folder: string;
  readonly archive: string;
  readonly jpegArchive: string;
}

const variants: { readonly [V in CifarVariant]: Variant } = {
  cifar10: {
    id: 'cifar10',
    title: 'CIFAR-10',
    train: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`),
    test: ['test_batch.bin'],
    folder: 'cifar-10-batches-bin',
    archive: 'cifar-10-binary.tar.gz',
    jpegArchive: 'cifar10-jpeg.tar.gz',
  },
  cifar100: {
    id: 'cifar100',
    title: 'CIFAR-100',
    train: ['train.bin'],
    test: ['test.bin'],
    folder: 'cifar-100-binary',
    archive: 'cifar-100-binary.tar.gz',
    jpegArchive: 'cifar100-jpeg.tar.gz',
  },
};

/** One .bin file; the largest official one is CIFAR-100's train.bin, 154 MB. */
const MAX_BIN_BYTES = 2 ** 30;

/** All JPEGs of an archive, compressed. */
const MAX_JPEGS_BYTES = 2 ** 30;

/** How to come by the data. */
export function cifarRemedy(id: CifarVariant): string {
  const { title, archive } = variants[id];
  return (
    `give the ${title} archive or folder (binary version, https://www.cs.toronto.edu/~kriz/${archive}), ` +
    'or a folder or .tar.gz with train/<class>/*.jpg and test/<class>/*.jpg'
  );
}

/** CIFAR-10: 50,000 and 10,000 images of 32x32x3. `dir` is a folder or an archive. @throws DataError */
export function loadCifar10(options: CifarOptions = {}): Promise<DataSplit> {
  return loadCifar(variants.cifar10, options);
}

/** CIFAR-100 with its 100 fine labels. `dir` is a folder or an archive. @throws DataError */
export function loadCifar100(options: CifarOptions = {}): Promise<DataSplit> {
  return loadCifar(variants.cifar100, options);
}

/** What of a variant lies at a path, see {@link findCifar}. */
type Found =
  | { readonly kind: 'archive' | 'binary' | 'jpeg'; readonly path: string }
  | { readonly kind: 'none'; readonly reason: string };

/** Path of a variant's archive or folder at or in `dir`; undefined when there is none. */
export async function findCifar(id: CifarVariant, dir: string): Promise<string | undefined> {
  const found = await locate(variants[id], dir);
  return found.kind === 'none' ? undefined : found.path;
}

async function locate(variant: Variant, dir: string): Promise<Found> {
  const kind = await kindOf(dir);
  if (kind === undefined) return { kind: 'none', reason: 'does not exist' };
  if (kind === 'file') return { kind: 'archive', path: dir };
  for (const folder of [dir, join(dir, variant.folder)]) {
    if ((await kindOf(join(folder, variant.train[0]))) === 'file') return { kind: 'binary', path: folder };
  }
  if ((await kindOf(join(dir, 'train'))) === 'folder') return { kind: 'jpeg', path: dir };
  for (const file of [variant.archive, variant.jpegArchive]) {
    const path = join(dir, file);
    if ((await kindOf(path)) === 'file') return { kind: 'archive', path };
  }
  const python = variant.train[0].replace('.bin', '');
  const isPython = (await kindOf(join(dir, python))) === 'file';
  return { kind: 'none', reason: isPython ? `holds the Python version` : `holds no ${variant.title}` };
}

async function loadCifar(variant: Variant, options: CifarOptions): Promise<DataSplit> {
  const { dir } = options;
  const remedy = cifarRemedy(variant.id);
  if (dir === undefined) throw new DataError(`${variant.title} is not shipped with octograd; ${remedy}`);
  const found = await locate(variant, dir);
  switch (found.kind) {
    case 'none':
      throw new DataError(`${found.reason}; ${remedy}`, dir);
    case 'binary':
      return loadBinary(variant, found.path);
    case 'jpeg':
      return jpegSplit(variant, found.path, await decodeFolder(found.path, options));
    case 'archive':
      return loadArchive(variant, found.path, options);
  }
}

interface Part {
  readonly file: string;
  readonly bytes: Uint8Array;
}

async function loadBinary(variant: Variant, folder: string): Promise<DataSplit> {
  const parts = new Map<string, Part>();
  for (const name of [...variant.train, ...variant.test]) {
    const file = join(folder, name);
    parts.set(name, { file, bytes: await readWhole(file, MAX_BIN_BYTES) });
  }
  return binarySplit(variant, parts);
}

/** Both halves from all of a variant's files. */
function binarySplit(variant: Variant, parts: ReadonlyMap<string, Part>): DataSplit {
  const half = (names: readonly string[]): { inputs: Uint8Array; labels: Int32Array } => {
    const files = names.map((name) => parts.get(name) as Part);
    const count = files.reduce((sum, part) => sum + cifarCount(part.bytes.length, variant.id, part.file), 0);
    const inputs = sharedBytes(count * cifarShape[0] * cifarShape[1] * cifarShape[2]);
    const labels = new Int32Array(count);
    let first = 0;
    for (const part of files) {
      first += decodeCifar(part.bytes, variant.id, inputs, labels, first, part.file);
    }
    return { inputs, labels };
  };
  const common = { name: variant.id, inputShape: cifarShape, classes: cifarClasses[variant.id] };
  const train = imageDataset({ ...common, ...half(variant.train) });
  const test = imageDataset({ ...common, ...half(variant.test), normalization: train.normalization });
  return { train, test };
}

async function loadArchive(variant: Variant, path: string, options: CifarOptions): Promise<DataSplit> {
  const folder = options.cache === false ? undefined : (options.cache ?? cacheFolder());
  const key = folder === undefined ? '' : keyOf(await readWhole(path));
  const cached = folder === undefined ? undefined : await readCache(folder, key);
  if (cached) return jpegSplit(variant, path, cached);
  const { parts, jpegs } = await unpack(variant, path);
  const missing = [...variant.train, ...variant.test].filter((name) => !parts.has(name));
  if (missing.length === 0) return binarySplit(variant, parts);
  if (jpegs.length === 0) {
    const what =
      parts.size > 0 ? `lacks ${missing.join(', ')}` : `is an archive without the files of ${variant.title}`;
    throw new DataError(`${what}; ${cifarRemedy(variant.id)}`, path);
  }
  const images = await decodeJpegs(jpegs, path, options.onProgress);
  const split = jpegSplit(variant, path, images);
  if (folder !== undefined && !(await writeCache(folder, key, images))) {
    options.onProgress?.(
      `the decoded images could not be kept in ${folder}; set OCTOGRAD_CACHE to a writable folder`,
    );
  }
  return split;
}

async function unpack(
  variant: Variant,
  path: string,
): Promise<{ parts: Map<string, Part>; jpegs: JpegEntry[] }> {
  const names = new Set([...variant.train, ...variant.test]);
  const parts = new Map<string, Part>();
  const jpegs: JpegEntry[] = [];
  let jpegBytes = 0;
  await readTarGz(
    path,
    (entry) => {
      const file = `${path} (${entry.path})`;
      if (names.has(basename(entry.path))) {
        if (entry.size > MAX_BIN_BYTES) throw new DataError(`holds ${entry.size} bytes, too many`, file);
        cifarCount(entry.size, variant.id, file);
        return true;
      }
      if (!jpegPath(entry.path)) return false;
      jpegBytes += entry.size;
      if (entry.size > MAX_JPEG_BYTES || jpegBytes > MAX_JPEGS_BYTES) {
        throw new DataError('the images are too large for this data set', file);
      }
      return true;
    },
    (entry, bytes) => {
      const where = `${path} (${entry.path})`;
      const image = jpegPath(entry.path);
      if (image) jpegs.push({ ...image, where, source: bytes });
      else parts.set(basename(entry.path), { file: where, bytes });
    },
  );
  return { parts, jpegs };
}

async function decodeFolder(dir: string, options: CifarOptions): Promise<DecodedImages> {
  return decodeJpegs(await listJpegs(dir), dir, options.onProgress);
}

/** The data sets of a JPEG copy, after making sure that its classes are the variant's. */
function jpegSplit(variant: Variant, path: string, images: DecodedImages): DataSplit {
  const known = cifarClasses[variant.id];
  const foreign = images.classes.filter((name) => !known.includes(name));
  if (foreign.length > 0) {
    throw new DataError(
      `has the class folder "${foreign[0]}", which is none of ${variant.title}'s ${known.length} classes`,
      path,
    );
  }
  if (images.classes.length < known.length) {
    const absent = known.filter((name) => !images.classes.includes(name));
    throw new DataError(
      `has no folder for the classes ${absent.slice(0, 5).join(', ')}${absent.length > 5 ? ', …' : ''}`,
      path,
    );
  }
  return splitOfImages(images, variant.id, `${variant.title} (JPEG copy)`);
}
