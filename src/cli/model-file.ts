/** Finds and opens saved models: a file, or the models below the folder of a run. Knows where runs put them. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, MemoryLimitError, RecipeError, ShapeError, UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import { kindOf, readWhole } from '../data/files.node.js';
import { createModel } from '../models/index.js';
import { createSession, parseModel, restoreModel, type SavedModel, type Session } from '../train/index.js';
import type { RunOptions } from './options.js';
import { sampleNames } from './sample-names.js';
import { backendOptions } from './setup.js';

/** A run's folder holds models at most two folders down: recipe, then seed. */
const modelDepth = 2;
const modelName = 'model.safetensors';

/** Model files are read whole; the largest that makes sense here. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new DataError(`cannot be read: ${(error as Error).message}`, folder);
  }
}

async function modelsBelow(folder: string, depth: number): Promise<string[]> {
  const entries = await entriesOf(folder);
  const found = entries.some((entry) => entry.isFile() && entry.name === modelName)
    ? [join(folder, modelName)]
    : [];
  if (depth === 0) return found;
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const name of folders.sort()) found.push(...(await modelsBelow(join(folder, name), depth - 1)));
  return found;
}

/** The model files of a path: the file itself, or all below a run's folder. Throws DataError when there is none. */
export async function findModels(path: string): Promise<string[]> {
  const kind = await kindOf(path);
  if (kind === 'file') return [path];
  if (kind === undefined) {
    throw new DataError('there is no such file or folder; name a model file or the folder of a run', path);
  }
  const found = await modelsBelow(path, modelDepth);
  if (found.length > 0) return found;
  throw new DataError(`there is no ${modelName} in it; the run may have ended before its first step`, path);
}

/** Of a run's models the one to use: where recipes were compared, int8's. */
export function preferredModel(models: readonly string[]): string {
  return models.find((model) => /[\\/]int8[\\/]/.test(model)) ?? models[models.length - 1];
}

/** Whether samples of that shape are images that a PNG or JPEG file can hold. */
export const isImageShape = (shape: Shape): boolean => shape.length === 3 && [1, 3].includes(shape[2]);

/** A folder with a config.json, which makes it a run, and its models. */
interface Run {
  readonly folder: string;
  readonly models: readonly string[];
  /** Milliseconds. */
  readonly written: number;
}

/** Runs at or below a folder that have a model. Those of experiments lie two folders down; a run's own folders hold no others. */
async function runsBelow(folder: string, depth: number): Promise<Run[]> {
  const entries = await entriesOf(folder);
  if (entries.some((entry) => entry.isFile() && entry.name === 'config.json')) {
    const models = await modelsBelow(folder, modelDepth);
    if (models.length === 0) return [];
    // Not by name: --out gives a run any name.
    return [{ folder, models, written: (await stat(models[models.length - 1])).mtimeMs }];
  }
  if (depth === 0) return [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  return (await Promise.all(folders.map((one) => runsBelow(one, depth - 1)))).flat();
}

/** Of `octograd reproduce --smoke`: by its folder's usual name, or by the results.json above it. */
async function isTrial(folder: string): Promise<boolean> {
  if (/-reproduce-smoke[\\/]/.test(folder)) return true;
  try {
    const results: unknown = JSON.parse(await readFile(join(folder, '..', 'results.json'), 'utf8'));
    return (results as { readonly smoke?: unknown } | null)?.smoke === true;
  } catch {
    return false;
  }
}

/** Why a model is not what `predict` takes without being told to; undefined where it is. */
function noImages({ inputShape, dataset }: SavedModel): string | undefined {
  const samples = sampleNames(dataset);
  if (samples !== 'images') return `takes ${samples}`;
  return isImageShape(inputShape) ? undefined : `takes samples of shape ${shapeText(inputShape)}`;
}

/** The newest model of images, and what stood in its way. */
export interface LatestModel {
  readonly saved: SavedModel;
  /** Newer runs that were left out, each with the reason: `runs/x (a trial)`. */
  readonly leftOut: readonly string[];
}

/**
 * The model of the newest run in `runs/` that takes images and is no trial; of a comparison int8's. Throws DataError when there is
 * none, and for a newer file that is damaged.
 */
export async function latestModel(folder = 'runs'): Promise<LatestModel> {
  const remedy = 'train one first (octograd train), or name one with --from';
  if ((await kindOf(folder)) !== 'folder') throw new DataError(`there is no model yet; ${remedy}`, folder);
  const runs = await runsBelow(folder, modelDepth + 1);
  runs.sort((a, b) => b.written - a.written);
  const leftOut: string[] = [];
  for (const run of runs) {
    const trial = await isTrial(run.folder);
    const saved = trial ? undefined : await loadModel(preferredModel(run.models));
    const why = saved ? noImages(saved) : 'a trial';
    if (saved && why === undefined) return { saved, leftOut };
    leftOut.push(`${run.folder} (${why})`);
  }
  if (leftOut.length === 0) throw new DataError(`no run in it has a model; ${remedy}`, folder);
  throw new DataError(
    `no run in it has a model of images (left out: ${leftOutText(leftOut)}); ${remedy}`,
    folder,
  );
}

/** At most three by name. */
export function leftOutText(leftOut: readonly string[]): string {
  const more = leftOut.length - 3;
  return `${leftOut.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Reads a model file. Throws DataError for what is damaged or no such file. */
export async function loadModel(path: string): Promise<SavedModel> {
  return parseModel(await readWhole(path, MAX_MODEL_BYTES), path);
}

/**
 * A session with a saved model's numbers. Throws DataError naming the file when it does not fit the model that it names, or what it
 * says of model, input and recipe makes none.
 */
export async function openModel(saved: SavedModel, options: RunOptions): Promise<Session> {
  try {
    return await sessionOf(saved, options);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ShapeError || error instanceof RecipeError) {
      throw new DataError(`describes a model that cannot be run: ${error.message}`, saved.file);
    }
    // So few samples are no choice of the user's.
    if (error instanceof MemoryLimitError && options.batch <= 2) {
      throw new DataError(`describes a model too large for memory: ${error.message}`, saved.file);
    }
    throw error;
  }
}

async function sessionOf(saved: SavedModel, options: RunOptions): Promise<Session> {
  const { model, inputShape, classes, inputStorage, normalization, recipe } = saved;
  const session = await createSession({
    model: createModel(model, { inputShape, classes: classes.length }),
    input: { shape: inputShape, storage: inputStorage, ...(normalization ? { normalization } : {}) },
    recipe,
    batchSize: options.batch,
    ...backendOptions(options),
  });
  try {
    restoreModel(session, saved);
    return session;
  } catch (error) {
    await session.dispose();
    throw error;
  }
}
