/** Cases of the statistics, coefficients and application of normalisation. */
import type { NumericArray, Storage } from '../../core/dtype.js';
import { codeRange, Draw, NON_FINITE_FLOATS, qparamsOf } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, maskBytes, out } from './kernel-case.case.js';
import {
  coefficients,
  NORM_SHAPES,
  type NormShape,
  normCellsOf,
  normSize,
  normTitle,
} from './norm-data.case.js';

type InputStorage = 'float' | 'int8' | 'uint8';
const INPUT_STORAGES: readonly InputStorage[] = ['float', 'int8', 'uint8'];

/** Values of a tensor in a storage; floats with ties, so that the first of equal extremes matters. */
function valuesOf(draw: Draw, storage: Storage, count: number): NumericArray {
  return storage === 'float' ? draw.ties(count, 200) : draw.codes(storage, count, ...codeRange(storage));
}

/** Scale of a channel's coefficient such that a*q is of size 1. */
const inputScaleOf = (storage: Storage): number => (storage === 'float' ? 1 : 1 / 128);

function normCellsCase(title: string, shape: NormShape, values: NumericArray): KernelCase {
  const { batch, inner, channels } = shape;
  const isFloat = values instanceof Float32Array;
  const broken = new Set<number>();
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) broken.add(Math.floor(i / (inner * channels)) * channels + (i % channels));
  });
  const unspecified = [...broken].flatMap((cell) => [0, 1, 2, 3, 4, 5, 6, 7].map((k) => 8 * cell + k));
  const storage = isFloat ? 'float' : values instanceof Int8Array ? 'int8' : 'uint8';
  return kernelCase(
    'norm_cells',
    `${normTitle(shape)} ${storage}, ${title}`,
    {
      input: data(storage, values),
      cells: out(isFloat ? 'float' : 'int32', batch * channels * 8, { unspecified }),
      status: ints([0, 2]),
    },
    { batch, inner, channels, site: 1 },
  );
}

function normCellsCases(): KernelCase[] {
  const cases = NORM_SHAPES.flatMap((shape) =>
    INPUT_STORAGES.flatMap((storage) => {
      const draw = new Draw(`norm_cells ${normTitle(shape)} ${storage}`);
      const size = normSize(shape);
      const constant = valuesOf(draw, storage, 1)[0];
      return [
        normCellsCase('ties', shape, valuesOf(draw, storage, size)),
        normCellsCase('a constant', shape, data(storage, new Float64Array(size).fill(constant)).data!),
        ...(storage === 'float'
          ? [
              normCellsCase('wide values', shape, draw.wide(size)),
              normCellsCase(
                'special values',
                shape,
                draw.special(size).map((x) => (Math.abs(x) > 1e30 ? 7 : x)),
              ),
              normCellsCase('NaN and infinities', shape, draw.nonFinite(size)),
              normCellsCase('one infinity', shape, draw.normal(size).fill(-Infinity, size - 1)),
            ]
          : []),
      ];
    }),
  );
  const long: NormShape = { batch: 1, inner: 70_000, channels: 1 };
  return [
    ...cases,
    normCellsCase('sums of squares beyond 32 bits', long, new Uint8Array(70_000).fill(255)),
    normCellsCase(
      'sums of squares of -128',
      { batch: 1, inner: 9000, channels: 8 },
      new Int8Array(72_000).fill(-128),
    ),
  ];
}

interface Finalize {
  readonly title: string;
  readonly shape: NormShape;
  readonly kind: number;
  readonly train: number;
  readonly chunks: number;
  readonly coefBits: number;
  readonly storage: InputStorage;
  /** Channels that hold a constant. */
  readonly dead: 'none' | 'some' | 'all';
}

function finalizeCase(f: Finalize): KernelCase {
  const { batch, inner, channels } = f.shape;
  const title = [
    `${normTitle(f.shape)} ${f.storage}`,
    f.kind ? `Range BN, ${f.chunks} chunks` : 'batch norm',
    f.train ? 'train' : 'eval',
    `coefBits ${f.coefBits}`,
    `${f.dead} dead${f.title}`,
  ].join(', ');
  const draw = new Draw(`norm_finalize ${title}`);
  const values = valuesOf(draw, f.storage, normSize(f.shape));
  const isDead = (c: number) => f.dead === 'all' || (f.dead === 'some' && c % 3 === 1);
  for (let i = 0; i < values.length; i++) if (isDead(i % channels)) values[i] = 5;
  const spread = draw.uniform(channels, 0.1, 3).map((s, c) => (isDead(c) ? 0 : s));
  const codes = f.storage !== 'float';
  return kernelCase(
    'norm_finalize',
    title,
    {
      cells: f.train ? normCellsOf(values, f.shape) : undefined,
      qparams: codes ? floats(qparamsOf(0.0173, f.storage === 'uint8' ? 117 : -4)) : undefined,
      gamma: floats(draw.normal(channels)),
      beta: floats(draw.normal(channels, 0.3)),
      runningMean: floats(draw.normal(channels)),
      runningSpread: floats(spread),
      coef: out('float', channels * 8),
    },
    {
      batch,
      inner,
      channels,
      kind: f.kind,
      train: f.train,
      codes: codes ? 1 : 0,
      chunks: f.chunks,
      constantLow: 0.2813,
      constantHigh: 0.2671,
      eps: 1e-5,
      momentum: 0.1,
      coefBits: f.coefBits,
    },
  );
}

function finalizeCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const shape of NORM_SHAPES) {
    for (const storage of INPUT_STORAGES) {
      for (const kind of [0, 1]) {
        for (const train of [1, 0]) {
          for (const coefBits of [0, 8]) {
            // Half the batch and, where it is ragged, chunks of two sizes.
            const chunks = kind === 0 ? 1 : Math.max(1, Math.ceil(shape.batch / 2));
            for (const dead of coefBits > 0 ? (['none', 'some', 'all'] as const) : (['none'] as const)) {
              cases.push(finalizeCase({ title: '', shape, kind, train, chunks, coefBits, storage, dead }));
            }
          }
        }
      }
    }
  }
  const shape: NormShape = { batch: 10, inner: 20, channels: 13 };
  for (const chunks of [1, 4, 10]) {
    for (const storage of ['float', 'uint8'] as const) {
      cases.push(
        finalizeCase({ title: '', shape, kind: 1, train: 1, chunks, coefBits: 6, storage, dead: 'some' }),
      );
    }
  }
  return cases;
}

/** Shapes as rows of channels. */
const rowsOf = (shape: NormShape): number => shape.batch * shape.inner;

function affineCases(): KernelCase[] {
  return NORM_SHAPES.flatMap((shape) =>
    INPUT_STORAGES.flatMap((storage) => {
      const { channels } = shape;
      const rows = rowsOf(shape);
      const count = normSize(shape);
      const draw = new Draw(`channel_affine ${normTitle(shape)} ${storage}`);
      const input =
        storage === 'float' ? floats(draw.special(count)) : data(storage, valuesOf(draw, storage, count));
      const coef = floats(coefficients(draw, channels, inputScaleOf(storage)));
      const quantized = (['uint8', 'int8', 'int16'] as const).flatMap((codes) =>
        [0, 1].flatMap((relu) =>
          [true, false]
            .filter((mask) => relu === 1 || !mask)
            .map((mask) =>
              kernelCase(
                'channel_affine_quantize',
                `${normTitle(shape)} ${storage} to ${codes}${relu ? ', relu' : ''}${mask ? ' with mask' : ''}`,
                {
                  input,
                  coef,
                  qparams: floats(
                    qparamsOf(codes === 'int16' ? 1e-4 : 0.017, codes === 'uint8' ? 31 * (1 - relu) : 0),
                  ),
                  codes: out(codes, count),
                  mask: mask ? out('uint8', maskBytes(count)) : undefined,
                },
                {
                  rows,
                  channels,
                  relu,
                  qmin: codes === 'int8' ? -127 : codeRange(codes)[0],
                  qmax: codeRange(codes)[1],
                },
              ),
            ),
        ),
      );
      return [
        kernelCase(
          'channel_affine',
          `${normTitle(shape)} ${storage}`,
          { input, coef, output: out('float', count) },
          { rows, channels },
        ),
        ...quantized,
      ];
    }),
  );
}

function affineRangeCases(): KernelCase[] {
  return NORM_SHAPES.flatMap((shape) =>
    (['int8', 'uint8'] as const).flatMap((storage) =>
      [0, 1].flatMap((relu) =>
        [0, ...NON_FINITE_FLOATS].map((bad) => {
          const { batch, channels } = shape;
          const draw = new Draw(`channel_affine_range ${normTitle(shape)} ${storage} ${relu}`);
          const coef = coefficients(draw, channels, inputScaleOf(storage));
          if (bad !== 0) coef[8 * (channels - 1) + 1] = bad;
          // relu makes 0 of a negative infinity, and then the output is finite.
          return kernelCase(
            'channel_affine_range',
            `${normTitle(shape)} ${storage}${relu ? ', relu' : ''}${bad === 0 ? '' : `, a coefficient ${bad}`}`,
            {
              normCells: normCellsOf(valuesOf(draw, storage, normSize(shape)), shape),
              coef: floats(coef),
              cells: out('float', 2 * batch, {
                unspecified: bad === 0 ? undefined : 'all',
              }),
              status: ints([2, 4]),
            },
            { batch, channels, relu, site: 1 },
          );
        }),
      ),
    ),
  );
}

function addReluCases(): KernelCase[] {
  return NORM_SHAPES.flatMap((shape) =>
    INPUT_STORAGES.flatMap((storage) =>
      ['normal', 'special', 'nonFinite'].map((kind) => {
        const { batch, inner, channels } = shape;
        const count = normSize(shape);
        const draw = new Draw(`channel_affine_add_relu ${normTitle(shape)} ${storage} ${kind}`);
        const shortcut =
          kind === 'normal'
            ? draw.normal(count)
            : kind === 'special'
              ? draw.special(count)
              : draw.nonFinite(count);
        return kernelCase(
          'channel_affine_add_relu',
          `${normTitle(shape)} ${storage}, ${kind} shortcut`,
          {
            input: data(storage, valuesOf(draw, storage, count)),
            coef: floats(coefficients(draw, channels, inputScaleOf(storage))),
            shortcut: floats(shortcut),
            output: out('float', count),
            mask: out('uint8', maskBytes(count)),
            cells: out('float', 2 * batch, {
              unspecified: kind === 'nonFinite' ? 'all' : undefined,
            }),
            status: ints([4, 0]),
          },
          { batch, inner, channels, site: 0 },
        );
      }),
    ),
  );
}

export function normForwardCases(): KernelCase[] {
  return [
    ...normCellsCases(),
    ...finalizeCases(),
    ...affineCases(),
    ...affineRangeCases(),
    ...addReluCases(),
  ];
}
