import { describe, expect, it } from 'vitest';
import { dot, runKernel, uniforms, zeros } from './run-kernel.case.js';

const entropy = (logits: number[], labels: number[], cols: number, smoothing: number, float64 = true) =>
  runKernel(
    'softmax_cross_entropy',
    {
      logits,
      labels: new Int32Array(labels),
      loss: zeros(labels.length),
      gradLogits: new Array<number>(logits.length).fill(99),
      correct: zeros(labels.length),
      status: new Int32Array(3),
    },
    { rows: labels.length, cols, smoothing, scale: 1 / labels.length, site: 1 },
    float64,
  );

describe('softmax', () => {
  it('stays finite for large inputs and sums to 1', () => {
    const { output } = runKernel(
      'softmax',
      { input: [1000, 1000, 0, -1e30, 1, 1], output: zeros(6) },
      { rows: 2, cols: 3 },
    );
    expect([...output]).toEqual([0.5, 0.5, 0, 0, 0.5, 0.5]);
  });

  it('softmax_grad agrees with finite differences', () => {
    const x = uniforms(8, 3);
    const g = uniforms(8, 4);
    const value = (input: number[]): number => {
      const { output } = runKernel('softmax', { input, output: zeros(8) }, { rows: 2, cols: 4 }, true);
      return dot(output, g);
    };
    const { output } = runKernel('softmax', { input: x, output: zeros(8) }, { rows: 2, cols: 4 }, true);
    const { gradInput } = runKernel(
      'softmax_grad',
      { output, gradOutput: g, gradInput: zeros(8) },
      { rows: 2, cols: 4 },
      true,
    );
    const h = 1e-5;
    for (let i = 0; i < 8; i++) {
      const difference = (value(x.with(i, x[i] + h)) - value(x.with(i, x[i] - h))) / (2 * h);
      expect(gradInput[i]).toBeCloseTo(difference, 9);
    }
  });
});

describe('softmax_cross_entropy', () => {
  it('of equal logits is log cols, with the gradient p - target', () => {
    const { loss, gradLogits, correct, status } = entropy([2, 2, 2, 2], [3], 4, 0);
    expect(loss[0]).toBeCloseTo(Math.log(4), 14);
    expect([...gradLogits]).toEqual([0.25, 0.25, 0.25, -0.75]);
    // The first of equal maxima is column 0.
    expect(correct[0]).toBe(0);
    expect([...status]).toEqual([0, 0, 0]);
  });

  it('agrees with finite differences under label smoothing', () => {
    const x = uniforms(12, 5).map((v) => 3 * v);
    const labels = [0, 2, 3];
    const mean = (logits: number[]): number =>
      dot(entropy(logits, labels, 4, 0.1).loss, [1 / 3, 1 / 3, 1 / 3]);
    const { gradLogits } = entropy(x, labels, 4, 0.1);
    const h = 1e-5;
    for (let i = 0; i < 12; i++) {
      const difference = (mean(x.with(i, x[i] + h)) - mean(x.with(i, x[i] - h))) / (2 * h);
      expect(gradLogits[i]).toBeCloseTo(difference, 9);
    }
  });

  it('reports a bad label and a loss that is no number, each with its bit', () => {
    const bad = entropy([1, 2, 3, 3, 2, 1], [3, 0], 3, 0);
    expect([...bad.status]).toEqual([0, 2, 0]);
    expect(bad.loss[0]).toBe(0);
    expect([...bad.gradLogits.slice(0, 3)]).toEqual([0, 0, 0]);
    expect([...bad.correct]).toEqual([0, 1]);
    const negative = entropy([1, 2], [-1], 2, 0);
    expect(negative.status[1]).toBe(2);
    expect(entropy([1, Number.NaN], [0], 2, 0).status[1]).toBe(1);
    expect(entropy([1, Number.POSITIVE_INFINITY], [0], 2, 0).status[1]).toBe(1);
  });
});

describe('embedding', () => {
  it('looks rows up, zeroes bad ones, and adds repeated gradients', () => {
    const indices = new Int32Array([2, 0, 3, 2]);
    const { output, status } = runKernel(
      'embedding',
      {
        table: [1, 2, 3, 4, 5, 6],
        indices,
        output: new Array<number>(8).fill(99),
        status: new Int32Array(1),
      },
      { rows: 4, cols: 2, tableRows: 3, site: 0 },
    );
    expect([...output]).toEqual([5, 6, 1, 2, 0, 0, 5, 6]);
    expect(status[0]).toBe(2);
    const { gradTable } = runKernel(
      'embedding_grad',
      { gradOutput: [1, 2, 3, 4, 5, 6, 7, 8], indices, gradTable: new Array<number>(6).fill(99) },
      { rows: 4, cols: 2, tableRows: 3 },
    );
    expect([...gradTable]).toEqual([3, 4, 0, 0, 8, 10]);
  });
});
