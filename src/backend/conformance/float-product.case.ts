/** Cases of the products in floating point. Their order of summation is the reference's, or bounded by a tolerance. */
import {
  CONV_SHAPES,
  type ConvShape,
  convTitle,
  inputSize,
  outputSize,
  weightSize,
} from './conv-shapes.case.js';
import { Draw } from './draw.case.js';
import { floats, type KernelCase, kernelCase, out } from './kernel-case.case.js';

/** Kernels that a tolerance may be given for. */
export const FLOAT_PRODUCTS: ReadonlySet<string> = new Set([
  'matmul',
  'conv2d',
  'conv2d_grad_input',
  'conv2d_grad_weight',
]);

export const MATMUL_SHAPES = [
  { batch: 1, rows: 1, cols: 1, inner: 1 },
  { batch: 1, rows: 1, cols: 10, inner: 33 },
  { batch: 1, rows: 7, cols: 1, inner: 128 },
  { batch: 1, rows: 7, cols: 33, inner: 10 },
  { batch: 1, rows: 64, cols: 10, inner: 100 },
  { batch: 3, rows: 5, cols: 9, inner: 17 },
  { batch: 2, rows: 8, cols: 16, inner: 64 },
  { batch: 1, rows: 33, cols: 10, inner: 1003 },
  { batch: 1, rows: 16, cols: 40, inner: 256 },
  { batch: 1, rows: 13, cols: 31, inner: 259 },
  { batch: 4, rows: 3, cols: 8, inner: 2 },
] as const;

export const TRANSPOSES = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

type Fill = (draw: Draw, count: number) => Float32Array;

function matmulCase(
  title: string,
  shape: (typeof MATMUL_SHAPES)[number],
  [transposeLeft, transposeRight]: (typeof TRANSPOSES)[number],
  withBias: boolean,
  fill: Fill,
): KernelCase {
  const { batch, rows, cols, inner } = shape;
  const name = `${batch} x ${rows} x ${cols}, inner ${inner}${transposeLeft ? ', left transposed' : ''}${transposeRight ? ', right transposed' : ''}${withBias ? ', bias' : ''}${title}`;
  const draw = new Draw(`matmul ${name}`);
  return kernelCase(
    'matmul',
    name,
    {
      left: floats(fill(draw, batch * rows * inner)),
      right: floats(fill(draw, batch * inner * cols)),
      bias: withBias ? floats(fill(draw, cols)) : undefined,
      output: out('float', batch * rows * cols),
    },
    { ...shape, transposeLeft, transposeRight },
  );
}

function matmulCases(): KernelCase[] {
  const normal: Fill = (draw, count) => draw.normal(count);
  const shapes = MATMUL_SHAPES.flatMap((shape, i) =>
    TRANSPOSES.map((transposes, j) => matmulCase('', shape, transposes, (i + j) % 2 === 0, normal)),
  );
  const kinds: [string, Fill][] = [
    [', wide values', (draw, count) => draw.wide(count)],
    [', denormal products', (draw, count) => draw.uniform(count, -1e-20, 1e-20)],
    [', zeros', (_, count) => new Float32Array(count)],
    [', negative zeros', (_, count) => new Float32Array(count).fill(-0)],
  ];
  const shape = MATMUL_SHAPES[3];
  return [
    ...shapes,
    ...kinds.flatMap(([title, fill]) => TRANSPOSES.map((t) => matmulCase(title, shape, t, true, fill))),
  ];
}

function convCases(shape: ConvShape, index: number): KernelCase[] {
  const title = convTitle(shape);
  const draw = new Draw(`conv2d ${title}`);
  const input = floats(draw.normal(inputSize(shape)));
  const weight = floats(draw.normal(weightSize(shape)));
  const gradOutput = floats(draw.normal(outputSize(shape)));
  const bias = index % 2 === 0 ? floats(draw.normal(shape.outC)) : undefined;
  return [
    kernelCase(
      'conv2d',
      `${title}${bias ? ', bias' : ''}`,
      { input, weight, bias, output: out('float', outputSize(shape)) },
      { ...shape },
    ),
    kernelCase(
      'conv2d_grad_input',
      title,
      { gradOutput, weight, gradInput: out('float', inputSize(shape)) },
      { ...shape },
    ),
    kernelCase(
      'conv2d_grad_weight',
      title,
      { gradOutput, input, gradWeight: out('float', weightSize(shape)) },
      { ...shape },
    ),
  ];
}

export function floatProductCases(): KernelCase[] {
  return [...matmulCases(), ...CONV_SHAPES.flatMap(convCases)];
}
