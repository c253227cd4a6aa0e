/**
 * What all products share: the integer twin of a product op (the same shape rule and attributes, operands as codes with
 * their qparams beside them), and how the groups of an operand's qparams are told to the kernel.
 */
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { defineOp, type OpDef, type ValueCall } from '../graph/op.js';

/** Attributes an integer product has beyond its float twin's. */
export interface IntegerAttrs<A> {
  readonly base: A;
  /** The right operand's scales are folded into the left one's codes (a weight's per channel scales in gradInput). */
  readonly folded: boolean;
  /** What the right operand's groups run along, where there are several. */
  readonly rightAlong: 'channel' | 'batch';
}

/** Number of groups of a qparams value. */
export function groupsOf(qparams: Value): number {
  return sizeOf(qparams.shape) / 4;
}

/** The integer twin of `base`: infers the same shapes and lowers through `lower`. */
export function integerTwin<A>(
  base: Pick<OpDef<A>, 'name' | 'infer'>,
  lower: (
    inputs: Record<string, Value>,
    output: Value,
    attrs: A,
    integer: Omit<IntegerAttrs<A>, 'base'>,
  ) => ValueCall,
): OpDef<IntegerAttrs<A>> {
  return defineOp<IntegerAttrs<A>>({
    name: `${base.name}_int`,
    infer: (inputs, attrs, fail) => base.infer(inputs, attrs.base, fail),
    lower: ({ inputs, outputs, attrs }) => [lower(inputs, outputs.output, attrs.base, attrs)],
  });
}
