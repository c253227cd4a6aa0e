/** The operations that take `norm`'s place: statistics, coefficients, their application, and the way back. */
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp } from '../graph/op.js';

/** A normalised tensor seen as [batch, inner, channels]. */
export interface NormGeometry {
  readonly batch: number;
  readonly inner: number;
  readonly channels: number;
}

export function normGeometry(value: Value): NormGeometry {
  const batch = value.shape[0];
  const channels = value.shape[value.shape.length - 1];
  return { batch, channels, inner: sizeOf(value.shape) / (batch * channels) };
}

/** How the range of Range BN is taken; for batch norm only `kind` matters. */
export interface NormStatistics {
  /** 0 batch norm, 1 Range BN: the kernels' numbering. */
  readonly kind: 0 | 1;
  readonly chunks: number;
  readonly constantLow: number;
  readonly constantHigh: number;
}

/** `positions`: with the places of the extremes, which Range BN's gradient goes to. */
export const normCellsOp = defineOp<NormGeometry & { positions: boolean; role: string }>({
  name: 'norm_cells',
  infer: ({ input }, { batch, channels }) => ({
    cells: { shape: [batch, channels, 8], storage: input.storage === 'float' ? 'float' : 'int32' },
  }),
  lower: ({ inputs, outputs, attrs: { batch, inner, channels, positions } }) => [
    call(
      'norm_cells',
      { input: inputs.input, cells: outputs.cells },
      { batch, inner, channels, positions: positions ? 1 : 0, site: -1 },
    ),
  ],
});

export interface NormFinalizeAttrs extends NormGeometry, NormStatistics {
  readonly train: boolean;
  readonly eps: number;
  readonly momentum: number;
  readonly coefBits: number;
}

export const normFinalizeOp = defineOp<NormFinalizeAttrs>({
  name: 'norm_finalize',
  infer: (_inputs, { channels }) => ({ coef: { shape: [channels, 8] } }),
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'norm_finalize',
      {
        cells: inputs.cells,
        qparams: inputs.qparams,
        gamma: inputs.weight,
        beta: inputs.bias,
        runningMean: inputs.runningMean,
        runningSpread: inputs.runningSpread,
        coef: outputs.coef,
      },
      {
        batch: attrs.batch,
        inner: attrs.inner,
        channels: attrs.channels,
        kind: attrs.kind,
        train: attrs.train ? 1 : 0,
        codes: inputs.qparams === undefined ? 0 : inputs.qparams.shape[0] > 1 ? 2 : 1,
        chunks: attrs.chunks,
        constantLow: attrs.constantLow,
        constantHigh: attrs.constantHigh,
        eps: attrs.eps,
        momentum: attrs.momentum,
        coefBits: attrs.coefBits,
      },
    ),
  ],
  effect: true,
});

/** a*q + b per channel: the norm's output, or uint8 pixels to normalised floats. */
export const channelAffineOp = defineOp<Record<string, never>>({
  name: 'channel_affine',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs }) => {
    const channels = inputs.input.shape[inputs.input.shape.length - 1];
    return [
      call(
        'channel_affine',
        { input: inputs.input, coef: inputs.coef, output: outputs.output },
        { rows: sizeOf(inputs.input.shape) / channels, channels },
      ),
    ];
  },
});

/** `mask`: see {@link canMask}. */
export const normGradCellsOp = defineOp<NormGeometry>({
  name: 'norm_grad_cells',
  infer: ({ gradOutput, input }, { batch, channels }) => ({
    cells: {
      shape: [batch, channels, 4],
      storage: gradOutput.storage === 'float' || input.storage === 'float' ? 'float' : 'int32',
    },
  }),
  lower: ({ inputs, outputs, attrs: { batch, inner, channels } }) => [
    call(
      'norm_grad_cells',
      {
        gradOutput: inputs.gradOutput,
        input: inputs.input,
        mask: inputs.mask,
        coef: inputs.coef,
        gradParams: inputs.gradParams,
        cells: outputs.cells,
      },
      { batch, inner, channels },
    ),
  ],
});

export const normGradFinalizeOp = defineOp<NormGeometry & NormStatistics>({
  name: 'norm_grad_finalize',
  infer: (_inputs, { channels }) => ({
    gradCoef: { shape: [channels, 4] },
    weight: { shape: [channels] },
    bias: { shape: [channels] },
  }),
  lower: ({ inputs, outputs, attrs: { batch, inner, channels, kind, chunks } }) => [
    call(
      'norm_grad_finalize',
      {
        cells: inputs.cells,
        coef: inputs.coef,
        gradParams: inputs.gradParams,
        gradCoef: outputs.gradCoef,
        gradGamma: outputs.weight,
        gradBeta: outputs.bias,
      },
      { batch, inner, channels, kind, chunks },
    ),
  ],
});

/** Whether relu's gradient may be left to a norm's backward pass, which then reads relu's mask: of these gradients, the kernels can. */
export const canMask = (gradOutput: Value): boolean =>
  gradOutput.storage === 'float' && gradOutput.shape[gradOutput.shape.length - 1] % 8 === 0;

/** gradInput; Range BN adds its spikes at the extremes to it in place. `mask`: see {@link canMask}. */
export const normGradInputOp = defineOp<NormGeometry & NormStatistics>({
  name: 'norm_grad_input',
  infer: ({ gradOutput }) => ({ output: { shape: gradOutput.shape } }),
  lower: ({ inputs, outputs, attrs }) => {
    const { batch, inner, channels, kind, chunks, constantLow, constantHigh } = attrs;
    const apply = call(
      'norm_grad_input',
      {
        gradOutput: inputs.gradOutput,
        input: kind === 0 ? inputs.input : undefined,
        mask: inputs.mask,
        gradCoef: inputs.gradCoef,
        gradInput: outputs.output,
      },
      { rows: batch * inner, channels, cellRows: 0, site: 0 },
    );
    if (kind === 0) return [apply];
    const spikes = call(
      'range_norm_spikes',
      { cells: inputs.cells, gradCoef: inputs.gradCoef, gradInput: outputs.output },
      { batch, inner, channels, chunks, constantLow, constantHigh },
    );
    return [apply, spikes];
  },
});
