/** Cases of the kernels that find ranges and turn them into scales and zero points. */
import { CHANNELS, COUNTS, Draw, NON_FINITE_FLOATS, PLACES, qparamsOf } from './draw.case.js';
import { floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';

/** Cells { min, max } of groups that met a NaN or an infinity: unspecified. */
function brokenCells(values: Float32Array, groupOf: (index: number) => number): number[] {
  const groups = new Set<number>();
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) groups.add(groupOf(i));
  });
  return [...groups].flatMap((group) => [2 * group, 2 * group + 1]);
}

function rangeCase(title: string, rows: number, cols: number, values: Float32Array, site = 1): KernelCase {
  const unspecified = brokenCells(values, (i) => Math.floor(i / cols));
  return kernelCase(
    'range',
    `${rows} x ${cols}, ${title}`,
    {
      input: floats(values),
      cells: out('float', 2 * rows, { unspecified }),
      status: ints([0, 6, 0]),
    },
    { rows, cols, site },
  );
}

function rangeCases(): KernelCase[] {
  const shapes = [
    ...COUNTS.map((cols) => [1, cols]),
    ...COUNTS.map((cols) => [5, cols]),
    [33, 64],
    [3, 40_000],
  ];
  const sizes = shapes.map(([rows, cols]) =>
    rangeCase('normal values', rows, cols, new Draw(`range ${rows} ${cols}`).normal(rows * cols)),
  );
  const hidden = NON_FINITE_FLOATS.flatMap((value) =>
    PLACES.map((at) =>
      rangeCase(`${value} at ${at}`, 1, 49, new Draw(`range ${value} ${at}`).withOne(49, at, value), 2),
    ),
  );
  const draw = new Draw('range kinds');
  return [
    ...sizes,
    ...hidden,
    rangeCase('positive values', 3, 33, draw.uniform(99, 0.25, 9)),
    rangeCase('negative values', 3, 33, draw.uniform(99, -9, -0.25)),
    rangeCase('zeros', 3, 7, new Float32Array(21)),
    rangeCase('one constant', 2, 17, new Float32Array(34).fill(-2.5)),
    rangeCase('zeros of both signs and denormals', 4, 50, draw.special(200)),
    rangeCase('denormals', 2, 9, draw.uniform(18, -1e-40, 1e-40)),
    rangeCase('largest floats', 1, 8, Float32Array.of(3.4e38, -3.4e38, 1, 2, 3, 4, 5, 6)),
    rangeCase('NaN and infinities', 7, 11, draw.nonFinite(77)),
    rangeCase('NaN everywhere', 2, 20, new Float32Array(40).fill(Number.NaN)),
  ];
}

function rangeChannelsCase(
  title: string,
  batch: number,
  inner: number,
  channels: number,
  values: Float32Array,
): KernelCase {
  const group = (i: number) => Math.floor(i / (inner * channels)) * channels + (i % channels);
  return kernelCase(
    'range_channels',
    `${batch} x ${inner} x ${channels}, ${title}`,
    {
      input: floats(values),
      cells: out('float', 2 * batch * channels, {
        unspecified: brokenCells(values, group),
      }),
      status: ints([4, 0]),
    },
    { batch, inner, channels, site: 1 },
  );
}

function rangeChannelsCases(): KernelCase[] {
  const shapes = [
    ...CHANNELS.flatMap((channels) => [
      [1, 1, channels],
      [3, 7, channels],
    ]),
    [2, 1000, 3],
    [5, 64, 8],
    [1, 300, 33],
  ];
  const hidden = [1, 3, 8, 16].flatMap((channels) =>
    PLACES.map((at) => {
      const draw = new Draw(`range_channels ${channels} ${at}`);
      const value = NON_FINITE_FLOATS[at % 3];
      return rangeChannelsCase(`${value} at ${at}`, 1, 48 / channels, channels, draw.withOne(48, at, value));
    }),
  );
  const cases = shapes.flatMap(([batch, inner, channels]) => {
    const draw = new Draw(`range_channels ${batch} ${inner} ${channels}`);
    const count = batch * inner * channels;
    return [
      rangeChannelsCase('normal values', batch, inner, channels, draw.normal(count)),
      rangeChannelsCase('special values', batch, inner, channels, draw.special(count)),
      rangeChannelsCase(
        'one NaN',
        batch,
        inner,
        channels,
        draw.withOne(count, draw.between(0, count - 1), Number.NaN),
      ),
    ];
  });
  return [...cases, ...hidden];
}

interface Scheme {
  readonly name: string;
  /** The kernel parameter. */
  readonly scheme: number;
  readonly qmin: number;
  readonly qmax: number;
}

const SCHEMES: readonly Scheme[] = [
  { name: 'affine uint8', scheme: 0, qmin: 0, qmax: 255 },
  { name: 'affine int8', scheme: 0, qmin: -128, qmax: 127 },
  { name: 'affine 4 bits', scheme: 0, qmin: 0, qmax: 15 },
  { name: 'symmetric int8', scheme: 1, qmin: -127, qmax: 127 },
  { name: 'symmetric int16', scheme: 1, qmin: -32767, qmax: 32767 },
  { name: 'symmetric 2 bits', scheme: 1, qmin: -1, qmax: 1 },
  { name: 'no exact zero, uint8', scheme: 2, qmin: 0, qmax: 255 },
  { name: 'no exact zero, int8', scheme: 2, qmin: -128, qmax: 127 },
  { name: 'no exact zero, int16', scheme: 2, qmin: -32768, qmax: 32767 },
];

/** Cells { min, max } with min <= max. */
function cellsOf(draw: Draw, count: number): Float32Array {
  const values = draw.normal(2 * count, 3);
  for (let i = 0; i < count; i++) {
    const [a, b] = [values[2 * i], values[2 * i + 1]];
    values[2 * i] = Math.min(a, b);
    values[2 * i + 1] = Math.max(a, b);
  }
  return values;
}

interface QparamsOptions {
  readonly outer?: number;
  readonly inner?: number;
  readonly by?: number;
  readonly chunks?: number;
  readonly tracking?: number;
  readonly clip?: number;
  readonly state?: readonly number[];
}

function qparamsCase(
  title: string,
  scheme: Scheme,
  cells: ArrayLike<number> | undefined,
  options: QparamsOptions = {},
): KernelCase {
  const {
    outer = (cells?.length ?? 2) / 2,
    inner = 1,
    by = 0,
    chunks = 0,
    tracking = 0,
    clip = 1,
    state,
  } = options;
  const groups = by === 0 ? 1 : by === 1 ? outer : inner;
  return kernelCase(
    'qparams',
    `${scheme.name}, ${title}`,
    {
      cells: cells && floats(cells),
      state: state && floats(state),
      qparams: out('float', 4 * groups),
    },
    {
      outer,
      inner,
      by,
      chunks,
      tracking,
      momentum: 0.1,
      clip,
      scheme: scheme.scheme,
      qmin: scheme.qmin,
      qmax: scheme.qmax,
    },
  );
}

/** One cell each: ranges at the edges of the formulas. */
const SINGLE_RANGES: readonly [title: string, min: number, max: number][] = [
  ['around zero', -0.7, 1.3],
  ['positive: its low end becomes 0', 0.9, 1.1],
  ['negative: its high end becomes 0', -1.1, -0.9],
  ['zeros', 0, 0],
  ['a constant', 2.5, 2.5],
  ['a negative constant', -2.5, -2.5],
  ['a scale just above 2^-126', -1e-38, 3e-36],
  ['a scale below 2^-126', -1e-40, 1e-39],
  ['denormals', -1e-45, 1e-45],
  ['the largest floats', -3.4e38, 3.4e38],
  ['a zero point that ties', -0.5, 254.5],
  ['a zero point that ties the other way', -1.5, 253.5],
];

function qparamsCases(): KernelCase[] {
  return SCHEMES.flatMap((scheme) => {
    const draw = new Draw(`qparams ${scheme.name}`);
    const singles = SINGLE_RANGES.map(([title, min, max]) => qparamsCase(title, scheme, [min, max]));
    const chunked = [
      [10, 4],
      [7, 7],
      [7, 16],
      [1, 1],
      [64, 16],
    ]
      .filter(([outer, chunks]) => chunks <= outer)
      .map(([outer, chunks]) =>
        qparamsCase(`mean of ${chunks} chunks of ${outer}`, scheme, cellsOf(draw, outer), { chunks }),
      );
    const groups = [
      qparamsCase('a group a row', scheme, cellsOf(draw, 33), { by: 1 }),
      qparamsCase('a group a row of three cells', scheme, cellsOf(draw, 15), { by: 1, outer: 5, inner: 3 }),
      qparamsCase('a group a channel', scheme, cellsOf(draw, 40), { by: 2, outer: 4, inner: 10 }),
      qparamsCase('a group a channel of one image', scheme, cellsOf(draw, 33), {
        by: 2,
        outer: 1,
        inner: 33,
      }),
      qparamsCase('one group of 6 x 5 cells', scheme, cellsOf(draw, 30), { outer: 6, inner: 5 }),
      qparamsCase('chunks of rows of 5 cells', scheme, cellsOf(draw, 35), { outer: 7, inner: 5, chunks: 3 }),
    ];
    const clipped = [0.5, 0.97].map((clip) =>
      qparamsCase(`clip ${clip}`, scheme, cellsOf(draw, 9), { clip }),
    );
    const fresh = [0, 0, 0, 0];
    const known = [-0.75, 1.7, 12, 0];
    const tracked = [1, 2, 3, 4].flatMap((tracking) => [
      ...(tracking === 2
        ? []
        : [
            qparamsCase(`tracking ${tracking}, first batch`, scheme, cellsOf(draw, 6), {
              tracking,
              state: fresh,
            }),
          ]),
      qparamsCase(`tracking ${tracking}, later batch`, scheme, cellsOf(draw, 6), { tracking, state: known }),
      qparamsCase(`tracking ${tracking}, later batch in chunks, clipped`, scheme, cellsOf(draw, 7), {
        tracking,
        state: known,
        chunks: 3,
        clip: 0.9,
      }),
    ]);
    // Channels that have seen different numbers of batches, one of them none.
    const states = Array.from({ length: 10 }, (_, c) => [-0.1 * (c + 1), 0.3 * c, c, 0]).flat();
    const trackedChannels = [1, 2, 3, 4].map((tracking) =>
      qparamsCase(`tracking ${tracking}, a group a channel`, scheme, cellsOf(draw, 40), {
        ...{ by: 2, outer: 4, inner: 10, tracking, state: states, clip: 0.9 },
      }),
    );
    return [
      ...singles,
      ...trackedChannels,
      qparamsCase('tracking 2 without cells, a group a channel', scheme, undefined, {
        ...{ by: 2, outer: 1, inner: 10, tracking: 2, state: states },
      }),
      ...chunked,
      ...groups,
      ...clipped,
      ...tracked,
      qparamsCase('tracking 2 without cells', scheme, undefined, { tracking: 2, state: known, outer: 1 }),
      qparamsCase('tracking 2 without cells, nothing seen', scheme, undefined, {
        tracking: 2,
        state: fresh,
        outer: 1,
      }),
    ];
  });
}

function scaleChannelsCases(): KernelCase[] {
  return CHANNELS.flatMap((channels) =>
    [1, 7, 130].map((rows) => {
      const draw = new Draw(`scale_channels ${rows} ${channels}`);
      const qparams = draw.qparams(channels, [0, 128]);
      qparams.set(qparamsOf(1, 0), 0);
      return kernelCase(
        'scale_channels',
        `${rows} x ${channels}`,
        {
          input: floats(draw.nonFinite(rows * channels)),
          qparams: floats(qparams),
          output: out('float', rows * channels),
        },
        { rows, channels },
      );
    }),
  );
}

export function rangesCases(): KernelCase[] {
  return [...rangeCases(), ...rangeChannelsCases(), ...qparamsCases(), ...scaleChannelsCases()];
}
