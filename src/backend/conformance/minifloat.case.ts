/** Cases of the kernels whose codes are small floats. */
import { COUNTS, Draw } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';

const FORMATS = [
  { name: 'E4M3', mantissaBits: 3, minExponent: -6, largest: 448, signBit: 128 },
  { name: 'E5M2', mantissaBits: 2, minExponent: -14, largest: 57344, signBit: 128 },
  { name: 'E3M0', mantissaBits: 0, minExponent: -2, largest: 16, signBit: 8 },
  { name: 'E2M1', mantissaBits: 1, minExponent: 0, largest: 6, signBit: 8 },
] as const;

const GROUPINGS = [
  ...[...COUNTS, 70_001].map((count) => ({
    title: `${count} elements, one group`,
    count,
    groups: 1,
    groupStride: count,
  })),
  ...[3, 8, 33].map((groups) => ({
    title: `41 rows of ${groups} channels, a group a channel`,
    count: 41 * groups,
    groups,
    groupStride: 1,
  })),
  { title: '10 rows of 27, a group a row', count: 270, groups: 10, groupStride: 27 },
  { title: '3 samples of 1003, a group a sample', count: 3009, groups: 3, groupStride: 1003 },
  { title: 'groups of 5 in turn, cut short', count: 83, groups: 4, groupStride: 5 },
] as const;

type Format = (typeof FORMATS)[number];
type Grouped =
  | (typeof GROUPINGS)[number]
  | { title: string; count: number; groups: number; groupStride: number };

function quantizeCase(
  { name, ...format }: Format,
  { title, ...grouping }: Grouped,
  stochastic: number,
  input: Float32Array,
  qparams: ArrayLike<number>,
  draw: Draw,
): KernelCase {
  const unspecified = [...input.keys()].filter((i) => Number.isNaN(input[i]));
  return kernelCase(
    'quantize_minifloat',
    `${name}, ${stochastic ? 'stochastic' : 'nearest'}, ${title}`,
    {
      input: floats(input),
      qparams: floats(qparams),
      counters: stochastic ? ints(draw.counters()) : undefined,
      codes: out('uint8', grouping.count, { unspecified }),
    },
    { ...grouping, ...format, stochastic, site: 1 + (grouping.count % 100) },
  );
}

function quantizeCases(): KernelCase[] {
  return FORMATS.flatMap((format) =>
    [0, 1].flatMap((stochastic) => {
      const draw = new Draw(`quantize_minifloat ${format.name} ${stochastic}`);
      const grouped = GROUPINGS.map((grouping) => {
        const qparams = draw.qparams(grouping.groups, [0], 1 / format.largest);
        // From far below the least level to beyond the largest.
        const input = draw.wide(grouping.count, 14).map((x) => x * 2 ** -12);
        return quantizeCase(format, grouping, stochastic, input, qparams, draw);
      });
      const one = (title: string, input: Float32Array, inv: number) => {
        const single = { title, count: input.length, groups: 1, groupStride: input.length };
        return quantizeCase(format, single, stochastic, input, [Math.fround(1 / inv), inv, 0, 0], draw);
      };
      return [
        ...grouped,
        one('ties', draw.ties(1003, 64), 0.5),
        one('ties below the least normal', draw.ties(203, 64), 2 ** (format.minExponent - 3)),
        one(
          'zeros of both signs',
          new Float32Array(35).map((_, i) => (i % 2 ? -0 : 0)),
          3,
        ),
        one('special values', draw.special(203), 1),
        one('NaN and infinities', draw.nonFinite(75), 1),
        one('values far out of range', draw.wide(99, 60), 1e3),
      ];
    }),
  );
}

function dequantizeCases(): KernelCase[] {
  return FORMATS.flatMap(({ name, mantissaBits, minExponent, signBit }) =>
    GROUPINGS.map(({ title, ...grouping }) => {
      const draw = new Draw(`dequantize_minifloat ${name} ${title}`);
      return kernelCase(
        'dequantize_minifloat',
        `${name}, ${title}`,
        {
          codes: data('uint8', draw.codes('uint8', grouping.count, 0, 2 * signBit - 1)),
          qparams: floats(draw.qparams(grouping.groups, [0])),
          output: out('float', grouping.count),
        },
        { ...grouping, mantissaBits, minExponent, signBit },
      );
    }),
  );
}

export function minifloatCases(): KernelCase[] {
  return [...quantizeCases(), ...dequantizeCases()];
}
