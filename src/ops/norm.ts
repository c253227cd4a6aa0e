/**
 * Normalisation over the channels (last axis). A model says `norm`; which normalisation it is (batch norm or Range BN),
 * its constants and its formats are the recipe's, so these ops have no kernels: the precision pass puts them in place.
 */
import { shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { defineOp, type OpDef } from '../graph/op.js';

export interface NormAttrs {
  /** Normalise by the batch's statistics and update the running ones, or use the running ones. */
  readonly training: boolean;
}

/** Backward twin of `norm`: inputs gradOutput and what the forward pass had; the precision pass pairs them by `forward`. */
export interface NormGradAttrs {
  /** Output value of the forward norm node. */
  readonly forward: Value;
}

export const normGradOp: OpDef<NormGradAttrs> = defineOp<NormGradAttrs>({
  name: 'norm_grad',
  infer: ({ gradOutput, weight }) => ({
    input: { shape: gradOutput.shape },
    weight: { shape: weight.shape },
    bias: { shape: weight.shape },
  }),
});

export const normOp: OpDef<NormAttrs> = defineOp<NormAttrs>({
  name: 'norm',
  infer: ({ input, weight, bias, runningMean, runningSpread }, attrs, fail) => {
    const channels = input.shape[input.shape.length - 1];
    if (input.shape.length < 2) fail(`input must be [batch, ..., channels], got ${shapeText(input.shape)}`);
    for (const operand of [weight, bias, runningMean, runningSpread]) {
      if (sizeOf(operand.shape) !== channels) {
        fail(
          `made for ${sizeOf(operand.shape)} channels, the input ${shapeText(input.shape)} has ${channels}`,
        );
      }
    }
    if (attrs.training && sizeOf(input.shape) / channels < 2) {
      fail(
        `sees one value a channel (input ${shapeText(input.shape)}), which cannot be normalised: use a larger batch, drop the last batch (dropLast) or take the norm off this place`,
      );
    }
    return { output: { shape: input.shape } };
  },
  backward: ({ inputs, outputs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return gradOutput.graph.emit(
      normGradOp,
      { gradOutput, weight: inputs.weight },
      { forward: outputs.output },
    );
  },
  effect: true,
});

/**
 * Normalises `input` [batch, ..., channels] per channel, then scales by `weight` (gamma) and adds `bias` (beta), both
 * [channels]; the running values are updated in training. Throws ShapeError for one value a channel in training.
 */
export function norm(
  input: Value,
  weight: Value,
  bias: Value,
  runningMean: Value,
  runningSpread: Value,
): Value {
  return input.graph.emit(
    normOp,
    { input, weight, bias, runningMean, runningSpread },
    { training: input.graph.mode === 'train' },
  ).output;
}
