/** Where experiments lie and which there are: folders that hold an `experiment.json`. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, UsageError } from '../../core/errors.js';
import { didYouMean } from '../../core/text.js';
import { type Experiment, loadExperiment } from './experiment.js';

/** Folder of the experiments, and whether results belong beside them. */
export interface Place {
  readonly folder: string;
  /** Not in those of the installed package, which is not the user's to write. */
  readonly own: boolean;
}

/** `--experiments`, else `./experiments`, else those that came with the package. */
export function placeOf(given?: string): Place {
  if (given !== undefined) {
    if (!existsSync(given)) {
      throw new DataError(
        'there is no such folder; --experiments names one that holds <name>/experiment.json',
        given,
      );
    }
    return { folder: given, own: true };
  }
  if (existsSync('experiments')) return { folder: 'experiments', own: true };
  return { folder: fileURLToPath(new URL('../../../experiments', import.meta.url)), own: false };
}

/** Names of the experiments in a folder, in the order of the alphabet. */
export async function experimentNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'experiment.json')))
    .map(({ name }) => name)
    .sort();
}

/** The experiments of these names; all of the folder where none is named. @throws UsageError for an unknown name. */
export async function findExperiments(folder: string, names: readonly string[]): Promise<Experiment[]> {
  const known = await experimentNames(folder);
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
  return Promise.all(wanted.map((name) => loadExperiment(folder, name)));
}
