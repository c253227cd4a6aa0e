/** Layer normalisation, in float, made of other ops. */
import { ShapeError } from '../core/errors.js';
import { shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { add, div, mul, sqrt, sub } from './arithmetic.js';
import { mean } from './reduce.js';

/**
 * (x - mean)/sqrt(variance + eps) over the last axis of `input` [..., width], times `weight` plus `bias`, both [width]
 * (Ba, Kiros & Hinton 2016; the variance divides by width). Throws ShapeError when a parameter does not fit.
 */
export function layerNorm(input: Value, weight: Value, bias: Value, eps = 1e-5): Value {
  const width = input.shape[input.shape.length - 1];
  for (const [role, operand] of Object.entries({ weight, bias })) {
    if (operand.shape.length !== 1 || sizeOf(operand.shape) !== width) {
      throw new ShapeError(
        `layerNorm: ${role} must be [${width}] for an input ${shapeText(input.shape)}, got ${shapeText(operand.shape)}`,
        input.graph.path,
      );
    }
  }
  const centred = sub(input, mean(input, [-1], true));
  const variance = mean(mul(centred, centred), [-1], true);
  const normalised = div(centred, sqrt(add(variance, eps)));
  return add(mul(normalised, weight), bias);
}
