/** Where experiments lie and which there are: folders that hold an `experiment.json`. */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, UsageError } from '../../../core/errors.js';
import { namesIn } from '../../../core/read.node.js';
import { didYouMean } from '../../../core/text.js';
import { type Experiment, loadExperiment } from './experiment.js';

/** Folder of the experiments, and whether results belong beside them. */
export interface Place {
  readonly folder: string;
  /** Not in those of the installed package, which is not the user's to write. */
  readonly own: boolean;
}

/** Those that came with the package. */
export const packageExperiments = fileURLToPath(new URL('../../../../experiments', import.meta.url));

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** `--experiments`, else `./experiments`, else those that came with the package. */
export function placeOf(given?: string): Place {
  if (given !== undefined) {
    if (!isFolder(given)) {
      const what = existsSync(given) ? 'is a file' : 'there is no such folder';
      throw new DataError(`${what}; --experiments names a folder that holds <name>/experiment.json`, given);
    }
    return { folder: given, own: true };
  }
  if (isFolder('experiments')) return { folder: 'experiments', own: true };
  return { folder: packageExperiments, own: false };
}

/** Names of the experiments in a folder, in the order of the alphabet. @throws DataError for a folder that may not be listed. */
export function experimentNames(folder: string): string[] {
  // By the file, so that links to folders are followed.
  return namesIn(folder)
    .filter((name) => existsSync(join(folder, name, 'experiment.json')))
    .sort();
}

/** The experiments of these names; all of the folder where none is named. @throws UsageError for an unknown name. */
export async function findExperiments(folder: string, names: readonly string[]): Promise<Experiment[]> {
  const known = experimentNames(folder);
  if (known.length === 0) {
    throw new DataError(
      'holds no experiments; an experiment is a folder with an experiment.json in it',
      folder,
    );
  }
  for (const name of names) {
    if (!known.includes(name)) {
      throw new UsageError(
        `there is no experiment "${name}" in ${folder}.${didYouMean(name, known)} Known: ${known.join(', ')}.`,
      );
    }
  }
  const wanted = names.length === 0 ? known : [...new Set(names)];
  const home = basename(resolve(folder));
  return Promise.all(
    wanted.map(async (name) => ({
      ...(await loadExperiment(folder, name)),
      ...(home === 'experiments' ? {} : { home }),
    })),
  );
}
