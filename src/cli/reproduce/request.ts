/** What a call of `octograd reproduce` asks for, checked: folders, places of data, and which runs are still to be done. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { datasetNames, describeDatasets } from '../../data/index.node.js';
import { timeStamp } from '../run-folder.js';
import type { Experiment } from './experiment.js';
import { type Place, placeOf } from './find.js';
import { ResultsFile, resultsPath, scheduleText } from './results.js';
import type { Job } from './runner.js';
import { checkSettings } from './settings-check.js';
import { type Task, tasksOf } from './tasks.js';

/** Options as commander hands them over. */
export interface ReproduceOptions {
  readonly smoke?: boolean;
  readonly full?: boolean;
  readonly seeds?: number;
  readonly resume?: boolean;
  readonly jobs: number;
  readonly threads?: number;
  readonly wide?: boolean;
  readonly experiments?: string;
  readonly out?: string;
  readonly data?: readonly string[];
  readonly arms?: string;
  readonly adopt?: string;
  readonly list?: boolean;
  readonly report?: boolean;
  readonly docs?: boolean;
  readonly check?: boolean;
  readonly quiet?: boolean;
}

/** Where everything goes. */
export interface Folders {
  readonly place: Place;
  /** results.json lies in `<results>/<name>`. */
  readonly results: string;
  /** Runs lie in `<runs>/<name>/<arm>-seed<n>`. */
  readonly runs: string;
  /** Where results that are to be shown are looked for, an experiment's in the first of these that has some. */
  readonly sources: readonly string[];
  /** Results lie beside the experiments, so their READMEs and plots do, too. */
  readonly beside: boolean;
}

/** A folder holds results of some experiment. */
function holdsResults(folder: string): boolean {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return false;
  return readdirSync(folder).some((name) => existsSync(resultsPath(folder, name)));
}

/**
 * Results are written to one folder and may be shown from others: those of the installed package are there to be read, and a folder that
 * is new gets a page of the results that there are. @param now names the folder of a trial, which is a new one each time.
 */
export function foldersOf({ experiments, out, smoke, full }: ReproduceOptions, now = new Date()): Folders {
  const place = placeOf(experiments);
  // Results of the full schedule are not those of the experiment, and never lie beside it.
  const runs = join('runs', full ? 'reproduce-full' : 'reproduce');
  const beside = place.own && !full;
  const usual = beside ? [place.folder] : full ? [runs] : [runs, place.folder];
  if (out !== undefined)
    return { place, results: out, runs: out, sources: holdsResults(out) ? [out] : usual, beside: false };
  if (smoke) {
    const folder = join('runs', `${timeStamp(now)}-reproduce-smoke`);
    return { place, results: folder, runs: folder, sources: usual, beside: false };
  }
  return { place, results: usual[0], runs, sources: usual, beside };
}

/** Data sets of an experiment's runs. */
const datasetsOf = ({ dataset, arms }: Experiment): string[] => [
  ...new Set(arms.map(({ settings }) => settings.dataset ?? dataset)),
];

/** `--data` as places by name. @throws UsageError for a place without a name where there are several data sets. */
export function placesOfData(
  given: readonly string[] | undefined,
  experiments: readonly Experiment[],
): Map<string, string> {
  const places = new Map<string, string>();
  const wanted = [...new Set(experiments.flatMap(datasetsOf))];
  for (const text of given ?? []) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(0, at));
    if (datasetNames.includes(name)) {
      places.set(name, text.slice(at + 1));
    } else if (wanted.length === 1) {
      places.set(wanted[0], text);
    } else {
      throw new UsageError(
        `--data ${text} does not say which data set it is, and these experiments use ${wanted.join(', ')}; write --data <name>=${text}`,
      );
    }
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

/** Arms of `--arms`. @throws UsageError for one that no experiment has. */
export function armsOf({ arms }: ReproduceOptions, experiments: readonly Experiment[]): string[] | undefined {
  if (arms === undefined) return undefined;
  const names = arms
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known = [...new Set(experiments.flatMap((experiment) => experiment.arms.map(({ name }) => name)))];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new UsageError(
      `--arms: ${unknown === undefined ? 'names no arm' : `there is no arm "${unknown}"`}; known: ${known.join(', ')}`,
    );
  }
  return names;
}

/** An experiment with its results and the runs that it still needs. */
export interface Planned {
  readonly experiment: Experiment;
  readonly tasks: readonly Task[];
  readonly file: ResultsFile;
  readonly jobs: readonly Job[];
}

/** What is to be done. @throws UsageError where there are results already and neither `--resume` nor `--adopt` says what of them. */
export async function planned(
  experiments: readonly Experiment[],
  options: ReproduceOptions,
  folders: Folders,
): Promise<Planned[]> {
  const smoke = options.smoke === true;
  const arms = armsOf(options, experiments);
  const plans: Planned[] = [];
  for (const experiment of experiments) {
    const seeds = options.seeds === undefined ? {} : { seeds: options.seeds };
    const all = await tasksOf(experiment, { smoke, ...seeds });
    const tasks = arms ? all.filter(({ arm }) => arms.includes(arm)) : all;
    const fresh = { smoke, schedule: scheduleText(all) };
    const file = await ResultsFile.open(folders.results, experiment, fresh);
    const path = resultsPath(folders.results, experiment.name);
    checkSettings(file.results, all, path);
    const jobs = tasks.filter((task) => !file.has(task)).map((task): Job => ({ task, file }));
    const known = tasks.length - jobs.length;
    if (known > 0 && !options.resume && options.adopt === undefined) {
      throw new UsageError(
        `${path} has ${known} of the ${tasks.length} runs already; --resume does the others, --out <dir> starts over elsewhere (or move the file away)`,
      );
    }
    plans.push({ experiment, tasks, file, jobs });
  }
  return plans;
}
