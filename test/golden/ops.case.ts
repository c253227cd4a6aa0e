/** The operations of ops.json built on octograd's values, and their numbers on a backend. */
import type { Backend } from '../../src/backend/backend.js';
import { applyRecipe } from '../../src/compiler/precision.js';
import { sizeOf } from '../../src/core/shape.js';
import { differentiate } from '../../src/graph/differentiate.js';
import { Graph, type Value } from '../../src/graph/graph.js';
import * as ops from '../../src/ops/index.js';
import { getRecipe } from '../../src/quant/recipes.js';
import { evaluateGraph } from '../support/evaluate.js';
import {
  type DrawnInput,
  drawIntegers,
  drawNumbers,
  type GoldenTensor,
  type IndexInput,
} from './golden.case.js';

export interface OpCase {
  readonly title: string;
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: options of any operation, as the golden file has them.
  readonly options: any;
  readonly inputs: Readonly<Record<string, DrawnInput | IndexInput>>;
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
}

export interface OpsFile {
  readonly seed: number;
  readonly cases: readonly OpCase[];
}

type Build = (values: Record<string, Value>, options: OpCase['options']) => Value;

const onInput =
  (op: (input: Value) => Value): Build =>
  ({ input }) =>
    op(input);
const onBoth =
  (op: (left: Value, right: Value) => Value): Build =>
  ({ left, right }) =>
    op(left, right);

export const builders: Readonly<Record<string, Build>> = {
  add: onBoth(ops.add),
  sub: onBoth(ops.sub),
  mul: onBoth(ops.mul),
  div: onBoth(ops.div),
  affine: ({ input }, { scale, shift }) => ops.affine(input, scale, shift),
  exp: onInput(ops.exp),
  log: onInput(ops.log),
  sqrt: onInput(ops.sqrt),
  tanh: onInput(ops.tanh),
  gelu: onInput(ops.gelu),
  relu: onInput(ops.relu),
  leakyRelu: ({ input }, { slope }) => ops.leakyRelu(input, slope),
  softmax: onInput(ops.softmax),
  logSoftmax: onInput(ops.logSoftmax),
  reshape: ({ input }, { shape }) => ops.reshape(input, shape),
  flatten: ({ input }) => ops.flatten(input),
  transpose: ({ input }, { axes }) => ops.transpose(input, axes),
  broadcastTo: ({ input }, { shape }) => ops.broadcastTo(input, shape),
  slice: ({ input }, { starts, sizes }) => ops.slice(input, starts, sizes),
  concat: ({ a, b, c }, { axis }) => ops.concat([a, b, c], axis),
  sum: ({ input }, { axes }) => ops.sum(input, axes),
  mean: ({ input }, { axes }) => ops.mean(input, axes),
  matmul: ({ left, right }, options) => ops.matmul(left, right, options),
  linear: ({ input, weight, bias }) => ops.linear(input, weight, bias),
  conv2d: ({ input, weight, bias }, options) => ops.conv2d(input, weight, bias, options),
  maxPool2d: ({ input }, options) => ops.maxPool2d(input, options),
  avgPool2d: ({ input }, options) => ops.avgPool2d(input, options),
  globalAvgPool2d: onInput(ops.globalAvgPool2d),
  layerNorm: ({ input, weight, bias }) => ops.layerNorm(input, weight, bias),
  norm: ({ input, weight, bias, runningMean, runningSpread }) =>
    ops.norm(input, weight, bias, runningMean, runningSpread),
  embedding: ({ table, indices }) => ops.embedding(table, indices),
  crossEntropy: ({ logits, labels }, options) => ops.crossEntropy(logits, labels, options),
  mse: ({ prediction, target }) => ops.mse(prediction, target),
};

/** Outputs and gradients of one case under the recipe `fp32`. */
export function runOpCase(
  backend: Backend,
  seed: number,
  { title, op, options, inputs, outputs, gradients }: OpCase,
): { outputs: Record<string, Float64Array>; gradients: Record<string, Float64Array> } {
  const graph = new Graph(options.training === false ? 'eval' : 'train');
  const values: Record<string, Value> = {};
  const feeds = new Map<string, ArrayLike<number>>();
  for (const [role, spec] of Object.entries(inputs)) {
    const name = `${title}/${role}`;
    const indices = 'below' in spec;
    values[role] = graph.source('input', role, spec.shape, indices ? 'int32' : 'float');
    const count = sizeOf(spec.shape);
    feeds.set(role, indices ? drawIntegers(seed, name, count, spec.below) : drawNumbers(seed, name, spec));
  }
  const output = builders[op](values, options);
  const weights = drawNumbers(seed, `${title}/weights`, { shape: output.shape });
  const loss = ops.sum(ops.mul(output, graph.source('constant', 'weights', output.shape, 'float', weights)));
  // An eval graph has no gradient of a norm.
  const roles = graph.mode === 'train' ? Object.keys(gradients) : [];
  const found = differentiate(
    loss,
    roles.map((role) => values[role]),
  );
  const { map } = applyRecipe(graph, getRecipe('fp32'));
  const wanted = Object.keys(outputs).map((role) => (role === 'output' ? output : values[role]));
  const present = found.filter((gradient) => gradient !== undefined);
  const numbers = evaluateGraph(backend, [...wanted, ...present].map(map), feeds);
  const named = (keys: readonly string[], from: number): Record<string, Float64Array> =>
    Object.fromEntries(keys.map((key, i) => [key, numbers[from + i]]));
  return {
    outputs: named(Object.keys(outputs), 0),
    gradients: named(
      roles.filter((_, i) => found[i] !== undefined),
      wanted.length,
    ),
  };
}
