/** Softmax over the last axis, and its logarithm, which is not that of a rounded zero. For a loss of class numbers take `crossEntropy`. */
import { shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';

type NoAttrs = Record<string, never>;

/** The last axis is `cols`, all others together `rows`. */
function rowsAndCols(value: Value): { rows: number; cols: number } {
  const cols = value.shape[value.shape.length - 1];
  return { rows: sizeOf(value.shape) / cols, cols };
}

const softmaxGradOp: OpDef<NoAttrs> = defineOp<NoAttrs>({
  name: 'softmax_grad',
  infer: ({ output }) => ({ gradInput: { shape: output.shape } }),
  lower: ({ inputs, outputs }) => [
    call(
      'softmax_grad',
      { output: inputs.output, gradOutput: inputs.gradOutput, gradInput: outputs.gradInput },
      rowsAndCols(inputs.output),
    ),
  ],
});

export const softmaxOp: OpDef<NoAttrs> = defineOp<NoAttrs>({
  name: 'softmax',
  infer: ({ input }, _attrs, fail) => {
    if (input.shape.length < 1) fail(`input must have an axis to sum over, got ${shapeText(input.shape)}`);
    return { output: { shape: input.shape } };
  },
  lower: ({ inputs, outputs }) => [
    call('softmax', { input: inputs.input, output: outputs.output }, rowsAndCols(inputs.input)),
  ],
  backward: ({ outputs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return {
      input: gradOutput.graph.emit(softmaxGradOp, { output: outputs.output, gradOutput }, {}).gradInput,
    };
  },
  examples: [
    { title: '3x5', inputs: { input: [3, 5] }, attrs: {} },
    { title: 'two leading axes', inputs: { input: [2, 3, 4] }, attrs: {} },
  ],
});

const logSoftmaxGradOp: OpDef<NoAttrs> = defineOp<NoAttrs>({
  name: 'log_softmax_grad',
  infer: ({ output }) => ({ gradInput: { shape: output.shape } }),
  lower: ({ inputs, outputs }) => [
    call(
      'log_softmax_grad',
      { output: inputs.output, gradOutput: inputs.gradOutput, gradInput: outputs.gradInput },
      rowsAndCols(inputs.output),
    ),
  ],
});

export const logSoftmaxOp: OpDef<NoAttrs> = defineOp<NoAttrs>({
  name: 'log_softmax',
  infer: ({ input }, _attrs, fail) => {
    if (input.shape.length < 1) fail(`input must have an axis to sum over, got ${shapeText(input.shape)}`);
    return { output: { shape: input.shape } };
  },
  lower: ({ inputs, outputs }) => [
    call('log_softmax', { input: inputs.input, output: outputs.output }, rowsAndCols(inputs.input)),
  ],
  backward: ({ outputs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return {
      input: gradOutput.graph.emit(logSoftmaxGradOp, { output: outputs.output, gradOutput }, {}).gradInput,
    };
  },
  examples: [
    { title: '3x5', inputs: { input: [3, 5] }, attrs: {} },
    { title: 'two leading axes', inputs: { input: [2, 3, 4] }, attrs: {} },
  ],
});

/** log softmax = x_j - log sum e**x over the last axis, finite also where softmax rounds to 0; any shape of at least one axis. */
export function logSoftmax(input: Value): Value {
  return input.graph.emit(logSoftmaxOp, { input }, {}).output;
}

/** e**x_j / sum e**x over the last axis; any shape of at least one axis. */
export function softmax(input: Value): Value {
  return input.graph.emit(softmaxOp, { input }, {}).output;
}
