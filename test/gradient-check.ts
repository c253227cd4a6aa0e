/** Holds the gradients that `differentiate` builds against central differences, in float64 on the reference backend. */
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { log } from '../src/core/math.js';
import { hashText, RandomStream } from '../src/core/rng.js';
import { sizeOf } from '../src/core/shape.js';
import { differentiate } from '../src/graph/differentiate.js';
import { Graph, type Value } from '../src/graph/graph.js';
import type { GradientExample, OpDef } from '../src/graph/op.js';
import { add, mul } from '../src/ops/arithmetic.js';
import { sum } from '../src/ops/reduce.js';
import { evaluateGraph } from './support/evaluate.js';

/** Values by role in, values to be differentiated out. */
export type Build = (inputs: Record<string, Value>) => Value[];

export interface Case {
  readonly title: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly fixed?: Readonly<Record<string, readonly number[]>>;
  readonly draw?: (normal: number) => number;
}

/** The case of one example of an op. */
export function caseOf<A>(op: OpDef<A>, example: GradientExample<A>): { build: Build; example: Case } {
  const build: Build = (inputs) => {
    const { graph } = Object.values(inputs)[0];
    const outputs = graph.emit(op, inputs, example.attrs);
    const roles = example.outputs ?? Object.keys(outputs).filter((role) => outputs[role].storage === 'float');
    return roles.map((role) => outputs[role]);
  };
  return { build, example };
}

/**
 * The largest difference between a gradient and its central difference, relative to the largest gradient of that
 * input, by input. A gradient that differentiate does not give counts as zeros.
 */
export function gradientErrors(build: Build, example: Case): Record<string, number> {
  const backend = createReferenceBackend({ float64: true });
  const random = new RandomStream(7, hashText(example.title));
  const draw = example.draw ?? ((normal: number) => normal);
  const numbers = (shape: readonly number[], map: (normal: number) => number): Float64Array =>
    Float64Array.from({ length: sizeOf(shape) }, () => map(random.normal(log)));

  const graph = new Graph('train');
  const { fixed = {} } = example;
  const feeds = new Map<string, ArrayLike<number>>();
  const inputs: Record<string, Value> = {};
  for (const [role, shape] of Object.entries(example.inputs)) {
    inputs[role] = graph.source('input', role, shape, fixed[role] ? 'int32' : 'float');
    feeds.set(role, fixed[role] ?? numbers(shape, draw));
  }
  const targets = Object.keys(inputs).filter((role) => !fixed[role]);
  const loss = build(inputs)
    .map((output, i) => {
      const weights = numbers(output.shape, (normal) => normal);
      return sum(mul(output, graph.source('constant', `weights${i}`, output.shape, 'float', weights)));
    })
    .reduce((total, part) => add(total, part));
  const gradients = differentiate(
    loss,
    targets.map((role) => inputs[role]),
  );
  const present = gradients.filter((gradient) => gradient !== undefined);
  const computed = evaluateGraph(backend, [loss, ...present], feeds).slice(1);
  const lossAt = (): number => evaluateGraph(backend, [loss], feeds)[0][0];

  const errors: Record<string, number> = {};
  targets.forEach((role, i) => {
    const values = feeds.get(role) as Float64Array;
    const gradient = gradients[i] ? (computed.shift() as Float64Array) : new Float64Array(values.length);
    let difference = 0;
    let largest = 0;
    for (let j = 0; j < values.length; j++) {
      const value = values[j];
      const step = 1e-5 * Math.max(1, Math.abs(value));
      values[j] = value + step;
      const above = lossAt();
      values[j] = value - step;
      const below = lossAt();
      values[j] = value;
      const numeric = (above - below) / (2 * step);
      difference = Math.max(difference, Math.abs(numeric - gradient[j]));
      largest = Math.max(largest, Math.abs(numeric), Math.abs(gradient[j]));
    }
    errors[role] = largest === 0 ? Number.NaN : difference / largest;
  });
  return errors;
}
