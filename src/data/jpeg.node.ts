/**
 * Data sets of JPEG files in folders `train/<class>/<file>.jpg` and `test/<class>/<file>.jpg`, unpacked or in a tar
 * archive. Classes are the folder names in alphabetical order, samples are ordered by class and file name, all images
 * have one size and three channels. Knows no particular data set and no cache.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import jpeg from 'jpeg-js';
import { DataError } from '../core/errors.js';
import { imageDataset } from './arrays.js';
import type { DataSplit } from './dataset.js';
import { kindOf, readWhole } from './files.node.js';
import { sharedBytes } from './shared.js';

export type Half = 'train' | 'test';

/** One JPEG, not yet decoded. */
export interface JpegEntry {
  readonly half: Half;
  readonly className: string;
  readonly file: string;
  /** How errors name it. */
  readonly where: string;
  /** Its bytes, or the path to read them from. */
  readonly source: Uint8Array | string;
}

export interface DecodedHalf {
  /** NHWC. */
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
}

/** Decoded images of both halves. */
export interface DecodedImages {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: readonly string[];
  readonly train: DecodedHalf;
  readonly test: DecodedHalf;
}

/** A JPEG larger than this does not belong to a set of small images. */
export const MAX_JPEG_BYTES = 16 * 2 ** 20;

/** Decoded images of one half, in bytes: what one buffer holds. */
const MAX_PIXEL_BYTES = 2 ** 31 - 1;

/** Half, class and file name of a path such as `anything/train/cat/0001.jpg`; undefined for other paths. */
export function jpegPath(path: string): { half: Half; className: string; file: string } | undefined {
  const match = /(?:^|\/)(train|test)\/([^/]+)\/([^/]+\.jpe?g)$/i.exec(path);
  if (!match) return undefined;
  // macOS archives carry "._name" files with attributes beside each file.
  if (match[3].startsWith('._')) return undefined;
  return { half: match[1].toLowerCase() as Half, className: match[2], file: match[3] };
}

/** Lists the JPEG files of a folder that has train/ and test/. @throws DataError when there are none. */
export async function listJpegs(dir: string): Promise<JpegEntry[]> {
  const entries: JpegEntry[] = [];
  for (const half of ['train', 'test'] as const) {
    const root = join(dir, half);
    if ((await kindOf(root)) !== 'folder') {
      throw new DataError(`has no folder "${half}"; images belong in ${half}/<class>/<file>.jpg`, dir);
    }
    for (const className of await readdir(root)) {
      const folder = join(root, className);
      if ((await kindOf(folder)) !== 'folder') continue;
      for (const file of await readdir(folder)) {
        if (!jpegPath(`${half}/${className}/${file}`)) continue;
        const path = join(folder, file);
        entries.push({ half, className, file, where: path, source: path });
      }
    }
  }
  return entries;
}

/**
 * Decodes JPEGs into one array per half.
 * @param where the folder or archive, named in errors that concern no single image.
 * @throws DataError for a damaged image, images of different sizes, or a half without images.
 */
export async function decodeJpegs(
  entries: readonly JpegEntry[],
  where: string,
  onProgress?: (message: string) => void,
): Promise<DecodedImages> {
  const classes = [...new Set(entries.map((entry) => entry.className))].sort(byCodeUnit);
  const halves = { train: inOrder(entries, 'train'), test: inOrder(entries, 'test') };
  for (const half of ['train', 'test'] as const) {
    if (halves[half].length === 0) {
      throw new DataError(`has no images in ${half}/<class>/<file>.jpg`, where);
    }
  }
  const first = await decodeOne(halves.train[0]);
  const { height, width } = first;
  const size = first.pixels.length;
  const classIndex = new Map(classes.map((name, index) => [name, index]));
  let done = 0;
  const decodeHalf = async (list: readonly JpegEntry[]): Promise<DecodedHalf> => {
    if (list.length * size > MAX_PIXEL_BYTES) {
      throw new DataError(`${list.length} images of ${height}x${width} are more than 2 GiB of pixels`, where);
    }
    const pixels = sharedBytes(list.length * size);
    const labels = new Int32Array(list.length);
    for (const [n, entry] of list.entries()) {
      const image = await decodeOne(entry);
      if (image.height !== height || image.width !== width) {
        throw new DataError(
          `is ${image.height}x${image.width}, the first image is ${height}x${width}; all images need one size`,
          entry.where,
        );
      }
      pixels.set(image.pixels, n * size);
      labels[n] = classIndex.get(entry.className) as number;
      done += 1;
      if (done % 500 === 0) await setImmediate();
      if (done % 5000 === 0) onProgress?.(`decoded ${done} of ${entries.length} images`);
    }
    return { pixels, labels };
  };
  const train = await decodeHalf(halves.train);
  const test = await decodeHalf(halves.test);
  return { height, width, channels: 3, classes, train, test };
}

/** The two data sets of decoded images; the training set's statistics serve both. */
export function splitOfImages(images: DecodedImages, name: string, note?: string): DataSplit {
  const { height, width, channels, classes } = images;
  const common = { name, note, inputShape: [height, width, channels], classes };
  const train = imageDataset({ ...common, inputs: images.train.pixels, labels: images.train.labels });
  const { normalization } = train;
  const test = imageDataset({
    ...common,
    inputs: images.test.pixels,
    labels: images.test.labels,
    normalization,
  });
  return { train, test };
}

/** Training and test set from a folder of your own with train/<class>/*.jpg and test/<class>/*.jpg. @throws DataError */
export async function loadImageFolder(options: {
  readonly dir: string;
  readonly name?: string;
  readonly onProgress?: (message: string) => void;
}): Promise<DataSplit> {
  const { dir, name = 'images', onProgress } = options;
  return splitOfImages(await decodeJpegs(await listJpegs(dir), dir, onProgress), name);
}

async function decodeOne(entry: JpegEntry): Promise<{ height: number; width: number; pixels: Uint8Array }> {
  const bytes =
    typeof entry.source === 'string' ? await readWhole(entry.source, MAX_JPEG_BYTES) : entry.source;
  try {
    const image = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: 4,
      maxMemoryUsageInMB: 256,
    });
    return { height: image.height, width: image.width, pixels: image.data };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`is a damaged JPEG (${reason}); replace or remove it`, entry.where);
  }
}

function inOrder(entries: readonly JpegEntry[], half: Half): JpegEntry[] {
  return entries
    .filter((entry) => entry.half === half)
    .sort((a, b) => byCodeUnit(a.className, b.className) || byCodeUnit(a.file, b.file));
}

/** The same order on every machine, whatever its locale. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
