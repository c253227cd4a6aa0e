/** What a run's folder says of the run: its settings from config.json, its figures from metrics.jsonl. Reads, and changes nothing. */
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../../core/errors.js';
import { textIfThere } from '../../../core/read.node.js';
import type { ProbeEvent } from '../../../train/index.js';
import type { Snapshot } from '../../distributions.js';
import { comparable, extras, hashOf, type Task } from '../experiment/tasks.js';
import { type LayerCosines, layerCosines } from './layer-cosines.js';
import { runProblem } from './results-schema.js';

const configSchema = v.object({
  octograd: v.string(),
  node: v.string(),
  platform: v.string(),
  cpu: v.optional(v.string()),
  commit: v.optional(v.string()),
  dataFingerprint: v.optional(v.string()),
  cores: v.optional(v.number()),
  startedAt: v.string(),
  command: v.string(),
  settings: v.looseObject({
    seeds: v.array(v.number()),
    threads: v.optional(v.number()),
    probeEvery: v.optional(v.number(), 0),
    distributions: v.optional(v.array(v.number())),
    epochs: v.number(),
    batchSize: v.number(),
  }),
  recipes: v.array(v.looseObject({ name: v.string(), overrides: v.optional(v.array(v.looseObject({}))) })),
});

const eventSchema = v.looseObject({ type: v.string() });
/** What is read of a probe; JSON has null for a cosine that is no number. */
const probeSchema = v.object({
  operands: v.array(
    v.looseObject({
      path: v.string(),
      product: v.string(),
      role: v.string(),
      cosine: v.nullable(v.number()),
    }),
  ),
  gradients: v.array(v.looseObject({ path: v.string(), cosine: v.nullable(v.number()) })),
});

/** What came of doing a recorded run anew. */
export interface Verified
  extends Pick<RunResult, 'octograd' | 'commit' | 'node' | 'platform' | 'cpu' | 'backend' | 'startedAt'> {
  /** Status, steps, accuracy, losses and cosines had the recorded digits. */
  readonly same: boolean;
}

/** A finished run as it stands in results.json. */
export interface RunResult {
  readonly arm: string;
  readonly recipe: string;
  readonly seed: number;
  /** `diverged`: the loss or a number in it was no longer finite; it has no test figures. */
  readonly status: 'finished' | 'diverged';
  /** Stands for settings and recipe: equal where both are. */
  readonly settingsHash: string;
  readonly epochs: number;
  readonly steps: number;
  /** Share of right answers on the test set. */
  readonly testAccuracy: number | null;
  /** Nats. */
  readonly testLoss: number | null;
  /** Mean over the last epoch, nats. */
  readonly trainLoss: number | null;
  readonly seconds: number | null;
  /** null: as many as the machine has cores. */
  readonly threads: number | null;
  readonly octograd: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string | null;
  /** Cores that the process could use; runs of older versions do not say. */
  readonly cores?: number;
  /** The kernels, as `octograd train` names them: `wasm, 2 threads, SIMD, 8-bit dot products`; see `Backend.description`. */
  readonly backend?: string;
  /** Of the clone that it ran in, `-dirty` where its sources were changed; an installed package has none. */
  readonly commit?: string;
  readonly startedAt: string;
  /** Stands for training and test data; runs of older versions do not say. See data-fingerprint.ts. */
  readonly dataFingerprint?: string;
  /** The last time that it was done anew with `--verify --record`. */
  readonly verified?: Verified;
  /** Why a run diverged. */
  readonly message?: string;
  /** What probes say of each layer, where the experiment asks for it; empty where nothing is quantised. */
  readonly cosines?: LayerCosines;
  /** The tensors at some steps, where the experiment asks for it. */
  readonly distributions?: readonly Snapshot[];
}

/** A run as its folder has it. */
export interface FolderRun {
  /** Without `arm`, which the folder does not know. */
  readonly result: Omit<RunResult, 'arm'>;
  readonly settings: ReturnType<typeof comparable>['settings'];
  readonly recipe: ReturnType<typeof comparable>['recipe'];
}

/** Of a run that came to its end, but cannot be what octograd wrote. */
const damaged = (what: string, folder: string): DataError =>
  new DataError(
    `${what}, so that a file of the run was damaged or edited; move the folder away and train the run anew`,
    folder,
  );

type Event = v.InferOutput<typeof eventSchema>;

/** @throws DataError for a line of JSON that is no event. */
function events(text: string, folder: string): Event[] {
  return text.split('\n').flatMap((line, i) => {
    // Most lines are steps, and none of them says how the run ended.
    if (line === '' || line.startsWith('{"type":"step"')) return [];
    let event: unknown;
    try {
      event = JSON.parse(line);
    } catch {
      // A kill may leave half a line at the end.
      return [];
    }
    if (!v.is(eventSchema, event)) throw damaged(`line ${i + 1} of its metrics.jsonl is no event`, folder);
    return [event];
  });
}

/** @throws DataError for a probe without its figures. */
function probesOf(all: readonly Event[], folder: string): ProbeEvent[] {
  const probes = all.filter(({ type }) => type === 'probe');
  if (!v.is(v.array(probeSchema), probes))
    throw damaged('a probe in its metrics.jsonl lacks figures', folder);
  return probes as unknown as ProbeEvent[];
}

const snapshotsOf = (all: readonly Event[]): Snapshot[] =>
  all
    .filter(({ type }) => type === 'distributions')
    .map(
      ({ step, tensors, leftOut }) =>
        ({ step, tensors, ...(leftOut === undefined ? {} : { leftOut }) }) as unknown as Snapshot,
    );

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/**
 * The run of a folder that `octograd train` left; undefined where the run has not come to its end (it goes on, was stopped or killed).
 * @throws DataError for a folder that is none of `octograd train` or that was damaged, naming what is missing or wrong.
 */
export async function readRun(folder: string): Promise<FolderRun | undefined> {
  const file = join(folder, 'config.json');
  const text = await textIfThere(file);
  if (text === undefined) throw new DataError('is no folder of a run: there is no config.json in it', folder);
  let config: v.InferOutput<typeof configSchema>;
  try {
    config = v.parse(configSchema, JSON.parse(text));
  } catch (error) {
    throw new DataError(`is no config.json of a run: ${(error as Error).message}`, file);
  }
  const { settings, recipes, command } = config;
  if (command !== 'train' || recipes.length !== 1 || settings.seeds.length !== 1) {
    throw new DataError(
      `is of octograd ${command} with ${recipes.length} recipes and ${settings.seeds.length} seeds; a run here is one of octograd train with one of each`,
      folder,
    );
  }
  const all = events((await textIfThere(join(folder, 'metrics.jsonl'))) ?? '', folder);
  const done = all.find(({ type }) => type === 'run-done');
  const failed = all.find(
    ({ type, error }) => type === 'run-failed' && (error === 'DivergenceError' || error === 'NonFiniteError'),
  );
  const last = all.filter(({ type }) => type === 'epoch').pop();
  const backend = all.find(({ type }) => type === 'start')?.backend;
  const ended = failed ?? (done && done.reason !== 'aborted' ? done : undefined);
  if (!ended) return undefined;
  const [recipe] = recipes;
  const what = comparable(settings, recipe);
  const result: FolderRun['result'] = {
    recipe: recipe.name,
    seed: settings.seeds[0],
    status: failed ? 'diverged' : 'finished',
    settingsHash: hashOf(what),
    epochs: settings.epochs,
    steps: numberOf(failed ? failed.step : done?.steps) ?? 0,
    testAccuracy: failed ? null : numberOf(done?.testAccuracy),
    testLoss: failed ? null : numberOf(done?.testLoss),
    trainLoss: numberOf(last?.loss),
    seconds: numberOf(done?.seconds),
    threads: settings.threads ?? null,
    octograd: config.octograd,
    node: config.node,
    platform: config.platform,
    cpu: config.cpu ?? null,
    ...(config.cores === undefined ? {} : { cores: config.cores }),
    ...(typeof backend === 'string' ? { backend } : {}),
    ...(config.commit === undefined ? {} : { commit: config.commit }),
    startedAt: config.startedAt,
    ...(config.dataFingerprint === undefined ? {} : { dataFingerprint: config.dataFingerprint }),
    ...(failed ? { message: String(failed.message) } : {}),
    ...(settings.probeEvery > 0 ? { cosines: layerCosines(probesOf(all, folder)) } : {}),
    ...(settings.distributions ? { distributions: snapshotsOf(all) } : {}),
  };
  // Under any arm: the folder knows none. As it will be read again.
  const problem = runProblem({ arm: recipe.name, ...JSON.parse(JSON.stringify(result)) });
  if (problem !== undefined) throw damaged(`says of its run what cannot be right (${problem})`, folder);
  return { ...what, result };
}

/** A run has what the task asks for beside its figures. */
export const hasExtras = (
  { wanted }: Pick<Task, 'wanted'>,
  run: Pick<RunResult, 'cosines' | 'distributions'>,
): boolean => wanted.every((name) => run[name] !== undefined);

/** The run as it is recorded for a task. What the experiment does not ask for is left out. */
export function recorded({ arm, recipe, wanted }: Task, { result }: FolderRun): RunResult {
  const made = { arm, ...result, recipe: recipe.name };
  const unwanted = extras.filter((name) => !wanted.includes(name));
  return Object.fromEntries(
    Object.entries(made).filter(([name]) => !(unwanted as readonly string[]).includes(name)),
  ) as unknown as RunResult;
}
