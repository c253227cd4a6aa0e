/**
 * From a model to a plan: calls the model once on symbolic values, differentiates, applies the recipe, fuses, lowers. Knows
 * graphs and plans; numbers and backends are the session's affair.
 */

import { fuse } from '../compiler/fuse.js';
import { type Lowered, lower, rootOf } from '../compiler/lower.js';
import { channelAffineOp } from '../compiler/norm-ops.js';
import { applyRecipe, type FloatOperand, type QuantizedOperand } from '../compiler/precision.js';
import { checkFiniteOp, type Quantized } from '../compiler/quant-ops.js';
import { ShapeError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import { differentiate } from '../graph/differentiate.js';
import { Graph, type Mode, type Value } from '../graph/graph.js';
import type { BoundModel } from '../nn/module.js';
import { affineOp } from '../ops/arithmetic.js';
import type { Recipe } from '../quant/recipe.js';
import type { Loss } from './loss.js';

/** What a batch looks like to the model. */
export interface InputSpec {
  /** Shape of one sample. */
  readonly shape: Shape;
  /** `uint8` images are normalised in the step; floats are taken as they are; `int32` are indices for an embedding. */
  readonly storage: 'uint8' | 'float' | 'int32';
  /** Per channel (last axis), of byte/255 for uint8 inputs, of the number itself for floats. Default mean 0, std 1. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

export interface ProgramOptions {
  readonly bound: BoundModel;
  readonly input: InputSpec;
  readonly loss: Loss;
  readonly recipe: Recipe;
  readonly batch: number;
  readonly mode: Mode;
  /** Unfused, every value kept. */
  readonly trace?: boolean;
  /** The loss's gradient is an input instead of 1: the weight of a micro-batch among those of its step. */
  readonly weighted?: boolean;
  /** Evaluation without targets: only the model's output. */
  readonly predictOnly?: boolean;
}

export interface Program {
  readonly lowered: Lowered;
  /** `output`, and with targets `loss` and, where there is one, `correct`. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** By parameter path; empty in evaluation. */
  readonly gradients: ReadonlyMap<string, Value>;
  /** Trace plans only: operands before and after quantisation. */
  readonly operands: readonly QuantizedOperand[];
  /** Trace plans only: operands of products that stay in float. */
  readonly floatOperands: readonly FloatOperand[];
  readonly outputShape: Shape;
  /** The weights that a forward product takes quantised, and how, by parameter path. */
  readonly quantizedWeights: ReadonlyMap<string, QuantizedWeight>;
  /** Those of which this program takes codes and scales as the last update left them. */
  readonly derivedWeights: ReadonlyMap<string, QuantizedWeight>;
}

export type QuantizedWeight = Pick<Quantized, 'spec' | 'grouping'>;

/** Names of the batch's inputs in every plan. */
export const inputName = 'input';
export const targetName = 'target';
export const lossWeightName = 'loss_weight';

function modelInput(graph: Graph, { shape, storage, normalization }: InputSpec, batch: number): Value {
  const raw = graph.source('input', inputName, [batch, ...shape], storage);
  if (storage === 'int32' || (storage === 'float' && !normalization)) return raw;
  const channels = shape[shape.length - 1];
  const mean = normalization?.mean ?? new Array<number>(channels).fill(0);
  const std = normalization?.std ?? new Array<number>(channels).fill(1);
  if (mean.length !== channels || std.length !== channels) {
    throw new ShapeError(
      `normalization has ${mean.length} means and ${std.length} stds, the input ${shapeText(shape)} has ${channels} channels`,
    );
  }
  const coef = new Float64Array(channels * 8);
  for (let c = 0; c < channels; c++) {
    coef[c * 8] = 1 / ((storage === 'uint8' ? 255 : 1) * std[c]);
    coef[c * 8 + 1] = -mean[c] / std[c];
  }
  const source = graph.source('constant', 'input_normalization', [channels, 8], 'float', coef);
  return graph.emit(channelAffineOp, { input: raw, coef: source }, {}).output;
}

/** Gradients in buffers of their own: where two parameters share one gradient value, or it is a source, a copy is made. */
function separate(gradients: Map<string, Value>): void {
  const seen = new Set<Value>();
  for (const [path, value] of gradients) {
    const root = rootOf(value);
    if (seen.has(root) || root.source) {
      gradients.set(
        path,
        value.graph.emit(affineOp, { input: value }, { scale: 1, shift: 0 }, { phase: 'backward' }).output,
      );
    }
    seen.add(root);
  }
}

/** A weight that serves several modules is quantised as the first of them says. */
function weightsOf(operands: readonly QuantizedOperand[]): Map<string, QuantizedWeight> {
  const weights = new Map<string, QuantizedWeight>();
  for (const { product, original, quantized } of operands) {
    const { source } = original;
    if (product !== 'forward' || source?.kind !== 'parameter' || weights.has(source.name)) continue;
    weights.set(source.name, { spec: quantized.spec, grouping: quantized.grouping });
  }
  return weights;
}

/** Builds the program of one plan. Throws ShapeError where the model does not fit the input. */
export function buildProgram(options: ProgramOptions): Program {
  const {
    bound,
    input,
    loss,
    recipe,
    batch,
    mode,
    trace = false,
    predictOnly = false,
    weighted = false,
  } = options;
  const graph = new Graph(mode);
  const output = bound.model.apply(modelInput(graph, input, batch));
  const outputs: Record<string, Value> = { output };
  const gradients = new Map<string, Value>();
  if (!predictOnly) {
    const target = graph.source('input', targetName, loss.targetShape(output.shape), loss.targetStorage);
    const parts = graph.within('loss', () => loss.build(output, target));
    outputs.loss = parts.loss;
    if (parts.correct) outputs.correct = parts.correct;
  }
  if (mode === 'train') {
    const parameters = bound.parameters.filter((parameter) => graph.findSource(parameter.path));
    const values = parameters.map((parameter) => parameter.value(graph));
    const seed = weighted ? graph.source('input', lossWeightName, outputs.loss.shape, 'float') : undefined;
    differentiate(outputs.loss, values, seed).forEach((gradient, i) => {
      if (gradient) gradients.set(parameters[i].path, gradient);
    });
    separate(gradients);
  }
  const precise = applyRecipe(graph, recipe);
  let map = precise.map;
  let final = precise.graph;
  const wanted = (): Value[] => [...Object.values(outputs), ...gradients.values()].map(precise.map);
  let derived: Program['derivedWeights'] = new Map();
  if (!trace) {
    // Weights without a master copy are quantised anew by their update, with rounding of its own.
    const fused = fuse(precise.graph, wanted(), mode === 'train' && recipe.masterWeights === 'float32');
    derived = fused.derived;
    final = fused.graph;
    map = (value) => fused.map(precise.map(value));
  }
  const mapRecord = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, map(value)]));
  const mapGradients = new Map([...gradients].map(([path, value]) => [path, map(value)]));
  for (const [path, value] of mapGradients) {
    final.emit(checkFiniteOp, { input: value }, { role: 'gradient' }, { path, phase: 'backward' });
  }
  const lowered = lower(final, [...Object.values(mapRecord), ...mapGradients.values()]);
  return {
    lowered,
    outputs: mapRecord,
    gradients: mapGradients,
    operands: trace ? precise.operands : [],
    floatOperands: trace ? precise.floatOperands : [],
    outputShape: output.shape,
    quantizedWeights: weightsOf(precise.operands),
    derivedWeights: derived,
  };
}
