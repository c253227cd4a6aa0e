/** The kernels `range`, `qparams`, `quantize` and `dequantize` of the reference backend against the scalar quantiser, bit for bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../src/backend/backend.js';
import type { BufferRef } from '../src/backend/kernels.js';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { bytesOf, type Storage } from '../src/core/dtype.js';
import { noise16, noiseKey } from '../src/core/rng.js';
import { codeRange, formats } from '../src/quant/format.js';
import { dequantizeArray, type QuantizerSpec, quantizeArray } from '../src/quant/quantize-array.js';

const seed = [123, 456] as const;
const step = 3;
const microStep = 1;
const site = 5;

/** Runs the four kernels on [groups][cols] values, one group a row. */
function onKernels(values: Float32Array, groups: number, spec: QuantizerSpec) {
  const cols = values.length / groups;
  const symmetric = spec.scheme === 'symmetric';
  const { qmin, qmax } = codeRange(formats[spec.format], symmetric);
  const backend = createReferenceBackend();
  let end = 0;
  const buffer = (length: number, storage: Storage): BufferRef => {
    const offset = end;
    end += Math.ceil((length * bytesOf(storage)) / 16) * 16;
    return { offset, length, storage };
  };
  const input = buffer(values.length, 'float');
  const cells = buffer(groups * 2, 'float');
  const qparams = buffer(groups * 4, 'float');
  const counters = buffer(4, 'int32');
  const status = buffer(site + 1, 'int32');
  const codes = buffer(values.length, formats[spec.format].storage);
  const output = buffer(values.length, 'float');
  const grouping = { count: values.length, groups, groupStride: cols };
  const stochastic = spec.rounding === 'stochastic' ? 1 : 0;
  const scheme = { affine: 0, symmetric: 1, 'affine-float-zero': 2 }[spec.scheme];
  const candidates = 16;
  const losses = buffer(candidates, 'float');
  const range = buffer(2, 'float');
  const clip: Call[] = [
    {
      kernel: 'clip_losses',
      buffers: { input, cells, counters, losses },
      params: { count: values.length, rows: groups, candidates, stochastic, scheme, qmin, qmax, site },
    },
    { kernel: 'clip_range', buffers: { cells, losses, range }, params: { rows: groups, candidates } },
  ];
  backend.reserve(end);
  backend.view(input).set(values);
  backend.view(counters).set([...seed, step, microStep]);
  const byCosine = spec.clip === 'cosine';
  const calls: Call[] = [
    { kernel: 'range', buffers: { input, cells, status }, params: { rows: groups, cols, site } },
    ...(byCosine ? clip : []),
    {
      kernel: 'qparams',
      buffers: { cells: byCosine ? range : cells, qparams },
      params: {
        outer: groups,
        inner: 1,
        by: groups > 1 ? 1 : 0,
        chunks: 0,
        tracking: 0,
        momentum: 0.1,
        clip: spec.clip === 'cosine' ? 1 : spec.clip,
        scheme,
        qmin,
        qmax,
      },
    },
    {
      kernel: 'quantize',
      buffers: { input, qparams, counters, codes },
      params: { ...grouping, stochastic, qmin, qmax, site },
    },
    { kernel: 'dequantize', buffers: { codes, qparams, output }, params: grouping },
  ];
  backend.compile(calls).run();
  return {
    codes: [...backend.view(codes)],
    // A zero point may come as -0, which is the same number.
    qparams: [...backend.view(qparams)].map((x) => x + 0),
    output: [...backend.view(output)],
  };
}

describe('the scalar quantiser', () => {
  const cases = fc
    .record({
      groups: fc.integer({ min: 1, max: 4 }),
      cols: fc.integer({ min: 1, max: 12 }),
      format: fc.constantFrom('int2', 'uint4', 'int6', 'int8', 'uint8', 'int16'),
      affine: fc.boolean(),
      floatZero: fc.boolean(),
      rounding: fc.constantFrom('nearest', 'stochastic'),
      clip: fc.constantFrom(1, 0.5, 0.875, 'cosine' as const),
      magnitude: fc.constantFrom(1e-40, 1e-20, 1, 1e20),
    })
    .chain((shape) => {
      const count = shape.groups * shape.cols;
      const value = fc.oneof(fc.constant(0), fc.float({ min: -100, max: 100, noNaN: true }));
      return fc.record({
        shape: fc.constant(shape),
        values: fc.array(value, { minLength: count, maxLength: count }),
      });
    });

  it('gives the codes, scales and decoded values of the kernels', () => {
    fc.assert(
      fc.property(cases, ({ shape, values }) => {
        const { groups, cols, format, affine, floatZero, rounding, clip, magnitude } = shape;
        const isAffine = format.startsWith('u') || (affine && format !== 'int16');
        const withZero = isAffine ? 'affine' : 'symmetric';
        const hasFloatZero = floatZero && !(format === 'int16' && rounding === 'stochastic');
        const scheme = hasFloatZero ? 'affine-float-zero' : withZero;
        const takesCosine = groups === 1 && format !== 'int16' && scheme !== 'affine-float-zero';
        const factor = clip === 'cosine' && !takesCosine ? 1 : clip;
        const spec = { format, scheme, rounding, clip: factor } as const;
        const input = Float32Array.from(values, (x) => x * magnitude);
        const key = noiseKey(...seed, site, step, microStep);
        const scalar = quantizeArray(input, spec, (i) => noise16(i, key), { groups, groupStride: cols });
        const kernels = onKernels(input, groups, spec);
        expect(
          scalar.scales.flatMap(({ scale, inv, zeroPoint, offset }) => [scale, inv, zeroPoint, offset]),
        ).toEqual(kernels.qparams);
        expect([...scalar.codes]).toEqual(kernels.codes);
        expect([...dequantizeArray(scalar)]).toEqual(kernels.output);
      }),
      { numRuns: 1000 },
    );
  });
});
