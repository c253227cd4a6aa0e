/**
 * Which products run on integer kernels. The one rule that reports, printed recipes and the compiler share; it knows
 * storages, not kernels.
 */
import { formats } from './format.js';
import type { Operand } from './recipe.js';

/**
 * `integer`: codes are multiplied and summed exactly. `simulated`: at least one operand is quantised, but the product
 * multiplies decoded float values. `float`: nothing is quantised.
 */
export type ProductKind = 'integer' | 'simulated' | 'float';

/**
 * The kind of the product of two operands. Integer kernels take 8-bit storage on both sides, or symmetric int16 on
 * one; int16 on both, and a float operand beside a quantised one, are simulated.
 */
export function productKind(left: Operand, right: Operand): ProductKind {
  if (left === 'float32' && right === 'float32') return 'float';
  if (left === 'float32' || right === 'float32') return 'simulated';
  const wide = [left, right].filter(({ format }) => formats[format].storage === 'int16').length;
  return wide < 2 ? 'integer' : 'simulated';
}
