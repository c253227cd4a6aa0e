/** Reshape: another shape on the same buffer, no kernel. */
import { UsageError } from '../core/errors.js';
import { type Shape, sameShape, shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { defineOp } from '../graph/op.js';

export const reshapeOp = defineOp<{ shape: Shape }>({
  name: 'reshape',
  infer: ({ input }, { shape }, fail) => {
    if (sizeOf(shape) !== sizeOf(input.shape)) {
      fail(`cannot view ${shapeText(input.shape)} as ${shapeText(shape)}: the numbers of elements differ`);
    }
    return { output: { shape, storage: input.storage } };
  },
  backward: ({ inputs, gradOutputs }) => ({
    input: reshape(gradOutputs.output as Value, inputs.input.shape),
  }),
  alias: { input: 'input', output: 'output' },
  examples: [{ title: '[2,6] as [3,4]', inputs: { input: [2, 6] }, attrs: { shape: [3, 4] } }],
});

/** `input` with another shape of as many elements; one axis may be -1. Throws ShapeError when the counts differ. */
export function reshape(input: Value, shape: Shape): Value {
  const known = shape.reduce((size, length) => (length === -1 ? size : size * length), 1);
  if (shape.filter((length) => length === -1).length > 1) {
    throw new UsageError(`reshape: only one axis of ${shapeText(shape)} may be -1`);
  }
  const full = shape.map((length) => (length === -1 ? sizeOf(input.shape) / known : length));
  if (sameShape(full, input.shape)) return input;
  return input.graph.emit(reshapeOp, { input }, { shape: full }).output;
}

/** All axes from `from` on as one: [batch, H, W, C] becomes [batch, H*W*C]. */
export function flatten(input: Value, from = 1): Value {
  return reshape(input, [...input.shape.slice(0, from), sizeOf(input.shape.slice(from))]);
}
