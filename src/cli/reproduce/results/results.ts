/**
 * `results.json` of an experiment: every finished run, added as soon as it ends and written whole, so that a kill loses none of them.
 * Knows the file; what the figures say is summary.ts's affair.
 */
import { join } from 'node:path';
import { DataError } from '../../../core/errors.js';
import { textIfThere } from '../../../core/read.node.js';
import { parseJson } from '../../../core/text.js';
import { makeFolder, writeFileAtomic } from '../../../io/files.node.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Task } from '../experiment/tasks.js';
import { resultsProblem, runProblem } from './results-schema.js';
import { hasExtras, type RunResult, type Verified } from './run-result.js';
import { otherDataText } from './same-data.js';

/** What `results.json` holds. */
export interface Results {
  readonly formatVersion: 1;
  readonly experiment: string;
  /** A trial: its figures say that the program runs, and nothing else. */
  readonly smoke: boolean;
  /** The schedule that was run, in words. */
  readonly schedule: string;
  readonly runs: readonly RunResult[];
}

interface Schedule {
  readonly epochs: number;
  readonly totalSteps: number;
  readonly batchSize: number;
  readonly trainSamples: number;
  readonly schedule: {
    readonly kind: string;
    readonly factor?: number;
    readonly milestones?: readonly number[];
  };
}

function shapeText({ kind, factor, milestones }: Schedule['schedule']): string {
  if (kind === 'oneCycle') return 'one-cycle, annealed to zero';
  if (kind === 'multiStep')
    return `the rate times ${factor} at shares ${milestones?.join(' and ')} of the run`;
  return kind;
}

/** `8 epochs of 50000 samples, 6256 steps of 64, one-cycle, annealed to zero`; arms that differ in their batch alone are put together. */
export function scheduleText(tasks: readonly Pick<Task, 'settings'>[]): string {
  // By what stands around the batches: `8 epochs of 50000 samples, #, one-cycle`.
  const batches = new Map<string, Set<string>>();
  for (const { settings } of tasks) {
    const { epochs, totalSteps, batchSize, schedule, trainSamples } = settings as unknown as Schedule;
    const rounded = Number(epochs.toFixed(4));
    const length = `${rounded} ${rounded === 1 ? 'epoch' : 'epochs'} of ${trainSamples} samples`;
    const text = `${length}, #, ${shapeText(schedule)}`;
    batches.set(text, (batches.get(text) ?? new Set()).add(`${totalSteps} of ${batchSize}`));
  }
  return [...batches]
    .map(([text, steps]) => text.replace('#', [...steps].join(', ').replace(' of', ' steps of')))
    .join('; ');
}

/** Where an experiment's results stand. */
export function resultsPath(folder: string, experiment: string): string {
  return join(folder, experiment, 'results.json');
}

/** The results so far; undefined for none. @throws DataError for a file that is none, or of another experiment. */
export async function readResults(folder: string, experiment: string): Promise<Results | undefined> {
  const path = resultsPath(folder, experiment);
  const text = await textIfThere(path);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new DataError(
      `is no results.json of octograd reproduce: ${(error as Error).message}; move it away`,
      path,
    );
  }
  const problem = resultsProblem(json);
  if (problem !== undefined) throw new DataError(problem, path);
  const results = json as Results;
  if (results.experiment !== experiment) {
    throw new DataError(
      `holds results of "${results.experiment}", not of "${experiment}"; move it away`,
      path,
    );
  }
  return results;
}

/** The results of an experiment in the first of these folders that has some, and which folder that is; undefined for none. */
export async function findResults(
  folders: readonly string[],
  experiment: string,
): Promise<{ readonly results: Results; readonly folder: string } | undefined> {
  for (const folder of folders) {
    const results = await readResults(folder, experiment);
    if (results) return { results, folder };
  }
  return undefined;
}

/** Results that grow run by run. Writes one after the other, though runs end at the same time. Whoever adds has the folder (folder-lock.ts). */
export class ResultsFile {
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly experiment: Experiment,
    private current: Results,
  ) {}

  /** Opens what there is, or begins; writes nothing yet. @throws DataError where it is of the other kind, trial or not. */
  static async open(
    folder: string,
    experiment: Experiment,
    fresh: Pick<Results, 'smoke' | 'schedule'>,
  ): Promise<ResultsFile> {
    const { name } = experiment;
    const found = await readResults(folder, name);
    if (found && found.smoke !== fresh.smoke) {
      throw new DataError(
        found.smoke
          ? 'holds the figures of a trial, which are no results; name another --out'
          : 'holds results, beside which a trial does not belong; name another --out',
        resultsPath(folder, name),
      );
    }
    const results: Results = {
      formatVersion: 1,
      experiment: name,
      ...fresh,
      runs: found?.runs ?? [],
    };
    return new ResultsFile(folder, experiment, results);
  }

  get results(): Results {
    return this.current;
  }

  /** The run of an arm under a seed. */
  find(arm: string, seed: number): RunResult | undefined {
    return this.current.runs.find((run) => isSame(run, { arm, seed }));
  }

  /** A task's run is here, with all that is asked for. */
  has(task: Pick<Task, 'arm' | 'seed' | 'wanted'>): boolean {
    const run = this.find(task.arm, task.seed);
    return run !== undefined && hasExtras(task, run);
  }

  /**
   * Adds a run (in place of one that lacked something) and writes the file; resolves when it is on disk.
   * @throws DataError naming path and remedy, and for a run that could not be read again.
   */
  async add(run: RunResult): Promise<void> {
    // As it will be read: what is no number is null in JSON.
    const problem = runProblem(JSON.parse(JSON.stringify(run)));
    if (problem !== undefined)
      throw new DataError(
        `is given a run (${run.arm}, seed ${run.seed}) that cannot be right: ${problem}; its folder is kept`,
        resultsPath(this.folder, this.experiment.name),
      );
    this.checkData(run);
    return this.change((runs) => this.inOrder([...runs.filter((one) => !isSame(one, run)), run]));
  }

  /** Says of recorded runs what came of doing them anew; resolves when that is on disk. */
  async addVerified(
    found: readonly (Pick<RunResult, 'arm' | 'seed'> & { readonly verified: Verified })[],
  ): Promise<void> {
    return this.change((runs) =>
      runs.map((run) => {
        const own = found.find((one) => isSame(one, run));
        return own ? { ...run, verified: own.verified } : run;
      }),
    );
  }

  /** Writes the file with other runs, after all that is being written. */
  private change(make: (runs: readonly RunResult[]) => RunResult[]): Promise<void> {
    const written = this.writing.then(async () => {
      const { name } = this.experiment;
      // Another may have changed the file by hand or by a checkout: of what it has now nothing is lost.
      const runs = (await readResults(this.folder, name))?.runs ?? this.current.runs;
      this.current = { ...this.current, runs: make(runs) };
      await makeFolder(join(this.folder, name));
      await writeFileAtomic(resultsPath(this.folder, name), resultsText(this.current));
    });
    this.writing = written.catch(() => undefined);
    return written;
  }

  /** @throws DataError for a run of other data than those that are here, which would be compared with it. */
  checkData(run: Pick<RunResult, 'arm' | 'seed' | 'dataFingerprint'>): void {
    const others = this.current.runs.filter((one) => !isSame(one, run));
    const problem = otherDataText(this.experiment, others, run);
    if (problem !== undefined) throw new DataError(problem, resultsPath(this.folder, this.experiment.name));
  }

  /** By arm as the experiment has them, then by seed. */
  private inOrder(runs: readonly RunResult[]): RunResult[] {
    const place = new Map(this.experiment.arms.map(({ name }, i) => [name, i]));
    return [...runs].sort((a, b) => (place.get(a.arm) ?? 0) - (place.get(b.arm) ?? 0) || a.seed - b.seed);
  }
}

/** Whether two are the run of one arm under one seed. */
const isSame = (a: Pick<RunResult, 'arm' | 'seed'>, b: Pick<RunResult, 'arm' | 'seed'>): boolean =>
  a.arm === b.arm && a.seed === b.seed;

/** One run a line: what a later run adds is a line of a diff. */
function resultsText({ runs, ...head }: Results): string {
  const opening = JSON.stringify(head, null, 2).replace(/\n}$/, '');
  return `${opening},\n  "runs": [\n${runs.map((run) => `    ${JSON.stringify(run)}`).join(',\n')}\n  ]\n}\n`;
}
