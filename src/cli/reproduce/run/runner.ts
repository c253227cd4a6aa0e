/** Does the runs of experiments, some at a time, and adds each to its results as it ends. What a kill left behind is looked at first. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, OctogradError } from '../../../core/errors.js';
import type { CliIo } from '../../io.js';
import { percentText } from '../../table.js';
import { comparable, differences, hashOf, type Task } from '../experiment/tasks.js';
import type { Results, ResultsFile } from '../results/results.js';
import { type RunResult, readRun, recorded } from '../results/run-result.js';
import { type Leftover, leftover } from './leftover.js';
import { TotalProgress } from './total-progress.js';
import { trainApart, trainHere } from './train-run.js';

/** A run to do, and where it is recorded. */
export interface Job {
  readonly task: Task;
  readonly file: ResultsFile;
}

export interface RunnerOptions {
  readonly io: CliIo;
  /** Folder below which the runs' folders lie. */
  readonly runsFolder: string;
  /** Runs at a time; above 1 each in a process of its own. */
  readonly jobs: number;
  readonly threads?: number;
  readonly wide?: boolean;
  /** Places of data sets by name. */
  readonly data: ReadonlyMap<string, string>;
  /** Results whose runs say how long others will take. */
  readonly known: readonly Pick<Results, 'experiment' | 'runs'>[];
  readonly quiet?: boolean;
}

/** `98.76 %, loss 0.0412`, or how it diverged. */
export function resultText({ status, testAccuracy, testLoss, message }: Omit<RunResult, 'arm'>): string {
  if (status === 'diverged') return `diverged: ${message ?? ''}`;
  return `test accuracy ${percentText(testAccuracy)}, test loss ${testLoss?.toFixed(4) ?? '-'}`;
}

/** The folder of a task's run. */
export function runFolderOf(runsFolder: string, { experiment, arm, seed }: Task): string {
  return join(runsFolder, experiment, `${arm}-seed${seed}`);
}

/**
 * Looks at the event that begins a run: other settings than those asked for (a set of another size has some), and other data than those of
 * earlier runs, end it there, not after hours.
 */
function checkBeginning(line: string, { task, file }: Job, folder: string): void {
  if (!line.startsWith('{"type":"config"')) return;
  const { config } = JSON.parse(line) as {
    config: { dataFingerprint?: string; settings: object; recipes: [object] };
  };
  const what = comparable(config.settings, config.recipes[0]);
  if (hashOf(what) !== task.hash) {
    const found = differences(what.settings, task.settings, 'settings').join('; ');
    const { dataset } = task;
    throw new DataError(
      `begins under other settings than experiment.json says (${found}); are the data those of "${dataset}"? Name their place with --data ${dataset}=<where>`,
      folder,
    );
  }
  const { dataFingerprint } = config;
  if (dataFingerprint !== undefined) file.checkData({ ...task, dataFingerprint });
}

/** Of runs whose folders were refused, each in words of its own as it was met. */
function refusal(tasks: readonly Task[], count: number): DataError {
  const names = tasks.map(({ experiment, arm, seed }) => `${experiment} ${arm} seed ${seed}`).join(', ');
  return new DataError(
    `${tasks.length} of ${count} runs not done, since what is in the place of their folders was refused: ${names}; move it away, and --resume does them`,
  );
}

/**
 * Does all jobs, in order. Resolves when the last has ended, or when those under way have after the signal.
 * @throws the first failure, after which no other run begins; DataError, when the others are done, where the folder of a run was refused.
 */
export async function runAll(jobs: readonly Job[], options: RunnerOptions): Promise<void> {
  const { io, runsFolder, data, quiet = false } = options;
  const out = quiet ? { write: () => undefined } : io.stdout;
  const progress = new TotalProgress(
    { out, env: io.env },
    jobs.map(({ task }) => task),
    options.jobs,
  );
  for (const { experiment, runs } of options.known) {
    for (const { arm, steps, seconds } of runs) {
      if (seconds !== null) progress.learn({ experiment, arm }, steps, seconds);
    }
  }
  const queue = [...jobs];
  const failures: unknown[] = [];
  const refused: Task[] = [];
  const train = options.jobs > 1 ? trainApart : trainHere;

  const runOne = async ({ task, file }: Job): Promise<void> => {
    const folder = runFolderOf(runsFolder, task);
    let left: Leftover;
    try {
      left = await leftover(folder, task);
    } catch (error) {
      if (!(error instanceof OctogradError)) throw error;
      // What is wrong with one folder must not keep the others out, which may train for a night.
      refused.push(task);
      progress.leaveOut(task);
      progress.clear();
      io.stderr.write(`octograd: ${error.message}\n`);
      return;
    }
    if (left.aside !== undefined) {
      progress.clear();
      io.stderr.write(`octograd: ${left.aside}\n`);
    }
    let { run } = left;
    if (!run) {
      progress.start(task);
      const place = data.get(task.dataset);
      await train(
        task,
        {
          out: folder,
          ...(options.threads === undefined ? {} : { threads: options.threads }),
          ...(options.wide ? { wide: true } : {}),
          ...(place === undefined ? {} : { data: place }),
          onLine: (line) => {
            checkBeginning(line, { task, file }, folder);
            progress.hear(task, line);
          },
        },
        io,
      );
      // A process that was stopped as it started has left nothing.
      if (io.signal.aborted && !existsSync(join(folder, 'config.json'))) return;
      run = await readRun(folder);
      if (!run) {
        if (io.signal.aborted) return;
        throw new Error(`${folder}: octograd train ended well, but its run has no end`);
      }
    }
    await file.add(recorded(task, run));
    progress.end(task, `${resultText(run.result)}${left.run ? ' (of an earlier run)' : ''}`);
  };
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      if (io.signal.aborted || failures.length > 0) return;
      try {
        await runOne(job);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.jobs, jobs.length) }, work));
  } finally {
    progress.clear();
  }
  if (failures.length > 0) throw failures[0];
  if (refused.length > 0 && !io.signal.aborted) throw refusal(refused, jobs.length);
}
