/** Element-wise arithmetic with NumPy's broadcasting, and functions of one value. */
import { ShapeError } from '../core/errors.js';
import { broadcastShapes, sameShape, shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';
import { broadcastTo } from './copy.js';

const binaryKinds = ['add', 'sub', 'mul', 'div'] as const;
type BinaryKind = (typeof binaryKinds)[number];

/** Both operands already have the output's shape; broadcasting is a node of its own. */
function binaryOp(kind: BinaryKind, gradient: NonNullable<OpDef<Record<string, never>>['backward']>) {
  return defineOp<Record<string, never>>({
    name: kind,
    infer: ({ left, right }, _attrs, fail) => {
      if (!sameShape(left.shape, right.shape)) {
        fail(`${shapeText(left.shape)} and ${shapeText(right.shape)} differ`);
      }
      return { output: { shape: left.shape } };
    },
    lower: ({ inputs, outputs }) => [
      call(
        'binary',
        { left: inputs.left, right: inputs.right, output: outputs.output },
        { kind: binaryKinds.indexOf(kind), count: sizeOf(outputs.output.shape) },
      ),
    ],
    backward: gradient,
    examples: [
      {
        title: '3x4',
        inputs: { left: [3, 4], right: [3, 4] },
        attrs: {},
        ...(kind === 'div' ? { draw: (normal: number) => (normal < 0 ? normal - 1 : normal + 1) } : {}),
      },
    ],
  });
}

export const addOp = binaryOp('add', ({ gradOutputs }) => ({
  left: gradOutputs.output,
  right: gradOutputs.output,
}));

export const subOp = binaryOp('sub', ({ gradOutputs, needs }) => ({
  left: gradOutputs.output,
  right: needs('right') ? affine(gradOutputs.output as Value, -1) : undefined,
}));

export const mulOp = binaryOp('mul', ({ inputs, gradOutputs, needs }) => ({
  left: needs('left') ? mul(gradOutputs.output as Value, inputs.right) : undefined,
  right: needs('right') ? mul(gradOutputs.output as Value, inputs.left) : undefined,
}));

export const divOp = binaryOp('div', ({ inputs, outputs, gradOutputs, needs }) => {
  const overRight = div(gradOutputs.output as Value, inputs.right);
  return {
    left: overRight,
    right: needs('right') ? affine(mul(overRight, outputs.output), -1) : undefined,
  };
});

function binary(op: OpDef<Record<string, never>>, left: Value, right: Value): Value {
  const shape = broadcastShapes(left.shape, right.shape);
  if (!shape) {
    throw new ShapeError(
      `${op.name}: ${shapeText(left.shape)} and ${shapeText(right.shape)} do not broadcast`,
      left.graph.path,
    );
  }
  return left.graph.emit(op, { left: broadcastTo(left, shape), right: broadcastTo(right, shape) }, {}).output;
}

/** left + right, broadcast. Throws ShapeError when the shapes do not broadcast. */
export const add = (left: Value, right: Value | number): Value =>
  typeof right === 'number' ? affine(left, 1, right) : binary(addOp, left, right);

/** left - right, broadcast. */
export const sub = (left: Value, right: Value | number): Value =>
  typeof right === 'number' ? affine(left, 1, -right) : binary(subOp, left, right);

/** left * right, broadcast. */
export const mul = (left: Value, right: Value | number): Value =>
  typeof right === 'number' ? affine(left, right) : binary(mulOp, left, right);

/** left / right, broadcast. */
export const div = (left: Value, right: Value | number): Value =>
  typeof right === 'number' ? affine(left, 1 / right) : binary(divOp, left, right);

export const affineOp: OpDef<{ scale: number; shift: number }> = defineOp<{ scale: number; shift: number }>({
  name: 'affine',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs, attrs }) => [
    call(
      'affine',
      { input: inputs.input, output: outputs.output },
      { count: sizeOf(inputs.input.shape), ...attrs },
    ),
  ],
  backward: ({ attrs, gradOutputs }) => ({ input: affine(gradOutputs.output as Value, attrs.scale) }),
  examples: [{ title: '2x - 1', inputs: { input: [5] }, attrs: { scale: 2, shift: -1 } }],
});

/** scale*x + shift with constants. */
export function affine(input: Value, scale: number, shift = 0): Value {
  if (scale === 1 && shift === 0) return input;
  return input.graph.emit(affineOp, { input }, { scale, shift }).output;
}

const unaryKinds = ['exp', 'log', 'sqrt', 'gelu', 'tanh'] as const;
type UnaryKind = (typeof unaryKinds)[number];

function unaryOp(
  kind: UnaryKind,
  gradient: NonNullable<OpDef<Record<string, never>>['backward']>,
  draw?: (normal: number) => number,
) {
  return defineOp<Record<string, never>>({
    name: kind,
    infer: ({ input }) => ({ output: { shape: input.shape } }),
    lower: ({ inputs, outputs }) => [
      call(
        'unary',
        { input: inputs.input, output: outputs.output },
        { kind: unaryKinds.indexOf(kind), count: sizeOf(inputs.input.shape) },
      ),
    ],
    backward: gradient,
    examples: [{ title: '4x3', inputs: { input: [4, 3] }, attrs: {}, ...(draw ? { draw } : {}) }],
  });
}

const positive = (normal: number): number => 0.5 + Math.abs(normal);

export const expOp = unaryOp('exp', ({ outputs, gradOutputs }) => ({
  input: mul(gradOutputs.output as Value, outputs.output),
}));

export const logOp = unaryOp(
  'log',
  ({ inputs, gradOutputs }) => ({ input: div(gradOutputs.output as Value, inputs.input) }),
  positive,
);

export const sqrtOp = unaryOp(
  'sqrt',
  ({ outputs, gradOutputs }) => ({ input: div(mul(gradOutputs.output as Value, 0.5), outputs.output) }),
  positive,
);

export const tanhOp = unaryOp('tanh', ({ outputs, gradOutputs }) => ({
  input: mul(gradOutputs.output as Value, affine(mul(outputs.output, outputs.output), -1, 1)),
}));

const geluGradOp = defineOp<Record<string, never>>({
  name: 'gelu_grad',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs }) => [
    call(
      'gelu_grad',
      { input: inputs.input, gradOutput: inputs.gradOutput, output: outputs.output },
      { count: sizeOf(inputs.input.shape) },
    ),
  ],
});

export const geluOp = unaryOp('gelu', ({ inputs, gradOutputs }) => {
  const gradOutput = gradOutputs.output as Value;
  return { input: gradOutput.graph.emit(geluGradOp, { input: inputs.input, gradOutput }, {}).output };
});

const unary =
  (op: OpDef<Record<string, never>>) =>
  (input: Value): Value =>
    input.graph.emit(op, { input }, {}).output;

/** e**x. */
export const exp = unary(expOp);
/** Natural logarithm. */
export const log = unary(logOp);
/** Square root. */
export const sqrt = unary(sqrtOp);
/** Hyperbolic tangent. */
export const tanh = unary(tanhOp);
/** x * Phi(x), the exact (erf) form of GELU (Hendrycks & Gimpel 2016). */
export const gelu = unary(geluOp);
