/** `octograd reproduce --list`: a row for each experiment. Experiments and results in, text out; trains nothing. */
import { OctogradError } from '../../core/errors.js';
import { type CliIo, exitCodes } from '../io.js';
import { mean } from '../records.js';
import { tableLines } from '../table.js';
import type { Experiment } from './experiment.js';
import { type Folders, missingData } from './request.js';
import type { RunResult } from './run-result.js';
import { currentResults } from './settings-check.js';
import { type Task, tasksOf } from './tasks.js';

/** Seconds of a task that is still to be done, by the recorded runs of its arm, else by those of the experiment; undefined without any. */
function secondsOf(task: Pick<Task, 'arm'>, runs: readonly RunResult[]): number | undefined {
  const known = runs.filter(({ seconds }) => seconds !== null);
  const own = known.filter(({ arm }) => arm === task.arm);
  const like = own.length > 0 ? own : known;
  return like.length === 0 ? undefined : mean(like.map(({ seconds }) => seconds as number));
}

/** `3 h 20 min`, `12 min`, `40 s`: what a plan needs to know. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What the list has of an experiment's results. */
interface Known {
  readonly runs: readonly RunResult[];
  /** Why results that there are cannot be used. */
  readonly problem?: string;
}

async function knownOf(experiment: Experiment, folders: Folders): Promise<Known> {
  try {
    const results = (await currentResults(folders.sources, experiment))?.results;
    return { runs: results && !results.smoke ? results.runs : [] };
  } catch (error) {
    // One experiment's results must not hide the other rows.
    if (!(error instanceof OctogradError)) throw error;
    return { runs: [], problem: error.message };
  }
}

/**
 * Prints a row for each experiment, and what is wrong with results.
 * @param places of data, by name. @returns the exit code.
 */
export async function listExperiments(
  experiments: readonly Experiment[],
  folders: Folders,
  places: ReadonlyMap<string, string>,
  io: CliIo,
): Promise<number> {
  const head = ['experiment', 'data', 'model', 'arms', 'runs', 'done', 'took', 'to come', 'missing data'];
  const rows = [[...head, 'question']];
  const missing = missingData(places);
  const problems: string[] = [];
  for (const experiment of experiments) {
    const { name, dataset, model, arms, question } = experiment;
    const tasks = await tasksOf(experiment);
    const { runs, problem } = await knownOf(experiment, folders);
    if (problem !== undefined) problems.push(problem);
    const left = tasks.filter(({ arm, seed }) => !runs.some((run) => run.arm === arm && run.seed === seed));
    const each = left.map((task) => secondsOf(task, runs));
    const toCome = each.some((seconds) => seconds === undefined)
      ? 'unknown'
      : durationText(each.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0));
    const took = runs.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
    const lacks = (await missing(experiment)).map((one) => one.dataset).join(', ');
    rows.push([
      ...[name, dataset, model],
      ...[String(arms.length), String(tasks.length), problem === undefined ? String(runs.length) : 'refused'],
      ...[runs.length === 0 ? '-' : durationText(took), left.length === 0 ? '-' : toCome],
      ...[lacks === '' ? '-' : lacks, question],
    ]);
  }
  const wide = io.stdout.columns;
  const lines = tableLines(rows, [3, 4, 5, 6, 7]).map((line) => (wide ? line.slice(0, wide) : line));
  io.stdout.write(`${lines.join('\n')}\n`);
  for (const problem of problems) io.stderr.write(`octograd: ${problem}\n`);
  return problems.length === 0 ? exitCodes.ok : exitCodes.data;
}
