/**
 * The reference's integer products against BigInt arithmetic on the conformance cases that are small enough, and the
 * claims of kernels.ts about lengths: no accumulator can overflow, whatever the codes and zero points.
 */
import { describe, expect, it } from 'vitest';
import type { NumericArray, Storage } from '../../core/dtype.js';
import { allCases } from '../conformance/all-cases.case.js';
import { codeRange } from '../conformance/draw.case.js';
import type { KernelCase } from '../conformance/kernel-case.case.js';
import { runCase } from '../conformance/runner.case.js';
import { createReferenceBackend } from './index.js';

const f = Math.fround;

/** Adds the terms of a sum of products: element `out` gets left[l] * right[r]. */
type AddTerm = (out: number, left: number, right: number) => void;

const contentOf = (kase: KernelCase, name: string): NumericArray => kase.buffers[name].data as NumericArray;

/** Codes less the zero point of their group, as BigInt. */
function centred(codes: NumericArray, params: NumericArray, groupOf: (i: number) => number): bigint[] {
  return Array.from(codes, (code, i) => BigInt(code) - BigInt(params[4 * groupOf(i) + 2]));
}

/** f(f(acc) * f(scales)) + bias of each element. */
function converted(
  sums: readonly bigint[],
  scaleOf: (element: number) => number,
  biasOf?: (element: number) => number,
): Float32Array {
  return Float32Array.from(sums, (sum, i) => {
    const value = f(f(Number(sum)) * f(scaleOf(i)));
    return biasOf ? f(value + biasOf(i)) : value;
  });
}

function sumsOf(
  count: number,
  left: readonly bigint[],
  right: readonly bigint[],
  terms: (add: AddTerm) => void,
): bigint[] {
  const sums = new Array<bigint>(count).fill(0n);
  terms((out, l, r) => {
    sums[out] += left[l] * right[r];
  });
  return sums;
}

function matmulOracle(kase: KernelCase): Float32Array {
  const { batch, rows, cols, inner, transposeLeft, transposeRight, leftGroups, rightBy } = kase.params;
  const leftParams = contentOf(kase, 'leftParams');
  // With rightBy 3 the right side's scales are already in the left codes.
  const rightParams = rightBy === 3 ? Float32Array.of(1, 1, 0, 0) : contentOf(kase, 'rightParams');
  const bias = kase.buffers.bias?.data;
  const lineGroup = (b: number, m: number) => Math.floor((b * rows + m) / ((batch * rows) / leftGroups));
  const columnGroup = (b: number, n: number) => (rightBy === 1 ? n : rightBy === 2 ? b : 0);
  const left = centred(contentOf(kase, 'left'), leftParams, (i) => {
    const within = i % (rows * inner);
    const m = transposeLeft ? within % rows : Math.floor(within / inner);
    return lineGroup(Math.floor(i / (rows * inner)), m);
  });
  const right = centred(contentOf(kase, 'right'), rightParams, (i) => {
    const within = i % (inner * cols);
    const n = transposeRight ? Math.floor(within / inner) : within % cols;
    return columnGroup(Math.floor(i / (inner * cols)), n);
  });
  const sums = sumsOf(batch * rows * cols, left, right, (add) => {
    for (let b = 0; b < batch; b++) {
      for (let m = 0; m < rows; m++) {
        for (let n = 0; n < cols; n++) {
          for (let k = 0; k < inner; k++) {
            const l = b * rows * inner + (transposeLeft ? k * rows + m : m * inner + k);
            const r = b * inner * cols + (transposeRight ? n * inner + k : k * cols + n);
            add((b * rows + m) * cols + n, l, r);
          }
        }
      }
    }
  });
  const scaleOf = (i: number) => {
    const [b, m, n] = [Math.floor(i / (rows * cols)), Math.floor(i / cols) % rows, i % cols];
    return leftParams[4 * lineGroup(b, m)] * rightParams[4 * columnGroup(b, n)];
  };
  return converted(sums, scaleOf, bias && ((i) => bias[i % cols]));
}

/** Every product of a convolution as indices of its input, weight and output. */
function convTerms(
  p: KernelCase['params'],
  visit: (input: number, weight: number, output: number) => void,
): void {
  const inPerGroup = p.inC / p.groups;
  const outPerGroup = p.outC / p.groups;
  for (let b = 0; b < p.batch; b++) {
    for (let oc = 0; oc < p.outC; oc++) {
      for (let kh = 0; kh < p.kernelH; kh++) {
        for (let kw = 0; kw < p.kernelW; kw++) {
          for (let oh = 0; oh < p.outH; oh++) {
            for (let ow = 0; ow < p.outW; ow++) {
              const ih = oh * p.strideH - p.padH + kh * p.dilationH;
              const iw = ow * p.strideW - p.padW + kw * p.dilationW;
              if (ih < 0 || ih >= p.inH || iw < 0 || iw >= p.inW) continue;
              for (let k = 0; k < inPerGroup; k++) {
                const channel = Math.floor(oc / outPerGroup) * inPerGroup + k;
                visit(
                  ((b * p.inH + ih) * p.inW + iw) * p.inC + channel,
                  ((oc * p.kernelH + kh) * p.kernelW + kw) * inPerGroup + k,
                  ((b * p.outH + oh) * p.outW + ow) * p.outC + oc,
                );
              }
            }
          }
        }
      }
    }
  }
}

function convOracle(kase: KernelCase): Float32Array {
  const p = kase.params;
  const inputParams = contentOf(kase, 'inputParams');
  const weightParams = contentOf(kase, 'weightParams');
  const bias = kase.buffers.bias?.data;
  const imageSize = p.inH * p.inW * p.inC;
  const filterSize = (p.kernelH * p.kernelW * p.inC) / p.groups;
  const outputImage = p.outH * p.outW * p.outC;
  const sample = (b: number) => (p.inputGroups === 1 ? 0 : b);
  const channel = (c: number) => (p.weightGroups === 1 ? 0 : c);
  const x = centred(contentOf(kase, 'input'), inputParams, (i) => sample(Math.floor(i / imageSize)));
  const w = centred(contentOf(kase, 'weight'), weightParams, (i) => channel(Math.floor(i / filterSize)));
  const sums = sumsOf(p.batch * outputImage, x, w, (add) =>
    convTerms(p, (input, weight, output) => add(output, input, weight)),
  );
  const scaleOf = (i: number) =>
    inputParams[4 * sample(Math.floor(i / outputImage))] * weightParams[4 * channel(i % p.outC)];
  return converted(sums, scaleOf, bias && ((i) => bias[i % p.outC]));
}

function gradInputOracle(kase: KernelCase): Float32Array {
  const p = kase.params;
  const gradParams = contentOf(kase, 'gradParams');
  const weightParams = p.weightFolded ? Float32Array.of(1, 1, 0, 0) : contentOf(kase, 'weightParams');
  const outputImage = p.outH * p.outW * p.outC;
  const imageSize = p.inH * p.inW * p.inC;
  const sample = (b: number) => (p.gradGroups === 1 ? 0 : b);
  const g = centred(contentOf(kase, 'gradOutput'), gradParams, (i) => sample(Math.floor(i / outputImage)));
  const w = centred(contentOf(kase, 'weight'), weightParams, () => 0);
  const sums = sumsOf(p.batch * imageSize, g, w, (add) =>
    convTerms(p, (input, weight, output) => add(input, output, weight)),
  );
  return converted(sums, (i) => gradParams[4 * sample(Math.floor(i / imageSize))] * weightParams[0]);
}

function gradWeightOracle(kase: KernelCase): Float32Array {
  const p = kase.params;
  const gradParams = contentOf(kase, 'gradParams');
  const inputParams = contentOf(kase, 'inputParams');
  const filterSize = (p.kernelH * p.kernelW * p.inC) / p.groups;
  const channel = (c: number) => (p.gradGroups === 1 ? 0 : c);
  const g = centred(contentOf(kase, 'gradOutput'), gradParams, (i) => channel(i % p.outC));
  const x = centred(contentOf(kase, 'input'), inputParams, () => 0);
  const sums = sumsOf(p.outC * filterSize, g, x, (add) =>
    convTerms(p, (input, weight, output) => add(weight, output, input)),
  );
  return converted(sums, (i) => gradParams[4 * channel(Math.floor(i / filterSize))] * inputParams[0]);
}

const oracles = {
  matmul_int: matmulOracle,
  conv2d_int: convOracle,
  conv2d_grad_input_int: gradInputOracle,
  conv2d_grad_weight_int: gradWeightOracle,
} as const;

/** Upper bound on the products of a case. */
function termsOf({ kernel, params: p }: KernelCase): number {
  if (kernel === 'matmul_int') return p.batch * p.rows * p.cols * p.inner;
  return (p.batch * p.outH * p.outW * p.outC * p.kernelH * p.kernelW * p.inC) / p.groups;
}

describe('integer products of the reference agree with BigInt', () => {
  it.each(Object.entries(oracles))('%s', (kernel, oracle) => {
    const backend = createReferenceBackend();
    const cases = allCases().filter((kase) => kase.kernel === kernel && termsOf(kase) <= 20_000);
    expect(cases.length).toBeGreaterThan(40);
    for (const kase of cases) {
      const [actual] = runCase(backend, kase).values();
      expect(Array.from(actual), kase.title).toEqual(Array.from(oracle(kase)));
    }
  });

  it('at a length of 200,000, far beyond int32', () => {
    const backend = createReferenceBackend();
    const cases = allCases().filter(
      (kase) =>
        kase.kernel === 'matmul_int' && kase.params.inner === 200_000 && kase.title.includes('extreme'),
    );
    expect(cases.length).toBeGreaterThan(3);
    let beyond = 0;
    for (const kase of cases) {
      const [actual] = runCase(backend, kase).values();
      // Every code is the same, so each sum is inner * left * right.
      const left = contentOf(kase, 'left')[0] - contentOf(kase, 'leftParams')[2];
      const right = contentOf(kase, 'right')[0] - contentOf(kase, 'rightParams')[2];
      const sum = 200_000n * BigInt(left) * BigInt(right);
      if (sum > 2n ** 31n || sum < -(2n ** 31n)) beyond += 1;
      const scale = contentOf(kase, 'leftParams')[0] * contentOf(kase, 'rightParams')[0];
      const expected = f(f(Number(sum)) * f(scale));
      expect(Array.from(actual)).toEqual(new Array(actual.length).fill(expected));
    }
    expect(beyond).toBe(cases.length);
  });
});

describe('lengths that kernels.ts calls exact', () => {
  /** Largest |code - zeroPoint| over the codes of a storage and the zero points within them. */
  function largest(storage: Storage, symmetric: boolean): number {
    const [low, high] = codeRange(storage);
    return symmetric ? Math.max(-low, high) : high - low;
  }
  const code8 = Math.max(largest('int8', false), largest('uint8', false));
  const code16 = largest('int16', true);
  const int32 = 2 ** 31 - 1;

  it('operands are at most 255 and 32,767 in size', () => {
    expect(code8).toBe(255);
    expect(code16).toBe(32_767);
  });

  it('blocks of 32,768 8-bit products and of 256 mixed ones fit int32, and twice as many do not', () => {
    expect(32_768 * code8 * code8).toBeLessThanOrEqual(int32);
    expect(65_536 * code8 * code8).toBeGreaterThan(int32);
    expect(256 * code16 * code8).toBeLessThanOrEqual(int32);
    expect(512 * code16 * code8).toBeGreaterThan(int32);
  });

  it('a double adds a thousand million mixed products exactly: the reference needs no int64', () => {
    expect(1e9 * code16 * code8).toBeLessThan(2 ** 53);
  });

  it('stochastic rounding of an int16 code in fixed point fits int32', () => {
    expect(code16 * 65_536 + 65_535).toBeLessThanOrEqual(int32);
    expect(-code16 * 65_536).toBeGreaterThanOrEqual(-(2 ** 31));
  });
});
