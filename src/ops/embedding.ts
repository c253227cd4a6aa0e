/** Look-up of table rows by index. */
import { type Shape, shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';

type NoAttrs = Record<string, never>;

const embeddingGradOp: OpDef<{ shape: Shape }> = defineOp<{ shape: Shape }>({
  name: 'embedding_grad',
  infer: (_inputs, { shape }) => ({ gradTable: { shape } }),
  lower: ({ inputs, outputs, attrs: { shape } }) => [
    call(
      'embedding_grad',
      { gradOutput: inputs.gradOutput, indices: inputs.indices, gradTable: outputs.gradTable },
      { rows: sizeOf(inputs.indices.shape), cols: shape[1], tableRows: shape[0] },
    ),
  ],
});

export const embeddingOp: OpDef<NoAttrs> = defineOp<NoAttrs>({
  name: 'embedding',
  infer: ({ table, indices }, _attrs, fail) => {
    if (table.shape.length !== 2) fail(`table must be [rows, width], got ${shapeText(table.shape)}`);
    if (indices.storage !== 'int32') fail(`indices must be stored as int32, got ${indices.storage}`);
    return { output: { shape: [...indices.shape, table.shape[1]] } };
  },
  lower: ({ inputs, outputs }) => [
    call(
      'embedding',
      { table: inputs.table, indices: inputs.indices, output: outputs.output, status: undefined },
      {
        rows: sizeOf(inputs.indices.shape),
        cols: inputs.table.shape[1],
        tableRows: inputs.table.shape[0],
        site: -1,
      },
    ),
  ],
  backward: ({ inputs, gradOutputs }) => {
    const gradOutput = gradOutputs.output as Value;
    const { gradTable } = gradOutput.graph.emit(
      embeddingGradOp,
      { gradOutput, indices: inputs.indices },
      { shape: inputs.table.shape },
    );
    return { table: gradTable };
  },
  examples: [
    {
      title: 'an index twice, another not at all',
      inputs: { table: [5, 3], indices: [2, 2] },
      attrs: {},
      fixed: { indices: [4, 0, 4, 2] },
    },
  ],
});

/**
 * Rows of `table` [rows, width] at `indices` int32 [...]: [..., width]. An index outside the table gives zeros and is
 * reported after the step. Throws ShapeError for a table of another rank or indices of another storage.
 */
export function embedding(table: Value, indices: Value): Value {
  return table.graph.emit(embeddingOp, { table, indices }, {}).output;
}
