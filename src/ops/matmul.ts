/**
 * Matrix products: `linear` (input times weight, PyTorch's [out, in] layout) and `matmul` of two activations. One op
 * serves both and their backward products; which of a layer's three products it is stands in its attributes.
 */
import { ShapeError } from '../core/errors.js';
import { sameShape, shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef, type OperandRole, type ProductRole } from '../graph/op.js';
import { groupsOf, integerTwin } from './product.js';
import { sum } from './reduce.js';
import { reshape } from './reshape.js';

export interface MatmulAttrs {
  readonly batch: number;
  readonly rows: number;
  readonly cols: number;
  readonly inner: number;
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  /** Which of the layer's products this is, and the parts its left and right operands play in the layer. */
  readonly role: ProductRole;
  readonly parts: readonly [OperandRole, OperandRole];
}

const kernelParams = (a: MatmulAttrs) => ({
  batch: a.batch,
  rows: a.rows,
  cols: a.cols,
  inner: a.inner,
  transposeLeft: a.transposeLeft ? 1 : 0,
  transposeRight: a.transposeRight ? 1 : 0,
});

const infer: OpDef<MatmulAttrs>['infer'] = ({ left, right, bias }, a, fail) => {
  if (sizeOf(left.shape) !== a.batch * a.rows * a.inner) {
    fail(`left ${shapeText(left.shape)} is not ${a.batch} x ${a.rows} x ${a.inner}`);
  }
  if (sizeOf(right.shape) !== a.batch * a.inner * a.cols) {
    fail(`right ${shapeText(right.shape)} is not ${a.batch} x ${a.inner} x ${a.cols}`);
  }
  if (bias && sizeOf(bias.shape) !== a.cols) fail(`bias must be [${a.cols}], got ${shapeText(bias.shape)}`);
  return { output: { shape: a.batch === 1 ? [a.rows, a.cols] : [a.batch, a.rows, a.cols] } };
};

/** How the right operand's groups lie: 0 one, 1 per column, 2 per batch entry, 3 folded into the left codes. */
function rightBy(groups: number, { folded, rightAlong }: { folded: boolean; rightAlong: string }): number {
  if (folded) return 3;
  if (groups === 1) return 0;
  return rightAlong === 'channel' ? 1 : 2;
}

export const matmulOp: OpDef<MatmulAttrs> = defineOp<MatmulAttrs>({
  name: 'matmul',
  infer,
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'matmul',
      { left: inputs.left, right: inputs.right, bias: inputs.bias, output: outputs.output },
      kernelParams(attrs),
    ),
  ],
  backward: ({ inputs, attrs: a, gradOutputs, needs }) => {
    const g = gradOutputs.output as Value;
    const { left, right } = inputs;
    const emit = (l: Value, r: Value, attrs: Omit<MatmulAttrs, 'batch'>, like: Value): Value =>
      reshape(g.graph.emit(matmulOp, { left: l, right: r }, { batch: a.batch, ...attrs }).output, like.shape);
    const { rows, cols, inner, transposeLeft: tl, transposeRight: tr } = a;
    // A weight's gradient is laid out like the weight: with transposeRight it is g^T . left, not (left^T . g)^T.
    const gradRight = (): Value =>
      tr
        ? emit(
            g,
            left,
            {
              rows: cols,
              cols: inner,
              inner: rows,
              transposeLeft: true,
              transposeRight: tl,
              role: 'gradRight',
              parts: ['gradOutput', 'left'],
            },
            right,
          )
        : emit(
            left,
            g,
            {
              rows: inner,
              cols,
              inner: rows,
              transposeLeft: !tl,
              transposeRight: false,
              role: 'gradRight',
              parts: ['left', 'gradOutput'],
            },
            right,
          );
    const gradLeft = (): Value =>
      tl
        ? emit(
            right,
            g,
            {
              rows: inner,
              cols: rows,
              inner: cols,
              transposeLeft: tr,
              transposeRight: true,
              role: 'gradLeft',
              parts: ['right', 'gradOutput'],
            },
            left,
          )
        : emit(
            g,
            right,
            {
              rows,
              cols: inner,
              inner: cols,
              transposeLeft: false,
              transposeRight: !tr,
              role: 'gradLeft',
              parts: ['gradOutput', 'right'],
            },
            left,
          );
    return {
      right: needs('right') ? gradRight() : undefined,
      bias: needs('bias') ? sum(reshape(g, [sizeOf(g.shape) / cols, cols]), [0]) : undefined,
      left: needs('left') ? gradLeft() : undefined,
    };
  },
  product: (_inputs, a) => ({
    role: a.role,
    operands: [
      { input: 'left', part: a.parts[0] },
      { input: 'right', part: a.parts[1] },
    ],
    macs: a.batch * a.rows * a.cols * a.inner,
  }),
  integer: integerTwin<MatmulAttrs>({ name: 'matmul', infer }, (inputs, output, a, integer) =>
    call(
      'matmul_int',
      {
        left: inputs.left,
        leftParams: inputs.leftParams,
        right: inputs.right,
        rightParams: inputs.rightParams,
        bias: inputs.bias,
        output,
      },
      {
        ...kernelParams(a),
        leftGroups: groupsOf(inputs.leftParams),
        rightBy: rightBy(groupsOf(inputs.rightParams), integer),
      },
    ),
  ),
  examples: [false, true].flatMap((transposeLeft) =>
    [false, true].map((transposeRight) => ({
      title: `batch 2, transposed: ${transposeLeft}, ${transposeRight}`,
      inputs: {
        left: transposeLeft ? [2, 4, 3] : [2, 3, 4],
        right: transposeRight ? [2, 5, 4] : [2, 4, 5],
        bias: [5],
      },
      attrs: {
        batch: 2,
        rows: 3,
        cols: 5,
        inner: 4,
        transposeLeft,
        transposeRight,
        role: 'forward' as const,
        parts: ['left', 'right'] as const,
      },
    })),
  ),
});

/**
 * input [..., in] times weight [out, in] transposed, plus bias [out]: [..., out].
 * Throws ShapeError when the last axis is not the weight's `in`.
 */
export function linear(input: Value, weight: Value, bias?: Value): Value {
  const { graph } = input;
  const [cols, inner] = weight.shape;
  const last = input.shape[input.shape.length - 1];
  const rows = sizeOf(input.shape) / last;
  if (weight.shape.length !== 2 || last !== inner) {
    throw new ShapeError(
      `linear: weight ${shapeText(weight.shape)} takes ${inner} features, the input ${shapeText(input.shape)} has ${last}`,
      graph.path,
    );
  }
  const output = graph.emit(
    matmulOp,
    { left: input, right: weight, bias },
    {
      batch: 1,
      rows,
      cols,
      inner,
      transposeLeft: false,
      transposeRight: true,
      role: 'forward',
      parts: ['left', 'right'],
    },
  ).output;
  return input.shape.length === 2 ? output : reshape(output, [...input.shape.slice(0, -1), cols]);
}

/** Options of {@link matmul}: whether the last two axes of a side are swapped before the product. Default false. */
export interface MatmulOptions {
  readonly transposeLeft?: boolean;
  readonly transposeRight?: boolean;
}

/**
 * Product of the last two axes of two activations with equal leading axes: [..., m, k] . [..., k, n] = [..., m, n].
 * Throws ShapeError when the axes do not fit.
 */
export function matmul(left: Value, right: Value, options: MatmulOptions = {}): Value {
  const { transposeLeft = false, transposeRight = false } = options;
  const rank = left.shape.length;
  const lead = left.shape.slice(0, -2);
  const [a, b] = left.shape.slice(-2);
  const [c, d] = right.shape.slice(-2);
  const [rows, inner] = transposeLeft ? [b, a] : [a, b];
  const [innerRight, cols] = transposeRight ? [d, c] : [c, d];
  const sameLead = sameShape(lead, right.shape.slice(0, -2));
  if (rank < 2 || right.shape.length !== rank || !sameLead || inner !== innerRight) {
    throw new ShapeError(
      `matmul: ${shapeText(left.shape)}${transposeLeft ? ' transposed' : ''} and ${shapeText(right.shape)}${transposeRight ? ' transposed' : ''} do not fit: leading axes must be equal and the inner ones meet`,
      left.graph.path,
    );
  }
  const output = left.graph.emit(
    matmulOp,
    { left, right },
    {
      batch: sizeOf(lead),
      rows,
      cols,
      inner,
      transposeLeft,
      transposeRight,
      role: 'forward',
      parts: ['left', 'right'],
    },
  ).output;
  return rank === 2 ? output : reshape(output, [...lead, rows, cols]);
}
