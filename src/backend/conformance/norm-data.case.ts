/**
 * Inputs of the normalisation kernels that are outputs of others: cells of norm_cells, coefficients. Made here in plain
 * arithmetic, so that a case depends on no backend. Float cells need only be plausible, code cells are exact.
 */
import type { NumericArray, Storage } from '../../core/dtype.js';
import { codeRange, type Draw } from './draw.case.js';
import { type CaseBuffer, data } from './kernel-case.case.js';

export interface NormShape {
  readonly batch: number;
  readonly inner: number;
  readonly channels: number;
}

export const normTitle = ({ batch, inner, channels }: NormShape): string =>
  `${batch} x ${inner} x ${channels}`;

export const normSize = ({ batch, inner, channels }: NormShape): number => batch * inner * channels;

/** One vector of channels, ragged ones, batch 1, and enough values for several blocks of a sum. */
export const NORM_SHAPES: readonly NormShape[] = [
  { batch: 1, inner: 2, channels: 1 },
  { batch: 1, inner: 7, channels: 3 },
  { batch: 3, inner: 33, channels: 8 },
  { batch: 2, inner: 49, channels: 10 },
  { batch: 5, inner: 16, channels: 16 },
  { batch: 7, inner: 1, channels: 33 },
  { batch: 2, inner: 300, channels: 24 },
  { batch: 2, inner: 1003, channels: 1 },
  { batch: 4, inner: 129, channels: 32 },
];

export type InputStorage = 'float' | 'int8' | 'uint8';
export const INPUT_STORAGES: readonly InputStorage[] = ['float', 'int8', 'uint8'];

/** Values of a tensor in a storage; floats with ties, so that the first of equal extremes matters. */
export function valuesOf(draw: Draw, storage: Storage, count: number): NumericArray {
  return storage === 'float' ? draw.ties(count, 200) : draw.codes(storage, count, ...codeRange(storage));
}

/** Scale of a channel's coefficient such that a*q is of size 1. */
export const inputScaleOf = (storage: Storage): number => (storage === 'float' ? 1 : 1 / 128);

/** Positions and values that norm_cells finds, for each image and channel. */
interface Moments {
  readonly min: number;
  readonly max: number;
  readonly argMin: number;
  readonly argMax: number;
  readonly sum: number;
  readonly squares: number;
}

function momentsOf(values: NumericArray, shape: NormShape, image: number, channel: number): Moments {
  let [argMin, argMax, sum, squares] = [0, 0, 0, 0];
  const valueAt = (i: number) => values[(image * shape.inner + i) * shape.channels + channel];
  for (let i = 0; i < shape.inner; i++) {
    const x = valueAt(i);
    if (x < valueAt(argMin)) argMin = i;
    if (x > valueAt(argMax)) argMax = i;
    sum += x;
    squares += x * x;
  }
  return { min: valueAt(argMin), max: valueAt(argMax), argMin, argMax, sum, squares };
}

/** The cells of norm_cells for these values. */
export function normCellsOf(values: NumericArray, shape: NormShape): CaseBuffer {
  const isFloat = values instanceof Float32Array;
  const cells = new Float64Array(shape.batch * shape.channels * 8);
  for (let image = 0; image < shape.batch; image++) {
    for (let channel = 0; channel < shape.channels; channel++) {
      const m = momentsOf(values, shape, image, channel);
      const mean = m.sum / shape.inner;
      const last = isFloat
        ? [mean, Math.max(0, m.squares - shape.inner * mean * mean), 0, 0]
        : [m.sum, 0, m.squares | 0, Math.floor(m.squares / 2 ** 32)];
      cells.set([m.min, m.max, m.argMin, m.argMax, ...last], (image * shape.channels + channel) * 8);
    }
  }
  return data(isFloat ? 'float' : 'int32', cells);
}

/** The cells of norm_grad_cells for these codes: { sum g, 0, sum g*q as int64 }. */
export function gradCellsOf(gradOutput: NumericArray, input: NumericArray, shape: NormShape): CaseBuffer {
  const cells = new Int32Array(shape.batch * shape.channels * 4);
  for (let image = 0; image < shape.batch; image++) {
    for (let channel = 0; channel < shape.channels; channel++) {
      let [sum, products] = [0, 0];
      for (let i = 0; i < shape.inner; i++) {
        const at = (image * shape.inner + i) * shape.channels + channel;
        sum += gradOutput[at];
        products += gradOutput[at] * input[at];
      }
      const at = (image * shape.channels + channel) * 4;
      cells.set([sum, 0, products | 0, Math.floor(products / 2 ** 32)], at);
    }
  }
  return data('int32', cells);
}

/** coef of norm_finalize: { a, b, yA, yB, inv, gamma, mean, spread }; some a negative, one 0 where there is room. */
export function coefficients(draw: Draw, channels: number, inputScale: number): Float32Array {
  const coef = new Float32Array(channels * 8);
  for (let c = 0; c < channels; c++) {
    const [a, b, yA, yB, inv, gamma, mean, spread] = draw.normal(8);
    coef.set([a * inputScale, b, yA * inputScale, yB, Math.abs(inv), gamma, mean, Math.abs(spread)], 8 * c);
  }
  if (channels > 2) coef[8] = 0;
  return coef;
}
