/** `octograd reproduce --list`: a row for each experiment. Experiments and results in, text out; trains nothing. */
import { OctogradError } from '../../../core/errors.js';
import { type CliIo, exitCodes } from '../../io.js';
import { mean } from '../../records.js';
import { tableLines } from '../../table.js';
import { missingData } from '../experiment/data-places.js';
import type { Experiment } from '../experiment/experiment.js';
import { checkTasks, type Task, tasksOf } from '../experiment/tasks.js';
import type { Folders } from '../request.js';
import type { RunResult } from '../results/run-result.js';
import { currentResults } from '../results/settings-check.js';
import { isOwn } from './measured.js';

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
  /** The user's, where the package has some as well. */
  readonly own?: boolean;
  /** Why results that there are cannot be used. */
  readonly problem?: string;
}

async function knownOf(experiment: Experiment, folders: Folders): Promise<Known> {
  try {
    const found = await currentResults(folders.sources, experiment);
    if (!found || found.results.smoke) return { runs: [] };
    return { runs: found.results.runs, own: isOwn(folders, found.folder) };
  } catch (error) {
    // One experiment's results must not hide the other rows.
    if (!(error instanceof OctogradError)) throw error;
    return { runs: [], problem: error.message };
  }
}

/** The row of an experiment, but for what is only sometimes shown. */
async function rowOf(experiment: Experiment, { runs, problem }: Known, lacks: string): Promise<string[]> {
  const { name, dataset, model, arms } = experiment;
  const tasks = await tasksOf(experiment);
  const left = tasks.filter(({ arm, seed }) => !runs.some((run) => run.arm === arm && run.seed === seed));
  const each = left.map((task) => secondsOf(task, runs));
  const toCome = each.some((seconds) => seconds === undefined)
    ? 'unknown'
    : durationText(each.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0));
  const done = tasks.length - left.length;
  // Runs under seeds that the experiment does not ask for.
  const more = runs.length - done;
  const took = runs.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  return [
    ...[name, dataset, model],
    ...[
      String(arms.length),
      String(tasks.length),
      problem === undefined ? `${done}${more > 0 ? ` (+${more})` : ''}` : 'refused',
    ],
    ...[runs.length === 0 ? '-' : durationText(took), left.length === 0 ? '-' : toCome],
    lacks === '' ? '-' : lacks,
  ];
}

/** `yours`, `package`, or `-` for none. */
const ownerText = ({ runs, own }: Known): string => (runs.length === 0 ? '-' : own ? 'yours' : 'package');

/**
 * Prints a row for each experiment, the questions of those that are `asked` for by name, and what is wrong with results. Those are also
 * checked for what their trial and their full schedule would be refused for, which for all of them would take long.
 * @param places of data, by name. @returns the exit code.
 */
export async function listExperiments(
  experiments: readonly Experiment[],
  asked: boolean,
  folders: Folders,
  places: ReadonlyMap<string, string>,
  io: CliIo,
): Promise<number> {
  const missing = missingData(places);
  const known: Known[] = [];
  const rows = [['experiment', 'data', 'model', 'arms', 'runs', 'done', 'took', 'to come', 'missing data']];
  for (const experiment of experiments) {
    if (asked) await checkTasks(experiment);
    const one = await knownOf(experiment, folders);
    known.push(one);
    const lacks = (await missing(experiment)).map(({ dataset }) => dataset).join(', ');
    rows.push(await rowOf(experiment, one, lacks));
  }
  const mixed = known.some(({ own }) => own);
  if (mixed) rows.forEach((row, i) => void row.push(i === 0 ? 'results' : ownerText(known[i - 1])));
  // On a terminal a line that is too long would be broken in the middle of a column.
  const wide = io.stdout.columns;
  const lines = tableLines(rows, [3, 4, 5, 6, 7]).map((line) => (wide ? line.slice(0, wide) : line));
  if (mixed) {
    lines.push(
      '',
      `Results that are yours are in ${folders.results}; where there are some, those that came with the package are not shown.`,
    );
  }
  if (asked) lines.push('', ...experiments.map(({ name, question }) => `${name}: ${question}`));
  io.stdout.write(`${lines.join('\n')}\n`);
  const problems = known.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  for (const problem of problems) io.stderr.write(`octograd: ${problem}\n`);
  return problems.length === 0 ? exitCodes.ok : exitCodes.data;
}
