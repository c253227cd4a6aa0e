/** Cases of the products of codes: every pair of storages, groups of scales, and sums beyond int32. */
import type { NumericArray, Storage } from '../../core/dtype.js';
import {
  CONV_SHAPES,
  type ConvShape,
  convShape,
  convTitle,
  inputSize,
  outputSize,
  weightSize,
} from './conv-shapes.case.js';
import { codeRange, Draw } from './draw.case.js';
import { MATMUL_SHAPES, TRANSPOSES } from './float-product.case.js';
import { data, floats, ints, type KernelCase, kernelCase, out, typedArray } from './kernel-case.case.js';

/** A stored operand with a scale and a zero point for each of its groups. */
interface Operand {
  readonly storage: Storage;
  readonly zeroPoints: readonly number[];
}

const UINT8: Operand = { storage: 'uint8', zeroPoints: [128, 0, 255, 3] };
const UINT8_HIGH: Operand = { storage: 'uint8', zeroPoints: [255] };
const UINT8_LOW: Operand = { storage: 'uint8', zeroPoints: [0] };
const INT8: Operand = { storage: 'int8', zeroPoints: [0] };
const INT8_AFFINE: Operand = { storage: 'int8', zeroPoints: [-128, 127, 5] };
const INT16: Operand = { storage: 'int16', zeroPoints: [0] };

/** Pairs with at most one int16 side. */
const PAIRS: readonly (readonly [Operand, Operand])[] = [
  [UINT8, INT8],
  [INT8, INT8],
  [UINT8, UINT8],
  [INT8_AFFINE, UINT8_HIGH],
  [INT16, INT8],
  [INT16, UINT8],
  [INT8, INT16],
  [UINT8_LOW, INT16],
  [INT8_AFFINE, INT8_AFFINE],
  [INT8_AFFINE, INT8],
];

const pairTitle = ([a, b]: readonly [Operand, Operand]): string =>
  `${a.storage} (${a.zeroPoints.join(', ')}) by ${b.storage} (${b.zeroPoints.join(', ')})`;

/** The code furthest from the first zero point. */
function furthest({ storage, zeroPoints }: Operand): number {
  const [low, high] = codeRange(storage);
  return zeroPoints[0] - low > high - zeroPoints[0] ? low : high;
}

type Content = 'random' | 'extreme' | 'zero';

function codesOf(draw: Draw, operand: Operand, count: number, content: Content): NumericArray {
  if (content === 'random') return draw.codes(operand.storage, count, ...codeRange(operand.storage));
  const code = content === 'extreme' ? furthest(operand) : operand.zeroPoints[0];
  return typedArray(operand.storage, new Int32Array(count).fill(code));
}

interface MatmulInt {
  readonly shape: {
    readonly batch: number;
    readonly rows: number;
    readonly cols: number;
    readonly inner: number;
  };
  readonly transposes: readonly [number, number];
  readonly pair: readonly [Operand, Operand];
  readonly leftGroups?: number;
  readonly rightBy?: number;
  readonly bias?: boolean;
  readonly content?: Content;
}

function matmulCase({
  shape,
  transposes,
  pair,
  leftGroups = 1,
  rightBy = 0,
  bias = false,
  content = 'random',
}: MatmulInt): KernelCase {
  const { batch, rows, cols, inner } = shape;
  const [left, right] = pair;
  const title = [
    `${batch} x ${rows} x ${cols}, inner ${inner}, transposed ${transposes.join('')}`,
    pairTitle(pair),
    `${leftGroups} left groups, rightBy ${rightBy}${bias ? ', bias' : ''}, ${content}`,
  ].join(', ');
  const draw = new Draw(`matmul_int ${title}`);
  const rightGroups = rightBy === 1 ? cols : rightBy === 2 ? batch : rightBy === 3 ? inner : 1;
  return kernelCase(
    'matmul_int',
    title,
    {
      left: data(left.storage, codesOf(draw, left, batch * rows * inner, content)),
      leftParams: floats(draw.qparams(leftGroups, left.zeroPoints)),
      right: data(right.storage, codesOf(draw, right, batch * inner * cols, content)),
      rightParams: floats(draw.qparams(rightGroups, right.zeroPoints)),
      bias: bias ? floats(draw.normal(cols)) : undefined,
      output: out('float', batch * rows * cols),
    },
    { ...shape, transposeLeft: transposes[0], transposeRight: transposes[1], leftGroups, rightBy },
  );
}

function matmulCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  MATMUL_SHAPES.forEach((shape, i) => {
    TRANSPOSES.forEach((transposes, j) => {
      for (const k of [0, 1, 2]) {
        const at = i + j + 3 * k;
        const groups = [1, shape.batch, shape.batch * shape.rows];
        cases.push(
          matmulCase({
            shape,
            transposes,
            pair: PAIRS[at % PAIRS.length],
            leftGroups: groups[(i + k) % 3],
            rightBy: (j + k) % 4,
            bias: at % 2 === 0,
          }),
        );
      }
    });
  });
  const small = { batch: 2, rows: 6, cols: 10, inner: 37 };
  for (const pair of PAIRS) {
    for (const rightBy of [0, 1, 2, 3]) {
      for (const leftGroups of [1, 2, 4, 12]) {
        cases.push(
          matmulCase({ shape: small, transposes: [0, 1], pair, leftGroups, rightBy, bias: leftGroups === 2 }),
        );
      }
    }
    for (const content of ['extreme', 'zero'] as const) {
      cases.push(matmulCase({ shape: { ...small, inner: 1003 }, transposes: [0, 0], pair, content }));
    }
  }
  // Sums far beyond int32: 255 * 255 * 200,000 = 1.3e10, 32,767 * 255 * 200,000 = 1.7e12.
  const long = { batch: 1, rows: 3, cols: 5, inner: 200_000 };
  const longPairs = [
    [UINT8_LOW, UINT8_LOW],
    [UINT8_LOW, UINT8_HIGH],
    [INT8, INT8],
    [INT16, UINT8_LOW],
    [INT16, UINT8_HIGH],
    [UINT8_HIGH, INT16],
  ] as const;
  longPairs.forEach((pair, i) => {
    cases.push(
      matmulCase({ shape: long, transposes: TRANSPOSES[i % 4], pair, content: 'extreme' }),
      matmulCase({ shape: { ...long, inner: 199_997 }, transposes: TRANSPOSES[(i + 1) % 4], pair }),
    );
  });
  // Around the lengths of the blocks.
  for (const inner of [255, 256, 257, 511, 513, 32_767, 32_768, 32_769]) {
    for (const pair of [longPairs[0], longPairs[3]]) {
      cases.push(matmulCase({ shape: { ...long, inner }, transposes: [0, 1], pair, content: 'extreme' }));
    }
  }
  // Bytes by signed bytes: 255 * 128 * 65,536 is the last sum below 2^31.
  for (const inner of [65_533, 65_536, 65_537]) {
    for (const left of [UINT8_LOW, UINT8_HIGH, INT8]) {
      cases.push(
        matmulCase({ shape: { ...long, inner }, transposes: [0, 1], pair: [left, INT8], content: 'extreme' }),
      );
    }
  }
  return cases;
}

interface ConvInt {
  readonly shape: ConvShape;
  readonly pair: readonly [Operand, Operand];
  readonly content?: Content;
}

function convCase(
  { shape, pair, content = 'random' }: ConvInt,
  perSample: boolean,
  perChannel: boolean,
  bias: boolean,
): KernelCase {
  const [input, weight] = pair;
  const title = `${convTitle(shape)}, ${pairTitle(pair)}${perSample ? ', per sample' : ''}${perChannel ? ', per channel' : ''}${bias ? ', bias' : ''}, ${content}`;
  const draw = new Draw(`conv2d_int ${title}`);
  const inputGroups = perSample ? shape.batch : 1;
  const weightGroups = perChannel ? shape.outC : 1;
  return kernelCase(
    'conv2d_int',
    title,
    {
      input: data(input.storage, codesOf(draw, input, inputSize(shape), content)),
      inputParams: floats(draw.qparams(inputGroups, input.zeroPoints)),
      weight: data(weight.storage, codesOf(draw, weight, weightSize(shape), content)),
      weightParams: floats(draw.qparams(weightGroups, weight.zeroPoints)),
      bias: bias ? floats(draw.normal(shape.outC)) : undefined,
      output: out('float', outputSize(shape)),
      ...(perChannel === bias ? { cells: out('float', 2 * shape.batch), status: ints([0, 6]) } : {}),
    },
    // Half the cases also ask for the range of each image.
    { ...shape, inputGroups, weightGroups, cellRows: perChannel === bias ? shape.batch : 0, site: 1 },
  );
}

function gradInputCase(
  { shape, pair, content = 'random' }: ConvInt,
  perSample: boolean,
  folded: boolean,
): KernelCase {
  const [grad, weight] = pair;
  const title = `${convTitle(shape)}, ${pairTitle(pair)}${perSample ? ', per sample' : ''}${folded ? ', folded' : ''}, ${content}`;
  const draw = new Draw(`conv2d_grad_input_int ${title}`);
  const gradGroups = perSample ? shape.batch : 1;
  return kernelCase(
    'conv2d_grad_input_int',
    title,
    {
      gradOutput: data(grad.storage, codesOf(draw, grad, outputSize(shape), content)),
      gradParams: floats(draw.qparams(gradGroups, grad.zeroPoints)),
      weight: data(weight.storage, codesOf(draw, weight, weightSize(shape), content)),
      weightParams: floats(draw.qparams(folded ? shape.outC : 1, weight.zeroPoints)),
      gradInput: out('float', inputSize(shape)),
    },
    { ...shape, gradGroups, weightFolded: folded ? 1 : 0 },
  );
}

function gradWeightCase({ shape, pair, content = 'random' }: ConvInt, perChannel: boolean): KernelCase {
  const [grad, input] = pair;
  const title = `${convTitle(shape)}, ${pairTitle(pair)}${perChannel ? ', per channel' : ''}, ${content}`;
  const draw = new Draw(`conv2d_grad_weight_int ${title}`);
  const gradGroups = perChannel ? shape.outC : 1;
  return kernelCase(
    'conv2d_grad_weight_int',
    title,
    {
      gradOutput: data(grad.storage, codesOf(draw, grad, outputSize(shape), content)),
      gradParams: floats(draw.qparams(gradGroups, grad.zeroPoints)),
      input: data(input.storage, codesOf(draw, input, inputSize(shape), content)),
      inputParams: floats(draw.qparams(1, input.zeroPoints)),
      gradWeight: out('float', weightSize(shape)),
    },
    { ...shape, gradGroups },
  );
}

function convCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  CONV_SHAPES.forEach((shape, i) => {
    for (const k of [0, 1, 2]) {
      const pair = PAIRS[(i + 3 * k) % PAIRS.length];
      cases.push(
        convCase({ shape, pair }, (i + k) % 2 === 0, k === 1, (i >> 1) % 2 === 0),
        gradInputCase({ shape, pair: [pair[1], pair[0]] }, (i + k) % 2 === 1, k === 2),
        gradWeightCase({ shape, pair: [pair[1], pair[0]] }, k === 1),
      );
    }
  });
  const small = convShape([5, 4], 8, 9, 3, { batch: 3, pad: 1 });
  for (const pair of PAIRS) {
    for (const first of [false, true]) {
      for (const second of [false, true]) {
        cases.push(
          convCase({ shape: small, pair }, first, second, first !== second),
          gradInputCase({ shape: small, pair }, first, second),
        );
      }
      cases.push(gradWeightCase({ shape: small, pair }, first));
    }
    for (const content of ['extreme', 'zero'] as const) {
      cases.push(
        convCase({ shape: small, pair, content }, false, false, false),
        gradInputCase({ shape: small, pair, content }, false, false),
        gradWeightCase({ shape: small, pair, content }, false),
      );
    }
  }
  return cases;
}

/** Sums beyond int32 and beyond a block: 36,000 terms of 255 * 255 and of 32,767 * 255. */
function longConvCases(): KernelCase[] {
  const deep = convShape([3, 3], 4000, 8, 3);
  const back = convShape([3, 3], 3, 4000, 3, { pad: 1 });
  const pixels = convShape([32, 32], 3, 4, 3, { batch: 64, pad: 1 });
  const middle = convShape([32, 32], 4, 8, 3, { batch: 4, pad: 1 });
  const point = convShape([32, 32], 8, 3, 1, { batch: 64 });
  const pairs = [
    [UINT8_LOW, UINT8_HIGH],
    [INT16, UINT8_LOW],
  ] as const;
  const forward = pairs.flatMap((pair) => [
    convCase({ shape: deep, pair, content: 'extreme' }, false, true, true),
    convCase({ shape: deep, pair: [pair[1], pair[0]] }, true, false, false),
    gradInputCase({ shape: back, pair, content: 'extreme' }, true, false),
    gradInputCase({ shape: back, pair }, false, true),
  ]);
  return [
    ...forward,
    gradWeightCase({ shape: pixels, pair: [INT16, UINT8_LOW], content: 'extreme' }, true),
    gradWeightCase({ shape: pixels, pair: [INT16, UINT8] }, false),
    // A backend may fit its blocks to the zero point it meets: every largest difference from 128 to 255.
    ...[UINT8, INT8, INT8_AFFINE, { storage: 'uint8' as const, zeroPoints: [100] }].map((input) =>
      gradWeightCase({ shape: middle, pair: [INT16, input], content: 'extreme' }, false),
    ),
    gradWeightCase({ shape: middle, pair: [UINT8_HIGH, INT16], content: 'extreme' }, false),
    gradWeightCase({ shape: point, pair: [INT8, UINT8_LOW], content: 'extreme' }, false),
    gradWeightCase({ shape: point, pair: [UINT8_LOW, UINT8_LOW], content: 'extreme' }, false),
    gradWeightCase({ shape: point, pair: [INT16, UINT8_HIGH], content: 'extreme' }, true),
  ];
}

export function integerProductCases(): KernelCase[] {
  return [...matmulCases(), ...convCases(), ...longConvCases()];
}
