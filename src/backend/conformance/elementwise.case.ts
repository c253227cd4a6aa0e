/** Cases of the kernels that move, combine and map elements, and of sums over an axis. */
import type { Storage } from '../../core/dtype.js';
import { COUNTS, codeRange, Draw, NON_FINITE_FLOATS, SPECIAL_FLOATS } from './draw.case.js';
import { data, floats, type KernelCase, kernelCase, maskBytes, out } from './kernel-case.case.js';

function fillCases(): KernelCase[] {
  const counts = COUNTS.map((count) =>
    kernelCase('fill', `${count} elements`, { output: out('float', count) }, { count, value: 1.1 }),
  );
  const values = [...SPECIAL_FLOATS, ...NON_FINITE_FLOATS].map((value) =>
    kernelCase(
      'fill',
      `${Object.is(value, -0) ? '-0' : value}`,
      { output: out('float', 9) },
      { count: 9, value },
    ),
  );
  return [...counts, ...values];
}

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

function copyCases(): KernelCase[] {
  const storages: readonly Storage[] = ['float', 'int8', 'uint8', 'int16', 'int32'];
  return storages.flatMap((storage) => COPIES.map(([title, copy]) => copyCase(storage, title, copy)));
}

/** Inputs that every element-wise kernel meets: odd counts, special values, NaN and infinities. */
function inputs(name: string): readonly [title: string, draw: Draw, values: Float32Array][] {
  const counts = COUNTS.map((count) => {
    const draw = new Draw(`${name} ${count}`);
    return [`${count} normal values`, draw, draw.normal(count, 3)] as const;
  });
  const special = new Draw(`${name} special`);
  const nonFinite = new Draw(`${name} non-finite`);
  return [
    ...counts.map(([title, draw, values]) => [title, draw, values] as [string, Draw, Float32Array]),
    ['special values', special, special.special(203)],
    ['NaN and infinities', nonFinite, nonFinite.nonFinite(75)],
    ['zeros', new Draw(`${name} zeros`), new Float32Array(21)],
  ];
}

function binaryCases(): KernelCase[] {
  return ['add', 'sub', 'mul', 'div'].flatMap((operation, kind) =>
    inputs(`binary ${operation}`).map(([title, draw, left]) =>
      kernelCase(
        'binary',
        `${operation}, ${title}`,
        { left: floats(left), right: floats(draw.nonFinite(left.length)), output: out('float', left.length) },
        { kind, count: left.length },
      ),
    ),
  );
}

function unaryCases(): KernelCase[] {
  const edges = [
    -104, -103.5, -87.3, -20, -9.1, -6, -3, -1, -1e-4, 1e-4, 0.3, 1, 2.999, 3, 6, 9.1, 20, 88.7, 88.73, 200,
  ];
  const cases = ['exp', 'log', 'sqrt', 'gelu', 'tanh'].flatMap((operation, kind) => [
    ...inputs(`unary ${operation}`).map(([title, , input]) =>
      kernelCase(
        'unary',
        `${operation}, ${title}`,
        { input: floats(input), output: out('float', input.length) },
        { kind, count: input.length },
      ),
    ),
    kernelCase(
      'unary',
      `${operation}, ends of its formulas`,
      { input: floats(edges), output: out('float', edges.length) },
      { kind, count: edges.length },
    ),
  ]);
  const grads = inputs('gelu_grad').map(([title, draw, input]) =>
    kernelCase(
      'gelu_grad',
      title,
      {
        input: floats(input),
        gradOutput: floats(draw.wide(input.length)),
        output: out('float', input.length),
      },
      { count: input.length },
    ),
  );
  return [...cases, ...grads];
}

function affineCases(): KernelCase[] {
  return inputs('affine').flatMap(([title, , input]) =>
    [
      [1 / 255, -0.45],
      [-3.3, 0.1],
      [1, 0],
    ].map(([scale, shift]) =>
      kernelCase(
        'affine',
        `${title}, times ${scale} plus ${shift}`,
        { input: floats(input), output: out('float', input.length) },
        { count: input.length, scale, shift },
      ),
    ),
  );
}

function reluCases(): KernelCase[] {
  return inputs('relu').flatMap(([title, draw, input]) => {
    const count = input.length;
    const mask = data('uint8', draw.mask(count));
    const gradOutput = floats(draw.nonFinite(count));
    const forward = [out('uint8', maskBytes(count)), undefined].flatMap((written) => [
      kernelCase(
        'relu',
        `${title}, ${written ? 'with' : 'without'} mask`,
        { input: floats(input), output: out('float', count), mask: written },
        { count },
      ),
      kernelCase(
        'leaky_relu',
        `${title}, ${written ? 'with' : 'without'} mask`,
        { input: floats(input), output: out('float', count), mask: written },
        { count, slope: 0.1 },
      ),
    ]);
    return [
      ...forward,
      kernelCase('relu_grad', title, { gradOutput, mask, output: out('float', count) }, { count }),
      kernelCase(
        'leaky_relu_grad',
        title,
        { gradOutput, mask, output: out('float', count) },
        { count, slope: 0.01 },
      ),
    ];
  });
}

function dropoutCases(): KernelCase[] {
  return inputs('dropout').flatMap(([title, draw, input]) =>
    [0, 0.1, 0.5, 0.999, 1].map((p) =>
      kernelCase(
        'dropout',
        `${title}, p = ${p}`,
        {
          input: floats(input),
          counters: data('int32', draw.counters()),
          output: out('float', input.length),
        },
        {
          count: input.length,
          threshold: Math.round(p * 65536),
          scale: p === 1 ? 0 : 1 / (1 - p),
          site: draw.between(0, 300),
        },
      ),
    ),
  );
}

function sumCases(): KernelCase[] {
  const shapes = [
    [1, 1, 1],
    [5, 1, 7],
    [1, 1003, 1],
    [7, 33, 1],
    [3, 128, 5],
    [2, 300, 33],
    [1, 129, 8],
    [2, 513, 16],
    [4, 257, 3],
    [10, 64, 1],
  ];
  const sums = shapes.map(([outer, axis, inner]) => {
    const draw = new Draw(`reduce_sum ${outer} ${axis} ${inner}`);
    return kernelCase(
      'reduce_sum',
      `${outer} x ${axis} x ${inner}`,
      { input: floats(draw.wide(outer * axis * inner)), output: out('float', outer * inner) },
      { outer, axis, inner, scale: 1 / axis },
    );
  });
  const special = new Draw('reduce_sum special');
  const totals = inputs('accumulate').map(([title, draw, input]) =>
    kernelCase(
      'accumulate',
      title,
      { input: floats(input), total: floats(draw.wide(input.length)) },
      { count: input.length },
    ),
  );
  return [
    ...sums,
    kernelCase(
      'reduce_sum',
      'denormals, zeros of both signs and large values',
      { input: floats(special.special(600)), output: out('float', 6) },
      { outer: 3, axis: 100, inner: 2, scale: 1 },
    ),
    kernelCase(
      'reduce_sum',
      'negative zeros',
      { input: floats(new Float32Array(20).fill(-0)), output: out('float', 2) },
      { outer: 1, axis: 10, inner: 2, scale: 1 },
    ),
    ...totals,
  ];
}

export function elementwiseCases(): KernelCase[] {
  return [
    ...fillCases(),
    ...copyCases(),
    ...binaryCases(),
    ...unaryCases(),
    ...affineCases(),
    ...reluCases(),
    ...dropoutCases(),
    ...sumCases(),
  ];
}
