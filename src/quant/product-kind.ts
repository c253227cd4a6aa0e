/**
 * Which products and norms run on integer kernels. The one rule that reports, printed recipes and the compiler share; it knows
 * storages, not kernels.
 */
import { formats } from './format.js';
import type { Operand, OperandSpec } from './recipe.js';

/**
 * `integer`: codes are multiplied and summed exactly. `simulated`: at least one operand is quantised, but the product
 * multiplies decoded float values. `float`: nothing is quantised.
 */
export type ProductKind = 'integer' | 'simulated' | 'float';

/**
 * The kind of the product of two operands. Integer kernels take integers of at most 8 bits on both sides, or symmetric int16 on
 * one; int16 on both, codes without an exact zero, small floats, and a float operand beside a quantised one, are simulated.
 */
export function productKind(left: Operand, right: Operand): ProductKind {
  if (left === 'float32' && right === 'float32') return 'float';
  if (left === 'float32' || right === 'float32') return 'simulated';
  if (!isSummable(left) || !isSummable(right)) return 'simulated';
  const wide = [left, right].filter(({ format }) => formats[format].storage === 'int16').length;
  return wide < 2 ? 'integer' : 'simulated';
}

/** How a norm reads an operand: sums of integers of 8 bits and fewer are exact; other codes are decoded first, and `simulated`. */
export function normKind(operand: Operand): ProductKind {
  if (operand === 'float32') return 'float';
  return isSummable(operand) && formats[operand.format].storage !== 'int16' ? 'integer' : 'simulated';
}

/** Whether codes are integers whose products with a zero point taken off add up to the product. */
function isSummable({ scheme, format }: OperandSpec): boolean {
  return scheme !== 'affine-float-zero' && formats[format].minifloat === undefined;
}
