/** Sums and means over axes. */
import { UsageError } from '../core/errors.js';
import { shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp } from '../graph/op.js';
import { broadcastTo } from './copy.js';
import { reshape } from './reshape.js';

interface ReduceAttrs {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
  readonly scale: number;
}

/** [outer, axis, inner] -> [outer, inner], times a factor. */
export const reduceSumOp = defineOp<ReduceAttrs>({
  name: 'reduce_sum',
  infer: ({ input }, a, fail) => {
    if (sizeOf(input.shape) !== a.outer * a.axis * a.inner)
      fail(`input ${shapeText(input.shape)} does not fit`);
    return { output: { shape: [a.outer, a.inner] } };
  },
  lower: ({ inputs, outputs, attrs }) => [
    call('reduce_sum', { input: inputs.input, output: outputs.output }, { ...attrs }),
  ],
  backward: ({ inputs, attrs: a, gradOutputs }) => {
    const g = reshape(gradOutputs.output as Value, [a.outer, 1, a.inner]);
    return { input: reshape(broadcastTo(g, [a.outer, a.axis, a.inner], a.scale), inputs.input.shape) };
  },
  examples: [
    {
      title: 'middle axis',
      inputs: { input: [2, 5, 3] },
      attrs: { outer: 2, axis: 5, inner: 3, scale: 0.5 },
    },
  ],
});

/** Runs of adjacent axes, outermost last, so that each is one [outer, axis, inner] reduction. */
function axisRuns(rank: number, axes: readonly number[] | undefined): [first: number, last: number][] {
  const all = axes ?? Array.from({ length: rank }, (_, axis) => axis);
  const sorted = [...new Set(all.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b);
  if (sorted.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank)) {
    throw new UsageError(`axes ${all.join(', ')} are not all axes of a value of rank ${rank}`);
  }
  const runs: [number, number][] = [];
  for (const axis of sorted) {
    const run = runs[runs.length - 1];
    if (run && run[1] === axis - 1) run[1] = axis;
    else runs.push([axis, axis]);
  }
  return runs.reverse();
}

function reduce(input: Value, axes: readonly number[] | undefined, keepDims: boolean, mean: boolean): Value {
  const { shape } = input;
  const runs = axisRuns(shape.length, axes);
  const reduced = new Set<number>();
  let value = input;
  let current = [...shape];
  for (const [first, last] of runs) {
    for (let axis = first; axis <= last; axis++) reduced.add(axis);
    const count = sizeOf(current.slice(first, last + 1));
    const attrs = {
      outer: sizeOf(current.slice(0, first)),
      axis: count,
      inner: sizeOf(current.slice(last + 1)),
      scale: mean ? 1 / count : 1,
    };
    value = value.graph.emit(reduceSumOp, { input: value }, attrs).output;
    current = current.map((length, axis) => (axis >= first && axis <= last ? 1 : length));
  }
  return reshape(value, keepDims ? current : current.filter((_, axis) => !reduced.has(axis)));
}

/** Sum over `axes` (all when left out); the axes vanish, or stay with length 1 under keepDims. */
export function sum(input: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce(input, axes, keepDims, false);
}

/** Mean over `axes` (all when left out). */
export function mean(input: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce(input, axes, keepDims, true);
}

/** Mean over height and width: [batch, H, W, C] -> [batch, C]. */
export function globalAvgPool2d(input: Value): Value {
  return mean(input, [1, 2]);
}
