/** Operations that do the work of several in one pass over memory, with the same bits; only the fusion pass makes them. */
import { kernelSpecs } from '../backend/kernels.js';
import { sizeOf } from '../core/shape.js';
import type { Node, Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';
import { codeRangeOf, formats } from '../quant/format.js';
import type { OperandSpec } from '../quant/recipe.js';
import type { NormGeometry } from './norm-ops.js';
import type { QuantizeAttrs } from './quant-ops.js';

const maskOf = (value: Value): number[] => [Math.ceil(sizeOf(value.shape) / 8)];

/** channel_affine, perhaps relu, then quantize: codes in, codes out. */
export const channelAffineQuantizeOp = defineOp<{ spec: OperandSpec; relu: boolean; role: string }>({
  name: 'channel_affine_quantize',
  infer: ({ input }, { spec }) => ({
    codes: { shape: input.shape, storage: formats[spec.format].storage },
    mask: { shape: maskOf(input), storage: 'uint8' },
  }),
  lower: ({ inputs, outputs, attrs: { spec, relu }, used }) => {
    const channels = inputs.input.shape[inputs.input.shape.length - 1];
    return [
      call(
        'channel_affine_quantize',
        {
          input: inputs.input,
          coef: inputs.coef,
          qparams: inputs.qparams,
          codes: outputs.codes,
          mask: relu && used('mask') ? outputs.mask : undefined,
        },
        {
          rows: sizeOf(inputs.input.shape) / channels,
          channels,
          relu: relu ? 1 : 0,
          ...codeRangeOf(spec),
        },
      ),
    ];
  },
});

/** The range of a normalised tensor from the extreme codes of each image and channel, without a pass over memory. */
export const channelAffineRangeOp = defineOp<NormGeometry & { relu: boolean; role: string }>({
  name: 'channel_affine_range',
  infer: (_inputs, { batch }) => ({ cells: { shape: [batch, 2] } }),
  lower: ({ inputs, outputs, attrs: { batch, channels, relu } }) => [
    call(
      'channel_affine_range',
      { normCells: inputs.normCells, coef: inputs.coef, cells: outputs.cells },
      { batch, channels, relu: relu ? 1 : 0, site: -1 },
    ),
  ],
});

/** channel_affine, residual add, relu, and the range of the result per image. */
export const channelAffineAddReluOp = defineOp<NormGeometry & { role: string }>({
  name: 'channel_affine_add_relu',
  infer: ({ input }, { batch }) => ({
    output: { shape: input.shape },
    mask: { shape: maskOf(input), storage: 'uint8' },
    cells: { shape: [batch, 2] },
  }),
  lower: ({ inputs, outputs, attrs: { batch, inner, channels } }) => [
    call(
      'channel_affine_add_relu',
      {
        input: inputs.input,
        coef: inputs.coef,
        shortcut: inputs.shortcut,
        output: outputs.output,
        mask: outputs.mask,
        cells: outputs.cells,
      },
      { batch, inner, channels, site: -1 },
    ),
  ],
});

/** An op whose one kernel also finds the range of what it writes, and what it was asked. */
export interface Ranged {
  readonly base: OpDef;
  readonly attrs: unknown;
  /** Equal runs of the output, each with a range of its own. */
  readonly rows: number;
  /** Role of what is written, for messages. */
  readonly role: string;
}

const rangedOps = new Map<OpDef, OpDef<Ranged>>();

/** The op as it is, with one more output: `cells` [rows, 2], the range of its output, found in the same pass. */
export function rangedOp(base: OpDef): OpDef<Ranged> {
  const known = rangedOps.get(base);
  if (known) return known;
  const made = defineOp<Ranged>({
    name: base.name,
    infer: (inputs, { attrs, rows }, fail) => ({
      ...base.infer(inputs, attrs, fail),
      cells: { shape: [rows, 2] },
    }),
    lower: ({ inputs, outputs, attrs: { attrs, rows }, used }) =>
      (base.lower?.({ inputs, outputs, attrs, used }) ?? []).map((one) =>
        one.kernel === 'host'
          ? one
          : {
              ...one,
              buffers: { ...one.buffers, cells: outputs.cells },
              params: { ...one.params, cellRows: rows, site: -1 },
            },
      ),
  });
  rangedOps.set(base, made);
  return made;
}

/** Whether a node is one call of a kernel that can find the range of its output. */
export function canRange(node: Node): boolean {
  const calls = node.op.lower?.({
    inputs: node.inputs as Record<string, Value>,
    outputs: node.outputs,
    attrs: node.attrs,
    used: () => true,
  });
  if (calls?.length !== 1 || calls[0].kernel === 'host') return false;
  return 'cellRows' in kernelSpecs[calls[0].kernel].params;
}

/** Both copies of a gradient (gradients bifurcation) from one read. */
export const quantizePairOp = defineOp<{
  a: QuantizeAttrs;
  b: QuantizeAttrs;
  siteA: number;
  siteB: number;
}>({
  name: 'quantize_pair',
  infer: ({ input }, { a, b }) => ({
    codesA: { shape: input.shape, storage: formats[a.spec.format].storage },
    codesB: { shape: input.shape, storage: formats[b.spec.format].storage },
  }),
  lower: ({ inputs, outputs, attrs: { a, b, siteA, siteB } }) => {
    const rangeA = codeRangeOf(a.spec);
    const rangeB = codeRangeOf(b.spec);
    return [
      call(
        'quantize_pair',
        {
          input: inputs.input,
          qparamsA: inputs.qparamsA,
          qparamsB: inputs.qparamsB,
          codesA: outputs.codesA,
          codesB: outputs.codesB,
        },
        {
          count: sizeOf(inputs.input.shape),
          groupsA: a.grouping.groups,
          groupStrideA: a.grouping.stride,
          stochasticA: a.spec.rounding === 'stochastic' ? 1 : 0,
          qminA: rangeA.qmin,
          qmaxA: rangeA.qmax,
          siteA,
          groupsB: b.grouping.groups,
          groupStrideB: b.grouping.stride,
          stochasticB: b.spec.rounding === 'stochastic' ? 1 : 0,
          qminB: rangeB.qmin,
          qmaxB: rangeB.qmax,
          siteB,
        },
      ),
    ];
  },
});
