import { describe, expect, it } from 'vitest';
import type { NumericArray } from '../../core/dtype.js';
import { type Operand, runKernel, uniforms, zeros } from './run-kernel.case.js';

const f = Math.fround;

const affine = { by: 0, chunks: 0, tracking: 0, momentum: 0.1, clip: 1, scheme: 0, qmin: 0, qmax: 255 };
const symmetric = { ...affine, scheme: 1, qmin: -127, qmax: 127 };

/** qparams of one group from cells [outer][1]. */
function scaleOf(cells: number[], params: typeof affine): number[] {
  const outer = cells.length / 2;
  return [...runKernel('qparams', { cells, qparams: zeros(4) }, { ...params, outer, inner: 1 }).qparams];
}

function encode(input: number[], qparams: Operand, codes: NumericArray, params: object = {}, step = 0) {
  return runKernel(
    'quantize',
    { input, qparams, counters: new Int32Array([1, 2, step, 0]), codes },
    {
      count: input.length,
      groups: 1,
      groupStride: input.length,
      stochastic: 0,
      qmin: 0,
      qmax: 255,
      site: 4,
      ...params,
    },
  ).codes;
}

const decode = (codes: NumericArray, qparams: Operand): NumericArray =>
  runKernel(
    'dequantize',
    { codes, qparams, output: zeros(codes.length) },
    { count: codes.length, groups: 1, groupStride: codes.length },
  ).output;

describe('range', () => {
  it('finds each row, and sees NaN and infinities anywhere', () => {
    const run = (input: number[]) =>
      runKernel(
        'range',
        { input, cells: zeros(4), status: new Int32Array(2) },
        { rows: 2, cols: 3, site: 1 },
      );
    const clean = run([1, -2, 3, 4, 5, 6]);
    expect([...clean.cells]).toEqual([-2, 3, 4, 6]);
    expect([...clean.status]).toEqual([0, 0]);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (let at = 0; at < 6; at++) expect(run([1, -2, 3, 4, 5, 6].with(at, bad)).status[1]).toBe(1);
    }
  });

  it('range_channels does so per image and channel', () => {
    const run = (input: number[]) =>
      runKernel(
        'range_channels',
        { input, cells: zeros(8), status: new Int32Array(1) },
        { batch: 2, inner: 2, channels: 2, site: 0 },
      );
    const clean = run([1, 10, -1, 20, 5, 0, 6, -7]);
    expect([...clean.cells]).toEqual([-1, 1, 10, 20, 5, 6, -7, 0]);
    expect(clean.status[0]).toBe(0);
    expect(run([1, 10, -1, Number.NaN, 5, 0, 6, -7]).status[0]).toBe(1);
  });
});

describe('qparams', () => {
  it('affine: zero is in the range and is a code', () => {
    const scale = f(3 / 255);
    const inv = f(1 / scale);
    expect(scaleOf([-1, 2], affine)).toEqual([scale, inv, 85, 0]);
    expect(scaleOf([1, 3], affine)).toEqual([scale, inv, 0, 0]);
    expect(scaleOf([-3, -1], affine)).toEqual([scale, inv, 255, 0]);
    const int8 = scaleOf([-1, 2], { ...affine, qmin: -128, qmax: 127 });
    expect(int8[2]).toBe(85 - 128);
  });

  it('symmetric: the larger end decides', () => {
    expect(scaleOf([-4, 2], symmetric)).toEqual([f(4 / 127), f(1 / f(4 / 127)), 0, 0]);
    expect(scaleOf([-1, 2], { ...symmetric, qmin: -32767, qmax: 32767 })[0]).toBe(f(2 / 32767));
  });

  it('an empty range has scale 1', () => {
    expect(scaleOf([0, 0], affine)).toEqual([1, 1, 0, 0]);
    expect(scaleOf([0, 0], { ...affine, qmin: -128, qmax: 127 })).toEqual([1, 1, -128, 0]);
    expect(scaleOf([0, 0], symmetric)).toEqual([1, 1, 0, 0]);
    expect(scaleOf([-1e-42, 1e-42], affine)).toEqual([1, 1, 0, 0]);
  });

  it('clips the range', () => {
    expect(scaleOf([-4, 2], { ...symmetric, clip: 0.5 })[0]).toBe(f(2 / 127));
  });

  it('averages chunks of outer rows, as equal as can be', () => {
    // Five rows in two chunks: rows 0..1 and 2..4.
    const cells = [-1, 1, -3, 2, -5, 4, -2, 8, 0, 0];
    const [scale, , zeroPoint] = scaleOf(cells, { ...affine, chunks: 2 });
    expect(scale).toBe(f((5 + 4) / 255));
    expect(zeroPoint).toBe(Math.round((4 / 9) * 255));
    expect(scaleOf(cells, affine)[0]).toBe(f(13 / 255));
  });

  it('gives a group to each outer or inner index', () => {
    // cells [2][3]
    const cells = [-1, 0, -2, 0, -3, 0, 0, 4, 0, 5, 0, 6];
    const byOuter = runKernel(
      'qparams',
      { cells, qparams: zeros(8) },
      { ...symmetric, outer: 2, inner: 3, by: 1 },
    ).qparams;
    expect([byOuter[0], byOuter[4]]).toEqual([f(3 / 127), f(6 / 127)]);
    const byInner = runKernel(
      'qparams',
      { cells, qparams: zeros(12) },
      { ...symmetric, outer: 2, inner: 3, by: 2 },
    ).qparams;
    expect([byInner[0], byInner[4], byInner[8]]).toEqual([f(4 / 127), f(5 / 127), f(6 / 127)]);
  });

  it('tracks running and previous ranges', () => {
    const run = (state: number[], tracking: number, cells?: number[]) => {
      const result = runKernel(
        'qparams',
        { cells, state, qparams: zeros(4) },
        { ...symmetric, outer: 1, inner: 1, tracking, momentum: 0.25 },
      );
      return { scale: result.qparams[0], state: [...result.state] };
    };
    const running = run([0, 0, 0, 0], 1, [-1, 4]);
    expect(running).toEqual({ scale: f(4 / 127), state: [-1, 4, 1, 0] });
    expect(run(running.state, 1, [-5, 8])).toEqual({ scale: f(8 / 127), state: [-2, 5, 2, 0] });
    expect(run([-2, 5, 2, 0], 2)).toEqual({ scale: f(5 / 127), state: [-2, 5, 2, 0] });
    expect(run([-1, 4, 1, 0], 4, [-5, 8])).toEqual({ scale: f(5 / 127), state: [-2, 5, 2, 0] });
    expect(run([0, 0, 0, 0], 4, [-5, 8])).toEqual({ scale: f(8 / 127), state: [-5, 8, 1, 0] });
    expect(run([0, 0, 0, 0], 3, [-1, 4])).toEqual({ scale: f(4 / 127), state: [-1, 4, 1, 0] });
    expect(run([-1, 4, 1, 0], 3, [-5, 8])).toEqual({ scale: f(4 / 127), state: [-5, 8, 2, 0] });
  });
});

describe('quantize to nearest', () => {
  it('takes ties to even and clamps', () => {
    const codes = encode([0.5, 1.5, 2.5, -0.5, -1.5, 300, -300, 0], [1, 1, 100, 0], new Uint8Array(8));
    expect([...codes]).toEqual([100, 102, 102, 100, 98, 255, 0, 100]);
  });

  it('decodes 0 to exactly 0 and a constant to within half a step', () => {
    for (const c of [3e-5, 0.9, -7.3, 1e30, -2e-30]) {
      for (const params of [affine, symmetric]) {
        const qparams = scaleOf([c, c], params);
        const codes = params === affine ? new Uint8Array(2) : new Int8Array(2);
        const [value, zero] = decode(
          encode([c, 0], qparams, codes, { qmin: params.qmin, qmax: params.qmax }),
          qparams,
        );
        expect(Math.abs(value - c)).toBeLessThanOrEqual(qparams[0] / 2);
        expect(zero).toBe(0);
      }
    }
    const nothing = scaleOf([0, 0], affine);
    expect([...decode(encode([0, 0], nothing, new Uint8Array(2)), nothing)]).toEqual([0, 0]);
  });

  it('finds the group of each element', () => {
    const qparams = [1, 1, 0, 0, 0.5, 2, 10, 0];
    const input = [1, 2, 3, 4, 5, 6, 7, 8];
    const runs = encode(input, qparams, new Uint8Array(8), { groups: 2, groupStride: 4 });
    expect([...runs]).toEqual([1, 2, 3, 4, 20, 22, 24, 26]);
    const columns = encode(input, qparams, new Uint8Array(8), { groups: 2, groupStride: 1 });
    expect([...columns]).toEqual([1, 14, 3, 18, 5, 22, 7, 26]);
    const back = runKernel(
      'dequantize',
      { codes: columns, qparams, output: zeros(8) },
      { count: 8, groups: 2, groupStride: 1 },
    ).output;
    expect([...back]).toEqual(input);
  });

  it('a pair is two of them', () => {
    const input = uniforms(33, 8);
    const qparamsA = scaleOf([-1, 1], symmetric);
    const qparamsB = scaleOf([-1, 1], { ...symmetric, qmin: -32767, qmax: 32767 });
    const int8 = { stochastic: 1, qmin: -127, qmax: 127, site: 4 };
    const int16 = { stochastic: 0, qmin: -32767, qmax: 32767, site: 5 };
    const pair = runKernel(
      'quantize_pair',
      {
        input,
        qparamsA,
        qparamsB,
        counters: new Int32Array([1, 2, 0, 0]),
        codesA: new Int8Array(33),
        codesB: new Int16Array(33),
      },
      {
        count: 33,
        groupsA: 1,
        groupStrideA: 33,
        stochasticA: 1,
        qminA: -127,
        qmaxA: 127,
        siteA: 4,
        groupsB: 1,
        groupStrideB: 33,
        stochasticB: 0,
        qminB: -32767,
        qmaxB: 32767,
        siteB: 5,
      },
    );
    expect(pair.codesA).toEqual(encode(input, qparamsA, new Int8Array(33), int8));
    expect(pair.codesB).toEqual(encode(input, qparamsB, new Int16Array(33), int16));
  });
});

describe('quantize stochastically', () => {
  const draws = 1000;

  /** Codes of the same value at `draws` elements. */
  function drawn(
    x: number,
    codes: NumericArray,
    qparams: number[],
    qmin: number,
    qmax: number,
  ): NumericArray {
    const input = new Array<number>(draws).fill(x);
    return encode(input, qparams, codes, { stochastic: 1, qmin, qmax, groupStride: draws });
  }

  it.each([-126.9, -100.25, -0.75, -0.001, 0.3, 63.5, 126.01])('is unbiased at %f steps (int8)', (x) => {
    const codes = drawn(x, new Int8Array(draws), [1, 1, 0, 0], -127, 127);
    const mean = [...codes].reduce((sum, code) => sum + code, 0) / draws;
    const fraction = x - Math.floor(x);
    const error = Math.sqrt((fraction * (1 - fraction)) / draws);
    expect(Math.abs(mean - x)).toBeLessThan(4 * error);
    const near = new Set([Math.floor(x), Math.ceil(x)]);
    expect([...codes].every((code) => near.has(code))).toBe(true);
  });

  it.each([-32766.5, 32766.5])('is unbiased at %f steps (int16)', (x) => {
    const codes = drawn(x, new Int16Array(draws), [1, 1, 0, 0], -32767, 32767);
    const mean = [...codes].reduce((sum, code) => sum + code, 0) / draws;
    expect(Math.abs(mean - x)).toBeLessThan(4 * Math.sqrt(0.25 / draws));
  });

  it('keeps whole numbers, both ends of the range and beyond', () => {
    const every = (x: number, codes: NumericArray, zeroPoint: number, qmin: number, qmax: number) =>
      new Set(drawn(x, codes, [1, 1, zeroPoint, 0], qmin, qmax));
    for (const end of [-32767, 0, 32767]) {
      expect(every(end, new Int16Array(draws), 0, -32767, 32767)).toEqual(new Set([end]));
    }
    expect(every(1e9, new Int16Array(draws), 0, -32767, 32767)).toEqual(new Set([32767]));
    expect(every(-1e9, new Int16Array(draws), 0, -32767, 32767)).toEqual(new Set([-32767]));
    expect(every(1e9, new Uint8Array(draws), 85, 0, 255)).toEqual(new Set([255]));
    expect(every(-85, new Uint8Array(draws), 85, 0, 255)).toEqual(new Set([0]));
  });

  it('draws anew with step and site, and only with them', () => {
    const input = uniforms(100, 3).map((x) => 50 * x);
    const run = (site: number, step: number): NumericArray =>
      encode(input, [1, 1, 0, 0], new Int8Array(100), { stochastic: 1, qmin: -127, qmax: 127, site }, step);
    expect(run(1, 1)).toEqual(run(1, 1));
    expect(run(1, 2)).not.toEqual(run(1, 1));
    expect(run(2, 1)).not.toEqual(run(1, 1));
  });
});
