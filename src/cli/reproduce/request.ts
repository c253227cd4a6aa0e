/** What a call of `octograd reproduce` asks for, checked: folders, places of data, and which runs are still to be done. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { namesIn } from '../../core/read.node.js';
import { timeStamp } from '../run-folder.js';
import type { Experiment, WantedSeeds } from './experiment/experiment.js';
import { type Place, placeOf } from './experiment/find.js';
import { type Task, tasksOf } from './experiment/tasks.js';
import { ResultsFile, resultsPath, scheduleText } from './results/results.js';
import { checkSettings } from './results/settings-check.js';
import type { Job } from './run/runner.js';

/** Options as commander hands them over. */
export interface ReproduceOptions {
  readonly smoke?: boolean;
  readonly full?: boolean;
  readonly seeds?: WantedSeeds;
  readonly resume?: boolean;
  /** One in this process where it is left out. */
  readonly jobs?: number;
  readonly threads?: number;
  readonly wide?: boolean;
  readonly experiments?: string;
  readonly out?: string;
  readonly data?: readonly string[];
  readonly arms?: string;
  readonly adopt?: string;
  readonly verify?: boolean;
  /** With `verify`: what came of it is written into the recorded results. */
  readonly record?: boolean;
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

/** A folder holds results of some experiment. @throws DataError for one that may not be listed. */
function holdsResults(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return namesIn(folder).some((name) => existsSync(resultsPath(folder, name)));
}

/**
 * Results are written to one folder and may be shown from others: those of the installed package are there to be read, and a folder that
 * is new gets a page of the results that there are. @param now names the folder of a trial or of runs to verify, which is a new one each time.
 * @throws UsageError where `--out` is a file, DataError for a folder that is not there or may not be listed.
 */
export function foldersOf(
  { experiments, out, smoke, full, verify }: ReproduceOptions,
  now = new Date(),
): Folders {
  const place = placeOf(experiments);
  if (out !== undefined && existsSync(out) && !statSync(out).isDirectory())
    throw new UsageError(`--out ${out} is a file; name a folder`);
  // Results of the full schedule are not those of the experiment, and never lie beside it.
  const runs = join('runs', full ? 'reproduce-full' : 'reproduce');
  const beside = place.own && !full;
  const usual = beside ? [place.folder] : full ? [runs] : [runs, place.folder];
  if (verify) {
    // What is verified is what is recorded, whatever else a folder of that name holds.
    const folder = out ?? join('runs', `${timeStamp(now)}-reproduce-verify`);
    return { place, results: folder, runs: folder, sources: usual, beside: false };
  }
  if (out !== undefined)
    return { place, results: out, runs: out, sources: holdsResults(out) ? [out] : usual, beside: false };
  if (smoke) {
    const folder = join('runs', `${timeStamp(now)}-reproduce-smoke`);
    return { place, results: folder, runs: folder, sources: usual, beside: false };
  }
  return { place, results: usual[0], runs, sources: usual, beside };
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

/**
 * What is to be done; nothing of an experiment whose runs are all there.
 * @throws DataError for results of other settings.
 */
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
    plans.push({ experiment, tasks, file, jobs });
  }
  return plans;
}
