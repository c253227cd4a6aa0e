/** Where the data of experiments lie: what `--data` says, which sets are missing, and which experiments can therefore not be run. */
import { UsageError } from '../../../core/errors.js';
import { datasetNames, describeDatasets } from '../../../data/index.node.js';
import type { Experiment } from './experiment.js';

/** Data sets of an experiment's runs. */
const datasetsOf = ({ dataset, arms }: Experiment): string[] => [
  ...new Set(arms.map(({ settings }) => settings.dataset ?? dataset)),
];

/** Which of these data sets lie in a place that no name was given for. @throws UsageError for none, and where two may be meant. */
async function held(place: string, wanted: readonly string[]): Promise<string[]> {
  const all = await describeDatasets({ dir: place });
  const found = all.filter((entry) => wanted.includes(entry.name) && entry.found !== undefined);
  const example = (name: string): string => `write --data ${name}=${place}`;
  if (found.length === 0) {
    throw new UsageError(
      `--data ${place} holds none of the data sets that these experiments use (${wanted.join(', ')}); where it is one of them all the same, ${example('<name>')}`,
    );
  }
  for (const [i, { name, found: path }] of found.entries()) {
    // MNIST and its relatives have files of the same names, and any file might be an archive.
    const other = found.slice(0, i).find((one) => one.found === path);
    if (other) {
      throw new UsageError(
        `--data ${place} could be ${other.name} or ${name}; ${example(other.name)} or ${example(name).replace('write ', '')}`,
      );
    }
  }
  return found.map(({ name }) => name);
}

/**
 * `--data` as places by name. A place without a name is that of all data sets which are found in it.
 * @throws UsageError for such a place that holds none of them, or files that may be of two, and for a data set that is not used.
 */
export async function placesOfData(
  given: readonly string[] | undefined,
  experiments: readonly Experiment[],
): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  const unnamed: string[] = [];
  for (const text of given ?? []) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(0, at));
    if (datasetNames.includes(name)) places.set(name, text.slice(at + 1));
    else unnamed.push(text);
  }
  const wanted = [...new Set(experiments.flatMap(datasetsOf))];
  const unused = [...places.keys()].find((name) => !wanted.includes(name));
  if (unused !== undefined) {
    throw new UsageError(
      `--data ${unused}=${places.get(unused)}: none of these experiments uses ${unused}; they use ${wanted.join(', ')}`,
    );
  }
  for (const place of unnamed) {
    const open = wanted.filter((name) => !places.has(name));
    // With one data set there is no doubt, and what is wrong with its place is said where it is loaded.
    for (const name of wanted.length === 1 ? wanted : await held(place, open)) places.set(name, place);
  }
  return places;
}

/** An experiment that cannot be run here, and why. */
export interface Skipped {
  readonly name: string;
  readonly why: string;
}

/** Data sets of an experiment that are not there, each with the remedy. */
export type Missing = (experiment: Experiment) => Promise<{ dataset: string; remedy: string }[]>;

/** Looks for data in their places, for each data set once. */
export function missingData(places: ReadonlyMap<string, string>): Missing {
  const found = new Map<string, { readonly found: boolean; readonly remedy: string }>();
  return async (experiment) => {
    const missing: { dataset: string; remedy: string }[] = [];
    for (const dataset of datasetsOf(experiment)) {
      let facts = found.get(dataset);
      if (!facts) {
        const dir = places.get(dataset);
        const all = await describeDatasets(dir === undefined ? {} : { dir });
        const entry = all.find(({ name }) => name === dataset);
        facts = { found: entry === undefined || entry.found !== undefined, remedy: entry?.howToGet ?? '' };
        found.set(dataset, facts);
      }
      if (!facts.found) missing.push({ dataset, remedy: facts.remedy });
    }
    return missing;
  };
}

/** Experiments whose data are there, and those whose are not. */
export async function withData(
  experiments: readonly Experiment[],
  places: ReadonlyMap<string, string>,
): Promise<{ ready: Experiment[]; skipped: Skipped[] }> {
  const ready: Experiment[] = [];
  const skipped: Skipped[] = [];
  const missing = missingData(places);
  for (const experiment of experiments) {
    const [first] = await missing(experiment);
    if (first === undefined) ready.push(experiment);
    else {
      const { dataset, remedy } = first;
      const where = places.has(dataset) ? ` in ${places.get(dataset)}` : '';
      const why = `the data set ${dataset} is not there${where}; ${remedy}; then --data ${dataset}=<where it is>`;
      skipped.push({ name: experiment.name, why });
    }
  }
  return { ready, skipped };
}
