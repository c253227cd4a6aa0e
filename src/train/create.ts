/** The short way to a session: names instead of objects, defaults for everything but the model and its data. */
import type { Backend } from '../backend/backend.js';
import { createCheckedWasmBackend } from '../backend/checked-wasm.js';
import { createReferenceBackend } from '../backend/reference/index.js';
import { UsageError } from '../core/errors.js';
import { requireKnown } from '../core/known.js';
import { didYouMean, shown } from '../core/text.js';
import type { Dataset } from '../data/dataset.js';
import type { Module } from '../nn/module.js';
import { type Optimizer, sgd } from '../optim/optimizer.js';
import type { Recipe } from '../quant/recipe.js';
import { getRecipe } from '../quant/recipes.js';
import { crossEntropyLoss, type Loss, mseLoss } from './loss.js';
import type { InputSpec } from './program.js';
import { Session } from './session.js';

/** Options of {@link createSession}; all but `model` and `input` may be left out. */
export interface SessionOptions {
  readonly model: Module;
  /** What a sample looks like; {@link inputOf} takes it from a data set. */
  readonly input: InputSpec | Dataset;
  /** Name of a built-in recipe, or a recipe. Default `int8`. */
  readonly recipe?: string | Recipe;
  /** Default `cross-entropy`. */
  readonly loss?: 'cross-entropy' | 'mse' | Loss;
  /** Default SGD with momentum 0.9. */
  readonly optimizer?: Optimizer;
  /** Default 64. */
  readonly batchSize?: number;
  /** Micro-batches averaged before an update. Default 1. */
  readonly accumulate?: number;
  /** Largest norm of the gradient over all parameters. Default: off. */
  readonly clipNorm?: number;
  /** Initial weights and noise follow from it: a non-negative safe integer. Default 0. */
  readonly seed?: number;
  /** `wasm` (default), `reference`, or a backend of your own. */
  readonly backend?: 'wasm' | 'reference' | Backend;
  /** For `wasm`: default the cores there are. */
  readonly threads?: number;
  /** For `wasm` in Node 24 and newer on x64: V8's experimental 256-bit vectoriser, checked before it is used. Default false. */
  readonly wide?: boolean;
}

const sessionOptionNames = Object.keys({
  model: true,
  input: true,
  recipe: true,
  loss: true,
  optimizer: true,
  batchSize: true,
  accumulate: true,
  clipNorm: true,
  seed: true,
  backend: true,
  threads: true,
  wide: true,
} satisfies Record<keyof SessionOptions, true>);

function isDataset(input: unknown): input is Dataset {
  return typeof input === 'object' && input !== null && 'inputShape' in input && 'inputs' in input;
}

/** The input of a data set's samples, with its normalisation. */
export function inputOf(dataset: Dataset): InputSpec {
  const { inputs } = dataset;
  const storage = inputs instanceof Uint8Array ? 'uint8' : inputs instanceof Int32Array ? 'int32' : 'float';
  return {
    shape: dataset.inputShape,
    storage,
    ...(dataset.normalization ? { normalization: dataset.normalization } : {}),
  };
}

function lossOf(loss: SessionOptions['loss']): Loss {
  if (loss === undefined || loss === 'cross-entropy') return crossEntropyLoss();
  if (loss === 'mse') return mseLoss();
  if (typeof loss === 'string') {
    const hint = didYouMean(loss, ['cross-entropy', 'mse']);
    throw new UsageError(`there is no loss "${loss}"; use "cross-entropy", "mse" or a Loss object.${hint}`);
  }
  return loss;
}

async function backendOf(options: SessionOptions): Promise<Backend> {
  const { backend = 'wasm', threads, wide } = options;
  // Of another kind than it should be: the session refuses it by name.
  if (typeof backend !== 'string') return backend;
  if (backend === 'reference') return createReferenceBackend();
  if (backend === 'wasm') {
    return createCheckedWasmBackend({
      ...(threads === undefined ? {} : { threads }),
      ...(wide === undefined ? {} : { wide }),
    });
  }
  throw new UsageError(
    `there is no backend "${String(backend)}"; use "wasm", "reference" or a Backend object`,
  );
}

/**
 * Makes a session. Throws ShapeError when the model does not fit the input, RecipeError for a recipe that cannot be used,
 * UsageError for options out of range. Call `dispose()` when done: it ends the worker threads.
 */
export async function createSession(options: SessionOptions): Promise<Session> {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError(`createSession takes { model, input, ... }, got ${shown(options)}`);
  }
  requireKnown('createSession', options, sessionOptionNames);
  const recipe = getRecipe(options.recipe ?? 'int8');
  const loss = lossOf(options.loss);
  const backend = await backendOf(options);
  try {
    return new Session({
      model: options.model,
      input: isDataset(options.input) ? inputOf(options.input) : options.input,
      loss,
      recipe,
      backend,
      optimizer: options.optimizer ?? sgd({ momentum: 0.9 }),
      batchSize: options.batchSize ?? 64,
      ...(options.accumulate === undefined ? {} : { accumulate: options.accumulate }),
      ...(options.clipNorm === undefined ? {} : { clipNorm: options.clipNorm }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
  } catch (error) {
    // A backend that was handed in stays its owner's.
    if (backend !== options.backend) await backend.dispose();
    throw error;
  }
}
