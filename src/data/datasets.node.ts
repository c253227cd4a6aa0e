/** The data sets known by name: the one list that the command line, its help and `loadDataset` share. */

import { UsageError } from '../core/errors.js';
import { didYouMean } from '../core/text.js';
import { type CifarOptions, cifarRemedy, findCifar, loadCifar10, loadCifar100 } from './cifar.node.js';
import type { DataSplit, Dataset } from './dataset.js';
import { findFsdd, fsddRemedy, loadFsdd } from './fsdd.node.js';
import {
  fashionMnistRemedy,
  findFashionMnist,
  findIdxFolder,
  findMnist,
  loadFashionMnist,
  loadMnist,
  mnistRemedy,
} from './mnist.node.js';
import { defaultContext, windowCounts } from './text.js';
import { findShakespeare, loadShakespeare, shakespeareCharacters, shakespeareRemedy } from './text.node.js';

/** Options of {@link loadDataset}; each data set takes what it knows. */
export interface DatasetOptions extends CifarOptions {
  /** Characters of a sample, for texts. Default 64. */
  readonly context?: number;
}

interface Entry {
  readonly title: string;
  /** Images are [height, width, channels], texts [context]. */
  readonly shape: readonly number[];
  /** What samples are kept in; uint8 when left out. */
  readonly storage?: 'int32';
  readonly classes: number;
  /** Of a text, which is cut into samples of any length. */
  readonly characters?: number;
  readonly train: number;
  readonly test: number;
  readonly howToGet: string;
  find(dir?: string): Promise<string | undefined>;
  load(options: DatasetOptions): Promise<DataSplit<Dataset>>;
}

const idxFolderOr = (dir: string | undefined, find: () => Promise<string | undefined>) =>
  dir === undefined ? find() : findIdxFolder(dir);

const entries: { readonly [name: string]: Entry } = {
  mnist: {
    title: 'MNIST handwritten digits',
    shape: [28, 28, 1],
    classes: 10,
    train: 60_000,
    test: 10_000,
    howToGet: mnistRemedy,
    find: (dir) => idxFolderOr(dir, findMnist),
    load: loadMnist,
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST',
    shape: [28, 28, 1],
    classes: 10,
    train: 60_000,
    test: 10_000,
    howToGet: fashionMnistRemedy,
    find: (dir) => idxFolderOr(dir, findFashionMnist),
    load: loadFashionMnist,
  },
  cifar10: {
    title: 'CIFAR-10',
    shape: [32, 32, 3],
    classes: 10,
    train: 50_000,
    test: 10_000,
    howToGet: cifarRemedy('cifar10'),
    find: async (dir) => (dir === undefined ? undefined : findCifar('cifar10', dir)),
    load: loadCifar10,
  },
  cifar100: {
    title: 'CIFAR-100',
    shape: [32, 32, 3],
    classes: 100,
    train: 50_000,
    test: 10_000,
    howToGet: cifarRemedy('cifar100'),
    find: async (dir) => (dir === undefined ? undefined : findCifar('cifar100', dir)),
    load: loadCifar100,
  },
  fsdd: {
    title: 'Free Spoken Digits, log-mel',
    shape: [32, 64, 1],
    classes: 10,
    train: 2000,
    test: 1000,
    howToGet: fsddRemedy,
    find: async (dir) => (dir === undefined ? undefined : findFsdd(dir)),
    load: loadFsdd,
  },
  shakespeare: {
    title: 'Tiny Shakespeare, characters',
    shape: [defaultContext],
    storage: 'int32',
    classes: 65,
    characters: shakespeareCharacters,
    ...windowCounts(shakespeareCharacters),
    howToGet: shakespeareRemedy,
    find: async (dir) => (dir === undefined ? undefined : findShakespeare(dir)),
    load: loadShakespeare,
  },
};

/** Names that {@link loadDataset} takes. */
export const datasetNames: readonly string[] = Object.freeze(Object.keys(entries));

/**
 * Training and test set of a known name, from `dir` or the set's default place.
 * @throws UsageError for an unknown name, DataError for files that are missing or damaged.
 */
export async function loadDataset(name: string, options: DatasetOptions = {}): Promise<DataSplit<Dataset>> {
  if (!datasetNames.includes(name)) {
    throw new UsageError(
      `there is no data set "${name}"; known are ${datasetNames.join(', ')}.${didYouMean(name, datasetNames)}`,
    );
  }
  return entries[name].load(options);
}

/** How many classes a data set of a known name has; undefined for the name of none, such as a folder of images. */
export const datasetClasses = (name: string): number | undefined => entries[name]?.classes;

/** What a list of data sets shows. */
export interface DatasetDescription {
  readonly name: string;
  readonly title: string;
  /** [height, width, channels]; of texts [context], when it is not told otherwise. */
  readonly shape: readonly number[];
  /** `int32` for tokens; bytes when left out. */
  readonly storage?: 'int32';
  readonly classes: number;
  /** Samples of the official training and test set. */
  readonly train: number;
  readonly test: number;
  /** Where it lies; undefined when it has to be fetched first. */
  readonly found?: string;
  /** What to do to have it. */
  readonly howToGet: string;
}

/**
 * All known data sets and where they are; `dir` as for {@link loadDataset}, else the default places. `context` is that of texts.
 */
export async function describeDatasets(
  options: { readonly dir?: string; readonly context?: number } = {},
): Promise<DatasetDescription[]> {
  return Promise.all(
    datasetNames.map(async (name) => {
      const { find, load: _, characters, ...facts } = entries[name];
      const found = await find(options.dir);
      const { context } = options;
      const cut =
        characters === undefined || context === undefined
          ? {}
          : { shape: [context], ...windowCounts(characters, context) };
      return { name, ...facts, ...cut, ...(found === undefined ? {} : { found }) };
    }),
  );
}
