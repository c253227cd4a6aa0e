/**
 * Layer normalisation, made of other ops: by the standard deviation, or by the range. A module says `featureNorm`, and the precision
 * pass puts in its place the one that the recipe's norm is; `layerNorm` and `rangeLayerNorm` are the two themselves, in float.
 */
import { ShapeError, UsageError } from '../core/errors.js';
import { shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { defineOp, type OpDef } from '../graph/op.js';
import { add, affine, div, mul, sqrt, sub } from './arithmetic.js';
import { maxPool2d } from './pooling.js';
import { mean } from './reduce.js';
import { reshape } from './reshape.js';

function checkParameters(name: string, input: Value, weight: Value, bias: Value): void {
  const width = input.shape[input.shape.length - 1];
  for (const [role, operand] of Object.entries({ weight, bias })) {
    if (operand.shape.length !== 1 || sizeOf(operand.shape) !== width) {
      throw new ShapeError(
        `${name}: ${role} must be [${width}] for an input ${shapeText(input.shape)}, got ${shapeText(operand.shape)}`,
        input.graph.path,
      );
    }
  }
}

/**
 * (x - mean)/sqrt(variance + eps) over the last axis of `input` [..., width], times `weight` plus `bias`, both [width]
 * (Ba, Kiros & Hinton 2016; the variance divides by width). Throws ShapeError when a parameter does not fit.
 */
export function layerNorm(input: Value, weight: Value, bias: Value, eps = 1e-5): Value {
  checkParameters('layerNorm', input, weight, bias);
  const centred = sub(input, mean(input, [-1], true));
  const variance = mean(mul(centred, centred), [-1], true);
  const normalised = div(centred, sqrt(add(variance, eps)));
  return add(mul(normalised, weight), bias);
}

/** A pooling window has at most so many elements. */
const largestWindow = 255;

/** Maximum over the last axis, which stays with length 1. The gradient goes to the first of equals. */
function rowMax(input: Value): Value {
  const width = input.shape[input.shape.length - 1];
  const rows = sizeOf(input.shape) / width;
  let [value, left] = [input, width];
  while (left > 1) {
    let window = Math.min(left, largestWindow);
    while (left % window !== 0) window -= 1;
    if (window === 1) {
      throw new ShapeError(
        `rangeLayerNorm: a width of ${width} has a prime factor above ${largestWindow}; make it a multiple of smaller numbers`,
        input.graph.path,
      );
    }
    value = maxPool2d(reshape(value, [rows, left, 1, 1]), { kernel: [window, 1] });
    left /= window;
  }
  return reshape(value, [...input.shape.slice(0, -1), 1]);
}

/**
 * Range BN's idea (Banner et al. 2018, section 2) over features: (x - mean)/(constant*(max - min) + eps) over the last axis of
 * `input` [..., width], times `weight` plus `bias`, both [width]. With `constant` = 1/E[range] of `width` standard normal
 * numbers that is layer norm of a Gaussian. Throws ShapeError when a parameter does not fit, or for a width that is a large
 * prime (above 255) or a multiple of one; UsageError for a constant that is not above 0.
 */
export function rangeLayerNorm(
  input: Value,
  weight: Value,
  bias: Value,
  options: { readonly constant: number; readonly eps?: number },
): Value {
  const { constant, eps = 1e-5 } = options;
  checkParameters('rangeLayerNorm', input, weight, bias);
  if (!(constant > 0)) throw new UsageError(`rangeLayerNorm: constant must be above 0, got ${constant}`);
  const centred = sub(input, mean(input, [-1], true));
  // max - min = max(x) + max(-x).
  const range = add(rowMax(input), rowMax(affine(input, -1)));
  return add(mul(div(centred, affine(range, constant, eps)), weight), bias);
}

export interface FeatureNormAttrs {
  readonly eps: number;
}

/** Backward twin of `feature_norm`; the precision pass pairs them by `forward`. */
export interface FeatureNormGradAttrs {
  /** Output value of the forward node. */
  readonly forward: Value;
}

export const featureNormGradOp: OpDef<FeatureNormGradAttrs> = defineOp<FeatureNormGradAttrs>({
  name: 'feature_norm_grad',
  infer: ({ gradOutput, weight }) => ({
    input: { shape: gradOutput.shape },
    weight: { shape: weight.shape },
    bias: { shape: weight.shape },
  }),
});

export const featureNormOp: OpDef<FeatureNormAttrs> = defineOp<FeatureNormAttrs>({
  name: 'feature_norm',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  backward: ({ inputs, outputs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    return gradOutput.graph.emit(
      featureNormGradOp,
      { gradOutput, weight: inputs.weight },
      { forward: outputs.output },
    );
  },
});

/**
 * Normalises each row of `input` [..., width] over its last axis, then scales by `weight` and adds `bias`, both [width]: as
 * {@link layerNorm} or {@link rangeLayerNorm}, whichever the recipe's norm is. Throws ShapeError when a parameter does not fit.
 */
export function featureNorm(input: Value, weight: Value, bias: Value, eps = 1e-5): Value {
  checkParameters('featureNorm', input, weight, bias);
  return input.graph.emit(featureNormOp, { input, weight, bias }, { eps }).output;
}
