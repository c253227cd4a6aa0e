/** Cases of the kernels that combine and map elements one by one, and of sums over an axis. */
import { COUNTS, Draw, NON_FINITE_FLOATS, SPECIAL_FLOATS } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, maskBytes, out } from './kernel-case.case.js';

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

/** relu_grad that finds the range of its output; every third case has an infinity in its last place. */
function rangedReluGrad(
  title: string,
  count: number,
  rows: number,
  draw: Draw,
  addend?: Float32Array,
): KernelCase {
  const gradOutput = draw.normal(count);
  const mask = draw.mask(count);
  const last = count - 1;
  const broken = (count + rows) % 3 === 0 && (mask[last >> 3] >> (last & 7)) & 1;
  if (broken) gradOutput[last] = Number.NEGATIVE_INFINITY;
  return kernelCase(
    'relu_grad',
    `${title}${addend ? ', of a sum' : ''}, range of ${rows}${broken ? ', infinite' : ''}`,
    {
      gradOutput: floats(gradOutput),
      addend: addend && floats(addend),
      mask: data('uint8', mask),
      output: out('float', count),
      cells: out('float', 2 * rows, { unspecified: broken ? [2 * rows - 2, 2 * rows - 1] : [] }),
      status: ints([0, 6, 0]),
    },
    { count, cellRows: rows, site: 1 },
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
      kernelCase(
        'relu_grad',
        title,
        { gradOutput, mask, output: out('float', count) },
        { count, cellRows: 0, site: 0 },
      ),
      ...[1, 2, 5]
        .filter((rows) => count > 0 && count % rows === 0)
        .flatMap((rows) => [
          rangedReluGrad(title, count, rows, draw),
          rangedReluGrad(title, count, rows, draw, draw.normal(count)),
        ]),
      kernelCase(
        'relu_grad',
        `${title}, of a sum`,
        { gradOutput, addend: floats(draw.nonFinite(count)), mask, output: out('float', count) },
        { count, cellRows: 0, site: 0 },
      ),
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
    ...binaryCases(),
    ...unaryCases(),
    ...affineCases(),
    ...reluCases(),
    ...dropoutCases(),
    ...sumCases(),
  ];
}
