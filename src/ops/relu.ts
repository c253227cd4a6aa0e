/** ReLU and leaky ReLU. Their backward pass needs one bit an element, which the forward pass keeps. */
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp } from '../graph/op.js';

const maskShape = (value: Value): number[] => [Math.ceil(sizeOf(value.shape) / 8)];

/** With `addend`, which the fusion pass puts in, the gradient is the sum of both. */
export const reluGradOp = defineOp<Record<string, never>>({
  name: 'relu_grad',
  infer: ({ gradOutput }) => ({ output: { shape: gradOutput.shape } }),
  lower: ({ inputs, outputs }) => [
    call(
      'relu_grad',
      {
        gradOutput: inputs.gradOutput,
        addend: inputs.addend,
        mask: inputs.mask,
        output: outputs.output,
      },
      { count: sizeOf(inputs.gradOutput.shape), cellRows: 0, site: 0 },
    ),
  ],
});

export const reluOp = defineOp<Record<string, never>>({
  name: 'relu',
  infer: ({ input }) => ({
    output: { shape: input.shape },
    mask: { shape: maskShape(input), storage: 'uint8' },
  }),
  lower: ({ inputs, outputs, used }) => [
    call(
      'relu',
      { input: inputs.input, output: outputs.output, mask: used('mask') ? outputs.mask : undefined },
      { count: sizeOf(inputs.input.shape) },
    ),
  ],
  backward: ({ outputs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return { input: gradOutput.graph.emit(reluGradOp, { gradOutput, mask: outputs.mask }, {}).output };
  },
  examples: [{ title: '3x7', inputs: { input: [3, 7] }, attrs: {} }],
});

/** max(0, x), element by element; any shape. */
export function relu(input: Value): Value {
  return input.graph.emit(reluOp, { input }, {}).output;
}

interface Slope {
  readonly slope: number;
}

const leakyReluGradOp = defineOp<Slope>({
  name: 'leaky_relu_grad',
  infer: ({ gradOutput }) => ({ output: { shape: gradOutput.shape } }),
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'leaky_relu_grad',
      { gradOutput: inputs.gradOutput, mask: inputs.mask, output: outputs.output },
      { count: sizeOf(inputs.gradOutput.shape), slope: attrs.slope },
    ),
  ],
});

export const leakyReluOp = defineOp<Slope>({
  name: 'leaky_relu',
  infer: ({ input }) => ({
    output: { shape: input.shape },
    mask: { shape: maskShape(input), storage: 'uint8' },
  }),
  lower: ({ inputs, outputs, attrs, used }) => [
    call(
      'leaky_relu',
      { input: inputs.input, output: outputs.output, mask: used('mask') ? outputs.mask : undefined },
      { count: sizeOf(inputs.input.shape), slope: attrs.slope },
    ),
  ],
  backward: ({ outputs, attrs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return {
      input: gradOutput.graph.emit(leakyReluGradOp, { gradOutput, mask: outputs.mask }, attrs).output,
    };
  },
  examples: [{ title: 'slope 0.1', inputs: { input: [3, 7] }, attrs: { slope: 0.1 } }],
});

/** x where x > 0, else slope*x. */
export function leakyRelu(input: Value, slope = 0.01): Value {
  return input.graph.emit(leakyReluOp, { input }, { slope }).output;
}
