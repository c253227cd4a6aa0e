/**
 * The runs of an experiment: every arm under every seed, as arguments of `octograd train` and as the settings that these come to. Two
 * runs are the same if their settings and recipes are; a hash of both stands for that. Knows no files of runs.
 */
import { createHash } from 'node:crypto';
import { CommanderError } from 'commander';
import { DataError, OctogradError, UsageError } from '../../../core/errors.js';
import { describeDatasets } from '../../../data/index.node.js';
import type { Recipe } from '../../../quant/recipe.js';
import { getRecipe } from '../../../quant/recipes.js';
import { parseRecipe } from '../../../quant/validate.js';
import { withBits } from '../../../quant/with-bits.js';
import { refuseUnmatched } from '../../../train/recipe-twin.js';
import { type TrainingOptions, textNames } from '../../options.js';
import { type DataFacts, settingsOf } from '../../setup.js';
import { argumentsOf, armSettings, trainingOptions } from './arm-options.js';
import { type Arm, type Experiment, seedsOf, type WantedSeeds } from './experiment.js';
import { atFull } from './full.js';
import { boundModel, hasDepthwise } from './model-modules.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a run's events may say beside its figures, where an experiment asks for it. */
export const extras = ['cosines', 'distributions'] as const;
export type Extra = (typeof extras)[number];

/** One training run of an experiment. */
export interface Task {
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly recipe: Recipe;
  /** The recipe's built-in name; undefined for one that `octograd train` has to read from a file. */
  readonly builtIn?: string;
  /** Arguments of `octograd train`, but for recipe, threads, data and folder. */
  readonly args: readonly string[];
  readonly dataset: string;
  /** All that decides the run's numbers, apart from seed and recipe. */
  readonly settings: JsonObject;
  readonly hash: string;
  readonly totalSteps: number;
  /** What belongs to the run's result beside its figures. */
  readonly wanted: readonly Extra[];
}

type JsonObject = { [key: string]: Json };

/**
 * What of a run's config.json decides its numbers: settings without seeds, threads and what only looks; the recipe without its name, and
 * without what it says of a kind of module that the model has none of.
 */
export function comparable(settings: object, recipe: object): { settings: JsonObject; recipe: JsonObject } {
  const plain = (value: object): JsonObject => JSON.parse(JSON.stringify(value));
  const { seeds: _s, threads: _t, probeEvery: _p, distributions: _l, ...kept } = plain(settings);
  const { name: _n, description: _d, ...fields } = plain(recipe);
  const { overrides } = fields;
  if (!Array.isArray(overrides)) return { settings: kept, recipe: fields };
  const own = overrides.filter(({ kind }) => kind !== 'depthwise' || hasDepthwise(kept.model));
  return { settings: kept, recipe: { ...fields, overrides: own } };
}

/** JSON with its keys in order, so that equal values have equal texts. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** Sixteen hexadecimal digits of SHA-256 that stand for settings and recipe. */
export function hashOf(what: Json): string {
  return createHash('sha256').update(canonical(what)).digest('hex').slice(0, 16);
}

/** Each place where two JSON values differ: `settings.epochs: 3 instead of 8`. */
export function differences(found: Json | undefined, wanted: Json | undefined, path = ''): string[] {
  const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject(found) && isObject(wanted)) {
    const keys = [...new Set([...Object.keys(found), ...Object.keys(wanted)])];
    return keys.flatMap((key) => differences(found[key], wanted[key], path === '' ? key : `${path}.${key}`));
  }
  const text = (value: Json | undefined): string => (value === undefined ? 'nothing' : canonical(value));
  return text(found) === text(wanted) ? [] : [`${path}: ${text(found)} instead of ${text(wanted)}`];
}

/** The recipe that an arm names; called after the arm where it, or what its bits are changed of, has no name. @throws UsageError for a name that there is not. */
export function armRecipe({ name, recipe }: Arm): { recipe: Recipe; builtIn?: string } {
  if (typeof recipe === 'string') return { recipe: getRecipe(recipe), builtIn: recipe };
  if ('base' in recipe && 'bits' in recipe) {
    const { base, bits } = recipe as { base: string | object; bits: object };
    if (typeof base === 'string') return { recipe: withBits(getRecipe(base), bits) };
    const made = withBits(parseRecipe(base), bits);
    return { recipe: 'name' in base ? made : parseRecipe({ ...made, name }) };
  }
  return { recipe: parseRecipe({ name, ...recipe }) };
}

/** What is known of a data set without reading it. @throws DataError for a set of no fixed size, UsageError for a context of no text. */
async function factsOf(dataset: string, options: TrainingOptions): Promise<DataFacts> {
  const { context } = options;
  if (context !== undefined && !textNames.includes(dataset)) {
    throw new UsageError(`--context is for ${textNames.join(' and ')}; leave it out with ${dataset}`);
  }
  const cut = context === undefined ? {} : { context };
  const found = (await describeDatasets(cut)).find(({ name }) => name === dataset);
  if (!found)
    throw new DataError(
      `the data set "${dataset}" has no sizes that are known beforehand; name one of octograd data`,
    );
  const within = (count: number, limit: number | undefined): number => Math.min(count, limit ?? count);
  return {
    train: {
      name: found.title,
      count: within(found.train, options.limit),
      inputShape: found.shape,
      classes: Array.from({ length: found.classes }, (_, i) => String(i)),
    },
    test: { count: within(found.test, options.testLimit) },
  };
}

async function armTasks(experiment: Experiment, arm: Arm, options: TaskOptions): Promise<Task[]> {
  const settings = { ...armSettings(experiment, arm), ...(options.smoke ? experiment.smoke : {}) };
  const args = argumentsOf(settings);
  const train = trainingOptions(args);
  const { recipe, builtIn } = armRecipe(arm);
  if (recipe.overrides.length > 0) refuseUnmatched(recipe, boundModel(train.model));
  const resolved = settingsOf(train, await factsOf(train.dataset, train));
  const what = comparable(resolved, recipe);
  const seeds = options.smoke ? seedsOf(experiment, arm, 1) : seedsOf(experiment, arm, options.seeds);
  return seeds.map((seed) => ({
    experiment: experiment.name,
    arm: arm.name,
    seed,
    recipe,
    ...(builtIn === undefined ? {} : { builtIn }),
    args: [...args, '--seed', String(seed)],
    dataset: train.dataset,
    settings: what.settings,
    hash: hashOf(what),
    totalSteps: resolved.totalSteps,
    wanted: extras.filter((name) => experiment[name] !== undefined),
  }));
}

export interface TaskOptions {
  readonly smoke?: boolean;
  /** In place of the experiment's seeds. */
  readonly seeds?: WantedSeeds;
  /** Names of arms; all where it is left out. */
  readonly arms?: readonly string[];
}

/** Which settings a run has in place of the experiment's own, by their field; nothing for none. */
function insteadText({ atFull: full }: Experiment, { smoke }: TaskOptions): string {
  return smoke ? ' with "smoke"' : full ? ' with "full.settings"' : '';
}

/**
 * The runs of an experiment, seed by seed, so that all arms have their first seed soon.
 * @throws DataError naming the experiment, the arm and what `octograd train` says of its settings.
 */
export async function tasksOf(experiment: Experiment, options: TaskOptions = {}): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const arm of experiment.arms) {
    if (options.arms && !options.arms.includes(arm.name)) continue;
    try {
      tasks.push(...(await armTasks(experiment, arm, options)));
    } catch (error) {
      if (!(error instanceof OctogradError || error instanceof CommanderError)) throw error;
      const which = `arm "${arm.name}"${insteadText(experiment, options)}`;
      throw new DataError(`${which}: ${error.message}`, experiment.file);
    }
  }
  const turn = new Map<string, number>();
  const round = tasks.map(({ arm }) => {
    const number = turn.get(arm) ?? 0;
    turn.set(arm, number + 1);
    return number;
  });
  return tasks
    .map((task, i) => ({ task, key: round[i] }))
    .sort((a, b) => a.key - b.key)
    .map(({ task }) => task);
}

/** Makes the runs of a trial and of the full schedule, too, for what would be refused of them. @throws DataError as {@link tasksOf} does. */
export async function checkTasks(experiment: Experiment): Promise<void> {
  await tasksOf(experiment, { smoke: true });
  if (experiment.full) await tasksOf(atFull(experiment));
}
