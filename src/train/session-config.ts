/**
 * What a session is made from and what its calls take and give, with the checks for callers without a type checker: a thing of
 * the wrong kind is refused by name before anything is planned.
 */
import type { Backend } from '../backend/backend.js';
import type { QuantizedOperand } from '../compiler/precision.js';
import type { NumericArray } from '../core/dtype.js';
import { UsageError } from '../core/errors.js';
import { isShape } from '../core/shape.js';
import { shown } from '../core/text.js';
import type { Value } from '../graph/graph.js';
import type { Module } from '../nn/module.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Recipe } from '../quant/recipe.js';
import type { Loss } from './loss.js';
import type { InputSpec } from './program.js';

/** One batch: `inputs` batch*sampleSize numbers in the input's storage, `targets` as the loss wants them. */
export interface Batch {
  readonly inputs: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  /** Samples in it. */
  readonly size: number;
}

/** What a session takes for a {@link Batch}: a loader's batch too, whose `labels` are the targets where it has no `targets`. */
export interface BatchLike extends Omit<Batch, 'targets'> {
  readonly targets?: ArrayLike<number>;
  readonly labels?: ArrayLike<number>;
}

/** What a {@link Session} is made from; createSession fills it in from names and defaults. */
export interface SessionConfig {
  readonly model: Module;
  readonly input: InputSpec;
  readonly loss: Loss;
  readonly recipe: Recipe;
  readonly backend: Backend;
  readonly optimizer: Optimizer;
  /** Non-negative safe integer: initial weights, noise. Default 0. */
  readonly seed?: number;
  /** The usual batch size; others get plans of their own when first met, of which the 16 used last are kept. */
  readonly batchSize: number;
  /** Micro-batches whose gradients are averaged before an update. Default 1. */
  readonly accumulate?: number;
  /** Largest norm of the gradient over all parameters; off when left out. */
  readonly clipNorm?: number;
}

/** Mean loss over the samples of a batch or a step, before its update, and how many predictions were right. */
export interface StepResult {
  readonly loss: number;
  /** Right predictions of the batch, where the loss counts them. */
  readonly correct: number | undefined;
}

/** Options of {@link Session.trace}. */
export interface TraceOptions {
  /** Run the recipe's float twin instead. Default false. */
  readonly inFloat?: boolean;
  /**
   * Stop at the first float that is not finite, whatever becomes of it later (default). With false only where a step would be
   * refused: a mask of -Infinity before a softmax, say, is let through.
   */
  readonly everyValue?: boolean;
}

/** What {@link Session.trace} gives; valid until the session runs again. */
export interface Trace {
  readonly result: StepResult;
  /** Operands of products before and after quantisation. */
  readonly operands: readonly QuantizedOperand[];
  /** Any value's numbers. */
  readonly read: (value: Value) => NumericArray;
  /** A parameter's gradient, by its path. */
  readonly gradient: (path: string) => NumericArray;
}

/** Throws UsageError naming the count. */
export function requireCount(name: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new UsageError(`${name} must be a positive integer, got ${shown(value)}`);
  }
}

const hasLength = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as ArrayLike<number>).length === 'number';

/** Throws UsageError naming what is no list of numbers. */
export function requireNumbers(name: string, value: unknown): void {
  if (!hasLength(value)) throw new UsageError(`${name} must be a list of numbers, got ${shown(value)}`);
}

/** Throws UsageError for what is no batch: without a size, or with inputs or targets that are no lists of numbers. */
export function asBatch(batch: unknown): Batch {
  const { inputs, labels, targets = labels, size } = (batch ?? {}) as Partial<BatchLike>;
  if (!hasLength(inputs) || !hasLength(targets)) {
    throw new UsageError(
      `a batch is { inputs, targets, size } with lists of numbers, got ${hasLength(inputs) ? 'no targets' : hasLength(targets) ? 'no inputs' : shown(batch)}`,
    );
  }
  requireCount('batch size', size);
  return { inputs, targets, size } as Batch;
}

/** Whether a value has functions of these names. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

const inputStorages: readonly unknown[] = ['uint8', 'float', 'int32'];

function checkInput(input: unknown): void {
  const { shape, storage } = (input ?? {}) as Partial<InputSpec>;
  if (!isShape(shape)) {
    throw new UsageError(
      `input must be a data set or { shape, storage }, its shape a list of positive integers for one sample; got ${shown(input)}`,
    );
  }
  if (!inputStorages.includes(storage)) {
    throw new UsageError(`input.storage must be "uint8", "float" or "int32", got ${shown(storage)}`);
  }
}

/** Throws UsageError that names the first thing of a configuration that is missing or of the wrong kind. */
export function checkConfig(config: SessionConfig): void {
  const { model, input, loss, recipe, backend, optimizer, batchSize, accumulate = 1, seed = 0 } = config;
  if (!hasMethods(model, ['forward', 'apply', 'children'])) {
    throw new UsageError(
      `model must be a Module such as createModel("mlp", ...) or an instance of your own class, got ${shown(model)}`,
    );
  }
  checkInput(input);
  if (!hasMethods(loss, ['targetShape', 'build'])) {
    throw new UsageError(
      `loss must be "cross-entropy", "mse" or a Loss with targetShape and build, got ${shown(loss)}`,
    );
  }
  if (typeof recipe !== 'object' || recipe === null || !('products' in recipe)) {
    throw new UsageError(`recipe must be a recipe from getRecipe or parseRecipe, got ${shown(recipe)}`);
  }
  if (!hasMethods(backend, ['reserve', 'compile', 'view'])) {
    throw new UsageError(`backend must be "wasm", "reference" or a Backend object, got ${shown(backend)}`);
  }
  if (!hasMethods(optimizer, ['update', 'hyper', 'decays'])) {
    throw new UsageError(
      `optimizer must be an object such as sgd({ momentum: 0.9 }) or adam() makes, got ${shown(optimizer)}`,
    );
  }
  requireCount('batchSize', batchSize);
  requireCount('accumulate', accumulate);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`seed must be a non-negative integer below 2^53, got ${shown(seed)}`);
  }
}
