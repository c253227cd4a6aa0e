/**
 * Two-dimensional convolution (cross-correlation) and its two backward products. Input NHWC, weight
 * [outChannels, kernelH, kernelW, inChannels/groups], bias [outChannels].
 */
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';
import { groupsOf, integerTwin } from './product.js';
import { sum } from './reduce.js';

/** Options of {@link conv2d}; pairs are [height, width], one number is for both. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly stride?: number | readonly [number, number];
  /** Zeros on each side. Default 0. */
  readonly padding?: number | readonly [number, number];
  /** Default 1. */
  readonly dilation?: number | readonly [number, number];
  /** Default 1; equal to the input's channels for a depthwise convolution. */
  readonly groups?: number;
}

/** Everything about a convolution's geometry, as the kernels take it. */
export interface ConvAttrs {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outH: number;
  readonly outW: number;
  readonly outC: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
}

/** The attributes alone, without what the precision pass may have added to them. */
function kernelParams(a: ConvAttrs): ConvAttrs {
  const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups } = a;
  const { strideH, strideW, padH, padW, dilationH, dilationW } = a;
  return {
    batch,
    inH,
    inW,
    inC,
    outH,
    outW,
    outC,
    kernelH,
    kernelW,
    strideH,
    strideW,
    padH,
    padW,
    dilationH,
    dilationW,
    groups,
  };
}

const inputShape = (a: ConvAttrs): Shape => [a.batch, a.inH, a.inW, a.inC];
const outputShape = (a: ConvAttrs): Shape => [a.batch, a.outH, a.outW, a.outC];
const weightShape = (a: ConvAttrs): Shape => [a.outC, a.kernelH, a.kernelW, a.inC / a.groups];

function macs(a: ConvAttrs): number {
  return a.batch * a.outH * a.outW * a.outC * a.kernelH * a.kernelW * (a.inC / a.groups);
}

/** Whether each group has one input channel, and there are several: nothing is then summed over channels. */
export const isDepthwise = ({ groups, inC }: Pick<ConvAttrs, 'groups' | 'inC'>): boolean =>
  groups > 1 && groups === inC;

export function pair(
  value: number | readonly [number, number] | undefined,
  fallback: number,
): [number, number] {
  if (value === undefined) return [fallback, fallback];
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}

function geometry(input: Value, weight: Value, options: Conv2dOptions): ConvAttrs {
  const [batch = 0, inH = 0, inW = 0, inC = 0] = input.shape;
  const [outC = 0, kernelH = 0, kernelW = 0] = weight.shape;
  const [strideH, strideW] = pair(options.stride, 1);
  const [padH, padW] = pair(options.padding, 0);
  const [dilationH, dilationW] = pair(options.dilation, 1);
  const length = (size: number, pad: number, dilation: number, kernel: number, stride: number): number =>
    Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  return {
    batch,
    inH,
    inW,
    inC,
    outH: length(inH, padH, dilationH, kernelH, strideH),
    outW: length(inW, padW, dilationW, kernelW, strideW),
    outC,
    kernelH,
    kernelW,
    strideH,
    strideW,
    padH,
    padW,
    dilationH,
    dilationW,
    groups: options.groups ?? 1,
  };
}

function checkForward(inputs: Record<string, Value>, a: ConvAttrs, fail: (message: string) => never): void {
  const { input, weight, bias } = inputs;
  if (input.shape.length !== 4)
    fail(`input must be [batch, height, width, channels], got ${shapeText(input.shape)}`);
  if (weight.shape.length !== 4) fail(`weight must have four axes, got ${shapeText(weight.shape)}`);
  const counts = [a.strideH, a.strideW, a.dilationH, a.dilationW, a.groups];
  if (!counts.every((n) => Number.isInteger(n) && n > 0)) {
    fail('stride, dilation and groups must be positive integers');
  }
  if (![a.padH, a.padW].every((n) => Number.isInteger(n) && n >= 0))
    fail('padding must be an integer of at least 0');
  if (a.inC % a.groups !== 0 || a.outC % a.groups !== 0) {
    fail(`groups ${a.groups} must divide the ${a.inC} input and ${a.outC} output channels`);
  }
  if (weight.shape[3] * a.groups !== a.inC) {
    fail(
      `weight ${shapeText(weight.shape)} expects ${weight.shape[3] * a.groups} input channels, the input ${shapeText(input.shape)} has ${a.inC}`,
    );
  }
  if (a.outH < 1 || a.outW < 1) {
    fail(
      `a ${a.kernelH}x${a.kernelW} kernel does not fit the ${a.inH}x${a.inW} input with padding ${a.padH}x${a.padW}; add padding or pool less before it`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== a.outC)) {
    fail(`bias must be [${a.outC}], got ${shapeText(bias.shape)}`);
  }
}

const gradInputOp: OpDef<ConvAttrs> = defineOp<ConvAttrs>({
  name: 'conv2d_grad_input',
  infer: (_inputs, attrs) => ({ output: { shape: inputShape(attrs) } }),
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'conv2d_grad_input',
      { gradOutput: inputs.gradOutput, weight: inputs.weight, gradInput: outputs.output },
      kernelParams(attrs),
    ),
  ],
  product: (_inputs, attrs) => ({
    role: 'gradLeft',
    operands: [
      { input: 'gradOutput', part: 'gradOutput' },
      { input: 'weight', part: 'right' },
    ],
    macs: macs(attrs),
    depthwise: isDepthwise(attrs),
  }),
  integer: integerTwin<ConvAttrs>(
    { name: 'conv2d_grad_input', infer: (_inputs, attrs) => ({ output: { shape: inputShape(attrs) } }) },
    (inputs, output, attrs, { folded }) =>
      call(
        'conv2d_grad_input_int',
        {
          gradOutput: inputs.gradOutput,
          gradParams: inputs.gradOutputParams,
          weight: inputs.weight,
          weightParams: inputs.weightParams,
          gradInput: output,
        },
        {
          ...kernelParams(attrs),
          gradGroups: groupsOf(inputs.gradOutputParams),
          weightFolded: folded ? 1 : 0,
        },
      ),
  ),
});

const gradWeightOp: OpDef<ConvAttrs> = defineOp<ConvAttrs>({
  name: 'conv2d_grad_weight',
  infer: (_inputs, attrs) => ({ output: { shape: weightShape(attrs) } }),
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'conv2d_grad_weight',
      { gradOutput: inputs.gradOutput, input: inputs.input, gradWeight: outputs.output },
      kernelParams(attrs),
    ),
  ],
  product: (_inputs, attrs) => ({
    role: 'gradRight',
    operands: [
      { input: 'gradOutput', part: 'gradOutput' },
      { input: 'input', part: 'left' },
    ],
    macs: macs(attrs),
    depthwise: isDepthwise(attrs),
  }),
  integer: integerTwin<ConvAttrs>(
    { name: 'conv2d_grad_weight', infer: (_inputs, attrs) => ({ output: { shape: weightShape(attrs) } }) },
    (inputs, output, attrs) =>
      call(
        'conv2d_grad_weight_int',
        {
          gradOutput: inputs.gradOutput,
          gradParams: inputs.gradOutputParams,
          input: inputs.input,
          inputParams: inputs.inputParams,
          gradWeight: output,
        },
        { ...kernelParams(attrs), gradGroups: groupsOf(inputs.gradOutputParams) },
      ),
  ),
});

const inferForward: OpDef<ConvAttrs>['infer'] = (inputs, attrs, fail) => {
  checkForward(inputs, attrs, fail);
  return { output: { shape: outputShape(attrs) } };
};

const example = (
  title: string,
  batch: number,
  size: number,
  inC: number,
  outC: number,
  kernel: number,
  options: { stride?: number; padding?: number; dilation?: number; groups?: number },
) => {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const out = Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  return {
    title,
    inputs: {
      input: [batch, size, size, inC],
      weight: [outC, kernel, kernel, inC / groups],
      bias: [outC],
    },
    attrs: {
      batch,
      inH: size,
      inW: size,
      inC,
      outH: out,
      outW: out,
      outC,
      kernelH: kernel,
      kernelW: kernel,
      strideH: stride,
      strideW: stride,
      padH: padding,
      padW: padding,
      dilationH: dilation,
      dilationW: dilation,
      groups,
    },
  };
};

export const conv2dOp = defineOp<ConvAttrs>({
  name: 'conv2d',
  infer: inferForward,
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'conv2d',
      { input: inputs.input, weight: inputs.weight, bias: inputs.bias, output: outputs.output },
      kernelParams(attrs),
    ),
  ],
  backward: ({ inputs, attrs, gradOutputs, needs }) => {
    const gradOutput = gradOutputs.output as Value;
    const { graph } = gradOutput;
    return {
      weight: needs('weight')
        ? graph.emit(gradWeightOp, { gradOutput, input: inputs.input }, attrs).output
        : undefined,
      bias: needs('bias') ? sum(gradOutput, [0, 1, 2]) : undefined,
      input: needs('input')
        ? graph.emit(gradInputOp, { gradOutput, weight: inputs.weight }, attrs).output
        : undefined,
    };
  },
  product: (_inputs, attrs) => ({
    role: 'forward',
    operands: [
      { input: 'input', part: 'left' },
      { input: 'weight', part: 'right' },
    ],
    macs: macs(attrs),
    depthwise: isDepthwise(attrs),
  }),
  integer: integerTwin<ConvAttrs>({ name: 'conv2d', infer: inferForward }, (inputs, output, attrs) =>
    call(
      'conv2d_int',
      {
        input: inputs.input,
        inputParams: inputs.inputParams,
        weight: inputs.weight,
        weightParams: inputs.weightParams,
        bias: inputs.bias,
        output,
      },
      {
        ...kernelParams(attrs),
        inputGroups: groupsOf(inputs.inputParams),
        weightGroups: groupsOf(inputs.weightParams),
        cellRows: 0,
        site: 0,
      },
    ),
  ),
  examples: [
    example('3x3, padding 1', 2, 5, 3, 4, 3, { padding: 1 }),
    example('3x3, stride 2', 2, 6, 2, 3, 3, { stride: 2, padding: 1 }),
    example('1x1, stride 2', 2, 5, 3, 2, 1, { stride: 2 }),
    example('3x3, dilation 2, groups 2', 1, 7, 4, 2, 3, { dilation: 2, padding: 1, groups: 2 }),
    example('depthwise', 2, 4, 3, 3, 3, { padding: 1, groups: 3 }),
  ],
});

/**
 * Convolution of `input` [batch, H, W, inChannels] with `weight` [outChannels, kernelH, kernelW, inChannels/groups],
 * plus `bias` [outChannels]; output [batch, outH, outW, outChannels],
 * outH = floor((H + 2*padding - dilation*(kernelH-1) - 1)/stride) + 1. Throws ShapeError when they do not fit.
 */
export function conv2d(input: Value, weight: Value, bias?: Value, options: Conv2dOptions = {}): Value {
  return input.graph.emit(conv2dOp, { input, weight, bias }, geometry(input, weight, options)).output;
}
