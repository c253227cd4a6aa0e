/** `octograd reproduce` itself: does the runs that are to be done, writes what follows from them, and prints the tables. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../core/errors.js';
import { type CliIo, exitCodes, signalCode } from '../../io.js';
import { tableLines } from '../../table.js';
import { octogradVersion } from '../../version.js';
import { documentsOf, writeBeside } from '../documents/document-files.js';
import { measuredOf } from '../documents/measured.js';
import { placesOfData, withData } from '../experiment/data-places.js';
import type { Experiment } from '../experiment/experiment.js';
import { answerText } from '../findings/answer.js';
import { armTable } from '../findings/tables.js';
import { type Folders, type Planned, planned, type ReproduceOptions } from '../request.js';
import { findResults, type Results, resultsPath } from '../results/results.js';
import { versionsText } from '../results/same-data.js';
import { FolderLocks } from './folder-lock.js';
import { type RunnerOptions, runAll } from './runner.js';

/** `3 runs`. */
const counted = (count: number, what: string): string => `${count} ${count === 1 ? what : `${what}s`}`;

/** What the results come to, and where the rest is. Of all arms, or it would be no answer to the question. */
function answerLines({ experiment, file }: Planned, { results, beside }: Folders): string {
  // A sentence a line: there may be many.
  const answer = answerText({ experiment, results: file.results })
    .replaceAll('`', '')
    .replace(/\. (?=[A-Z])/g, '.\n');
  const readme = join(results, experiment.name, 'README.md');
  const more = beside && existsSync(readme) ? `Claims, plots and remarks: ${readme}\n` : '';
  return `${answer === '' ? '' : `\n${answer}\n`}${more}`;
}

/** The table of an experiment's results, of the arms that were asked for, and what they come to. */
function tableText(plan: Planned, folders: Folders): string {
  const { experiment, file, tasks } = plan;
  const arms = experiment.arms.filter(({ name }) => tasks.some(({ arm }) => arm === name));
  const { head, rows, right } = armTable({ ...experiment, arms }, file.results);
  const others = experiment.arms.length - arms.length;
  const rest = others === 0 ? '' : `${counted(others, 'other arm')}: not asked for\n`;
  // Accuracy is not what such an experiment is about.
  const table = experiment.plot.kind === 'none' ? '' : `${tableLines([head, ...rows], right).join('\n')}\n`;
  return `\n${experiment.title}\n${table}${rest}${others === 0 ? answerLines(plan, folders) : ''}`;
}

function printTables(plans: readonly Planned[], folders: Folders, io: CliIo): void {
  for (const plan of plans) {
    const { experiment, file, tasks } = plan;
    const { smoke, runs } = file.results;
    // Figures of a few steps would only be mistaken for results.
    if (smoke)
      io.stdout.write(`${experiment.name}: ${runs.length} of ${tasks.length} trial runs came to their end\n`);
    else if (tasks.length > 0) io.stdout.write(tableText(plan, folders));
  }
}

/** How far an interrupted command came, and how it goes on. */
function interruptedText(plans: readonly Planned[], smoke: boolean): string {
  const all = plans.flatMap(({ tasks, file }) => tasks.map((task) => file.has(task)));
  const done = `${all.filter(Boolean).length} of ${counted(all.length, smoke ? 'trial run' : 'run')}`;
  return smoke
    ? `Interrupted: ${done} came to their end\n`
    : `Interrupted: ${done} are recorded; go on with --resume\n`;
}

/** Results that say how long runs take: those that grow, or those that are shown where these are new. */
async function knownResults(plans: readonly Planned[], { sources }: Folders): Promise<Results[]> {
  const known: Results[] = [];
  for (const { experiment, file } of plans) {
    if (file.results.runs.length > 0) known.push(file.results);
    else {
      // An estimate is not worth a refusal: what is wrong with results is said by those who show them.
      const found = await findResults(sources, experiment.name).catch(() => undefined);
      if (found) known.push(found.results);
    }
  }
  return known;
}

/** What the runner takes of a call's options. */
export function runnerOptions(
  options: ReproduceOptions,
  folders: Folders,
  io: CliIo,
): Pick<RunnerOptions, 'io' | 'runsFolder' | 'jobs' | 'threads' | 'wide' | 'quiet'> {
  const { jobs = 1 } = options;
  const threads = options.threads ?? (jobs > 1 ? 1 : undefined);
  return {
    io,
    runsFolder: folders.runs,
    jobs,
    ...(threads === undefined ? {} : { threads }),
    ...(options.wide ? { wide: true } : {}),
    ...(options.quiet ? { quiet: true } : {}),
  };
}

/** Takes the folders of what is to be done: those of results, and those of runs, which several folders of experiments may share. */
async function takeFolders(plans: readonly Planned[], folders: Folders, locks: FolderLocks): Promise<void> {
  for (const { experiment, jobs } of plans) {
    if (jobs.length === 0) continue;
    for (const folder of [folders.results, folders.runs]) await locks.take(join(folder, experiment.name));
  }
}

/** Does the runs, and writes what follows from those that ended, whatever ended the others. */
async function doRuns(
  plans: readonly Planned[],
  places: ReadonlyMap<string, string>,
  options: ReproduceOptions,
  folders: Folders,
  io: CliIo,
): Promise<void> {
  const jobs = plans.flatMap((plan) => plan.jobs);
  const write = async (): Promise<void> => {
    if (!folders.beside || (jobs.length === 0 && !options.resume)) return;
    const measured = await measuredOf(
      plans.map(({ experiment }) => experiment),
      folders,
      io,
    );
    await writeBeside(documentsOf(measured, folders), io);
  };
  try {
    const known = await knownResults(plans, folders);
    await runAll(jobs, { ...runnerOptions(options, folders, io), data: places, known });
  } catch (error) {
    // The first error says more; a second is told beside it.
    await write().catch((second: Error) => io.stderr.write(`octograd: ${second.message}\n`));
    throw error;
  }
  await write();
}

/** Shows what there is, and refuses to add to it unasked. */
function askedToAdd(
  plans: readonly Planned[],
  { resume }: ReproduceOptions,
  folders: Folders,
  io: CliIo,
): void {
  const recorded = plans.filter(({ file }) => file.results.runs.length > 0);
  const open = recorded.find(({ jobs }) => jobs.length > 0);
  if (resume || !open) return;
  printTables(recorded, folders, io);
  const { experiment, file, tasks, jobs } = open;
  const known = tasks.length - jobs.length;
  const has = known > 0 ? `${known} of the ${tasks.length} runs` : `other runs (${file.results.runs.length})`;
  throw new UsageError(
    `${resultsPath(folders.results, experiment.name)} has ${has} already; --resume adds the ${jobs.length} that it lacks, --out <dir> starts over elsewhere (or move the file and the folder of its runs away)`,
  );
}

/**
 * Does the runs of experiments that are not there yet, and prints what all say.
 * @param names of the call; what was asked for by name is not left out quietly. @returns the exit code.
 * @throws UsageError where there are some results already and `--resume` does not say that others are to be added: they are shown first;
 * DataError where another process is at work on one of them, before anything is trained.
 */
export async function runExperiments(
  experiments: readonly Experiment[],
  names: readonly string[],
  options: ReproduceOptions,
  folders: Folders,
  io: CliIo,
): Promise<number> {
  const asked = await planned(experiments, options, folders);
  askedToAdd(asked, options, folders, io);
  const busy = asked.filter(({ jobs }) => jobs.length > 0);
  const places = await placesOfData(options.data, experiments);
  const { skipped } = await withData(
    busy.map(({ experiment }) => experiment),
    places,
  );
  if (names.length > 0 && skipped.length > 0) throw new UsageError(`${skipped[0].name}: ${skipped[0].why}`);
  const isSkipped = ({ experiment }: Planned): boolean =>
    skipped.some(({ name }) => name === experiment.name);
  const locks = new FolderLocks();
  try {
    await takeFolders(
      asked.filter((plan) => !isSkipped(plan)),
      folders,
      locks,
    );
    // Again, now that nobody else adds to them.
    const plans = (await planned(experiments, options, folders)).filter((plan) => !isSkipped(plan));
    askedToAdd(plans, options, folders, io);
    const jobs = plans.flatMap((plan) => plan.jobs);
    if (!options.quiet && jobs.length > 0) {
      io.stdout.write(
        `${counted(jobs.length, 'run')} of ${counted(busy.length - skipped.length, 'experiment')}; results in ${folders.results}, runs in ${folders.runs}\n`,
      );
    }
    for (const { experiment, file, jobs: own } of plans) {
      const text = own.length > 0 ? versionsText(file.results.runs, [octogradVersion()]) : undefined;
      if (text !== undefined) io.stderr.write(`octograd: ${experiment.name}: ${text}\n`);
    }
    await doRuns(plans, places, options, folders, io);
    if (io.signal.aborted) {
      io.stdout.write(interruptedText(plans, options.smoke === true));
      return signalCode(io.signal);
    }
    printTables(plans, folders, io);
    // One may take the table for that of the seeds that were asked for.
    if (options.seeds !== undefined && !options.smoke)
      io.stdout.write('\nFigures are over all seeds that are recorded.\n');
    for (const { name, why } of skipped) io.stdout.write(`\nNot run: ${name}: ${why}\n`);
    if (jobs.length === 0 && plans.length > 0) io.stdout.write(completeText(plans, folders));
    return exitCodes.ok;
  } finally {
    await locks.release();
  }
}

/** That there was nothing to do, and how it is measured again all the same. */
function completeText(plans: readonly Planned[], { results }: Folders): string {
  const count = plans.reduce((sum, { tasks }) => sum + tasks.length, 0);
  const where = plans.length === 1 ? resultsPath(results, plans[0].experiment.name) : results;
  return `\nComplete: ${count === 1 ? 'the run is' : `all ${count} runs are`} in ${where}; to measure again: --verify, or --out <dir>\n`;
}
