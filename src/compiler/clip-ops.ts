/**
 * Operations that draw a range in to where the cosine of values and codes is greatest (recipes' `clip: "cosine"`). They lower to
 * kernels of their own; what is quantised is quantised as ever, so integer products stay.
 */
import { sizeOf } from '../core/shape.js';
import type { Graph, Value } from '../graph/graph.js';
import { call, defineOp } from '../graph/op.js';
import { codeRangeOf } from '../quant/format.js';
import { clipCandidates } from '../quant/quantize-array.js';
import { type QuantizeAttrs, schemes } from './quant-ops.js';

/** input and its cells [rows, 2] -> what each candidate loses, [candidates]. */
const clipLossesOp = defineOp<QuantizeAttrs>({
  name: 'clip_losses',
  infer: () => ({ losses: { shape: [clipCandidates] } }),
  lower: ({ inputs, outputs, attrs: { spec } }) => [
    call(
      'clip_losses',
      { input: inputs.input, cells: inputs.cells, losses: outputs.losses },
      {
        count: sizeOf(inputs.input.shape),
        rows: sizeOf(inputs.cells.shape) / 2,
        candidates: clipCandidates,
        stochastic: spec.rounding === 'stochastic' ? 1 : 0,
        scheme: schemes[spec.scheme],
        ...codeRangeOf(spec),
        site: -1,
      },
    ),
  ],
});

/** cells [rows, 2] and losses -> the range under the best candidate, [1, 2]. */
const clipRangeOp = defineOp<Record<string, never>>({
  name: 'clip_range',
  infer: () => ({ range: { shape: [1, 2] } }),
  lower: ({ inputs, outputs }) => [
    call(
      'clip_range',
      { cells: inputs.cells, losses: inputs.losses, range: outputs.range },
      { rows: sizeOf(inputs.cells.shape) / 2, candidates: clipCandidates },
    ),
  ],
});

/** The range [1, 2] of `input` drawn in; `attrs` are those of the quantisation that follows, whose noise is tried out. */
export function clippedRange(graph: Graph, input: Value, cells: Value, attrs: QuantizeAttrs): Value {
  const { losses } = graph.emit(clipLossesOp, { input, cells }, attrs);
  return graph.emit(clipRangeOp, { cells, losses }, {}).range;
}
