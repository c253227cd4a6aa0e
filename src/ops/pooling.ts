/**
 * Maximum and average over windows of height and width. Input NHWC. The maximum keeps one byte an element for its
 * backward pass (which element of the window won), the average nothing.
 */
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';
import { pair } from './conv2d.js';

/** Options of {@link maxPool2d} and {@link avgPool2d}; pairs are [height, width], one number is for both. */
export interface PoolOptions {
  /** Height and width of the window, at most 255 elements in all. */
  readonly kernel: number | readonly [number, number];
  /** Default: the kernel, so that windows do not overlap. */
  readonly stride?: number | readonly [number, number];
  /** Pixels added on each side, at most half the kernel: zeros for the average, never the winner of a maximum. Default 0. */
  readonly padding?: number | readonly [number, number];
}

/** A pooling's geometry, as the kernels take it. */
export interface PoolAttrs {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly channels: number;
  readonly outH: number;
  readonly outW: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
}

/** An index of the window is stored in a uint8. */
const largestWindow = 255;

const inputShape = (a: PoolAttrs): Shape => [a.batch, a.inH, a.inW, a.channels];
const outputShape = (a: PoolAttrs): Shape => [a.batch, a.outH, a.outW, a.channels];

function geometry(shape: Shape, options: PoolOptions): PoolAttrs {
  const [batch = 0, inH = 0, inW = 0, channels = 0] = shape;
  const [kernelH, kernelW] = pair(options.kernel, 1);
  const [strideH, strideW] = options.stride === undefined ? [kernelH, kernelW] : pair(options.stride, 1);
  const [padH, padW] = pair(options.padding, 0);
  return {
    batch,
    inH,
    inW,
    channels,
    outH: Math.floor((inH + 2 * padH - kernelH) / strideH) + 1,
    outW: Math.floor((inW + 2 * padW - kernelW) / strideW) + 1,
    kernelH,
    kernelW,
    strideH,
    strideW,
    padH,
    padW,
  };
}

function check(input: Value, a: PoolAttrs, fail: (message: string) => never): void {
  if (input.shape.length !== 4) {
    fail(`input must be [batch, height, width, channels], got ${shapeText(input.shape)}`);
  }
  if (![a.kernelH, a.kernelW, a.strideH, a.strideW].every((n) => Number.isInteger(n) && n > 0)) {
    fail('kernel and stride must be positive integers');
  }
  if (a.kernelH * a.kernelW > largestWindow) {
    fail(
      `a ${a.kernelH}x${a.kernelW} window has more than ${largestWindow} elements; pool in two steps, or over the whole image with globalAvgPool2d`,
    );
  }
  const padding = [
    [a.padH, a.kernelH],
    [a.padW, a.kernelW],
  ];
  if (!padding.every(([pad, kernel]) => Number.isInteger(pad) && pad >= 0 && 2 * pad <= kernel)) {
    fail(
      `padding ${a.padH}x${a.padW} must be integers from 0 to half the ${a.kernelH}x${a.kernelW} kernel, so that each window meets the image`,
    );
  }
  if (a.outH < 1 || a.outW < 1) {
    fail(
      `a ${a.kernelH}x${a.kernelW} window does not fit the ${a.inH}x${a.inW} input with padding ${a.padH}x${a.padW}; pool less before it, or make the window smaller`,
    );
  }
}

const examples = (['2x2', '3x3, stride 2, padding 1', '2x1, stride 1'] as const).map((title, i) => {
  const options: PoolOptions = [
    { kernel: 2 },
    { kernel: 3, stride: 2, padding: 1 },
    { kernel: [2, 1] as const, stride: 1 },
  ][i];
  const input = [2, 5, 4, 3];
  return { title, inputs: { input }, attrs: geometry(input, options), outputs: ['output'] };
});

const maxPoolGradOp: OpDef<PoolAttrs> = defineOp<PoolAttrs>({
  name: 'max_pool_grad',
  infer: (_inputs, attrs) => ({ output: { shape: inputShape(attrs) } }),
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'max_pool_grad',
      { gradOutput: inputs.gradOutput, index: inputs.index, gradInput: outputs.output },
      { ...attrs },
    ),
  ],
});

export const maxPoolOp: OpDef<PoolAttrs> = defineOp<PoolAttrs>({
  name: 'max_pool',
  infer: ({ input }, attrs, fail) => {
    check(input, attrs, fail);
    return {
      output: { shape: outputShape(attrs) },
      index: { shape: outputShape(attrs), storage: 'uint8' },
    };
  },
  lower: ({ inputs, outputs, attrs, used }) => [
    call(
      'max_pool',
      { input: inputs.input, output: outputs.output, index: used('index') ? outputs.index : undefined },
      { ...attrs },
    ),
  ],
  backward: ({ outputs, attrs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    const { output } = gradOutput.graph.emit(maxPoolGradOp, { gradOutput, index: outputs.index }, attrs);
    return { input: output };
  },
  examples,
});

/**
 * Maximum over windows of `input` [batch, H, W, C]: [batch, outH, outW, C], outH = floor((H + 2*padding - kernel)/stride) + 1.
 * On ties the first element of the window wins the gradient. Throws ShapeError when the window does not fit.
 */
export function maxPool2d(input: Value, options: PoolOptions): Value {
  return input.graph.emit(maxPoolOp, { input }, geometry(input.shape, options)).output;
}

const avgPoolGradOp: OpDef<PoolAttrs> = defineOp<PoolAttrs>({
  name: 'avg_pool_grad',
  infer: (_inputs, attrs) => ({ output: { shape: inputShape(attrs) } }),
  lower: ({ inputs, outputs, attrs }) => [
    call('avg_pool_grad', { gradOutput: inputs.gradOutput, gradInput: outputs.output }, { ...attrs }),
  ],
});

export const avgPoolOp: OpDef<PoolAttrs> = defineOp<PoolAttrs>({
  name: 'avg_pool',
  infer: ({ input }, attrs, fail) => {
    check(input, attrs, fail);
    return { output: { shape: outputShape(attrs) } };
  },
  lower: ({ inputs, outputs, attrs }) => [
    call('avg_pool', { input: inputs.input, output: outputs.output }, { ...attrs }),
  ],
  backward: ({ attrs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return { input: gradOutput.graph.emit(avgPoolGradOp, { gradOutput }, attrs).output };
  },
  examples,
});

/** Mean over windows, shapes as {@link maxPool2d}; padding counts as zeros. Throws ShapeError when the window does not fit. */
export function avgPool2d(input: Value, options: PoolOptions): Value {
  return input.graph.emit(avgPoolOp, { input }, geometry(input.shape, options)).output;
}
