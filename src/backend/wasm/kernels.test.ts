/**
 * What the conformance suite's small cases cannot reach in the WASM kernels: inputs larger than a kernel's blocks, sums at
 * the edge of their int32 and int16 blocks, few rows shared by many threads, and a NaN in every lane.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../core/dtype.js';
import type { Backend } from '../backend.js';
import { codeRange, Draw } from '../conformance/draw.case.js';
import {
  data,
  floats,
  ints,
  type KernelCase,
  kernelCase,
  maskBytes,
  out,
} from '../conformance/kernel-case.case.js';
import { compareOutputs, runCase } from '../conformance/runner.case.js';
import { createReferenceBackend } from '../reference/index.js';
import { createWasmBackend } from './index.js';

const reference = createReferenceBackend();
const backends: Backend[] = [];
beforeAll(async () => {
  for (const threads of [1, 2, 3])
    backends.push(await createWasmBackend({ threads, spreadSmall: true, relaxed: false }));
});
afterAll(async () => {
  for (const backend of backends) await backend.dispose();
});

function expectAgreement(kase: KernelCase): void {
  const expected = runCase(reference, kase);
  for (const backend of backends) {
    expect(compareOutputs(kase, expected, runCase(backend, kase)), backend.description).toBe('');
  }
}

const site = 1;
const status = () => ints([0, 0, 0]);

const anyCodes = (storage: Storage, count: number) =>
  data(storage, new Draw(`${storage} ${count}`).codes(storage, count, ...codeRange(storage)));
const anyFloats = (count: number) => floats(new Draw(`floats ${count}`).wide(count, 6));

function rangeCase(rows: number, cols: number): KernelCase {
  const buffers = { input: anyFloats(rows * cols), cells: out('float', 2 * rows), status: status() };
  return kernelCase('range', `${rows} x ${cols}`, buffers, { rows, cols, site });
}

function rangeChannelsCase(batch: number, inner: number, channels: number): KernelCase {
  const input = anyFloats(batch * inner * channels);
  const buffers = { input, cells: out('float', 2 * batch * channels), status: status() };
  return kernelCase('range_channels', `${batch} x ${inner} x ${channels}`, buffers, {
    batch,
    inner,
    channels,
    site,
  });
}

function sumCase(outer: number, axis: number, inner: number): KernelCase {
  const buffers = { input: anyFloats(outer * axis * inner), output: out('float', outer * inner) };
  return kernelCase('reduce_sum', `${outer} x ${axis} x ${inner}`, buffers, {
    outer,
    axis,
    inner,
    scale: 0.37,
  });
}

function copyCase(
  storage: Storage,
  shape: readonly [number, number],
  inStrides: readonly [number, number],
): KernelCase {
  const count = shape[0] * shape[1];
  const unused = { shape2: 1, shape3: 1, shape4: 1, shape5: 1 };
  const noStrides = {
    ...{ inStride2: 0, inStride3: 0, inStride4: 0, inStride5: 0 },
    ...{ outStride2: 0, outStride3: 0, outStride4: 0, outStride5: 0 },
  };
  const input = storage === 'float' ? anyFloats(count) : anyCodes(storage, count);
  return kernelCase(
    'copy_strided',
    `${shape} ${storage}`,
    { input, output: out(storage, count) },
    {
      ...{ rank: 2, shape0: shape[0], shape1: shape[1], ...unused },
      ...{
        inStride0: inStrides[0],
        inStride1: inStrides[1],
        outStride0: shape[1],
        outStride1: 1,
        ...noStrides,
      },
      ...{ inOffset: 0, outOffset: 0 },
    },
  );
}

const zeroPoints: Partial<Record<Storage, readonly number[]>> = {
  int8: [-128, 3, 127],
  uint8: [0, 131, 255],
};

function quantizeCase(storage: Storage, stochastic: number, groups: number, groupStride: number): KernelCase {
  const count = 40_007;
  const draw = new Draw(`quantize ${storage} ${groups}`);
  const [qmin, qmax] = codeRange(storage);
  const buffers = {
    input: floats(draw.normal(count)),
    qparams: floats(draw.qparams(groups, zeroPoints[storage] ?? [0])),
    counters: ints(draw.counters()),
    codes: out(storage, count),
  };
  const params = { count, groups, groupStride, stochastic, qmin, qmax, site };
  return kernelCase('quantize', `${storage}, ${groups} groups, stochastic ${stochastic}`, buffers, params);
}

function pairCase(groupsA: number, groupsB: number): KernelCase {
  const count = 40_007;
  const draw = new Draw(`pair ${groupsA}`);
  const buffers = {
    input: floats(draw.normal(count)),
    qparamsA: floats(draw.qparams(groupsA, [0])),
    qparamsB: floats(draw.qparams(groupsB, [0], 1e-4)),
    counters: ints(draw.counters()),
    codesA: out('int8', count),
    codesB: out('int16', count),
  };
  return kernelCase('quantize_pair', `${groupsA} and ${groupsB} groups`, buffers, {
    ...{ count, groupsA, groupStrideA: 1, stochasticA: 1, qminA: -127, qmaxA: 127, siteA: 0 },
    ...{ groupsB, groupStrideB: 1, stochasticB: 1, qminB: -32767, qmaxB: 32767, siteB: 1 },
  });
}

function dequantizeCase(storage: Storage, groups: number): KernelCase {
  const count = 40_007;
  const qparams = floats(new Draw(`dequantize ${groups}`).qparams(groups, zeroPoints[storage] ?? [0]));
  const buffers = { codes: anyCodes(storage, count), qparams, output: out('float', count) };
  return kernelCase('dequantize', `${storage}, ${groups} groups`, buffers, { count, groups, groupStride: 1 });
}

const coefOf = (channels: number) => floats(new Draw(`coef ${channels}`).normal(8 * channels, 0.02));

function affineCases(rows: number, channels: number): KernelCase[] {
  const count = rows * channels;
  const input = anyCodes('uint8', count);
  const coef = coefOf(channels);
  const draw = new Draw(`affine ${channels}`);
  const title = `${rows} x ${channels}`;
  const qparams = floats(draw.qparams(1, [7], 0.02));
  const gradCoef = floats(draw.normal(4 * channels));
  const gradOutput = anyCodes('int8', count);
  const quantized = {
    input,
    coef,
    qparams,
    codes: out('uint8', count),
    mask: out('uint8', maskBytes(count)),
  };
  return [
    kernelCase('channel_affine', title, { input, coef, output: out('float', count) }, { rows, channels }),
    kernelCase('channel_affine_quantize', title, quantized, { rows, channels, relu: 1, qmin: 0, qmax: 255 }),
    kernelCase(
      'norm_grad_input',
      title,
      { gradOutput, input, gradCoef, gradInput: out('float', count) },
      { rows, channels, cellRows: 0, site: 0 },
    ),
    kernelCase(
      'scale_channels',
      title,
      { input: anyFloats(count), qparams: floats(draw.qparams(channels, [0])), output: out('float', count) },
      { rows, channels },
    ),
  ];
}

function residualCase(batch: number, inner: number, channels: number): KernelCase {
  const count = batch * inner * channels;
  const buffers = {
    input: anyCodes('uint8', count),
    coef: coefOf(channels),
    shortcut: floats(new Draw(`shortcut ${count}`).normal(count)),
    output: out('float', count),
    mask: out('uint8', maskBytes(count)),
    cells: out('float', 2 * batch),
    status: status(),
  };
  const params = { batch, inner, channels, site };
  return kernelCase('channel_affine_add_relu', `${batch} x ${inner} x ${channels}`, buffers, params);
}

function cellsCase(storage: Storage, inner: number, channels: number, extreme?: number): KernelCase {
  const batch = 2;
  const count = batch * inner * channels;
  const input =
    storage === 'float'
      ? anyFloats(count)
      : extreme === undefined
        ? anyCodes(storage, count)
        : data(storage, new Float64Array(count).fill(extreme));
  const cells = out(storage === 'float' ? 'float' : 'int32', 8 * batch * channels);
  const title = `${storage} ${inner} x ${channels}${extreme === undefined ? '' : `, all ${extreme}`}`;
  return kernelCase(
    'norm_cells',
    title,
    { input, cells, status: status() },
    { batch, inner, channels, positions: 1, site },
  );
}

function gradCellsCase(
  gradStorage: Storage,
  storage: Storage,
  inner: number,
  channels: number,
  extremes?: readonly [number, number],
): KernelCase {
  const batch = 2;
  const count = batch * inner * channels;
  const operand = (s: Storage, extreme: number | undefined) => {
    if (extreme !== undefined) return data(s, new Float64Array(count).fill(extreme));
    return s === 'float' ? anyFloats(count) : anyCodes(s, count);
  };
  const isExact = gradStorage !== 'float' && storage !== 'float';
  const buffers = {
    gradOutput: operand(gradStorage, extremes?.[0]),
    input: operand(storage, extremes?.[1]),
    coef: coefOf(channels),
    gradParams: floats(new Draw('gradient').qparams(1, [0])),
    cells: out(isExact ? 'int32' : 'float', 4 * batch * channels),
  };
  const title = `${gradStorage} with ${storage} ${inner} x ${channels}${extremes ? `, all ${extremes}` : ''}`;
  return kernelCase('norm_grad_cells', title, buffers, { batch, inner, channels });
}

const cases: readonly KernelCase[] = [
  rangeCase(1, 100_003),
  rangeCase(3, 20_001),
  rangeCase(7, 5000),
  rangeChannelsCase(1, 3001, 10),
  rangeChannelsCase(2, 1001, 16),
  rangeChannelsCase(7, 301, 33),
  sumCase(1, 50_001, 1),
  sumCase(3, 2000, 1),
  sumCase(9, 100, 1),
  sumCase(1, 3000, 33),
  sumCase(2, 700, 16),
  copyCase('float', [1, 100_003], [0, 1]),
  copyCase('uint8', [2, 20_001], [20_001, 1]),
  copyCase('int16', [301, 203], [1, 301]),
  copyCase('float', [3, 1001], [1001, 1]),
  ...(['int8', 'uint8', 'int16'] as const).flatMap((storage) => [
    quantizeCase(storage, 0, 1, 40_007),
    quantizeCase(storage, 1, 1, 40_007),
    quantizeCase(storage, 0, 33, 1),
    quantizeCase(storage, 1, 10, 1),
    quantizeCase(storage, 1, 7, 27),
    dequantizeCase(storage, 1),
    dequantizeCase(storage, 33),
  ]),
  pairCase(1, 1),
  pairCase(16, 16),
  pairCase(10, 1),
  ...[3, 10, 16, 33, 64].flatMap((channels) => affineCases(3001, channels)),
  residualCase(1, 3001, 33),
  residualCase(1, 3000, 10),
  residualCase(2, 1024, 16),
  residualCase(9, 300, 64),
  cellsCase('uint8', 40_000, 3),
  cellsCase('uint8', 20_001, 16, 255),
  cellsCase('int8', 40_001, 3, -128),
  cellsCase('int8', 700, 33),
  cellsCase('float', 1000, 13),
  gradCellsCase('int8', 'uint8', 20_001, 16, [-127, 255]),
  gradCellsCase('uint8', 'uint8', 20_001, 16, [255, 255]),
  gradCellsCase('int16', 'uint8', 1001, 16, [-32_767, 255]),
  gradCellsCase('int16', 'int8', 1001, 10),
  gradCellsCase('int8', 'int8', 20_003, 3),
  gradCellsCase('float', 'float', 500, 13),
  gradCellsCase('int8', 'float', 500, 12),
  gradCellsCase('float', 'uint8', 500, 9),
];

describe('large inputs', () => {
  it.each(cases.map((kase) => [`${kase.kernel}: ${kase.title}`, kase] as const))('%s', (_, kase) => {
    expectAgreement(kase);
  });
});

describe('a NaN or infinity', () => {
  const positions = Array.from({ length: 70 }, (_, i) => i);

  /** The status word that each backend leaves for a case. */
  const statusOf = (kase: KernelCase) =>
    backends.map((backend) => runCase(backend, kase).get('status')?.[site] ?? -1);

  it.each([Number.NaN, Infinity, -Infinity])('%d is seen by the range kernels wherever it stands', (bad) => {
    for (const at of positions) {
      const values = new Draw('sound').normal(70);
      values[at] = bad;
      const input = floats(values);
      const row = { input, cells: out('float', 2), status: status() };
      const channels = { input, cells: out('float', 20), status: status() };
      const seen = [
        statusOf(kernelCase('range', `at ${at}`, row, { rows: 1, cols: 70, site })),
        statusOf(
          kernelCase('range_channels', `at ${at}`, channels, { batch: 1, inner: 7, channels: 10, site }),
        ),
        statusOf(
          kernelCase(
            'norm_cells',
            `at ${at}`,
            { input, cells: out('float', 80), status: status() },
            { batch: 1, inner: 7, channels: 10, positions: 1, site },
          ),
        ),
      ];
      expect(seen, `position ${at}`).toEqual(seen.map(() => [1, 1, 1]));
    }
  });

  it('is not seen where finite values only overflow a sum', () => {
    const input = floats(new Float32Array(64).fill(3.4e38));
    const buffers = { input, cells: out('float', 64), status: status() };
    const params = { batch: 1, inner: 8, channels: 8, positions: 1, site };
    expect(statusOf(kernelCase('norm_cells', 'huge', buffers, params))).toEqual([0, 0, 0]);
    const row = { input, cells: out('float', 2), status: status() };
    expect(statusOf(kernelCase('range', 'huge', row, { rows: 1, cols: 64, site }))).toEqual([0, 0, 0]);
  });
});
