/**
 * A trained model as one safetensors file: parameters and running state under their paths, in PyTorch's layout and names where
 * they mean the same, and in its metadata all that is needed to run it again. Works on bytes; knows no disk and makes no models.
 */
import { DataError, RecipeError } from '../core/errors.js';
import { type Shape, shapeText, sizeOf } from '../core/shape.js';
import { didYouMean } from '../core/text.js';
import type { Normalization } from '../data/dataset.js';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../io/safetensors.js';
import { Norm } from '../nn/index.js';
import { recipeToJson } from '../quant/freeze.js';
import type { Recipe } from '../quant/recipe.js';
import { normKindAt } from '../quant/resolve.js';
import { parseRecipe } from '../quant/validate.js';
import type { InputSpec } from './program.js';
import type { Session } from './session.js';

/** What a model file says besides its numbers. */
export interface ModelFacts {
  /** Name of the model, as `createModel` takes it. */
  readonly model: string;
  /** Shape of one sample. */
  readonly inputShape: Shape;
  readonly inputStorage: InputSpec['storage'];
  /** Names of the classes, in the order of the labels. */
  readonly classes: readonly string[];
  readonly recipe: Recipe;
  /** Name of the data set it was trained on. */
  readonly dataset: string;
  /** Of the training set, for uint8 inputs. */
  readonly normalization?: Normalization;
}

/** A model file, read and checked as far as that goes without a session. */
export interface SavedModel extends ModelFacts {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

const FORMAT_VERSION = '1';

/** One parameter or state of a session, and how the file holds it. */
interface Entry {
  /** Name in the session. */
  readonly path: string;
  readonly name: string;
  /** Shape in the file. */
  readonly shape: Shape;
  /** Convolution weights lie [out, kernelH, kernelW, in] in memory and [out, in, kernelH, kernelW] in the file. */
  readonly swapped: boolean;
}

/** Range BN's running spread is no variance: it goes under a name of its own. */
function stateNames(session: Session): Map<string, string> {
  const names = new Map<string, string>();
  for (const module of session.bound.modules) {
    if (!(module instanceof Norm)) continue;
    const kind = normKindAt(session.recipe, module.path);
    const own = kind === 'batch' ? 'running_var' : 'running_scale';
    names.set(module.runningSpread.path, module.runningSpread.path.replace(/running_spread$/, own));
  }
  return names;
}

function entriesOf(session: Session): Entry[] {
  const names = stateNames(session);
  const parameters = session.bound.parameters.map(({ path, shape }): Entry => {
    const swapped = shape.length === 4;
    const stored = swapped ? [shape[0], shape[3], shape[1], shape[2]] : shape;
    return { path, name: path, shape: stored, swapped };
  });
  const states = session.stateNames().map(
    (path): Entry => ({
      path,
      name: names.get(path) ?? path,
      shape: [session.read(path).length],
      swapped: false,
    }),
  );
  return [...parameters, ...states];
}

/** [outer, a, b] to [outer, b, a]. */
function swapInner(data: Float32Array, outer: number, a: number, b: number): Float32Array {
  const swapped = new Float32Array(data.length);
  for (let o = 0; o < outer; o++) {
    const base = o * a * b;
    for (let i = 0; i < a; i++) {
      for (let j = 0; j < b; j++) swapped[base + j * a + i] = data[base + i * b + j];
    }
  }
  return swapped;
}

/** The bytes of a model file for a session's present numbers. */
export function saveModel(session: Session, facts: Omit<ModelFacts, 'recipe'>): Uint8Array {
  const tensors = entriesOf(session).map(({ path, name, shape, swapped }): SafeTensor => {
    const read = Float32Array.from(session.read(path));
    const [out, channels] = shape;
    const data = swapped ? swapInner(read, out, sizeOf(shape) / (out * channels), channels) : read;
    return { name, dtype: 'F32', shape, data };
  });
  return writeSafetensors(tensors, {
    formatVersion: FORMAT_VERSION,
    model: facts.model,
    inputShape: JSON.stringify(facts.inputShape),
    inputStorage: facts.inputStorage,
    classes: JSON.stringify(facts.classes),
    recipe: recipeToJson(session.recipe).trimEnd(),
    dataset: facts.dataset,
    ...(facts.normalization
      ? {
          normalization: JSON.stringify({ mean: facts.normalization.mean, std: facts.normalization.std }),
        }
      : {}),
  });
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number' && Number.isFinite(item));

function isNormalization(value: unknown): value is Normalization {
  const { mean, std } = (value ?? {}) as Partial<Normalization>;
  return (
    isNumbers(mean) && isNumbers(std) && mean.length === std.length && std.every((deviation) => deviation > 0)
  );
}

/**
 * Reads a model file. Throws DataError for what is no such file: damaged, without octograd's metadata, or of a later version.
 * @param file name for messages.
 */
export function parseModel(bytes: Uint8Array, file: string): SavedModel {
  const { tensors, metadata } = readSafetensors(bytes, file);
  const text = (key: string): string => {
    if (metadata[key] !== undefined) return metadata[key];
    throw new DataError(
      `holds tensors, but its metadata has no "${key}": it was not saved by octograd, or not whole`,
      file,
    );
  };
  const version = text('formatVersion');
  if (version !== FORMAT_VERSION) {
    throw new DataError(
      `has format version ${version}, this octograd reads ${FORMAT_VERSION}; use the octograd that wrote it`,
      file,
    );
  }
  const json = <T>(key: string, fits: (value: unknown) => value is T): T => {
    let value: unknown;
    try {
      value = JSON.parse(text(key));
    } catch {
      throw new DataError(`its metadata "${key}" is no JSON; save the model again`, file);
    }
    if (fits(value)) return value;
    throw new DataError(`its metadata "${key}" is not what octograd writes; save the model again`, file);
  };
  const inputStorage = text('inputStorage');
  if (inputStorage !== 'uint8' && inputStorage !== 'float' && inputStorage !== 'int32') {
    throw new DataError(
      `its metadata "inputStorage" is "${inputStorage}", not "uint8", "float" or "int32"`,
      file,
    );
  }
  return {
    file,
    model: text('model'),
    inputShape: json('inputShape', (value): value is number[] => isNumbers(value) && value.every(isCount)),
    inputStorage,
    classes: json(
      'classes',
      (value): value is string[] =>
        Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'),
    ),
    recipe: recipeIn(
      json('recipe', (value): value is object => typeof value === 'object'),
      file,
    ),
    dataset: text('dataset'),
    ...(metadata.normalization === undefined
      ? {}
      : { normalization: json('normalization', isNormalization) }),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
}

function recipeIn(json: object, file: string): Recipe {
  try {
    return parseRecipe(json);
  } catch (error) {
    if (error instanceof RecipeError) throw new DataError(`its recipe: ${error.message}`, file);
    throw error;
  }
}

/** Written by PyTorch beside the running statistics; nothing here needs it. */
const ignored = /(^|\.)num_batches_tracked$/;

/**
 * Puts a file's numbers in a session of the same model and recipe. Throws DataError, before anything is changed, when a tensor is
 * missing, has another shape or dtype or a value that is not finite, or belongs to nothing.
 */
export function restoreModel(session: Session, saved: SavedModel): void {
  const { file, tensors, model } = saved;
  const entries = entriesOf(session);
  const names = entries.map(({ name }) => name);
  for (const name of tensors.keys()) {
    if (names.includes(name) || ignored.test(name)) continue;
    throw new DataError(
      `tensor "${name}" belongs to nothing in ${model} under recipe ${session.recipe.name}.${didYouMean(name, names)}`,
      file,
    );
  }
  const loaded = entries.map(({ path, name, shape, swapped }) => {
    const tensor = tensors.get(name);
    if (!tensor) {
      throw new DataError(
        `has no tensor "${name}", which ${model} needs under recipe ${session.recipe.name}; save the model again`,
        file,
      );
    }
    if (tensor.dtype !== 'F32' || !(tensor.data instanceof Float32Array)) {
      throw new DataError(`tensor "${name}" has dtype ${tensor.dtype}, F32 is needed`, file);
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((length, i) => length !== shape[i])) {
      throw new DataError(
        `tensor "${name}" has shape ${shapeText(tensor.shape)}, ${model} needs ${shapeText(shape)} under recipe ${session.recipe.name}; where the file is of another recipe, make the session with that one`,
        file,
      );
    }
    if (!tensor.data.every(Number.isFinite)) {
      throw new DataError(`tensor "${name}" holds a value that is not finite; train the model again`, file);
    }
    const [out, channels] = shape;
    const data = swapped
      ? swapInner(tensor.data, out, channels, sizeOf(shape) / (out * channels))
      : tensor.data;
    return { path, data };
  });
  for (const { path, data } of loaded) session.write(path, data);
}
