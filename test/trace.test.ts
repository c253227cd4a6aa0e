/** Traces: where the first number that is not finite came from; and the plans that sessions keep. */
import { describe, expect, it } from 'vitest';
import { NonFiniteError } from '../src/core/errors.js';
import type { Value } from '../src/graph/graph.js';
import { defineOp, type HostValueCall, type OpDef } from '../src/graph/op.js';
import { Linear, Module } from '../src/nn/index.js';
import { add, affine, constantLike, div, exp, log, matmul, reshape, softmax, sum } from '../src/ops/index.js';
import { type Batch, createSession, probe, type Session, type SessionOptions } from '../src/train/index.js';
import { keptPlans } from '../src/train/plan-cache.js';

const batch: Batch = {
  inputs: Float32Array.from({ length: 4 * 6 }, (_, i) => Math.cos(i * 0.7)),
  targets: [0, 1, 2, 0],
  size: 4,
};

/** What a host operation saw: how often it ran. */
let ran = 0;

const countRuns: OpDef<Record<string, never>> = defineOp<Record<string, never>>({
  name: 'count_runs',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs }): HostValueCall[] => [
    {
      kernel: 'host',
      name: 'count_runs',
      inputs: [inputs.input],
      outputs: [outputs.output],
      run: ([from], [to]) => {
        ran += 1;
        to.set(from);
      },
    },
  ],
  backward: ({ gradOutputs }) => ({ input: gradOutputs.output }),
});

/** A module that does `work` between two layers, then counts that it was run. */
class Middle extends Module {
  constructor(private readonly work: (x: Value) => Value) {
    super();
  }
  forward(x: Value): Value {
    return this.work(x);
  }
}

class Net extends Module {
  readonly fc1 = new Linear(6, 5);
  readonly middle: Middle;
  readonly fc2 = new Linear(5, 3);
  constructor(work: (x: Value) => Value) {
    super();
    this.middle = new Middle(work);
  }
  forward(x: Value): Value {
    const counted = x.graph.emit(countRuns, { input: this.middle.apply(this.fc1.apply(x)) }, {});
    return this.fc2.apply(counted.output);
  }
}

const sessionOf = (work: (x: Value) => Value, options: Partial<SessionOptions> = {}): Promise<Session> =>
  createSession({
    model: new Net(work),
    input: { shape: [6], storage: 'float' },
    recipe: 'int8',
    threads: 1,
    batchSize: 4,
    ...options,
  });

function errorOf(work: () => unknown): NonFiniteError {
  try {
    work();
  } catch (error) {
    if (error instanceof NonFiniteError) return error;
    throw error;
  }
  return expect.unreachable();
}

const culprits: [string, string, (x: Value) => Value][] = [
  ['exp', 'unary', (x) => exp(affine(x, 0, 1000))],
  ['log', 'unary', (x) => log(affine(x, 0, -1))],
  ['div', 'binary', (x) => div(affine(x, 1, 1), affine(x, 0))],
  [
    'matmul',
    'matmul',
    (x) => {
      const huge = reshape(affine(x, 0, 3e38), [-1, 5, 1]);
      return reshape(matmul(huge, reshape(sum(affine(x, 0, 1), [1]), [-1, 1, 1])), [-1, 5]);
    },
  ],
];

describe('trace', () => {
  it.each(culprits)(
    'names module, role and kernel where %s wrote the first number that is not finite, and runs nothing after',
    async (_name, kernel, work) => {
      for (const backend of ['wasm', 'reference'] as const) {
        const session = await sessionOf(work, { backend, recipe: 'fp32' });
        ran = 0;
        const error = errorOf(() => session.trace(batch));
        expect([error.path, error.role, error.kernel]).toEqual(['middle', 'output', kernel]);
        expect(error.message).toMatch(
          new RegExp(`^middle \\(output\\): ${kernel} wrote (NaN|-?Infinity) at element 0`),
        );
        expect(ran).toBe(0);
        await session.dispose();
      }
    },
  );

  it('runs to the end where all is finite, with the bits of the step, and leaves state alone', async () => {
    const session = await sessionOf((x) => x);
    session.step(batch, 0.01);
    ran = 0;
    const { result } = session.trace(batch);
    expect(ran).toBe(1);
    expect(session.trace(batch, { everyValue: false }).result).toEqual(result);
    expect(session.step(batch, 0)).toEqual(result);
    await session.dispose();
  });

  it('names the batch or the parameter that held it before the first call', async () => {
    const session = await sessionOf((x) => x, { recipe: 'fp32' });
    const inputs = Float32Array.from(batch.inputs);
    inputs[5] = Number.NaN;
    ran = 0;
    expect(errorOf(() => session.trace({ ...batch, inputs })).message).toMatch(
      /^the model \(input\): holds NaN at element 5/,
    );
    const bias = session.read('fc2.bias');
    session.write('fc2.bias', [0, Number.POSITIVE_INFINITY, 0]);
    const error = errorOf(() => session.trace(batch));
    expect([error.path, error.role]).toEqual(['fc2.bias', 'parameter']);
    expect(ran).toBe(0);
    session.write('fc2.bias', bias);
    expect(Number.isFinite(session.trace(batch).result.loss)).toBe(true);
    await session.dispose();
  });

  it('of accumulated gradients looks at every one', async () => {
    const session = await sessionOf((x) => x, { accumulate: 2 });
    const { loss } = session.trace(batch).result;
    expect(session.step([batch, batch], 0).loss).toBeCloseTo(loss, 3);
    await session.dispose();
  });
});

describe('a probe', () => {
  it('lets through what a step lets through: a mask of -Infinity before a softmax', async () => {
    const hidden = [0, Number.NEGATIVE_INFINITY, 0, 0, Number.NEGATIVE_INFINITY];
    const mask = (x: Value): Value => x.graph.source('constant', 'mask', [5], 'float', hidden);
    const session = await sessionOf((x) => softmax(add(x, mask(x))));
    expect(Number.isFinite(session.step(batch, 0).loss)).toBe(true);
    expect(probe(session, batch).operands.length).toBeGreaterThan(0);
    const error = errorOf(() => session.trace(batch));
    expect([error.path, error.role]).toEqual(['middle', 'output']);
    expect(error.message).toMatch(/wrote -Infinity at element 1/);
    await session.dispose();
  });

  it('says where it came from what a step refuses', async () => {
    // A row that is masked whole becomes NaN; the first range to meet it is that of the next layer.
    const masked = (x: Value): Value => softmax(add(x, constantLike(x, Number.NEGATIVE_INFINITY)));
    const session = await sessionOf(masked);
    const met = errorOf(() => session.step(batch, 0.1));
    expect([met.path, met.kernel]).toEqual(['fc2', 'range']);
    const came = errorOf(() => probe(session, batch));
    expect([came.path, came.kernel]).toEqual(['middle', 'fill']);
    await session.dispose();
  });
});

describe('plans of ever-changing batch sizes', () => {
  it.each(['wasm', 'reference'] as const)(
    '%s: only the last ones are kept, with the same results',
    async (backend) => {
      const session = await sessionOf((x) => x, { backend });
      session.step(batch, 0.05);
      const inputs = (size: number): number[] => Array.from({ length: size * 6 }, (_, i) => Math.sin(i));
      const first = session.predict(inputs(1));
      const usual = session.predict(inputs(4));
      for (let size = 1; size <= 60; size++) session.predict(inputs(size));
      // Training and evaluation were planned at first, prediction in the usual size just now.
      expect(session.planCount).toBe(3 + keptPlans);
      expect(session.predict(inputs(1))).toEqual(first);
      expect(session.predict(inputs(4))).toEqual(usual);
      expect(session.planCount).toBe(3 + keptPlans);
      expect(Number.isFinite(session.step(batch, 0.05).loss)).toBe(true);
      await session.dispose();
    },
  );
});
