/**
 * Takes finished runs of `octograd train` into an experiment's results: those whose settings, recipe and seed are the ones of a run of
 * the experiment. What differs is named and refused.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, OctogradError } from '../../../core/errors.js';
import { comparable, differences, type Task } from '../experiment/tasks.js';
import type { ResultsFile } from '../results/results.js';
import { type FolderRun, hasExtras, readRun, recorded } from '../results/run-result.js';

/** What became of a folder. */
export interface Adoption {
  readonly folder: string;
  readonly outcome: 'taken' | 'known' | 'unfinished' | 'refused';
  readonly text: string;
}

/** `folder` itself, or the folders in it, that hold a run. @throws DataError for a folder without runs. */
async function runFolders(folder: string): Promise<string[]> {
  if (existsSync(join(folder, 'config.json'))) return [folder];
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new DataError(`cannot be read: ${(error as Error).message}`, folder);
  }
  const folders = names
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'config.json')));
  if (folders.length === 0) {
    throw new DataError('holds no runs of octograd train: no folder in it has a config.json', folder);
  }
  return folders;
}

/** The run's own differences to the nearest task: by recipe's fields first, then settings. */
function nearest(run: FolderRun, tasks: readonly Task[]): string[] {
  const lists = tasks.map((task) => {
    const recipe = comparable(task.settings, task.recipe).recipe;
    const list = [
      ...differences(run.settings, task.settings, 'settings'),
      ...differences(run.recipe, recipe, 'recipe'),
      ...(run.result.seed === task.seed
        ? []
        : [`seed: ${run.result.seed} is none of those asked for (--seeds, or the experiment's)`]),
    ];
    return { list, sameName: task.recipe.name === run.result.recipe };
  });
  lists.sort((a, b) => Number(b.sameName) - Number(a.sameName) || a.list.length - b.list.length);
  return lists[0]?.list ?? ['the experiment has no runs'];
}

/** Adds the finished runs of `folder` (one run, or a folder of them) that are runs of the experiment. Changes no folder. */
export async function adopt(folder: string, tasks: readonly Task[], file: ResultsFile): Promise<Adoption[]> {
  const made: Adoption[] = [];
  for (const path of await runFolders(folder)) {
    let run: FolderRun | undefined;
    try {
      run = await readRun(path);
    } catch (error) {
      // One broken folder must not keep the others out.
      if (!(error instanceof OctogradError)) throw error;
      made.push({ folder: path, outcome: 'refused', text: error.message.replace(`${path}: `, '') });
      continue;
    }
    if (!run) {
      made.push({ folder: path, outcome: 'unfinished', text: 'has not come to its end' });
      continue;
    }
    const fitting = tasks.filter(
      ({ hash, seed }) => hash === run.result.settingsHash && seed === run.result.seed,
    );
    if (fitting.length === 0) {
      const list = nearest(run, tasks);
      const more = list.length > 4 ? `; and ${list.length - 4} more` : '';
      made.push({
        folder: path,
        outcome: 'refused',
        text: `is no run of this experiment: ${list.slice(0, 4).join('; ')}${more}`,
      });
      continue;
    }
    if (!fitting.some((task) => hasExtras(task, run.result))) {
      const text = `lacks what this experiment asks for (${fitting[0].wanted.join(', ')}); train it with --probe-every or --distributions`;
      made.push({ folder: path, outcome: 'refused', text });
      continue;
    }
    const open = fitting.filter((one) => !file.has(one));
    // Arms of equal settings differ by the recipe's name alone.
    const task = open.find(({ recipe }) => recipe.name === run.result.recipe) ?? open[0];
    if (!task) {
      made.push({ folder: path, outcome: 'known', text: 'is in the results already' });
      continue;
    }
    const result = recorded(task, run);
    try {
      file.checkData(result);
    } catch (error) {
      if (!(error instanceof OctogradError)) throw error;
      made.push({ folder: path, outcome: 'refused', text: error.message });
      continue;
    }
    await file.add(result);
    made.push({ folder: path, outcome: 'taken', text: `is ${task.arm}, seed ${task.seed}` });
  }
  return made;
}
