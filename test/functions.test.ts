/** Numbers and errors of the losses and other functions of src/ops, run on the reference backend in float64. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { ShapeError, UsageError } from '../src/core/errors.js';
import { differentiate } from '../src/graph/differentiate.js';
import { Graph, type Value } from '../src/graph/graph.js';
import { dropout } from '../src/ops/dropout.js';
import { embedding } from '../src/ops/embedding.js';
import { layerNorm } from '../src/ops/layer-norm.js';
import { crossEntropy, crossEntropyParts, mse } from '../src/ops/losses.js';
import { linear, matmul } from '../src/ops/matmul.js';
import { logSoftmax, softmax } from '../src/ops/softmax.js';
import { evaluateGraph } from './support/evaluate.js';

const source = (graph: Graph, name: string, shape: number[], storage: 'float' | 'int32' = 'float'): Value =>
  graph.source('input', name, shape, storage);

/** Runs in float64. */
function numbers(outputs: Value[], feeds: Record<string, number[]>): number[][] {
  const found = evaluateGraph(
    createReferenceBackend({ float64: true }),
    outputs,
    new Map(Object.entries(feeds)),
  );
  return found.map((values) => [...values]);
}

describe('crossEntropy', () => {
  it('is the mean negative log-likelihood, and counts right predictions', () => {
    const graph = new Graph();
    const { loss, correct } = crossEntropyParts(source(graph, 'x', [2, 3]), source(graph, 'y', [2], 'int32'));
    const [found, right] = numbers([loss, correct], { x: [1, 2, 3, 0, 0, 0], y: [2, 1] });
    const expected = (Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 3 + Math.log(3)) / 2;
    expect(found).toHaveLength(1);
    expect(found[0]).toBeCloseTo(expected, 12);
    // Equal logits: the first is the prediction, and the label is another.
    expect(right).toEqual([1, 0]);
  });

  it('smooths labels', () => {
    const graph = new Graph();
    const loss = crossEntropy(source(graph, 'x', [1, 2]), source(graph, 'y', [1], 'int32'), {
      labelSmoothing: 0.2,
    });
    const logZ = Math.log(Math.exp(2) + 1);
    expect(numbers([loss], { x: [2, 0], y: [0] })[0][0]).toBeCloseTo(0.9 * (logZ - 2) + 0.1 * logZ, 12);
  });

  it('refuses labels that do not fit', () => {
    const graph = new Graph();
    const x = source(graph, 'x', [4, 3]);
    expect(() => crossEntropy(x, source(graph, 'short', [3], 'int32'))).toThrow(/labels \[3\] must have/);
    expect(() => crossEntropy(x, source(graph, 'hot', [4]))).toThrow(/stored as int32, got float/);
    expect(() => crossEntropy(source(graph, 'flat', [4]), source(graph, 'y', [4], 'int32'))).toThrow(
      ShapeError,
    );
    for (const labelSmoothing of [1, -0.1, Number.NaN]) {
      expect(() => crossEntropy(x, source(graph, 'y', [4], 'int32'), { labelSmoothing })).toThrow(UsageError);
    }
  });

  it('refuses to differentiate its own gradient', () => {
    const graph = new Graph();
    const logits = source(graph, 'x', [1, 2]);
    const { correct } = crossEntropyParts(logits, source(graph, 'y', [1], 'int32'));
    expect(() => differentiate(correct, [logits])).toThrow(/only its loss can be differentiated/);
  });
});

describe('mse', () => {
  it('is the mean square of the difference', () => {
    const graph = new Graph();
    const loss = mse(source(graph, 'p', [2, 2]), source(graph, 't', [2, 2]));
    expect(numbers([loss], { p: [1, 2, 3, 4], t: [1, 0, 0, 4] })[0]).toEqual([13 / 4]);
  });

  it('does not broadcast', () => {
    const graph = new Graph();
    expect(() => mse(source(graph, 'p', [4, 1]), source(graph, 't', [4]))).toThrow(
      /\[4, 1\] and target \[4\]/,
    );
  });
});

describe('products', () => {
  it('name both shapes when they do not fit', () => {
    const graph = new Graph();
    const x = source(graph, 'x', [4, 7]);
    expect(() => graph.within('fc', () => linear(x, source(graph, 'w', [2, 3])))).toThrow(
      'fc: linear: weight [2, 3] takes 3 features, the input [4, 7] has 7',
    );
    expect(() => matmul(x, source(graph, 'w', [2, 3]))).toThrow(/\[4, 7\] and \[2, 3\] do not fit/);
    const a = source(graph, 'a', [2, 3, 4]);
    expect(() => matmul(a, source(graph, 'b', [3, 4, 5]))).toThrow(ShapeError);
    expect(matmul(a, source(graph, 'c', [2, 5, 4]), { transposeRight: true }).shape).toEqual([2, 3, 5]);
  });
});

describe('other ops', () => {
  it('softmax sums to one and survives large logits', () => {
    const output = softmax(source(new Graph(), 'x', [2, 3]));
    const [found] = numbers([output], { x: [1000, 1000, 1000, 0, -2000, 0] });
    [1 / 3, 1 / 3, 1 / 3, 0.5, 0, 0.5].forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 14);
    });
  });

  it('log softmax stays finite where softmax is zero, and is its logarithm elsewhere', () => {
    const graph = new Graph();
    const x = source(graph, 'x', [2, 3]);
    const [found, shares] = numbers([logSoftmax(x), softmax(x)], { x: [1000, 0, -2000, 0.5, 1, -2] });
    expect([...found.slice(0, 3)]).toEqual([0, -1000, -3000]);
    for (let i = 3; i < 6; i++) expect(found[i]).toBeCloseTo(Math.log(shares[i]), 14);
    expect(() => logSoftmax(source(graph, 'y', []))).toThrow(/log_softmax: input must have an axis/);
  });

  it('embedding looks rows up, and zeros where there is none', () => {
    const graph = new Graph();
    const output = embedding(source(graph, 'table', [3, 2]), source(graph, 'i', [2, 2], 'int32'));
    expect(output.shape).toEqual([2, 2, 2]);
    expect(numbers([output], { table: [1, 2, 3, 4, 5, 6], i: [2, 0, 3, 1] })[0]).toEqual([
      5, 6, 1, 2, 0, 0, 3, 4,
    ]);
    expect(() => embedding(source(graph, 'cube', [3, 2, 1]), source(graph, 'i', [2, 2], 'int32'))).toThrow(
      /table must be \[rows, width\]/,
    );
    expect(() => embedding(source(graph, 'table', [3, 2]), source(graph, 'f', [2]))).toThrow(/int32/);
  });

  it('dropout keeps 1 - p of the elements, scaled, and its gradient keeps the same ones', () => {
    const graph = new Graph();
    const x = source(graph, 'x', [1, 4096]);
    const output = dropout(x, 0.25);
    const loss = mse(output, source(graph, 't', [1, 4096]));
    const [gradient] = differentiate(loss, [x]);
    const feeds = { x: Array<number>(4096).fill(3), t: Array<number>(4096).fill(0) };
    const [found, back] = numbers([output, gradient as Value], feeds);
    const kept = found.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([3 / 0.75]));
    // Binomial: a standard deviation is 28.
    expect(Math.abs(kept.length - 3072)).toBeLessThan(4 * 28);
    expect(back.map((value) => value !== 0)).toEqual(found.map((value) => value !== 0));
  });

  it('dropout is nothing in evaluation and refuses a p that drops all', () => {
    const x = source(new Graph('eval'), 'x', [4]);
    expect(dropout(x, 0.5)).toBe(x);
    const y = source(new Graph('train'), 'x', [4]);
    expect(dropout(y, 0)).toBe(y);
    for (const p of [1, -0.1, Number.NaN]) expect(() => dropout(y, p)).toThrow(UsageError);
  });

  it('layerNorm gives each row mean 0 and variance 1 before the weight', () => {
    const graph = new Graph();
    const output = layerNorm(source(graph, 'x', [2, 4]), source(graph, 'w', [4]), source(graph, 'b', [4]), 0);
    const [found] = numbers([output], { x: [1, 2, 3, 4, 10, 10, 30, 30], w: [1, 1, 2, 1], b: [0, 0, 0, 1] });
    const s = Math.sqrt(1.25);
    [-1.5 / s, -0.5 / s, 1 / s, 1.5 / s + 1, -1, -1, 2, 2].forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 12);
    });
    expect(() =>
      layerNorm(source(graph, 'x', [2, 4]), source(graph, 'c', [1]), source(graph, 'b', [4])),
    ).toThrow(/layerNorm: weight must be \[4\] for an input \[2, 4\], got \[1\]/);
  });
});
