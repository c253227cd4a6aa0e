/**
 * Reverse-mode differentiation: appends to a graph the nodes that compute the gradient of a scalar value with respect
 * to its parameters. Knows only what each op says of its own gradient.
 */
import { ShapeError, UsageError } from '../core/errors.js';
import { shapeText, sizeOf } from '../core/shape.js';
import type { Graph, Node, Value } from './graph.js';
import { call, defineOp } from './op.js';

/** A constant everywhere: the gradient's seed, padding, zero gradients. */
export const fillOp = defineOp<{ shape: readonly number[]; value: number }>({
  name: 'fill',
  infer: (_inputs, { shape }) => ({ output: { shape } }),
  lower: ({ outputs, attrs }) => [
    call('fill', { output: outputs.output }, { count: sizeOf(attrs.shape), value: attrs.value }),
  ],
});

/** Sum of two gradients of one value that has two readers. */
export const addGradientsOp = defineOp<Record<string, never>>({
  name: 'add_gradients',
  infer: ({ left }) => ({ output: { shape: left.shape } }),
  lower: ({ inputs, outputs }) => [
    call(
      'binary',
      { left: inputs.left, right: inputs.right, output: outputs.output },
      { kind: 0, count: sizeOf(outputs.output.shape) },
    ),
  ],
});

/** The values from which `targets` can be reached, as a set of value ids. */
function dependents(graph: Graph, targets: readonly Value[]): Set<number> {
  const ids = new Set(targets.map((target) => target.id));
  for (const node of graph.nodes) {
    if (Object.values(node.inputs).some((input) => input && ids.has(input.id))) {
      for (const output of Object.values(node.outputs)) ids.add(output.id);
    }
  }
  return ids;
}

/**
 * Gradients of `loss` (one element) with respect to `targets`, in their order; undefined where the loss does not
 * depend on one. `seed` (one element) is the gradient of the loss itself, 1 when left out. New nodes carry the phase `backward` and the path of the node they belong to.
 * Throws UsageError when an op on the way has no gradient.
 */
export function differentiate(loss: Value, targets: readonly Value[], seed?: Value): (Value | undefined)[] {
  const graph = loss.graph;
  if (sizeOf(loss.shape) !== 1) {
    throw new ShapeError(
      `a loss must have one element, not ${shapeText(loss.shape)}: take its mean or sum`,
      loss.path,
    );
  }
  return pullBack(
    loss,
    () => seed ?? graph.emit(fillOp, {}, { shape: loss.shape, value: 1 }).output,
    targets,
  );
}

/**
 * Gradients with respect to `targets`, in their order, of the scalar whose gradient with respect to `output` is what `gradOutput`
 * makes, a value of `output`'s size; undefined where `output` does not depend on one. New nodes are as {@link differentiate} says.
 */
export function pullBack(
  output: Value,
  gradOutput: () => Value,
  targets: readonly Value[],
): (Value | undefined)[] {
  const { graph } = output;
  const wanted = dependents(graph, targets);
  const gradients = new Map<number, Value>();
  const forward = [...graph.nodes];
  const phase = graph.phase;
  graph.phase = 'backward';
  try {
    gradients.set(output.id, gradOutput());
    for (const node of forward.reverse()) differentiateNode(graph, node, wanted, gradients);
  } finally {
    graph.phase = phase;
  }
  return targets.map((target) => gradients.get(target.id));
}

function differentiateNode(
  graph: Graph,
  node: Node,
  wanted: Set<number>,
  gradients: Map<number, Value>,
): void {
  const gradOutputs: Record<string, Value | undefined> = {};
  let reached = false;
  for (const [role, output] of Object.entries(node.outputs)) {
    gradOutputs[role] = gradients.get(output.id);
    reached ||= gradOutputs[role] !== undefined;
  }
  const needs = (role: string): boolean => {
    const input = node.inputs[role];
    return input !== undefined && wanted.has(input.id);
  };
  if (!reached || !Object.keys(node.inputs).some(needs)) return;
  const { backward } = node.op;
  if (!backward) {
    throw new UsageError(
      `${node.path || 'the model'}: operation "${node.op.name}" has no gradient; give its defineOp a backward, or take it out of the loss`,
    );
  }
  const results = graph.within(node.path, () =>
    backward({
      inputs: node.inputs as Record<string, Value>,
      outputs: node.outputs,
      attrs: node.attrs,
      gradOutputs,
      needs,
    }),
  );
  for (const [role, gradient] of Object.entries(results)) {
    const input = node.inputs[role];
    if (!gradient || !input || !wanted.has(input.id)) continue;
    if (sizeOf(gradient.shape) !== sizeOf(input.shape)) {
      throw new ShapeError(
        `the gradient of "${role}" of ${node.op.name} has shape ${shapeText(gradient.shape)}, its value ${shapeText(input.shape)}`,
        node.path,
      );
    }
    const before = gradients.get(input.id);
    gradients.set(
      input.id,
      before
        ? graph.emit(addGradientsOp, { left: before, right: gradient }, {}, { path: node.path }).output
        : gradient,
    );
  }
}
