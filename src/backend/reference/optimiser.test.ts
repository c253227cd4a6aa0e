import { describe, expect, it } from 'vitest';
import { runKernel, zeros } from './run-kernel.case.js';

const f = Math.fround;

describe('sgd', () => {
  const plain = { count: 1, momentum: 0.5, nesterov: 0, weightDecay: 0, decoupled: 0, cellRows: 0, site: 0 };
  // learningRate 0.5, gradScale 0.25, clipScale 0.5
  const hyper = [0.5, 0.25, 1, 1, 0.5, 0, 0, 0];
  const step = (params: object, velocity?: number[]) => {
    const result = runKernel(
      'sgd',
      { parameter: [8], gradient: [16], velocity, hyper },
      { ...plain, ...params },
    );
    return [result.parameter[0], result.velocity?.[0]];
  };

  it('follows its formulas (all values exact in binary)', () => {
    // g = 16 * 0.25 * 0.5 = 2.
    expect(step({})).toEqual([8 - 0.5 * 2, undefined]);
    expect(step({}, [4])).toEqual([8 - 0.5 * 4, 4]);
    expect(step({ nesterov: 1 }, [4])).toEqual([8 - 0.5 * (2 + 0.5 * 4), 4]);
    expect(step({ weightDecay: 0.25 }, [4])).toEqual([8 - 0.5 * 6, 6]);
    expect(step({ weightDecay: 0.25, decoupled: 1, cellRows: 0, site: 0 }, [4])).toEqual([
      8 * (1 - 0.125) - 0.5 * 4,
      4,
    ]);
  });
});

describe('adam', () => {
  const params = {
    count: 2,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    decoupled: 0,
    cellRows: 0,
    site: 0,
  };

  it('moves by about the learning rate at the first step, whatever the gradient', () => {
    const { parameter, moment1, moment2 } = runKernel(
      'adam',
      {
        parameter: [1, 1],
        gradient: [1e-3, -50],
        moment1: zeros(2),
        moment2: zeros(2),
        hyper: [0.01, 1, 1 - 0.9, 1 - 0.999, 1, 0, 0, 0],
      },
      params,
      true,
    );
    expect(parameter[0]).toBeCloseTo(1 - 0.01, 6);
    expect(parameter[1]).toBeCloseTo(1 + 0.01, 6);
    expect(moment1[1]).toBeCloseTo(-5, 12);
    expect(moment2[1]).toBeCloseTo(2.5, 12);
  });

  it('decays either through the gradient or past it', () => {
    const hyper = [0.5, 1, 1, 1, 1, 0, 0, 0];
    const run = (decoupled: number, eps: number) =>
      runKernel(
        'adam',
        { parameter: [8, 8], gradient: [0, 0], moment1: zeros(2), moment2: zeros(2), hyper },
        { ...params, beta1: 0.5, beta2: 0.75, eps, weightDecay: 0.25, decoupled },
      );
    // g = 2, m = 1, v = 1, so w = 8 - 0.5 * 1 / 1.
    expect(run(0, 0).parameter[0]).toBe(7.5);
    // The gradient stays 0, so only the decay acts; eps keeps 0 / 0 out.
    const past = run(1, 1e-8);
    expect(past.moment1[0]).toBe(0);
    expect(past.parameter[0]).toBe(8 * (1 - 0.125));
  });
});

describe('clipping by norm', () => {
  it('adds squares, and scales only what is too long', () => {
    const sums = runKernel(
      'square_sum',
      { gradient: [3, 4, 12], sums: zeros(2) },
      { count: 3, slot: 1 },
    ).sums;
    expect([...sums]).toEqual([0, 169]);
    const clip = (maxNorm: number) =>
      runKernel('clip_scale', { sums, hyper: [1, 0.5, 0, 0, 9, 0, 0, 0] }, { count: 2, maxNorm }).hyper[4];
    expect(clip(2)).toBe(f(2 / (6.5 + 1e-6)));
    expect(clip(7)).toBe(1);
  });
});
