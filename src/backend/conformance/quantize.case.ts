/** Cases of the kernels that turn floats into codes and back. */
import type { Storage } from '../../core/dtype.js';
import { COUNTS, codeRange, Draw, qparamsOf } from './draw.case.js';
import { type CaseBuffer, data, floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';

interface Format {
  readonly name: string;
  readonly storage: Storage;
  readonly qmin: number;
  readonly qmax: number;
  readonly zeroPoints: readonly number[];
  /** Offsets of the groups in turn; 0 when left out. */
  readonly offsets?: readonly number[];
  /** Only to nearest. */
  readonly nearest?: boolean;
}

const FORMATS: readonly Format[] = [
  { name: 'uint8', storage: 'uint8', qmin: 0, qmax: 255, zeroPoints: [128, 0, 255, 77] },
  { name: 'affine int8', storage: 'int8', qmin: -128, qmax: 127, zeroPoints: [-3, -128, 127, 0] },
  { name: 'symmetric int8', storage: 'int8', qmin: -127, qmax: 127, zeroPoints: [0] },
  { name: 'symmetric int16', storage: 'int16', qmin: -32767, qmax: 32767, zeroPoints: [0] },
  { name: '4 bits in uint8', storage: 'uint8', qmin: 0, qmax: 15, zeroPoints: [7, 0, 15] },
  { name: 'symmetric 2 bits in int8', storage: 'int8', qmin: -1, qmax: 1, zeroPoints: [0] },
  {
    name: 'uint8 without an exact zero',
    storage: 'uint8',
    qmin: 0,
    qmax: 255,
    zeroPoints: [0],
    offsets: [-0.8113, 0.3127, 1e-3],
  },
  {
    name: 'int8 without an exact zero',
    storage: 'int8',
    qmin: -128,
    qmax: 127,
    zeroPoints: [-128],
    offsets: [-1.7, -0.0123, 3.3],
  },
  {
    name: 'int16 without an exact zero',
    storage: 'int16',
    qmin: -32768,
    qmax: 32767,
    zeroPoints: [-32768],
    offsets: [-300.7, 0.25],
    nearest: true,
  },
];

/** qparams of a format's groups. */
function groupParams(draw: Draw, format: Format, groups: number, size?: number): Float32Array {
  const { zeroPoints, offsets = [0] } = format;
  const qparams = draw.qparams(groups, zeroPoints, size);
  for (let g = 0; g < groups; g++) qparams[4 * g + 3] = offsets[g % offsets.length];
  return qparams;
}

interface Grouped {
  readonly title: string;
  readonly count: number;
  readonly groups: number;
  readonly groupStride: number;
}

const GROUPINGS: readonly Grouped[] = [
  ...COUNTS.map((count) => ({ title: `${count} elements, one group`, count, groups: 1, groupStride: count })),
  { title: '70,001 elements, one group', count: 70_001, groups: 1, groupStride: 70_001 },
  ...[3, 8, 10, 16, 33].map((groups) => ({
    title: `41 rows of ${groups} channels, a group a channel`,
    count: 41 * groups,
    groups,
    groupStride: 1,
  })),
  { title: '900 rows of 10 channels, a group a channel', count: 9000, groups: 10, groupStride: 1 },
  { title: 'one row, a group a channel', count: 33, groups: 33, groupStride: 1 },
  { title: '10 rows of 27, a group a row', count: 270, groups: 10, groupStride: 27 },
  { title: '3 samples of 1003, a group a sample', count: 3009, groups: 3, groupStride: 1003 },
  { title: 'groups of 5 in turn, cut short', count: 83, groups: 4, groupStride: 5 },
  { title: '64 groups of 1 row of 16', count: 1024, groups: 64, groupStride: 16 },
];

/** Values that reach the ends of the codes' range in every group, with some beyond. */
function valuesFor(draw: Draw, format: Format, grouped: Grouped, qparams: Float32Array): Float32Array {
  const values = draw.uniform(grouped.count, -0.1, 1.1);
  const { qmin, qmax } = format;
  for (let i = 0; i < grouped.count; i++) {
    const group = Math.floor(i / grouped.groupStride) % grouped.groups;
    const scale = qparams[4 * group];
    values[i] = scale * (qmin + values[i] * (qmax - qmin) - qparams[4 * group + 2]) + qparams[4 * group + 3];
  }
  return values;
}

function quantizeCase(
  title: string,
  format: Format,
  grouped: Grouped,
  stochastic: number,
  input: Float32Array,
  qparams: ArrayLike<number>,
  counters: Int32Array,
): KernelCase {
  const unspecified = [...input.keys()].filter((i) => Number.isNaN(input[i]));
  return kernelCase(
    'quantize',
    `${format.name}, ${stochastic ? 'stochastic' : 'nearest'}, ${title}`,
    {
      input: floats(input),
      qparams: floats(qparams),
      counters: stochastic ? ints(counters) : undefined,
      codes: out(format.storage, grouped.count, { unspecified }),
    },
    {
      count: grouped.count,
      groups: grouped.groups,
      groupStride: grouped.groupStride,
      stochastic,
      qmin: format.qmin,
      qmax: format.qmax,
      site: 1 + (grouped.count % 100),
    },
  );
}

function quantizeCases(): KernelCase[] {
  return FORMATS.flatMap((format) =>
    (format.nearest ? [0] : [0, 1]).flatMap((stochastic) => {
      const draw = new Draw(`quantize ${format.name} ${stochastic}`);
      const grouped = GROUPINGS.map((grouping) => {
        const qparams = groupParams(draw, format, grouping.groups);
        const input = valuesFor(draw, format, grouping, qparams);
        return quantizeCase(grouping.title, format, grouping, stochastic, input, qparams, draw.counters());
      });
      const edges = format.zeroPoints.flatMap((zeroPoint) => {
        const single = (count: number) => ({ title: '', count, groups: 1, groupStride: count });
        const one = (title: string, input: Float32Array, scale: number) =>
          quantizeCase(
            `zero point ${zeroPoint}, ${title}`,
            format,
            single(input.length),
            stochastic,
            input,
            [...qparamsOf(scale, zeroPoint).slice(0, 3), format.offsets?.[0] ?? 0],
            draw.counters(),
          );
        return [
          one('ties', draw.ties(1003, 1100), 0.5),
          one('zeros', new Float32Array(35), 0.01),
          one('a constant', new Float32Array(35).fill(0.37), 0.37 / 255),
          one('special values', draw.special(203), 0.02),
          one('NaN and infinities', draw.nonFinite(75), 0.02),
          one('denormals with the smallest scale', draw.uniform(50, -3e-36, 3e-36), 1.2e-38),
          one('values far out of range', draw.wide(99, 60), 1e-3),
        ];
      });
      return [...grouped, ...edges];
    }),
  );
}

function pairCase(
  title: string,
  a: Format,
  b: Format,
  stochasticA: number,
  stochasticB: number,
  grouped: Grouped,
): KernelCase {
  const draw = new Draw(`quantize_pair ${title} ${grouped.title}`);
  const { count, groups, groupStride } = grouped;
  const qparamsA = groupParams(draw, a, groups);
  const qparamsB = groupParams(draw, b, groups, 0.01 / 256);
  return kernelCase(
    'quantize_pair',
    `${title}, ${grouped.title}`,
    {
      input: floats(valuesFor(draw, a, grouped, qparamsA)),
      qparamsA: floats(qparamsA),
      qparamsB: floats(qparamsB),
      counters: stochasticA || stochasticB ? ints(draw.counters()) : undefined,
      codesA: out(a.storage, count),
      codesB: out(b.storage, count),
    },
    {
      count,
      groupsA: groups,
      groupStrideA: groupStride,
      stochasticA,
      qminA: a.qmin,
      qmaxA: a.qmax,
      siteA: 3,
      groupsB: groups,
      groupStrideB: groupStride,
      stochasticB,
      qminB: b.qmin,
      qmaxB: b.qmax,
      siteB: 4,
    },
  );
}

function pairCases(): KernelCase[] {
  const [uint8, affineInt8, int8, int16, , , , noZeroInt8, noZeroInt16] = FORMATS;
  return GROUPINGS.flatMap((grouped) => [
    pairCase('int8 stochastic and int16 nearest', int8, int16, 1, 0, grouped),
    pairCase('int8 stochastic and int16 stochastic', int8, int16, 1, 1, grouped),
    pairCase('uint8 nearest and affine int8 nearest', uint8, affineInt8, 0, 0, grouped),
    pairCase('int16 nearest and uint8 stochastic', int16, uint8, 0, 1, grouped),
    pairCase('no exact zero in either', noZeroInt8, noZeroInt16, 1, 0, grouped),
  ]);
}

function dequantizeCases(): KernelCase[] {
  return FORMATS.flatMap((format) =>
    GROUPINGS.map((grouped) => {
      const draw = new Draw(`dequantize ${format.name} ${grouped.title}`);
      const codes: CaseBuffer = data(
        format.storage,
        draw.codes(format.storage, grouped.count, ...codeRange(format.storage)),
      );
      return kernelCase(
        'dequantize',
        `${format.name}, ${grouped.title}`,
        {
          codes,
          qparams: floats(groupParams(draw, format, grouped.groups)),
          output: out('float', grouped.count),
        },
        { count: grouped.count, groups: grouped.groups, groupStride: grouped.groupStride },
      );
    }),
  );
}

export function codeCases(): KernelCase[] {
  return [...quantizeCases(), ...pairCases(), ...dequantizeCases()];
}
