import { describe, expect, it } from 'vitest';
import { dot, integers, runKernel, uniforms, zeros } from './run-kernel.case.js';

const f = Math.fround;

interface Conv {
  batch: number;
  inH: number;
  inW: number;
  inC: number;
  outH: number;
  outW: number;
  outC: number;
  kernelH: number;
  kernelW: number;
  strideH: number;
  strideW: number;
  padH: number;
  padW: number;
  dilationH: number;
  dilationW: number;
  groups: number;
}

function conv(over: Partial<Conv>): Conv {
  const p = {
    batch: 2,
    inH: 6,
    inW: 5,
    inC: 4,
    outH: 0,
    outW: 0,
    outC: 6,
    kernelH: 3,
    kernelW: 3,
    strideH: 1,
    strideW: 1,
    padH: 1,
    padW: 1,
    dilationH: 1,
    dilationW: 1,
    groups: 1,
    ...over,
  };
  p.outH = Math.floor((p.inH + 2 * p.padH - p.dilationH * (p.kernelH - 1) - 1) / p.strideH) + 1;
  p.outW = Math.floor((p.inW + 2 * p.padW - p.dilationW * (p.kernelW - 1) - 1) / p.strideW) + 1;
  return p;
}

const cases: [string, Conv][] = [
  ['3x3, padded', conv({})],
  ['1x1, strided', conv({ kernelH: 1, kernelW: 1, padH: 0, padW: 0, strideH: 2, strideW: 2 })],
  ['2x3, strided unevenly', conv({ kernelH: 2, strideH: 2, strideW: 3, padH: 0, padW: 2 })],
  ['dilated', conv({ dilationH: 2, dilationW: 1, padH: 2 })],
  ['two groups', conv({ groups: 2 })],
  [
    'depthwise with multiplier, strided, dilated',
    conv({ groups: 4, outC: 8, strideH: 2, dilationW: 2, padW: 2 }),
  ],
];

/** Convolution by gathering each window into a row (im2col) of all channels, weights of other groups being zero. */
function im2col(p: Conv, input: ArrayLike<number>, weight: ArrayLike<number>): number[] {
  const width = p.inC / p.groups;
  const output: number[] = [];
  for (let b = 0; b < p.batch; b++) {
    for (let pixel = 0; pixel < p.outH * p.outW; pixel++) {
      const top = Math.floor(pixel / p.outW) * p.strideH - p.padH;
      const left = (pixel % p.outW) * p.strideW - p.padW;
      const row: number[] = [];
      for (let tap = 0; tap < p.kernelH * p.kernelW; tap++) {
        const y = top + Math.floor(tap / p.kernelW) * p.dilationH;
        const x = left + (tap % p.kernelW) * p.dilationW;
        const inside = y >= 0 && y < p.inH && x >= 0 && x < p.inW;
        for (let c = 0; c < p.inC; c++)
          row.push(inside ? input[((b * p.inH + y) * p.inW + x) * p.inC + c] : 0);
      }
      for (let oc = 0; oc < p.outC; oc++) {
        const group = Math.floor((oc * p.groups) / p.outC);
        let sum = 0;
        row.forEach((x, at) => {
          const c = at % p.inC;
          const tap = (at - c) / p.inC;
          if (Math.floor(c / width) !== group) return;
          sum += x * weight[(oc * p.kernelH * p.kernelW + tap) * width + (c % width)];
        });
        output.push(sum);
      }
    }
  }
  return output;
}

const sizes = (p: Conv) => ({
  input: p.batch * p.inH * p.inW * p.inC,
  output: p.batch * p.outH * p.outW * p.outC,
  weight: (p.outC * p.kernelH * p.kernelW * p.inC) / p.groups,
});

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThan(1e-6 * (1 + Math.abs(expected[i])));
  }
}

describe('conv2d', () => {
  it.each(cases)('%s: agrees with im2col, and its gradients are its adjoints', (_, p) => {
    const size = sizes(p);
    const input = uniforms(size.input, 1);
    const weight = uniforms(size.weight, 2);
    const bias = uniforms(p.outC, 3);
    const gradOutput = uniforms(size.output, 4);
    const expected = im2col(p, input, weight);
    const single = runKernel('conv2d', { input, weight, bias, output: zeros(size.output) }, p);
    expectClose(
      single.output,
      expected.map((y, i) => y + bias[i % p.outC]),
    );
    const { output } = runKernel('conv2d', { input, weight, output: zeros(size.output) }, p, true);
    expectClose(output, expected);
    const { gradInput } = runKernel(
      'conv2d_grad_input',
      { gradOutput, weight, gradInput: uniforms(size.input, 5) },
      p,
      true,
    );
    const { gradWeight } = runKernel(
      'conv2d_grad_weight',
      { gradOutput, input, gradWeight: uniforms(size.weight, 6) },
      p,
      true,
    );
    const inner = dot(output, gradOutput);
    expect(dot(input, gradInput)).toBeCloseTo(inner, 10);
    expect(dot(weight, gradWeight)).toBeCloseTo(inner, 10);
  });

  it.each(cases)('%s: the integer products are exact and scaled once', (_, p) => {
    const size = sizes(p);
    const codes = {
      input: integers(size.input, 0, 255, 1),
      weight: integers(size.weight, -127, 127, 2),
      grad: integers(size.output, -127, 127, 3),
      wideGrad: integers(size.output, -32767, 32767, 4),
    };
    const zeroPoint = 117;
    const inputParams = [0.03, 1 / 0.03, zeroPoint, 0];
    const perImage = [0.03, 1 / 0.03, zeroPoint, 0, 0.07, 1 / 0.07, 30, 0];
    const perWeight = Array.from({ length: p.outC }, (_, c) => [0.01 * (c + 1), 100 / (c + 1), 0, 0]).flat();
    const x = codes.input.map((code) => code - zeroPoint);
    const bias = uniforms(p.outC, 7);

    const perImageInput = codes.input.map((code, i) => code - (i < size.input / 2 ? zeroPoint : 30));
    const forward = runKernel(
      'conv2d_int',
      {
        input: new Uint8Array(codes.input),
        inputParams: perImage,
        weight: new Int8Array(codes.weight),
        weightParams: perWeight,
        bias,
        output: zeros(size.output),
      },
      { ...p, inputGroups: 2, weightGroups: p.outC, cellRows: 0, site: 0 },
    ).output;
    const exact = im2col(p, perImageInput, codes.weight);
    exact.forEach((sum, i) => {
      const inputScale = f(i < size.output / 2 ? 0.03 : 0.07);
      const scale = f(inputScale * f(0.01 * ((i % p.outC) + 1)));
      expect(forward[i]).toBe(f(f(f(sum) * scale) + f(bias[i % p.outC])));
    });

    // A float kernel adds whole numbers of this size exactly in float64 mode.
    const adjoint = runKernel(
      'conv2d_grad_input',
      { gradOutput: codes.grad, weight: codes.weight, gradInput: zeros(size.input) },
      p,
      true,
    ).gradInput;
    const gradInput = runKernel(
      'conv2d_grad_input_int',
      {
        gradOutput: new Int8Array(codes.grad),
        gradParams: [0.5, 2, 0, 0, 0.25, 4, 0, 0],
        weight: new Uint8Array(codes.weight.map((code) => code + 128)),
        weightParams: [0.3, 1 / 0.3, 128, 0],
        gradInput: zeros(size.input),
      },
      { ...p, gradGroups: 2, weightFolded: 0 },
    ).gradInput;
    const folded = runKernel(
      'conv2d_grad_input_int',
      {
        gradOutput: new Int8Array(codes.grad),
        gradParams: [0.3, 1 / 0.3, 0, 0],
        weight: new Int8Array(codes.weight),
        weightParams: perWeight,
        gradInput: zeros(size.input),
      },
      { ...p, gradGroups: 1, weightFolded: 1 },
    ).gradInput;
    for (let i = 0; i < size.input; i++) {
      expect(gradInput[i]).toBe(f(f(adjoint[i]) * f((i < size.input / 2 ? 0.5 : 0.25) * f(0.3))));
      expect(folded[i]).toBe(f(f(adjoint[i]) * f(0.3)));
    }

    const weightSums = runKernel(
      'conv2d_grad_weight',
      { gradOutput: codes.wideGrad, input: x, gradWeight: zeros(size.weight) },
      p,
      true,
    ).gradWeight;
    const gradWeight = runKernel(
      'conv2d_grad_weight_int',
      {
        gradOutput: new Int16Array(codes.wideGrad),
        gradParams: perWeight,
        input: new Uint8Array(codes.input),
        inputParams,
        gradWeight: zeros(size.weight),
      },
      { ...p, gradGroups: p.outC },
    ).gradWeight;
    for (let i = 0; i < size.weight; i++) {
      const oc = Math.floor((i * p.outC) / size.weight);
      expect(gradWeight[i]).toBe(f(f(weightSums[i]) * f(f(0.01 * (oc + 1)) * f(0.03))));
    }
  });

  it('adds in order with rounding after each step', () => {
    const p = conv({ batch: 1, inH: 1, inW: 1, inC: 3, outC: 1, kernelH: 1, kernelW: 1, padH: 0, padW: 0 });
    const { output } = runKernel('conv2d', { input: [1e8, 3, -1e8], weight: [1, 1, 1], output: [0] }, p);
    expect(output[0]).toBe(f(f(1e8 + 3) - 1e8));
    expect(output[0]).not.toBe(3);
  });
});

const transposed = (values: number[], batch: number, rows: number, cols: number): number[] =>
  Array.from({ length: batch * rows * cols }, (_, i) => {
    const b = Math.floor(i / (rows * cols));
    const at = i % (rows * cols);
    return values[b * rows * cols + (at % rows) * cols + Math.floor(at / rows)];
  });

describe('matmul', () => {
  const size = { batch: 2, rows: 3, cols: 4, inner: 5 };
  const left = uniforms(30, 1);
  const right = uniforms(40, 2);

  it('multiplies hand-computed matrices', () => {
    const { output } = runKernel(
      'matmul',
      { left: [1, 2, 3, 4], right: [5, 6, 7, 8], bias: [10, 20], output: zeros(4) },
      { batch: 1, rows: 2, cols: 2, inner: 2, transposeLeft: 0, transposeRight: 0 },
    );
    expect([...output]).toEqual([19 + 10, 22 + 20, 43 + 10, 50 + 20]);
  });

  it('gives the same bits for either layout of either side', () => {
    const run = (transposeLeft: number, transposeRight: number) =>
      runKernel(
        'matmul',
        {
          left: transposeLeft ? transposed(left, 2, 3, 5) : left,
          right: transposeRight ? transposed(right, 2, 5, 4) : right,
          output: zeros(24),
        },
        { ...size, transposeLeft, transposeRight },
      ).output;
    const plain = run(0, 0);
    expect(plain[23]).toBeCloseTo(
      dot(
        left.slice(25),
        [23, 27, 31, 35, 39].map((i) => right[i]),
      ),
      6,
    );
    for (const [l, r] of [
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      expect(run(l, r)).toEqual(plain);
    }
  });
});

describe('matmul_int', () => {
  const size = { batch: 2, rows: 2, cols: 2, inner: 2 };
  const left = [10, 20, 30, 40, 50, 60, 70, 80];
  const right = [1, 2, 3, 4, 5, 6, 7, 8];
  const params = (groups: [number, number][]) =>
    groups.flatMap(([scale, zeroPoint]) => [scale, 1 / scale, zeroPoint, 0]);
  const run = (leftParams: number[], rightParams: number[], leftGroups: number, rightBy: number) => [
    ...runKernel(
      'matmul_int',
      {
        left: new Uint8Array(left),
        leftParams,
        right: new Int8Array(right),
        rightParams,
        output: zeros(8),
      },
      { ...size, transposeLeft: 0, transposeRight: 0, leftGroups, rightBy },
    ).output,
  ];

  it('finds the groups of rows, columns and batches', () => {
    const one = params([[1, 0]]);
    const plain = [70, 100, 150, 220, 670, 780, 910, 1060];
    expect(run(one, one, 1, 0)).toEqual(plain);
    expect(
      run(
        params([
          [2, 0],
          [4, 0],
        ]),
        one,
        2,
        0,
      ),
    ).toEqual(plain.map((y, i) => y * (i < 4 ? 2 : 4)));
    expect(
      run(
        params([
          [1, 0],
          [2, 0],
          [4, 0],
          [8, 0],
        ]),
        one,
        4,
        0,
      ),
    ).toEqual(plain.map((y, i) => y * 2 ** Math.floor(i / 2)));
    expect(
      run(
        one,
        params([
          [2, 0],
          [4, 0],
        ]),
        1,
        1,
      ),
    ).toEqual(plain.map((y, i) => y * (i % 2 ? 4 : 2)));
    expect(
      run(
        one,
        params([
          [2, 0],
          [4, 0],
        ]),
        1,
        2,
      ),
    ).toEqual(plain.map((y, i) => y * (i < 4 ? 2 : 4)));
    expect(run(one, params([[64, 3]]), 1, 3)).toEqual(plain);
    // Zero points: (10-10)*(1-1) + (20-10)*(3-1) = 20.
    expect(run(params([[1, 10]]), params([[1, 1]]), 1, 0)[0]).toBe(20);
    // Columns with zero points 1 and 2: (20-10)*(4-2) = 20.
    expect(
      run(
        params([[1, 10]]),
        params([
          [1, 1],
          [1, 2],
        ]),
        1,
        1,
      )[1],
    ).toBe(20);
  });

  it.each([0, 1])('is exact over 200,001 extreme codes (transposeRight %i)', (transposeRight) => {
    const inner = 200_001;
    const wide = new Int16Array(2 * inner).fill(32767, 0, inner).fill(-32767, inner);
    const narrow = new Uint8Array(inner).fill(255);
    narrow[inner - 1] = 254;
    const { output } = runKernel(
      'matmul_int',
      {
        left: wide,
        leftParams: [0.5, 2, 0, 0],
        right: narrow,
        rightParams: [0.25, 4, 0, 0],
        bias: [1e9],
        output: zeros(2),
      },
      { batch: 1, rows: 2, cols: 1, inner, transposeLeft: 0, transposeRight, leftGroups: 1, rightBy: 0 },
    );
    const sum = 32767n * (255n * 200_000n + 254n);
    expect(output[0]).toBe(f(f(f(Number(sum)) * 0.125) + 1e9));
    expect(output[1]).toBe(f(f(f(-Number(sum)) * 0.125) + 1e9));
  });
});
