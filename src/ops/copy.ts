/** Movement of elements between strided views: broadcast, transpose, slice, concat. One kernel serves them all. */
import { UsageError } from '../core/errors.js';
import { broadcastShapes, type Shape, sameShape, shapeText, sizeOf, stridesOf } from '../core/shape.js';
import { fillOp } from '../graph/differentiate.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef, type ValueCall } from '../graph/op.js';
import { affine } from './arithmetic.js';
import { sum } from './reduce.js';
import { reshape } from './reshape.js';

const maxRank = 6;

/** A strided view of a buffer, in elements. */
interface View {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** One copy_strided call over `shape` between two views. Throws UsageError above rank 6. */
export function copyCall(input: Value, output: Value, shape: Shape, from: View, to: View): ValueCall {
  if (shape.length > maxRank)
    throw new UsageError(`views have at most ${maxRank} axes, got ${shapeText(shape)}`);
  const params: Record<string, number> = {
    rank: shape.length,
    inOffset: from.offset,
    outOffset: to.offset,
  };
  for (let axis = 0; axis < maxRank; axis++) {
    params[`shape${axis}`] = shape[axis] ?? 1;
    params[`inStride${axis}`] = from.strides[axis] ?? 0;
    params[`outStride${axis}`] = to.strides[axis] ?? 0;
  }
  return { kernel: 'copy_strided', buffers: { input, output }, params };
}

const whole = (shape: Shape): View => ({ strides: stridesOf(shape), offset: 0 });

/** NumPy's broadcast as a copy with stride 0. */
export const broadcastOp: OpDef<{ shape: Shape }> = defineOp<{ shape: Shape }>({
  name: 'broadcast',
  infer: ({ input }, { shape }, fail) => {
    const fits = broadcastShapes(input.shape, shape);
    if (!fits || !sameShape(fits, shape))
      fail(`${shapeText(input.shape)} does not broadcast to ${shapeText(shape)}`);
    return { output: { shape, storage: input.storage } };
  },
  lower: ({ inputs, outputs, attrs: { shape } }) => {
    const { input } = inputs;
    const lead = shape.length - input.shape.length;
    const own = stridesOf(input.shape);
    const strides = shape.map((_, axis) =>
      axis < lead || input.shape[axis - lead] === 1 ? 0 : own[axis - lead],
    );
    return [copyCall(input, outputs.output, shape, { strides, offset: 0 }, whole(shape))];
  },
  backward: ({ inputs, attrs: { shape }, gradOutputs }) => {
    const { input } = inputs;
    const lead = shape.length - input.shape.length;
    const axes = shape
      .map((_, axis) => axis)
      .filter((axis) => axis < lead || input.shape[axis - lead] !== shape[axis]);
    const g = gradOutputs.output as Value;
    return { input: axes.length === 0 ? g : reshape(sum(g, axes), input.shape) };
  },
  examples: [{ title: '[3,1] to [2,3,4]', inputs: { input: [3, 1] }, attrs: { shape: [2, 3, 4] } }],
});

/** `input` repeated to `shape` by NumPy's rule, times a factor. Throws ShapeError when it does not fit. */
export function broadcastTo(input: Value, shape: Shape, scale = 1): Value {
  const scaled = scale === 1 ? input : affine(input, scale);
  return sameShape(scaled.shape, shape)
    ? scaled
    : scaled.graph.emit(broadcastOp, { input: scaled }, { shape }).output;
}

export const transposeOp: OpDef<{ axes: readonly number[] }> = defineOp<{ axes: readonly number[] }>({
  name: 'transpose',
  infer: ({ input }, { axes }, fail) => {
    const sorted = [...axes].sort((a, b) => a - b);
    if (axes.length !== input.shape.length || sorted.some((axis, i) => axis !== i)) {
      fail(`axes [${axes.join(', ')}] are no permutation of the axes of ${shapeText(input.shape)}`);
    }
    return { output: { shape: axes.map((axis) => input.shape[axis]), storage: input.storage } };
  },
  lower: ({ inputs, outputs, attrs: { axes } }) => {
    const own = stridesOf(inputs.input.shape);
    const { shape } = outputs.output;
    const from = { strides: axes.map((axis) => own[axis]), offset: 0 };
    return [copyCall(inputs.input, outputs.output, shape, from, whole(shape))];
  },
  backward: ({ attrs: { axes }, gradOutputs }) => {
    const inverse = axes.map((_, axis) => axes.indexOf(axis));
    return { input: transpose(gradOutputs.output as Value, inverse) };
  },
  examples: [{ title: '[2,3,4]', inputs: { input: [2, 3, 4] }, attrs: { axes: [2, 0, 1] } }],
});

/** Axes permuted: output axis i is input axis axes[i]; reversed when left out. */
export function transpose(input: Value, axes?: readonly number[]): Value {
  const order = axes ?? input.shape.map((_, axis) => input.shape.length - 1 - axis);
  return input.graph.emit(transposeOp, { input }, { axes: order }).output;
}

interface SliceAttrs {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
}

/** Backward twin of slice: zeros with gradOutput put in its place. */
const padOp: OpDef<{ shape: Shape; starts: readonly number[] }> = defineOp<{
  shape: Shape;
  starts: readonly number[];
}>({
  name: 'pad',
  infer: (_inputs, { shape }) => ({ output: { shape } }),
  lower: ({ inputs, outputs, attrs: { shape, starts } }) => {
    const strides = stridesOf(shape);
    const offset = starts.reduce((at, start, axis) => at + start * strides[axis], 0);
    const { input } = inputs;
    return [
      call('fill', { output: outputs.output }, { count: sizeOf(shape), value: 0 }),
      copyCall(input, outputs.output, input.shape, whole(input.shape), { strides, offset }),
    ];
  },
});

export const sliceOp: OpDef<SliceAttrs> = defineOp<SliceAttrs>({
  name: 'slice',
  infer: ({ input }, { starts, sizes }, fail) => {
    const { shape } = input;
    const fits =
      starts.length === shape.length &&
      sizes.length === shape.length &&
      shape.every(
        (length, axis) => starts[axis] >= 0 && sizes[axis] > 0 && starts[axis] + sizes[axis] <= length,
      );
    if (!fits)
      fail(`start [${starts.join(', ')}], size [${sizes.join(', ')}] do not lie in ${shapeText(shape)}`);
    return { output: { shape: sizes, storage: input.storage } };
  },
  lower: ({ inputs, outputs, attrs: { starts, sizes } }) => {
    const strides = stridesOf(inputs.input.shape);
    const offset = starts.reduce((at, start, axis) => at + start * strides[axis], 0);
    return [copyCall(inputs.input, outputs.output, sizes, { strides, offset }, whole(sizes))];
  },
  backward: ({ inputs, attrs: { starts }, gradOutputs }) => {
    const input = gradOutputs.output as Value;
    return { input: input.graph.emit(padOp, { input }, { shape: inputs.input.shape, starts }).output };
  },
  examples: [{ title: 'inside [4,5]', inputs: { input: [4, 5] }, attrs: { starts: [1, 2], sizes: [2, 3] } }],
});

/** The part of `input` from `starts` of lengths `sizes`, an entry an axis. Throws ShapeError when it lies outside. */
export function slice(input: Value, starts: readonly number[], sizes: readonly number[]): Value {
  return input.graph.emit(sliceOp, { input }, { starts, sizes }).output;
}

/** Inputs are named 0, 1, 2, ...: a list has no roles. */
export const concatOp: OpDef<{ axis: number }> = defineOp<{ axis: number }>({
  name: 'concat',
  infer: (inputs, { axis }, fail) => {
    const parts = Object.values(inputs);
    const first = parts[0];
    for (const part of parts) {
      const fits =
        part.shape.length === first.shape.length &&
        part.shape.every((length, i) => i === axis || length === first.shape[i]);
      if (!fits) fail(`${shapeText(part.shape)} and ${shapeText(first.shape)} differ beyond axis ${axis}`);
    }
    const shape = [...first.shape];
    shape[axis] = parts.reduce((length, part) => length + part.shape[axis], 0);
    return { output: { shape, storage: first.storage } };
  },
  lower: ({ inputs, outputs, attrs: { axis } }) => {
    const strides = stridesOf(outputs.output.shape);
    let start = 0;
    return Object.values(inputs).map((part) => {
      const to = { strides, offset: start * strides[axis] };
      start += part.shape[axis];
      return copyCall(part, outputs.output, part.shape, whole(part.shape), to);
    });
  },
  backward: ({ inputs, attrs: { axis }, gradOutputs }) => {
    const gradients: Record<string, Value> = {};
    let start = 0;
    for (const [role, part] of Object.entries(inputs)) {
      const starts = part.shape.map((_, i) => (i === axis ? start : 0));
      gradients[role] = slice(gradOutputs.output as Value, starts, part.shape);
      start += part.shape[axis];
    }
    return gradients;
  },
  examples: [{ title: 'axis 1', inputs: { 0: [2, 3], 1: [2, 4] }, attrs: { axis: 1 } }],
});

/** Values side by side along `axis`; their other axes must agree. Throws UsageError for an empty list. */
export function concat(parts: readonly Value[], axis = 0): Value {
  if (parts.length === 0) throw new UsageError('concat needs at least one value');
  const named = Object.fromEntries(parts.map((part, i) => [String(i), part]));
  const positive = axis < 0 ? axis + parts[0].shape.length : axis;
  return parts[0].graph.emit(concatOp, named, { axis: positive }).output;
}

/** A value of that shape filled with a constant. */
export function constantLike(value: Value, fill: number): Value {
  return value.graph.emit(fillOp, {}, { shape: value.shape, value: fill }).output;
}
