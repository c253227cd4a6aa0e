/** Inverted dropout (Srivastava et al. 2014). Its mask is made anew from a counter in the backward pass, not kept. */
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';

interface DropoutAttrs {
  /** Probability that an element becomes 0. */
  readonly p: number;
  /** On a backward node: the forward node's output. The compiler gives both nodes one noise site. */
  readonly twin?: Value;
}

export const dropoutOp: OpDef<DropoutAttrs> = defineOp<DropoutAttrs>({
  name: 'dropout',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs, attrs: { p } }) => [
    call(
      'dropout',
      { input: inputs.input, counters: undefined, output: outputs.output },
      {
        count: sizeOf(inputs.input.shape),
        // The kernel compares 16 noise bits with this, so p is met to 2^-17.
        threshold: Math.round(p * 65536),
        scale: 1 / (1 - p),
        site: -1,
      },
    ),
  ],
  backward: ({ outputs, attrs: { p, twin }, gradOutputs }) => {
    const input = gradOutputs.output as Value;
    return { input: input.graph.emit(dropoutOp, { input }, { p, twin: twin ?? outputs.output }).output };
  },
  examples: [{ title: 'p = 0.4', inputs: { input: [6, 9] }, attrs: { p: 0.4 } }],
});

/**
 * In training graphs each element becomes 0 with probability `p`, the others are multiplied by 1/(1-p); in evaluation
 * graphs and for p = 0 the input itself. Throws UsageError for p outside [0, 1).
 */
export function dropout(input: Value, p: number): Value {
  if (!(p >= 0 && p < 1)) {
    throw new UsageError(`dropout: p must be at least 0 and below 1, got ${p}`);
  }
  if (p === 0 || input.graph.mode === 'eval') return input;
  return input.graph.emit(dropoutOp, { input }, { p }).output;
}
