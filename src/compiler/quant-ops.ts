/**
 * The operations that the precision pass puts into a graph: ranges, scales, codes, and their inverse. They lower to the
 * quantisation kernels; models never use them.
 */
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp } from '../graph/op.js';
import { codeRangeOf, formats } from '../quant/format.js';
import type { OperandSpec, Scheme } from '../quant/recipe.js';

/** How a tensor falls into groups of one scale each. */
export interface Grouping {
  /** Number of scales. */
  readonly groups: number;
  /** Element i belongs to group floor(i / stride) % groups. */
  readonly stride: number;
}

interface Sited {
  /** Role of the operand, for messages: `input`, `weight`, `gradOutput`. */
  readonly role: string;
}

/** Rows' ranges: [rows, cols] -> cells [rows, 2]. */
export const rangeOp = defineOp<Sited & { rows: number }>({
  name: 'range',
  infer: (_inputs, { rows }) => ({ cells: { shape: [rows, 2] } }),
  lower: ({ inputs, outputs, attrs: { rows } }) => [
    call(
      'range',
      { input: inputs.input, cells: outputs.cells },
      { rows, cols: sizeOf(inputs.input.shape) / rows, site: -1 },
    ),
  ],
});

/** Sets its status word where a value is not finite: gradients are looked at before they change a parameter. */
export const checkFiniteOp = defineOp<Sited>({
  name: 'check_finite',
  infer: () => ({ cells: { shape: [1, 2] } }),
  lower: ({ inputs, outputs }) => [
    call(
      'range',
      { input: inputs.input, cells: outputs.cells },
      { rows: 1, cols: sizeOf(inputs.input.shape), site: -1 },
    ),
  ],
  effect: true,
});

/** Ranges per batch entry and channel: [batch, inner, channels] -> cells [batch, channels, 2]. */
export const rangeChannelsOp = defineOp<Sited & { batch: number; channels: number }>({
  name: 'range_channels',
  infer: (_inputs, { batch, channels }) => ({ cells: { shape: [batch, channels, 2] } }),
  lower: ({ inputs, outputs, attrs: { batch, channels } }) => [
    call(
      'range_channels',
      { input: inputs.input, cells: outputs.cells },
      { batch, channels, inner: sizeOf(inputs.input.shape) / (batch * channels), site: -1 },
    ),
  ],
});

/** Values of the kernel parameter `tracking`. */
export const tracking = { none: 0, update: 1, use: 2, previous: 3, running: 4 } as const;

/** Values of the kernel parameter `scheme`. */
export const schemes: Readonly<Record<Scheme, number>> = { affine: 0, symmetric: 1, 'affine-float-zero': 2 };

/** What `qparams` multiplies a range with: a clip by the cosine is in the range already (clip-ops.ts). */
const fixedClip = ({ clip }: OperandSpec): number => (clip === 'cosine' ? 1 : clip);

/** What `qparams` must know of a spec, for products within a step and for weights after their update. */
export const scaleParams = (spec: OperandSpec) => ({
  clip: fixedClip(spec),
  scheme: schemes[spec.scheme],
  ...codeRangeOf(spec),
});

/** How many elements a kernel codes or decodes, and which scale each has. */
export const elementParams = (count: number, { groups, stride }: Grouping) => ({
  count,
  groups,
  groupStride: stride,
});

export interface QparamsAttrs {
  readonly spec: OperandSpec;
  readonly groups: number;
  readonly outer: number;
  readonly inner: number;
  readonly by: 0 | 1 | 2;
  readonly chunks: number;
  readonly tracking: number;
  readonly momentum: number;
}

/** cells [outer, inner, 2] and, where ranges are tracked, state [4] -> qparams [groups, 4]. */
export const qparamsOp = defineOp<QparamsAttrs>({
  name: 'qparams',
  infer: (_inputs, { groups }) => ({ qparams: { shape: [groups, 4] } }),
  lower: ({ inputs, outputs, attrs }) => {
    return [
      call(
        'qparams',
        { cells: inputs.cells, state: inputs.state, qparams: outputs.qparams },
        {
          outer: attrs.outer,
          inner: attrs.inner,
          by: attrs.by,
          chunks: attrs.chunks,
          tracking: attrs.tracking,
          momentum: attrs.momentum,
          ...scaleParams(attrs.spec),
        },
      ),
    ];
  },
});

export interface QuantizeAttrs extends Sited {
  readonly spec: OperandSpec;
  readonly grouping: Grouping;
  /** Name of the noise stream. */
  readonly noise: string;
}

export const quantizeOp = defineOp<QuantizeAttrs>({
  name: 'quantize',
  infer: ({ input }, { spec }) => ({
    codes: { shape: input.shape, storage: formats[spec.format].storage },
  }),
  lower: ({ inputs, outputs, attrs: { spec, grouping } }) => [
    call(
      'quantize',
      { input: inputs.input, qparams: inputs.qparams, codes: outputs.codes },
      {
        ...elementParams(sizeOf(inputs.input.shape), grouping),
        stochastic: spec.rounding === 'stochastic' ? 1 : 0,
        ...codeRangeOf(spec),
        site: -1,
      },
    ),
  ],
});

/** Codes back to float; codes.ts knows which operation a format has. */
export const dequantizeOp = defineOp<{ grouping: Grouping }>({
  name: 'dequantize',
  infer: ({ codes }) => ({ output: { shape: codes.shape } }),
  lower: ({ inputs, outputs, attrs: { grouping } }) => [
    call(
      'dequantize',
      { codes: inputs.codes, qparams: inputs.qparams, output: outputs.output },
      elementParams(sizeOf(inputs.codes.shape), grouping),
    ),
  ],
});

/** gradOutput [..., outChannels] times the weight's scale of each output channel. */
export const scaleChannelsOp = defineOp<Record<string, never>>({
  name: 'scale_channels',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs }) => {
    const channels = sizeOf(inputs.qparams.shape) / 4;
    return [
      call(
        'scale_channels',
        { input: inputs.input, qparams: inputs.qparams, output: outputs.output },
        { rows: sizeOf(inputs.input.shape) / channels, channels },
      ),
    ];
  },
});

/** An operand as codes. */
export interface Quantized {
  readonly codes: Value;
  readonly qparams: Value;
  readonly grouping: Grouping;
  readonly spec: OperandSpec;
}
