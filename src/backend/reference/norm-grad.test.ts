import { describe, expect, it } from 'vitest';
import { dot, integers, type Operand, runKernel, uniforms, zeros } from './run-kernel.case.js';

const BATCH = 5;
const INNER = 6;
const CHANNELS = 3;
const COUNT = BATCH * INNER * CHANNELS;
const shape = { batch: BATCH, inner: INNER, channels: CHANNELS };
// Five images in three chunks of unequal size.
const chunking = { chunks: 3, constantLow: 0.4, constantHigh: 0.3 };
const GAMMA = [1.5, -2, 0.5];
const BETA = [0.1, 0.2, -0.3];

interface Codes {
  readonly qparams: number[];
}

/** Cells and coefficients of a training step in float64. */
function forward(input: Operand, kind: number, codes?: Codes, gamma = GAMMA, beta = BETA) {
  const { cells } = runKernel(
    'norm_cells',
    {
      input,
      cells: codes ? new Int32Array(BATCH * CHANNELS * 8) : zeros(BATCH * CHANNELS * 8),
      status: new Int32Array(1),
    },
    { ...shape, positions: 1, site: 0 },
    true,
  );
  const { coef } = runKernel(
    'norm_finalize',
    {
      cells,
      qparams: codes?.qparams,
      gamma,
      beta,
      runningMean: zeros(CHANNELS),
      runningSpread: zeros(CHANNELS),
      coef: zeros(CHANNELS * 8),
    },
    { ...shape, ...chunking, kind, train: 1, codes: codes ? 1 : 0, eps: 1e-5, momentum: 0.1, coefBits: 0 },
    true,
  );
  return { cells, coef };
}

/** The whole backward pass in float64. */
function backward(
  gradOutput: Operand,
  gradParams: number[] | undefined,
  input: Operand,
  kind: number,
  codes?: Codes,
) {
  const { cells, coef } = forward(input, kind, codes);
  const exact = gradParams !== undefined && codes !== undefined;
  const sums = runKernel(
    'norm_grad_cells',
    {
      gradOutput,
      input,
      coef,
      gradParams,
      cells: exact ? new Int32Array(BATCH * CHANNELS * 4) : zeros(BATCH * CHANNELS * 4),
    },
    shape,
    true,
  ).cells;
  const { gradCoef, gradGamma, gradBeta } = runKernel(
    'norm_grad_finalize',
    {
      cells: sums,
      coef,
      gradParams,
      gradCoef: zeros(CHANNELS * 4),
      gradGamma: zeros(CHANNELS),
      gradBeta: zeros(CHANNELS),
    },
    { ...shape, kind, chunks: chunking.chunks },
    true,
  );
  let { gradInput } = runKernel(
    'norm_grad_input',
    { gradOutput, input: kind === 0 ? input : undefined, gradCoef, gradInput: zeros(COUNT) },
    { rows: BATCH * INNER, channels: CHANNELS, cellRows: 0, site: 0 },
    true,
  );
  if (kind === 1) {
    gradInput = runKernel(
      'range_norm_spikes',
      { cells, gradCoef, gradInput },
      { ...shape, ...chunking },
      true,
    ).gradInput;
  }
  return { gradInput, gradGamma, gradBeta };
}

describe.each([
  ['batch norm', 0],
  ['Range BN', 1],
])('backward pass of %s', (_, kind) => {
  const input = uniforms(COUNT, 1).map((x, i) => 2 * x + (i % 3));
  const gradOutput = uniforms(COUNT, 2);

  it('agrees with finite differences', () => {
    const loss = (x: number[], gamma = GAMMA, beta = BETA): number => {
      const { coef } = forward(x, kind, undefined, gamma, beta);
      const { output } = runKernel(
        'channel_affine',
        { input: x, coef, output: zeros(COUNT) },
        { rows: BATCH * INNER, channels: CHANNELS },
        true,
      );
      return dot(output, gradOutput);
    };
    const h = 1e-5;
    const slope = (at: (step: number) => number): number => (at(h) - at(-h)) / (2 * h);
    const gradient = backward(gradOutput, undefined, input, kind);
    for (let i = 0; i < COUNT; i++) {
      const difference = slope((d) => loss(input.with(i, input[i] + d)));
      expect(Math.abs(gradient.gradInput[i] - difference)).toBeLessThan(1e-6);
    }
    for (let c = 0; c < CHANNELS; c++) {
      const byGamma = slope((d) => loss(input, GAMMA.with(c, GAMMA[c] + d)));
      expect(Math.abs(gradient.gradGamma[c] - byGamma)).toBeLessThan(1e-6);
      const byBeta = slope((d) => loss(input, GAMMA, BETA.with(c, BETA[c] + d)));
      expect(Math.abs(gradient.gradBeta[c] - byBeta)).toBeLessThan(1e-6);
    }
  });

  it('gives codes the gradients of the values they stand for', () => {
    const codes = integers(COUNT, 0, 255, 3);
    const gradCodes = integers(COUNT, -127, 127, 4);
    const values = codes.map((code) => 0.02 * (code - 101));
    const gradValues = gradCodes.map((code) => 0.005 * code);
    const qparams = [0.02, 50, 101, 0];
    const gradParams = [0.005, 200, 0, 0];
    const expected = backward(gradValues, undefined, values, kind);
    const raw = new Uint8Array(codes);
    const rawGrad = new Int8Array(gradCodes);
    const both = backward(rawGrad, gradParams, raw, kind, { qparams });
    const onlyGrad = backward(rawGrad, gradParams, values, kind);
    const onlyInput = backward(gradValues, undefined, raw, kind, { qparams });
    for (const actual of [both, onlyGrad, onlyInput]) {
      for (const name of ['gradInput', 'gradGamma', 'gradBeta'] as const) {
        actual[name].forEach((value: number, i: number) => {
          expect(value).toBeCloseTo(expected[name][i], 9);
        });
      }
    }
  });
});

describe('norm_grad_cells', () => {
  it('keeps sums of codes exact, negative ones beyond 32 bits too', () => {
    const inner = 50_000;
    const { cells } = runKernel(
      'norm_grad_cells',
      {
        gradOutput: new Int16Array(inner).fill(-32767),
        input: new Uint8Array(inner).fill(255),
        coef: zeros(8),
        gradParams: [1, 1, 0, 0],
        cells: new Int32Array(4),
      },
      { batch: 1, inner, channels: 1 },
    );
    expect(cells[0]).toBe(-32767 * inner);
    const product = BigInt(cells[3]) * 2n ** 32n + BigInt(cells[2] >>> 0);
    expect(product).toBe(-32767n * 255n * BigInt(inner));
  });
});

describe('range_norm_spikes', () => {
  it('hits the lowest image and position of tied extremes once a chunk', () => {
    // One chunk of two images with two values each: 5 1 | 1 5, so the maximum is at 0 and the minimum at 1.
    const cells = new Int32Array([1, 5, 1, 0, 6, 0, 26, 0, 1, 5, 0, 1, 6, 0, 26, 0]);
    const { gradInput } = runKernel(
      'range_norm_spikes',
      { cells, gradCoef: [0, 0, 0, 2], gradInput: [1, 1, 1, 1] },
      { batch: 2, inner: 2, channels: 1, chunks: 1, constantLow: 0.5, constantHigh: 7 },
    );
    expect([...gradInput]).toEqual([2, 0, 1, 1]);
  });
});
