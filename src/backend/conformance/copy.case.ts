/** Cases of copy_strided: transposes, slices, concatenations and broadcasts of every storage. */
import type { Storage } from '../../core/dtype.js';
import { codeRange, Draw } from './draw.case.js';
import { data, floats, type KernelCase, kernelCase, out } from './kernel-case.case.js';

interface Copy {
  readonly shape: readonly number[];
  readonly inStrides: readonly number[];
  readonly outStrides: readonly number[];
  readonly inLength: number;
  readonly outLength: number;
  readonly inOffset?: number;
  readonly outOffset?: number;
}

const COPIES: readonly [title: string, copy: Copy][] = [
  ['one element', { shape: [1], inStrides: [0], outStrides: [0], inLength: 1, outLength: 1 }],
  ['a plain run', { shape: [1003], inStrides: [1], outStrides: [1], inLength: 1003, outLength: 1003 }],
  ['5 x 7 transposed', { shape: [7, 5], inStrides: [1, 7], outStrides: [5, 1], inLength: 35, outLength: 35 }],
  [
    '64 x 48 transposed, written along columns',
    { shape: [64, 48], inStrides: [48, 1], outStrides: [1, 64], inLength: 3072, outLength: 3072 },
  ],
  [
    '33 x 70 transposed',
    { shape: [70, 33], inStrides: [1, 70], outStrides: [33, 1], inLength: 2310, outLength: 2310 },
  ],
  [
    'NHWC 2x5x6x3 to NCHW',
    {
      shape: [2, 3, 5, 6],
      inStrides: [90, 1, 18, 3],
      outStrides: [90, 30, 6, 1],
      inLength: 180,
      outLength: 180,
    },
  ],
  [
    'a slice 3..9 of rows of 11, columns 2..6',
    { shape: [6, 4], inStrides: [11, 1], outStrides: [4, 1], inLength: 132, outLength: 24, inOffset: 35 },
  ],
  [
    'second part of a concatenation along the last axis',
    { shape: [9, 5], inStrides: [5, 1], outStrides: [12, 1], inLength: 45, outLength: 108, outOffset: 7 },
  ],
  [
    'a scalar broadcast',
    { shape: [4, 33], inStrides: [0, 0], outStrides: [33, 1], inLength: 1, outLength: 132 },
  ],
  [
    'a row broadcast',
    { shape: [6, 33], inStrides: [0, 1], outStrides: [33, 1], inLength: 33, outLength: 198 },
  ],
  [
    'a column broadcast',
    { shape: [33, 17], inStrides: [1, 0], outStrides: [17, 1], inLength: 33, outLength: 561 },
  ],
  [
    'every second element',
    { shape: [7, 9], inStrides: [36, 2], outStrides: [9, 1], inLength: 252, outLength: 63, inOffset: 1 },
  ],
  [
    'six axes reversed',
    {
      shape: [2, 3, 2, 1, 5, 3],
      inStrides: [1, 2, 6, 12, 12, 60],
      outStrides: [90, 30, 15, 15, 3, 1],
      inLength: 180,
      outLength: 180,
    },
  ],
];

function copyCase(storage: Storage, title: string, copy: Copy): KernelCase {
  const draw = new Draw(`copy ${storage} ${title}`);
  const at = (list: readonly number[], axis: number, none: number) => list[axis] ?? none;
  const { shape, inStrides, outStrides } = copy;
  const input =
    storage === 'float'
      ? floats(draw.nonFinite(copy.inLength))
      : data(storage, draw.codes(storage, copy.inLength, ...codeRange(storage)));
  return kernelCase(
    'copy_strided',
    `${title} (${storage})`,
    { input, output: out(storage, copy.outLength) },
    {
      rank: shape.length,
      shape0: at(shape, 0, 1),
      shape1: at(shape, 1, 1),
      shape2: at(shape, 2, 1),
      shape3: at(shape, 3, 1),
      shape4: at(shape, 4, 1),
      shape5: at(shape, 5, 1),
      inStride0: at(inStrides, 0, 0),
      inStride1: at(inStrides, 1, 0),
      inStride2: at(inStrides, 2, 0),
      inStride3: at(inStrides, 3, 0),
      inStride4: at(inStrides, 4, 0),
      inStride5: at(inStrides, 5, 0),
      outStride0: at(outStrides, 0, 0),
      outStride1: at(outStrides, 1, 0),
      outStride2: at(outStrides, 2, 0),
      outStride3: at(outStrides, 3, 0),
      outStride4: at(outStrides, 4, 0),
      outStride5: at(outStrides, 5, 0),
      inOffset: copy.inOffset ?? 0,
      outOffset: copy.outOffset ?? 0,
    },
  );
}

export function copyCases(): KernelCase[] {
  const storages: readonly Storage[] = ['float', 'int8', 'uint8', 'int16', 'int32'];
  return storages.flatMap((storage) => COPIES.map(([title, copy]) => copyCase(storage, title, copy)));
}
