/**
 * `octograd reproduce --verify`: does recorded runs anew, in a folder of their own, and holds the new figures against the recorded ones to
 * the last digit. Changes no results.
 */
import { join } from 'node:path';
import { DataError, UsageError } from '../../../core/errors.js';
import { type CliIo, exitCodes, signalCode } from '../../io.js';
import { percentText } from '../../table.js';
import { documentsOf, writeBeside } from '../documents/document-files.js';
import { isOwn, measuredOf } from '../documents/measured.js';
import { arithmeticOf } from '../experiment/arithmetic.js';
import { placesOfData, withData } from '../experiment/data-places.js';
import type { Experiment, WantedSeeds } from '../experiment/experiment.js';
import { differences, type Task, tasksOf } from '../experiment/tasks.js';
import { armsOf, type Folders, type ReproduceOptions } from '../request.js';
import { ResultsFile, resultsPath, scheduleText } from '../results/results.js';
import type { RunResult, Verified } from '../results/run-result.js';
import { currentResults } from '../results/settings-check.js';
import { FolderLocks } from './folder-lock.js';
import { runnerOptions } from './run-experiments.js';
import { type Job, runAll } from './runner.js';

/** Figures that are held against each other, by their names in words. Times and machines may differ. */
const figures = {
  status: 'status',
  steps: 'steps',
  testAccuracy: 'test accuracy',
  testLoss: 'test loss',
  trainLoss: 'training loss',
} as const;

/** Each figure in which two runs differ, with both values: `test loss 0.25 recorded, 0.26 measured`. Empty for the same digits. */
export function differingFigures(recorded: RunResult, measured: RunResult): string[] {
  const names = Object.keys(figures) as (keyof typeof figures)[];
  const texts = names
    .filter((name) => recorded[name] !== measured[name])
    .map((name) => `${figures[name]} ${recorded[name]} recorded, ${measured[name]} measured`);
  if (!recorded.cosines || !measured.cosines) return texts;
  const cosines = differences(measured.cosines, recorded.cosines);
  if (cosines.length > 0) texts.push(`cosines, ${cosines.length} of them: ${cosines[0]}, which is recorded`);
  return texts;
}

/** Where and by what a run was made, as far as it says so. */
function madeBy({ octograd, commit, node, platform, cpu, backend }: RunResult): string {
  const version = `octograd ${octograd}${commit === undefined ? '' : ` of commit ${commit}`}`;
  return [version, `Node ${node}`, platform, cpu, backend].filter((part) => part).join(', ');
}

/** A recorded run, and the job that does it anew. */
interface Pair {
  readonly experiment: Experiment;
  readonly recorded: RunResult;
  readonly job: Job;
  /** The folder that the recorded results lie in. */
  readonly folder: string;
}

/** What is to be done anew of an experiment: those of the runs asked for that are recorded; and how many were asked for. */
async function pairsOf(
  experiment: Experiment,
  arms: readonly string[] | undefined,
  seeds: WantedSeeds,
  folders: Folders,
): Promise<{ readonly pairs: Pair[]; readonly asked: number }> {
  const found = await currentResults(folders.sources, experiment);
  if (!found || found.results.smoke)
    throw new DataError(
      `has no recorded runs to verify, in ${folders.sources.join(' or ')}`,
      experiment.name,
    );
  const tasks = await tasksOf(experiment, { seeds, ...(arms ? { arms } : {}) });
  const isRecorded = (wanted: number): boolean =>
    found.results.runs.some(({ arm, seed }) => seed === wanted && (arms?.includes(arm) ?? true));
  const fresh = { smoke: false, schedule: scheduleText(tasks) };
  const file = await ResultsFile.open(folders.results, experiment, fresh);
  if (file.results.runs.length > 0)
    throw new UsageError(
      `${resultsPath(folders.results, experiment.name)} has runs already, and --verify does them anew; name a new --out`,
    );
  const own = found.results.runs.filter(({ arm }) => arms?.includes(arm) ?? true);
  const recordedSeeds = new Set(own.map(({ seed }) => seed)).size;
  // Most likely one seed was meant, and every run is done anew for it.
  if (typeof seeds === 'number' && seeds > 1 && seeds > recordedSeeds)
    throw new UsageError(
      `${experiment.name}: --seeds ${seeds} asks for so many seeds, and ${recordedSeeds} are recorded${arms ? ' of these arms' : ''}; --seeds ${seeds}-${seeds} is seed ${seeds} alone`,
    );
  const missing = typeof seeds === 'object' ? seeds.filter((seed) => !isRecorded(seed)) : [];
  if (missing.length > 0)
    throw new UsageError(
      `${experiment.name}: no run under seed ${missing.join(', ')} is recorded${arms ? ' of these arms' : ''}; leave ${missing.length === 1 ? 'it' : 'them'} out of --seeds`,
    );
  const pairs = tasks.flatMap((task) => {
    const recorded = found.results.runs.find(({ arm, seed }) => arm === task.arm && seed === task.seed);
    return recorded ? [{ experiment, recorded, job: { task, file }, folder: found.folder }] : [];
  });
  return { pairs, asked: tasks.length };
}

/** Products in float32 go by the machine's instructions; see docs/determinism.md. */
function floatText({ experiment, job }: Pair): string {
  const arm = experiment.arms.find(({ name }) => name === job.task.arm);
  if (arm && arithmeticOf(experiment, arm) === '') return '';
  return '\n  It has products in float32, whose last digits depend on the machine (relaxed SIMD) and on what it multiplies with';
}

/** What became of a run. */
interface VerifyOutcome {
  readonly pair: Pair;
  readonly text: string;
  readonly same: boolean;
  readonly measured: RunResult;
}

/** Undefined where it was not done. */
function outcomeOf(pair: Pair): VerifyOutcome | undefined {
  const { recorded, job } = pair;
  const { experiment, arm, seed }: Task = job.task;
  const measured = job.file.find(arm, seed);
  if (!measured) return undefined;
  const differing = differingFigures(recorded, measured);
  const name = `${experiment} ${arm} seed ${seed}`;
  if (differing.length === 0) {
    const accuracy = measured.status === 'diverged' ? 'diverged' : percentText(measured.testAccuracy);
    return { pair, measured, text: `${name}: the same digits (${accuracy})`, same: true };
  }
  const where = `\n  recorded by ${madeBy(recorded)}\n  measured by ${madeBy(measured)}`;
  const text = `${name}: differs: ${differing.join('; ')}${where}${floatText(pair)}`;
  return { pair, measured, text, same: false };
}

/** Writes beside the recorded runs what came of doing them anew. */
async function record(outcomes: readonly VerifyOutcome[], folders: Folders, io: CliIo): Promise<void> {
  const byExperiment = new Map<Experiment, VerifyOutcome[]>();
  for (const one of outcomes)
    byExperiment.set(one.pair.experiment, [...(byExperiment.get(one.pair.experiment) ?? []), one]);
  for (const [experiment, own] of byExperiment) {
    const [{ pair }] = own;
    const { schedule } = pair.job.file.results;
    const file = await ResultsFile.open(pair.folder, experiment, { smoke: false, schedule });
    await file.addVerified(
      own.map(({ pair: { recorded }, measured, same }) => {
        const { octograd, commit, node, platform, cpu, backend, startedAt } = measured;
        const verified: Verified = {
          ...{ same, octograd, node, platform, cpu, startedAt },
          ...(commit === undefined ? {} : { commit }),
          ...(backend === undefined ? {} : { backend }),
        };
        return { arm: recorded.arm, seed: recorded.seed, verified };
      }),
    );
    io.stdout.write(`Recorded in ${resultsPath(pair.folder, experiment.name)}\n`);
    // Where results lie beside their experiments, documents do, too, and say it.
    if (!folders.place.own || pair.folder !== folders.place.folder) continue;
    const measured = await measuredOf([experiment], folders, io);
    await writeBeside(documentsOf(measured, { ...folders, results: pair.folder }), io);
  }
}

/**
 * Does runs of these experiments anew, by default one seed of every arm, and prints what is the same.
 * @returns the exit code: 1 where a figure differs. @throws UsageError and DataError where there is nothing to compare, or no data.
 */
export async function verify(
  experiments: readonly Experiment[],
  options: ReproduceOptions,
  folders: Folders,
  io: CliIo,
): Promise<number> {
  const arms = armsOf(options, experiments);
  const pairs: Pair[] = [];
  let asked = 0;
  for (const experiment of experiments) {
    const one = await pairsOf(experiment, arms, options.seeds ?? 1, folders);
    pairs.push(...one.pairs);
    asked += one.asked;
  }
  if (pairs.length === 0)
    throw new UsageError('none of the runs that --arms and --seeds ask for is recorded');
  const places = await placesOfData(options.data, experiments);
  const { skipped } = await withData(experiments, places);
  if (skipped.length > 0) throw new UsageError(`${skipped[0].name}: ${skipped[0].why}`);
  const foreign = pairs.find(({ folder }) => !folders.place.own && !isOwn(folders, folder));
  if (options.record && foreign)
    throw new UsageError(
      `--record writes into recorded results, and those of ${foreign.experiment.name} came with the package; leave it out, or verify results of your own`,
    );
  if (!options.quiet)
    io.stdout.write(
      `${pairs.length} recorded ${pairs.length === 1 ? 'run' : 'runs'} anew, in ${folders.runs}${asked > pairs.length ? `; ${asked - pairs.length} more that were asked for are not recorded` : ''}\n`,
    );
  const names = [...new Set(pairs.map(({ experiment }) => experiment.name))];
  const locks = new FolderLocks();
  let outcomes: VerifyOutcome[] = [];
  try {
    for (const name of names) await locks.take(join(folders.runs, name));
    if (options.record)
      for (const folder of new Set(pairs.map((pair) => join(pair.folder, pair.experiment.name))))
        await locks.take(folder);
    await runAll(
      pairs.map(({ job }) => job),
      {
        ...runnerOptions(options, folders, io),
        data: places,
        known: names.map((name) => ({
          experiment: name,
          runs: pairs.filter((pair) => pair.experiment.name === name).map(({ recorded }) => recorded),
        })),
      },
    );
    outcomes = pairs.map(outcomeOf).filter((outcome) => outcome !== undefined);
    if (options.record && outcomes.length > 0) await record(outcomes, folders, io);
  } finally {
    await locks.release();
  }
  io.stdout.write(`\n${outcomes.map(({ text }) => `${text}\n`).join('')}`);
  const same = outcomes.filter((outcome) => outcome.same).length;
  io.stdout.write(`${same} of ${outcomes.length} have the recorded digits\n`);
  if (io.signal.aborted) {
    io.stdout.write(`Interrupted: ${outcomes.length} of ${pairs.length} runs were verified\n`);
    return signalCode(io.signal);
  }
  return same === outcomes.length ? exitCodes.ok : exitCodes.failure;
}
