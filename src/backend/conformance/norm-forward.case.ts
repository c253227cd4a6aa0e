/** Cases of the statistics and coefficients of normalisation. */
import type { NumericArray } from '../../core/dtype.js';
import { Draw, NON_FINITE_FLOATS, PLACES, qparamsOf } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';
import {
  INPUT_STORAGES,
  type InputStorage,
  NORM_SHAPES,
  type NormShape,
  normCellsOf,
  normSize,
  normTitle,
  valuesOf,
} from './norm-data.case.js';

function normCellsCase(title: string, shape: NormShape, values: NumericArray, positions = 1): KernelCase {
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
    { batch, inner, channels, positions, site: 1 },
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
        normCellsCase('no positions', shape, valuesOf(draw, storage, size), 0),
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
    ...[1, 3, 8, 16].flatMap((channels) =>
      PLACES.map((at) => {
        const value = NON_FINITE_FLOATS[at % 3];
        const values = new Draw(`norm_cells ${channels} ${at}`).withOne(48, at, value);
        return normCellsCase(`${value} at ${at}`, { batch: 1, inner: 48 / channels, channels }, values);
      }),
    ),
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
  /** Codes with a scale per channel. */
  readonly perChannel?: boolean;
  /** In place of drawn running spreads. */
  readonly runningSpread?: readonly number[];
}

function finalizeCase(f: Finalize): KernelCase {
  const { batch, inner, channels } = f.shape;
  const title = [
    `${normTitle(f.shape)} ${f.storage}`,
    f.kind ? `Range BN, ${f.chunks} chunks` : 'batch norm',
    f.train ? 'train' : 'eval',
    `coefBits ${f.coefBits}`,
    `${f.dead} dead${f.perChannel ? ', a scale per channel' : ''}${f.title}`,
  ].join(', ');
  const draw = new Draw(`norm_finalize ${title}`);
  const values = valuesOf(draw, f.storage, normSize(f.shape));
  const isDead = (c: number) => f.dead === 'all' || (f.dead === 'some' && c % 3 === 1);
  for (let i = 0; i < values.length; i++) if (isDead(i % channels)) values[i] = 5;
  const spread = f.runningSpread ?? draw.uniform(channels, 0.1, 3).map((s, c) => (isDead(c) ? 0 : s));
  const codes = f.storage !== 'float';
  const zeroPoint = f.storage === 'uint8' ? 117 : -4;
  const qparams = f.perChannel ? draw.qparams(channels, [zeroPoint, 3, 60]) : qparamsOf(0.0173, zeroPoint);
  return kernelCase(
    'norm_finalize',
    title,
    {
      cells: f.train ? normCellsOf(values, f.shape) : undefined,
      qparams: codes ? floats(qparams) : undefined,
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
      codes: codes ? (f.perChannel ? 2 : 1) : 0,
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
              const one: Finalize = { title: '', shape, kind, train, chunks, coefBits, storage, dead };
              cases.push(finalizeCase(one));
              if (storage !== 'float') cases.push(finalizeCase({ ...one, perChannel: true }));
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
  return [...cases, ...decayedCases()];
}

/** Inference with the running spreads of channels that were dead in training in float, which have decayed and are not 0. */
function decayedCases(): KernelCase[] {
  const shape: NormShape = { batch: 3, inner: 5, channels: 6 };
  const rest = { shape, train: 0, chunks: 3, coefBits: 8, storage: 'uint8', dead: 'none' } as const;
  return [0, 1].flatMap((kind) => {
    // Spreads of kind 0 are variances: twice the steps to the same deviation.
    const power = kind === 0 ? 2 : 1;
    const edge = 2 ** (-11 * power);
    const spreads: [string, number[]][] = [
      [', decayed', [1.3, 0.9 ** (100 * power), 0.7, 2, 0.9 ** (400 * power), 0.4]],
      [', at 1/4096 of the largest', [1.3, edge, 0.7, 2 ** power, 0, 0.4]],
      [', just above 1/4096 of the largest', [1.3, edge * (1 + 2 ** -23), 0.7, 2 ** power, 0, 0.4]],
    ];
    return spreads.map(([title, runningSpread]) => finalizeCase({ ...rest, title, kind, runningSpread }));
  });
}

export function normForwardCases(): KernelCase[] {
  return [...normCellsCases(), ...finalizeCases()];
}
