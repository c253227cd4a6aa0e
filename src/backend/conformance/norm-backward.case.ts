/** Cases of the backward pass of normalisation, Range BN's spikes included. */
import type { NumericArray } from '../../core/dtype.js';
import { codeRange, Draw, qparamsOf } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';
import {
  coefficients,
  gradCellsOf,
  NORM_SHAPES,
  type NormShape,
  normCellsOf,
  normSize,
  normTitle,
} from './norm-data.case.js';

type ValueStorage = 'float' | 'int8' | 'uint8';

/** Storages of gradOutput and input that occur: gradients are symmetric int8, inputs anything of 8 bits. */
const PAIRS: readonly (readonly [grad: ValueStorage, input: ValueStorage])[] = [
  ['int8', 'uint8'],
  ['int8', 'int8'],
  ['uint8', 'uint8'],
  ['float', 'uint8'],
  ['float', 'int8'],
  ['int8', 'float'],
  ['float', 'float'],
];

function tensor(draw: Draw, storage: ValueStorage, count: number): NumericArray {
  return storage === 'float' ? draw.wide(count, 3) : draw.codes(storage, count, ...codeRange(storage));
}

/** What relu's mask may stand beside: float gradients of channels that 8 divides. */
const MASKED_SHAPES = NORM_SHAPES.filter(({ channels }) => channels % 8 === 0);
const FLOAT_PAIRS = PAIRS.filter(([grad]) => grad === 'float');

/** A bit for each element, of any pattern. */
function maskOf(draw: Draw, shape: NormShape): NumericArray {
  return draw.codes('uint8', Math.ceil(normSize(shape) / 8), 0, 255);
}

function gradCellsCase(
  title: string,
  shape: NormShape,
  [grad, input]: readonly [ValueStorage, ValueStorage],
  gradValues: NumericArray,
  inputValues: NumericArray,
  coef: Float32Array,
  mask?: NumericArray,
): KernelCase {
  const exact = grad !== 'float' && input !== 'float';
  return kernelCase(
    'norm_grad_cells',
    `${normTitle(shape)}, gradient ${grad}, input ${input}${title}`,
    {
      gradOutput: data(grad, gradValues),
      input: data(input, inputValues),
      mask: mask && data('uint8', mask),
      coef: floats(coef),
      gradParams: grad === 'float' ? undefined : floats(qparamsOf(0.00123, 0)),
      cells: out(exact ? 'int32' : 'float', shape.batch * shape.channels * 4),
    },
    { ...shape },
  );
}

function gradCellsCases(): KernelCase[] {
  const cases = NORM_SHAPES.flatMap((shape) =>
    PAIRS.map((pair) => {
      const draw = new Draw(`norm_grad_cells ${normTitle(shape)} ${pair.join()}`);
      const [grad, input] = pair.map((storage) => tensor(draw, storage, normSize(shape)));
      const coef = coefficients(draw, shape.channels, pair[1] === 'float' ? 1 : 1 / 128);
      return gradCellsCase('', shape, pair, grad, input, coef);
    }),
  );
  const masked = MASKED_SHAPES.flatMap((shape) =>
    FLOAT_PAIRS.map((pair) => {
      const draw = new Draw(`norm_grad_cells masked ${normTitle(shape)} ${pair.join()}`);
      const [grad, input] = pair.map((storage) => tensor(draw, storage, normSize(shape)));
      const coef = coefficients(draw, shape.channels, pair[1] === 'float' ? 1 : 1 / 128);
      return gradCellsCase(", relu's mask", shape, pair, grad, input, coef, maskOf(draw, shape));
    }),
  );
  const long: NormShape = { batch: 1, inner: 70_000, channels: 1 };
  const wide: NormShape = { batch: 1, inner: 9000, channels: 8 };
  return [
    ...cases,
    ...masked,
    gradCellsCase(
      ', sums below -2^31',
      long,
      ['int8', 'uint8'],
      new Int8Array(70_000).fill(-128),
      new Uint8Array(70_000).fill(255),
      new Float32Array(8),
    ),
    gradCellsCase(
      ', long runs of -128',
      wide,
      ['int8', 'int8'],
      new Int8Array(72_000).fill(-128),
      new Int8Array(72_000).fill(-128),
      new Float32Array(64),
    ),
  ];
}

function gradFinalizeCases(): KernelCase[] {
  return NORM_SHAPES.flatMap((shape) =>
    [0, 1].flatMap((kind) =>
      ['codes', 'float cells', 'codes gradient, float cells'].map((source) => {
        const { batch, channels } = shape;
        const draw = new Draw(`norm_grad_finalize ${normTitle(shape)} ${kind} ${source}`);
        const size = normSize(shape);
        const cells =
          source === 'codes'
            ? gradCellsOf(draw.codes('int8', size, -127, 127), draw.codes('uint8', size, 0, 255), shape)
            : floats(draw.normal(batch * channels * 4, 5));
        return kernelCase(
          'norm_grad_finalize',
          `${normTitle(shape)}, ${kind ? 'Range BN' : 'batch norm'}, ${source}`,
          {
            cells,
            coef: floats(coefficients(draw, channels, source === 'codes' ? 1 / 128 : 1)),
            gradParams: source === 'float cells' ? undefined : floats(qparamsOf(0.00071, 0)),
            gradCoef: out('float', channels * 4),
            gradGamma: out('float', channels),
            gradBeta: out('float', channels),
          },
          { ...shape, kind, chunks: Math.max(1, Math.ceil(batch / 2)) },
        );
      }),
    ),
  );
}

function gradInputCases(): KernelCase[] {
  return NORM_SHAPES.flatMap((shape) =>
    [...PAIRS, ['int8', undefined] as const, ['float', undefined] as const].flatMap(([grad, input]) => {
      const { batch, inner, channels } = shape;
      const count = normSize(shape);
      const draw = new Draw(`norm_grad_input ${normTitle(shape)} ${grad} ${input}`);
      const range = {
        cells: out('float', 2 * batch),
        status: ints([0, 6]),
      };
      return [false, true].map((ranged) =>
        kernelCase(
          'norm_grad_input',
          `${normTitle(shape)}, gradient ${grad}, input ${input ?? 'absent'}${ranged ? ', with its range' : ''}`,
          {
            gradOutput: data(grad, tensor(draw, grad, count)),
            input: input && data(input, tensor(draw, input, count)),
            gradCoef: floats(draw.normal(channels * 4)),
            gradInput: out('float', count),
            ...(ranged ? range : {}),
          },
          { rows: batch * inner, channels, cellRows: ranged ? batch : 0, site: ranged ? 1 : 0 },
        ),
      );
    }),
  );
}

function maskedGradInputCases(): KernelCase[] {
  return MASKED_SHAPES.flatMap((shape) =>
    [...FLOAT_PAIRS.map(([, input]) => input), undefined].flatMap((input) => {
      const { batch, inner, channels } = shape;
      const count = normSize(shape);
      const draw = new Draw(`norm_grad_input masked ${normTitle(shape)} ${input}`);
      return kernelCase(
        'norm_grad_input',
        `${normTitle(shape)}, gradient float, relu's mask, input ${input ?? 'absent'}`,
        {
          gradOutput: data('float', tensor(draw, 'float', count)),
          input: input && data(input, tensor(draw, input, count)),
          mask: data('uint8', maskOf(draw, shape)),
          gradCoef: floats(draw.normal(channels * 4)),
          gradInput: out('float', count),
          cells: out('float', 2 * batch),
          status: ints([0, 6]),
        },
        { rows: batch * inner, channels, cellRows: batch, site: 1 },
      );
    }),
  );
}

function spikeCases(): KernelCase[] {
  return NORM_SHAPES.flatMap((shape) =>
    (['float', 'int8', 'uint8'] as const).flatMap((storage) =>
      [...new Set([1, Math.max(1, Math.ceil(shape.batch / 2)), shape.batch])].flatMap((chunks) =>
        ['ties', 'constant'].map((kind) => {
          const { batch, inner, channels } = shape;
          const count = normSize(shape);
          const draw = new Draw(`range_norm_spikes ${normTitle(shape)} ${storage} ${chunks} ${kind}`);
          const drawn = storage === 'float' ? draw.ties(count, 5) : draw.codes(storage, count, 0, 9);
          const values = kind === 'ties' ? drawn : drawn.fill(3);
          return kernelCase(
            'range_norm_spikes',
            `${normTitle(shape)} ${storage}, ${chunks} chunks, ${kind}`,
            {
              cells: normCellsOf(values, shape),
              gradCoef: floats(draw.normal(channels * 4)),
              gradInput: floats(draw.normal(count)),
            },
            { batch, inner, channels, chunks, constantLow: 0.31, constantHigh: 0.27 },
          );
        }),
      ),
    ),
  );
}

export function normBackwardCases(): KernelCase[] {
  return [
    ...gradCellsCases(),
    ...gradFinalizeCases(),
    ...gradInputCases(),
    ...maskedGradInputCases(),
    ...spikeCases(),
  ];
}
