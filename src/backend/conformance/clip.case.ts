/** Cases of the kernels that choose a clip. */
import { Draw } from './draw.case.js';
import { floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';

const FORMATS = [
  { name: 'uint8', scheme: 0, qmin: 0, qmax: 255 },
  { name: 'affine int8', scheme: 0, qmin: -128, qmax: 127 },
  { name: 'symmetric int8', scheme: 1, qmin: -127, qmax: 127 },
  { name: 'symmetric 4 bits', scheme: 1, qmin: -7, qmax: 7 },
  { name: '2 bits in uint8', scheme: 0, qmin: 0, qmax: 3 },
] as const;

/** Ranges of `rows` parts of the values, as equal as can be. */
function cellsOf(values: Float32Array, rows: number): Float32Array {
  const cells = new Float32Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const part = values.subarray(
      Math.floor((row * values.length) / rows),
      Math.floor(((row + 1) * values.length) / rows),
    );
    cells[2 * row] = part.reduce((low, x) => Math.min(low, x), Number.POSITIVE_INFINITY);
    cells[2 * row + 1] = part.reduce((high, x) => Math.max(high, x), Number.NEGATIVE_INFINITY);
  }
  return cells;
}

function lossesCases(): KernelCase[] {
  return FORMATS.flatMap(({ name, ...format }) =>
    [0, 1].flatMap((stochastic) => {
      const draw = new Draw(`clip_losses ${name} ${stochastic}`);
      const one = (title: string, input: Float32Array, rows = 1, candidates = 16): KernelCase =>
        kernelCase(
          'clip_losses',
          `${name}, ${stochastic ? 'stochastic' : 'nearest'}, ${title}`,
          {
            input: floats(input),
            cells: floats(cellsOf(input, rows)),
            counters: stochastic ? ints(draw.counters()) : undefined,
            losses: out('float', candidates),
          },
          { count: input.length, rows, candidates, stochastic, ...format, site: 5 },
        );
      return [
        ...[1, 7, 8, 1003, 1024, 1025].map((count) => one(`${count} values`, draw.normal(count, 0.3))),
        one('70,001 values of many sizes', draw.wide(70_001, 8), 3),
        one('positive values', draw.uniform(500, 0, 4), 2, 5),
        one('negative values', draw.uniform(500, -4, -1), 2, 2),
        one('zeros', new Float32Array(40), 2),
        one('a constant', new Float32Array(40).fill(0.3)),
        one('one candidate', draw.normal(100), 4, 1),
        one('ties', draw.ties(700, 40), 1, 256),
        one(
          'at the ends of 16 bits',
          Float32Array.from({ length: 2050 }, (_, i) => (i % 2 ? -1 : 1)),
        ),
        one('the largest sums of a block', new Float32Array(2050).fill(1)),
        one('denormals', draw.uniform(50, -3e-40, 3e-40)),
      ];
    }),
  );
}

function rangeCases(): KernelCase[] {
  const draw = new Draw('clip_range');
  const one = (title: string, losses: ArrayLike<number>, rows = 1): KernelCase =>
    kernelCase(
      'clip_range',
      title,
      { cells: floats(cellsOf(draw.normal(100), rows)), losses: floats(losses), range: out('float', 2) },
      { rows, candidates: losses.length },
    );
  return [
    one('one candidate', [0.5]),
    one('the first', [0.1, 0.2, 0.3]),
    one('the first of equal ones', [0.3, 0.1, 0.2, 0.1, 0.1], 3),
    one('the last', [0.3, 0.2, 0.1], 7),
    one('no loss', new Float32Array(16), 2),
    one('drawn', draw.uniform(16, 0, 1), 5),
  ];
}

export function clipCases(): KernelCase[] {
  return [...lossesCases(), ...rangeCases()];
}
