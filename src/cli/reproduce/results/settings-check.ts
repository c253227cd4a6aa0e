/**
 * Results are shown, and added to, only where they are of the settings that the experiment has now: beside others they would be compared
 * with them, and documents would print the new settings over digits of the old. Hashes in, a refusal out.
 */
import { DataError } from '../../../core/errors.js';
import type { Experiment } from '../experiment/experiment.js';
import { type Task, tasksOf } from '../experiment/tasks.js';
import { findResults, type Results, resultsPath } from './results.js';
import type { RunResult } from './run-result.js';

/** Arms that a message names one by one. */
const named = 4;

/** `"fp32" (seeds 0, 1, 2), "int8" (10 seeds)`: which runs these are. */
function runsText(runs: readonly Pick<RunResult, 'arm' | 'seed'>[]): string {
  const arms = [...new Set(runs.map(({ arm }) => arm))];
  const texts = arms.slice(0, named).map((name) => {
    const seeds = runs.filter(({ arm }) => arm === name).map(({ seed }) => seed);
    const list = `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
    return `"${name}" (${seeds.length > 4 ? `${seeds.length} seeds` : list})`;
  });
  return `${texts.join(', ')}${arms.length > named ? ` and ${arms.length - named} more arms` : ''}`;
}

/**
 * @param tasks at least one of every arm. Data sets have known sizes, so that their settings are known without the data.
 * @throws DataError naming the runs of other settings, or of arms that there are not.
 */
export function checkSettings(
  { runs }: Pick<Results, 'runs'>,
  tasks: readonly Pick<Task, 'arm' | 'hash'>[],
  path: string,
): void {
  const hashes = new Map(tasks.map(({ arm, hash }) => [arm, hash]));
  const unknown = runs.filter(({ arm }) => !hashes.has(arm));
  const other = runs.filter(({ arm, settingsHash }) => hashes.has(arm) && hashes.get(arm) !== settingsHash);
  const texts = [
    ...(unknown.length > 0 ? [`of arms that experiment.json does not have: ${runsText(unknown)}`] : []),
    ...(other.length > 0 ? [`under other settings than experiment.json has now: ${runsText(other)}`] : []),
  ];
  if (texts.length === 0) return;
  throw new DataError(
    `${unknown.length + other.length} of its ${runs.length} runs are ${texts.join('; and ')}. ` +
      'Take back what was changed in experiment.json, or move this file away and do the runs again',
    path,
  );
}

/**
 * The results of an experiment in the first of these folders that has some, and which folder that is; undefined for none. Those of a trial
 * come as they are.
 * @throws DataError for results of other settings, and for files that are none.
 */
export async function currentResults(
  folders: readonly string[],
  experiment: Experiment,
): Promise<{ readonly results: Results; readonly folder: string } | undefined> {
  const found = await findResults(folders, experiment.name);
  if (found && !found.results.smoke)
    checkSettings(
      found.results,
      await tasksOf(experiment, { seeds: 1 }),
      resultsPath(found.folder, experiment.name),
    );
  return found;
}
