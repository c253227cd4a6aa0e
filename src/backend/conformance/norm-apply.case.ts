/** Cases of the kernels that apply a norm's coefficients, alone and fused with what follows. */
import { codeRange, Draw, NON_FINITE_FLOATS, PLACES, qparamsOf } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, maskBytes, out } from './kernel-case.case.js';
import {
  coefficients,
  INPUT_STORAGES,
  type InputStorage,
  inputScaleOf,
  NORM_SHAPES,
  type NormShape,
  normCellsOf,
  normSize,
  normTitle,
  valuesOf,
} from './norm-data.case.js';

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

function addReluCase(
  title: string,
  draw: Draw,
  shape: NormShape,
  storage: InputStorage,
  shortcut: Float32Array,
): KernelCase {
  const { batch, inner, channels } = shape;
  const count = normSize(shape);
  return kernelCase(
    'channel_affine_add_relu',
    `${normTitle(shape)} ${storage}, ${title}`,
    {
      input: data(storage, valuesOf(draw, storage, count)),
      coef: floats(coefficients(draw, channels, inputScaleOf(storage))),
      shortcut: floats(shortcut),
      output: out('float', count),
      mask: out('uint8', maskBytes(count)),
      cells: out('float', 2 * batch, { unspecified: shortcut.every(Number.isFinite) ? undefined : 'all' }),
      status: ints([4, 0]),
    },
    { batch, inner, channels, site: 0 },
  );
}

function addReluCases(): KernelCase[] {
  const cases = NORM_SHAPES.flatMap((shape) =>
    INPUT_STORAGES.flatMap((storage) => {
      const draw = new Draw(`channel_affine_add_relu ${normTitle(shape)} ${storage}`);
      const count = normSize(shape);
      return [
        addReluCase('normal shortcut', draw, shape, storage, draw.normal(count)),
        addReluCase('special shortcut', draw, shape, storage, draw.special(count)),
        addReluCase('NaN and infinities in the shortcut', draw, shape, storage, draw.nonFinite(count)),
      ];
    }),
  );
  const hidden = [3, 8].flatMap((channels) =>
    PLACES.map((at) => {
      const draw = new Draw(`channel_affine_add_relu ${channels} ${at}`);
      const shape = { batch: 1, inner: 48 / channels, channels };
      const value = NON_FINITE_FLOATS[at % 3];
      return addReluCase(`${value} at ${at}`, draw, shape, 'uint8', draw.withOne(48, at, value));
    }),
  );
  return [...cases, ...hidden];
}

export function normApplyCases(): KernelCase[] {
  return [...affineCases(), ...affineRangeCases(), ...addReluCases()];
}
