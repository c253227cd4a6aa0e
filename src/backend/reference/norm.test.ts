import { describe, expect, it } from 'vitest';
import { integers, type Operand, runKernel, uniforms, zeros } from './run-kernel.case.js';

const f = Math.fround;

const base = {
  batch: 5,
  inner: 6,
  channels: 3,
  kind: 1,
  train: 1,
  codes: 0,
  chunks: 3,
  constantLow: 0.4,
  constantHigh: 0.3,
  eps: 1e-5,
  momentum: 0.1,
  coefBits: 0,
};
type Params = typeof base;

const BATCH_NORM = { ...base, kind: 0 };

function cellsOf(input: Operand, { batch, inner, channels }: Params, float64 = true, positions = 1) {
  const count = batch * channels * 8;
  const cells = input instanceof Uint8Array ? new Int32Array(count) : zeros(count);
  const shape = { batch, inner, channels, positions, site: 0 };
  return runKernel('norm_cells', { input, cells, status: new Int32Array(1) }, shape, float64);
}

interface Given {
  gamma?: number[];
  beta?: number[];
  runningMean?: number[];
  runningSpread?: number[];
  qparams?: number[];
}

function finalize(cells: Operand | undefined, params: Params, given: Given = {}, float64 = true) {
  const { channels } = params;
  return runKernel(
    'norm_finalize',
    {
      cells,
      qparams: given.qparams,
      gamma: given.gamma ?? new Array<number>(channels).fill(1),
      beta: given.beta ?? zeros(channels),
      runningMean: given.runningMean ?? zeros(channels),
      runningSpread: given.runningSpread ?? new Array<number>(channels).fill(1),
      coef: zeros(channels * 8),
    },
    params,
    float64,
  );
}

const apply = (input: Operand, coef: Operand, { batch, inner, channels }: Params, float64 = true) =>
  runKernel(
    'channel_affine',
    { input, coef, output: zeros(input.length) },
    { rows: batch * inner, channels },
    float64,
  ).output;

const columnOf = (values: ArrayLike<number>, channels: number, c: number): number[] =>
  Array.from({ length: values.length / channels }, (_, m) => values[m * channels + c]);

describe('norm_cells', () => {
  it('finds extremes with their lowest positions, and exact sums of codes', () => {
    // One image, two channels: 7 9 7 0 and 255 255 1 1.
    const { cells } = cellsOf(new Uint8Array([7, 255, 9, 255, 7, 1, 0, 1]), {
      ...base,
      batch: 1,
      inner: 4,
      channels: 2,
    });
    expect([...cells]).toEqual([0, 9, 3, 1, 23, 0, 179, 0, 1, 255, 2, 0, 512, 0, 2 * 255 ** 2 + 2, 0]);
    const one = { ...base, batch: 1, inner: 4, channels: 1 };
    const without = cellsOf(new Uint8Array([7, 9, 7, 0]), one, true, 0).cells;
    expect([...without]).toEqual([0, 9, 0, 0, 23, 0, 179, 0]);
    expect([...cellsOf(Float32Array.of(7, 9, 7, 0), one, true, 0).cells.slice(0, 4)]).toEqual([0, 9, 0, 0]);
  });

  it('carries squares beyond 32 bits into the high word', () => {
    const inner = 100_000;
    const { cells } = cellsOf(new Uint8Array(inner).fill(255), { ...base, batch: 1, inner, channels: 1 });
    const square = BigInt(inner) * 255n * 255n;
    expect(cells[4]).toBe(inner * 255);
    expect(BigInt(cells[7]) * 2n ** 32n + BigInt(cells[6] >>> 0)).toBe(square);
  });

  it('says of floats what it says of codes', () => {
    const codes = integers(base.batch * base.inner * base.channels, 0, 255, 1);
    const exact = cellsOf(new Uint8Array(codes), base).cells;
    const float = cellsOf(codes, base).cells;
    for (let at = 0; at < exact.length; at += 8) {
      expect([...float.slice(at, at + 4)]).toEqual([...exact.slice(at, at + 4)]);
      const mean = exact[at + 4] / base.inner;
      expect(float[at + 4]).toBeCloseTo(mean, 12);
      expect(float[at + 5]).toBeCloseTo(exact[at + 6] - base.inner * mean * mean, 8);
    }
  });

  it('sees a NaN or an infinity', () => {
    const input = uniforms(90, 2);
    expect(cellsOf(input, base).status[0]).toBe(0);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(cellsOf(input.with(0, bad), base).status[0]).toBe(1);
      expect(cellsOf(input.with(77, bad), base).status[0]).toBe(1);
    }
  });
});

describe('norm_finalize', () => {
  const input = uniforms(90, 3).map((x, i) => 2 * x + (i % 3));

  it('batch norm: mean, variance and running values are those of the definition', () => {
    const { coef, runningMean, runningSpread } = finalize(cellsOf(input, BATCH_NORM).cells, BATCH_NORM);
    const output = apply(input, coef, BATCH_NORM);
    for (let c = 0; c < 3; c++) {
      const x = columnOf(input, 3, c);
      const mean = x.reduce((a, b) => a + b) / 30;
      const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / 30;
      expect(coef[c * 8 + 6]).toBeCloseTo(mean, 12);
      expect(coef[c * 8 + 7]).toBeCloseTo((variance * 30) / 29, 12);
      expect(runningMean[c]).toBeCloseTo(0.1 * mean, 12);
      expect(runningSpread[c]).toBeCloseTo(0.9 + (0.1 * variance * 30) / 29, 12);
      columnOf(output, 3, c).forEach((y, i) => {
        expect(y).toBeCloseTo((x[i] - mean) / Math.sqrt(variance + 1e-5), 10);
      });
    }
  });

  it('Range BN: chunks of unequal size take their own constants', () => {
    const { coef, runningSpread } = finalize(cellsOf(input, base).cells, base);
    for (let c = 0; c < 3; c++) {
      const x = columnOf(input, 3, c);
      const range = (from: number, to: number): number => {
        const part = x.slice(from * 6, to * 6);
        return Math.max(...part) - Math.min(...part);
      };
      // Five images in three chunks: 0, 1..2, 3..4.
      const s = (0.4 * range(0, 1) + 0.3 * range(1, 3) + 0.3 * range(3, 5)) / 3;
      expect(coef[c * 8 + 7]).toBeCloseTo(s, 12);
      expect(coef[c * 8 + 4]).toBeCloseTo(1 / (s + 1e-5), 10);
      expect(runningSpread[c]).toBeCloseTo(0.9 + 0.1 * s, 12);
    }
  });

  it('chunks of equal size take the low constant', () => {
    const params = { ...base, chunks: 5 };
    const { coef } = finalize(cellsOf(input, params).cells, params);
    const halved = { ...params, constantLow: 0.2, constantHigh: 77 };
    const half = finalize(cellsOf(input, halved).cells, halved).coef;
    expect(half[7]).toBeCloseTo(coef[7] / 2, 12);
  });

  it.each([BATCH_NORM, base])('gives codes the results of the values they stand for', (params) => {
    const codes = integers(90, 0, 255, 4);
    const qparams = [0.02, 50, 101, 0];
    const given = { gamma: [1.5, -2, 0.5], beta: [0.1, 0.2, -0.3], qparams };
    const values = codes.map((code) => 0.02 * (code - 101));
    const float = finalize(cellsOf(values, params).cells, params, given);
    const raw = new Uint8Array(codes);
    const coded = finalize(cellsOf(raw, params).cells, { ...params, codes: 1 }, given);
    const expected = apply(values, float.coef, params);
    apply(raw, coded.coef, params).forEach((y: number, i: number) => {
      expect(y).toBeCloseTo(expected[i], 9);
    });
    for (let i = 0; i < 24; i++) {
      if (i % 8 >= 4) expect(coded.coef[i]).toBeCloseTo(float.coef[i], 9);
    }
    for (let c = 0; c < 3; c++) {
      expect(coded.runningMean[c]).toBeCloseTo(float.runningMean[c], 12);
      expect(coded.runningSpread[c]).toBeCloseTo(float.runningSpread[c], 12);
    }
  });

  it.each([0, 1])('kind %i: inference uses the running values and leaves them', (kind) => {
    const params = { ...base, kind, train: 0 };
    const given = { gamma: [2, 2, 2], runningMean: [1, 2, 3], runningSpread: [4, 9, 16] };
    const { coef, runningMean, runningSpread } = finalize(undefined, params, given);
    const sigma = kind === 0 ? Math.sqrt(9 + 1e-5) : 9 + 1e-5;
    expect(coef[8 + 4]).toBeCloseTo(1 / sigma, 14);
    expect(coef[8]).toBeCloseTo(2 / sigma, 14);
    expect(coef[8 + 1]).toBeCloseTo(-4 / sigma, 14);
    expect([...runningMean, ...runningSpread]).toEqual([1, 2, 3, 4, 9, 16]);
  });

  describe('quantised coefficients', () => {
    it('lie on an affine grid with an exact zero', () => {
      const params = { ...base, coefBits: 8 };
      const gamma = [0.9, 1.1, 1];
      const beta = [-1, 0, 3];
      const { coef } = finalize(cellsOf(input, params, false).cells, params, { gamma, beta }, false);
      const scale = f(f(1.1) / 255);
      expect([0, 1, 2].map((c) => coef[c * 8 + 5])).toEqual([209, 255, 232].map((k) => f(scale * k)));
      const inverses = [0, 1, 2].map((c) => coef[c * 8 + 4]);
      const exact = finalize(cellsOf(input, base, false).cells, base, {}, false).coef;
      const step = Math.max(exact[4], exact[12], exact[20]) / 255;
      inverses.forEach((inv, c) => {
        expect(Math.abs(inv - exact[c * 8 + 4])).toBeLessThan(0.51 * step);
        expect(inv / step).toBeCloseTo(Math.round(inv / step), 3);
      });
      // The beta of 0 has come through as 0: b = gamma * yB.
      expect(coef[8 + 1]).toBeCloseTo(coef[8 + 5] * coef[8 + 3], 6);
    });

    const codes = integers(90, 0, 255, 5);
    const dead = codes.map((code, i) => (i % 3 === 1 ? 40 : code));
    const alive = dead.filter((_, i) => i % 3 !== 1);

    it.each([0, 1])('kind %i: a dead channel leaves the others bit-identical', (kind) => {
      const params = { ...base, kind, codes: 1, coefBits: 8 };
      const qparams = [0.02, 50, 101, 0];
      const all = finalize(
        cellsOf(new Uint8Array(dead), params, false).cells,
        params,
        { gamma: [1.5, 1, 0.5], beta: [1, 0, -1], qparams },
        false,
      );
      const fewer = { ...params, channels: 2 };
      const without = finalize(
        cellsOf(new Uint8Array(alive), fewer, false).cells,
        fewer,
        { gamma: [1.5, 0.5], beta: [1, -1], qparams },
        false,
      );
      expect([...all.coef.slice(0, 8), ...all.coef.slice(16)]).toEqual([...without.coef]);
      expect(all.coef[8 + 4]).toBe(Math.max(all.coef[4], all.coef[16 + 4]));
      expect(all.coef[8 + 7]).toBe(0);
      const running = finalize(
        undefined,
        { ...params, train: 0 },
        { runningSpread: [2, 0, 4], qparams },
        false,
      ).coef;
      expect(running[8 + 4]).toBe(running[4]);
      expect(running[4]).toBeCloseTo(1 / (kind === 0 ? Math.sqrt(2) : 2), 5);
    });

    /** Running values after `steps` of these codes, from a mean of 0 and the spreads given. */
    function trained(raw: number[], steps: number, params: typeof base & { kind: number }, spreads: Operand) {
      const { cells } = cellsOf(new Uint8Array(raw), params, false);
      let running = { runningMean: zeros(3) as Operand, runningSpread: spreads };
      for (let step = 0; step < steps; step++) {
        running = finalize(
          cells,
          params,
          {
            runningMean: [...running.runningMean],
            runningSpread: [...running.runningSpread],
            qparams: [0.02, 50, 101, 0],
          },
          false,
        );
      }
      return running;
    }

    const cases = [0, 1].flatMap((kind) => [1, 5, 20, 40, 79, 100, 400].map((steps) => [kind, steps]));
    it.each(cases)(
      'kind %i: a channel dead for %i steps does not collapse the others in inference',
      (kind, steps) => {
        const params = { ...base, kind, codes: 1, coefBits: 8 };
        const qparams = [0.02, 50, 101, 0];
        const before = trained(codes, 200, params, [1, 1, 1]).runningSpread;
        const { runningSpread } = trained(dead, steps, params, [...before]);
        const given = { runningSpread: [...runningSpread], qparams };
        const { coef } = finalize(undefined, { ...params, train: 0 }, given, false);
        for (const c of [0, 2]) {
          const deviation = kind === 0 ? Math.sqrt(runningSpread[c]) : runningSpread[c];
          expect(Math.abs(coef[8 * c + 4] * deviation - 1)).toBeLessThan(0.01);
        }
      },
    );

    it.each([0, 1])('kind %i: a dead channel takes the running spread of the smallest live one', (kind) => {
      const params = { ...base, kind, codes: 1, coefBits: 8 };
      const { runningSpread } = trained(dead, 400, params, [1, 1, 1]);
      expect(runningSpread[1]).toBeCloseTo(Math.min(runningSpread[0], runningSpread[2]), 6);
      // All dead: 1. In float nothing is quantised that a spread of 0 could harm.
      expect(trained(new Array(90).fill(9), 400, params, [3, 3, 3]).runningSpread[0]).toBeCloseTo(1, 6);
      const decayed = trained(dead, 9, { ...params, coefBits: 0 }, [1, 1, 1]).runningSpread[1];
      expect(decayed).toBeCloseTo(0.9 ** 9, 6);
    });

    it.each([0, 1])('kind %i: dead in inference is at most 1/4096 of the largest deviation', (kind) => {
      const params = { ...base, kind, train: 0, codes: 1, coefBits: 8 };
      const power = kind === 0 ? 2 : 1;
      const inverses = (share: number) => {
        const runningSpread = [2 ** power, share ** power * 2 ** power, 1];
        const { coef } = finalize(undefined, params, { runningSpread, qparams: [1, 1, 0, 0] }, false);
        return [coef[4], coef[8 + 4], coef[16 + 4]];
      };
      const [, edge, live] = inverses(1 / 4096);
      expect(edge).toBe(live);
      expect(live).toBeGreaterThan(0.9);
      const [first, above, third] = inverses(1.01 / 4096);
      expect(above).toBeGreaterThan(300);
      // Its inverse is then the range, in steps of which the others are next to nothing.
      expect(Math.max(first, third)).toBeLessThan(above / 100);
    });

    it.each([0, 1])('kind %i: all channels dead stays finite', (kind) => {
      const params = { ...base, kind, codes: 1, coefBits: 8 };
      const qparams = [1, 1, 0, 0];
      const { coef } = finalize(
        cellsOf(new Uint8Array(90).fill(9), params, false).cells,
        params,
        { gamma: [0, 0, 0], qparams },
        false,
      );
      expect([...coef].every(Number.isFinite)).toBe(true);
      expect([coef[4], coef[12], coef[20]]).toEqual([1, 1, 1]);
      expect(apply(new Uint8Array(90).fill(9), coef, params, false)).toEqual(new Float32Array(90));
    });
  });
});

describe('fused channel kernels', () => {
  const channels = 3;
  const rows = base.batch * base.inner;
  const codes = new Uint8Array(integers(rows * channels, 0, 255, 6));
  const coef = [0.01, -1, 0, 0, 0, 0, 0, 0, -0.02, 2.3, 0, 0, 0, 0, 0, 0, 0.003, 0.5, 0, 0, 0, 0, 0, 0];

  it.each([0, 1])('channel_affine_range is the range of the values (relu %i)', (relu) => {
    const { cells: normCells } = cellsOf(codes, base, false);
    const expected = runKernel(
      'range',
      { input: channelValues(relu), cells: zeros(10), status: new Int32Array(1) },
      { rows: 5, cols: 18, site: 0 },
    ).cells;
    const { cells, status } = runKernel(
      'channel_affine_range',
      { normCells, coef, cells: zeros(10), status: new Int32Array(1) },
      { batch: 5, channels, relu, site: 0 },
    );
    expect(cells).toEqual(expected);
    expect(status[0]).toBe(0);
  });

  function channelValues(relu: number): Operand {
    const values = apply(codes, coef, base, false);
    const count = values.length;
    return relu ? runKernel('relu', { input: values, output: zeros(count) }, { count }).output : values;
  }

  it.each([0, 1])('channel_affine_quantize is affine, relu and quantize (relu %i)', (relu) => {
    const count = codes.length;
    const qparams = [0.01, f(1 / f(0.01)), relu ? 0 : 128, 0];
    const expected = runKernel(
      'quantize',
      { input: channelValues(relu), qparams, codes: new Uint8Array(count) },
      { count, groups: 1, groupStride: count, stochastic: 0, qmin: 0, qmax: 255, site: 0 },
    ).codes;
    const affine = apply(codes, coef, base, false);
    const expectedMask = runKernel(
      'relu',
      { input: affine, output: zeros(count), mask: new Uint8Array(12) },
      { count },
    ).mask;
    const { codes: actual, mask } = runKernel(
      'channel_affine_quantize',
      { input: codes, coef, qparams, codes: new Uint8Array(count), mask: new Uint8Array(12) },
      { rows, channels, relu, qmin: 0, qmax: 255 },
    );
    expect(actual).toEqual(expected);
    expect(mask).toEqual(relu ? expectedMask : new Uint8Array(12));
  });

  it('channel_affine_add_relu adds, masks and measures', () => {
    const count = codes.length;
    const shortcut = uniforms(count, 7);
    const run = (added: number[]) =>
      runKernel(
        'channel_affine_add_relu',
        {
          input: codes,
          coef,
          shortcut: added,
          output: zeros(count),
          mask: new Uint8Array(12),
          cells: zeros(10),
          status: new Int32Array(1),
        },
        { batch: 5, inner: 6, channels, site: 0 },
      );
    const result = run(shortcut);
    const affine = apply(codes, coef, base, false);
    const sum = runKernel(
      'binary',
      { left: affine, right: shortcut, output: zeros(count) },
      { kind: 0, count },
    ).output;
    const expected = runKernel(
      'relu',
      { input: sum, output: zeros(count), mask: new Uint8Array(12) },
      { count },
    );
    expect(result.output).toEqual(expected.output);
    expect(result.mask).toEqual(expected.mask);
    for (let b = 0; b < 5; b++) {
      const image = [...expected.output.slice(b * 18, b * 18 + 18)];
      expect([...result.cells.slice(2 * b, 2 * b + 2)]).toEqual([Math.min(...image), Math.max(...image)]);
    }
    expect(result.status[0]).toBe(0);
    expect(run(shortcut.with(50, Number.NaN)).status[0]).toBe(1);
    expect(run(shortcut.with(89, Number.POSITIVE_INFINITY)).status[0]).toBe(1);
  });
});
