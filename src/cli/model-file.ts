/** Finds and opens saved models: a file, or the models below the folder of a run. Knows where runs put them. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, MemoryLimitError, RecipeError, ShapeError, UsageError } from '../core/errors.js';
import { kindOf, readWhole } from '../data/files.node.js';
import { createModel } from '../models/index.js';
import { createSession, parseModel, restoreModel, type SavedModel, type Session } from '../train/index.js';
import { backendOptions, type RunOptions } from './options.js';

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

/** The newest run in `runs/` with a model: its last model file. Throws DataError when there is none. */
export async function latestModel(folder = 'runs'): Promise<string> {
  const remedy = 'train one first (octograd train), or name one with --from';
  if ((await kindOf(folder)) !== 'folder') throw new DataError(`there is no model yet; ${remedy}`, folder);
  const entries = await entriesOf(folder);
  const runs: { models: readonly string[]; written: number }[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const models = await modelsBelow(join(folder, name), modelDepth);
    // Not by name: --out gives a run any name.
    if (models.length > 0) runs.push({ models, written: (await stat(models[models.length - 1])).mtimeMs });
  }
  runs.sort((a, b) => b.written - a.written);
  if (runs.length > 0) return preferredModel(runs[0].models);
  throw new DataError(`no run in it has a model; ${remedy}`, folder);
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
