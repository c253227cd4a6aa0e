/** What stays as it was when a step is refused, what inference asks for, and the odd recipes and graphs. */
import { describe, expect, it } from 'vitest';
import { NonFiniteError, RecipeError, UsageError } from '../src/core/errors.js';
import type { Value } from '../src/graph/graph.js';
import { Conv2d, Dropout, GlobalAvgPool2d, Linear, Module, Norm, Parameter, zeros } from '../src/nn/index.js';
import { add, matmul, mul, relu, reshape, softmax, sqrt, sum, transpose } from '../src/ops/index.js';
import { parseRecipe } from '../src/quant/validate.js';
import { createSession, probe, type Session, type SessionOptions } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(64);
const everything = (session: Session): number[][] =>
  [...session.bound.parameters.map(({ path }) => path), ...session.stateNames()].map((name) => [
    ...session.read(name),
  ]);

function small(model: Module, options: Partial<SessionOptions> = {}): Promise<Session> {
  return createSession({
    model,
    input: { shape: [6, 6, 2], storage: 'float' },
    batchSize: 4,
    threads: 2,
    ...options,
  });
}
const batch = {
  inputs: Float32Array.from({ length: 4 * 72 }, (_, i) => Math.sin(i * 1.7)),
  targets: [0, 1, 2, 0],
  size: 4,
};

class Net extends Module {
  readonly conv = new Conv2d(2, 4, 3, { padding: 1, bias: false });
  readonly bn = new Norm(4);
  readonly pool = new GlobalAvgPool2d();
  readonly fc = new Linear(4, 3);
  forward(x: Value): Value {
    return this.fc.apply(this.pool.apply(relu(this.bn.apply(this.conv.apply(x)))));
  }
}

/** Multiplies its input by the root of a parameter: at zero the loss is finite and the gradient is not. */
class RootGate extends Module {
  readonly fc = new Linear(72, 3);
  readonly gate = new Parameter([3], zeros);
  forward(x: Value): Value {
    return mul(this.fc.apply(reshape(x, [-1, 72])), add(sqrt(this.gate.value(x.graph)), 1));
  }
}

/** One head of attention over the six rows of an image, dropout on its output. */
class Attention extends Module {
  readonly query = new Linear(12, 8);
  readonly key = new Linear(12, 8);
  readonly value = new Linear(12, 8);
  readonly drop = new Dropout(0.3);
  readonly fc = new Linear(8, 3);
  forward(x: Value): Value {
    const rows = reshape(x, [-1, 6, 12]);
    const weights = softmax(matmul(this.query.apply(rows), transpose(this.key.apply(rows), [0, 2, 1])));
    return this.fc.apply(sum(this.drop.apply(matmul(weights, this.value.apply(rows))), [1]));
  }
}

describe('a refused step', () => {
  it.each(['fp32', 'paper', 'int8'])(
    '%s: leaves parameters, running values and ranges as they were',
    async (recipe) => {
      const session = await small(new Net(), { recipe });
      session.step(batch, 0.05);
      const before = everything(session);
      const inputs = batch.inputs.slice();
      inputs[100] = Number.NaN;
      expect(() => session.step({ ...batch, inputs }, 0.05)).toThrow(NonFiniteError);
      expect(everything(session)).toEqual(before);
      expect(Number.isFinite(session.evaluate(batch).loss)).toBe(true);
      await session.dispose();
    },
  );

  it.each(['fp32', 'int8'])(
    '%s: a gradient that is not finite reaches no parameter and is named',
    async (recipe) => {
      const session = await small(new RootGate(), { recipe });
      const before = everything(session).slice(0, 3);
      expect(() => session.step(batch, 0.1)).toThrow(/gate \(gradient\)/);
      expect(everything(session).slice(0, 3)).toEqual(before);
      await session.dispose();
    },
  );
});

describe('inference', () => {
  it('asks for ranges that training has seen, naming module and remedy', async () => {
    const session = await small(new Net(), { recipe: 'int8' });
    expect(() => session.predict(batch.inputs)).toThrow(UsageError);
    expect(() => session.evaluate(batch)).toThrow(/conv: recipe "int8".*train a step or load/);
    session.step(batch, 0.01);
    expect(session.predict(batch.inputs)).toHaveLength(12);
    await session.dispose();
  });

  it('refuses NaN in its inputs', async () => {
    const session = await small(new Net(), { recipe: 'int8' });
    session.step(batch, 0.01);
    expect(() => session.predict(new Float32Array(72).fill(Number.NaN))).toThrow(/hold NaN at index 0/);
    await session.dispose();
  });
});

describe('recipes', () => {
  const simulated = {
    'int16 on both sides': {
      forward: { left: { format: 'int16', scheme: 'symmetric' }, right: { format: 'int16' } },
    },
    'float32 beside codes': { forward: { left: 'float32' } },
    'weights alone': {
      forward: { left: 'float32' },
      gradLeft: { gradOutput: 'float32' },
      gradRight: { gradOutput: 'float32' },
    },
  };
  it.each(Object.entries(simulated))(
    '%s: the products are simulated, say so, and train',
    async (name, products) => {
      const recipe = parseRecipe({ extends: 'int8', name, products });
      for (const model of [new Net(), new Attention()]) {
        const session = await small(model, { recipe });
        const { simulatedMacs, macs } = session.work();
        expect(simulatedMacs).toBeGreaterThan(macs / 4);
        const losses = Array.from({ length: 12 }, () => session.step(batch, 0.05).loss);
        expect(losses[11]).toBeLessThan(losses[0]);
        await session.dispose();
      }
    },
  );

  it.each(['int2', 'int3', 'int4', 'int5', 'int6', 'int7'])(
    'gradients and weights in %s run on integer kernels',
    async (format) => {
      const recipe = parseRecipe({
        extends: 'int8',
        name: format,
        products: { forward: { right: { format } }, gradLeft: { gradOutput: { format } } },
      });
      const [wasm, reference] = await Promise.all(
        (['wasm', 'reference'] as const).map((backend) => small(new Net(), { recipe, backend })),
      );
      expect(wasm.work().integerMacShare).toBe(1);
      for (let i = 0; i < 3; i++) expect(wasm.step(batch, 0.02)).toEqual(reference.step(batch, 0.02));
      await Promise.all([wasm.dispose(), reference.dispose()]);
    },
  );

  it.each(['previous', 'running'])('ranges from "%s" train and serve inference', async (range) => {
    const recipe = parseRecipe({
      extends: 'int8-norm-gradients-8bit',
      name: range,
      products: {
        forward: { left: { range } },
        gradLeft: { gradOutput: { range } },
        gradRight: { gradOutput: { range } },
      },
      norm: { input: { range }, gradOutput: { range } },
    });
    const session = await small(new Net(), { recipe });
    const losses = Array.from({ length: 20 }, () => session.step(batch, 0.05).loss);
    expect(losses[19]).toBeLessThan(losses[0]);
    expect(session.evaluate(batch).loss).toBeLessThan(2);
    await session.dispose();
  });

  it('scales per sample serve attention, too', async () => {
    const recipe = parseRecipe({
      extends: 'int8',
      name: 'per sample',
      products: {
        forward: { left: { granularity: 'sample' } },
        gradRight: { left: { format: 'uint8', scheme: 'affine' } },
      },
    });
    const session = await small(new Attention(), { recipe });
    const losses = Array.from({ length: 10 }, () => session.step(batch, 0.05).loss);
    expect(losses[9]).toBeLessThan(losses[0]);
    await session.dispose();
  });

  const gradientCosines = async (model: () => Module, products: object): Promise<number> => {
    const recipe = parseRecipe({ extends: 'fp32', name: 'x', products });
    const session = await small(model(), { recipe, threads: 1 });
    session.step(batch, 0);
    const { gradients } = probe(session, batch);
    await session.dispose();
    // The softmax takes no note of a shift of all keys: that bias's gradient is zero, its direction noise.
    return Math.min(...gradients.filter(({ path }) => path.endsWith('weight')).map(({ cosine }) => cosine));
  };

  it.each([
    ['convolution', () => new Net()],
    ['attention', () => new Attention()],
  ])('weights per channel beside a float gradient keep their scales: %s', async (_name, model) => {
    const right = { format: 'int8', granularity: 'channel' };
    expect(await gradientCosines(model, { forward: { right } })).toBeGreaterThan(0.98);
  });

  it('a gradient per channel serves products of two activations', async () => {
    const g = { format: 'int16', granularity: 'channel' };
    const left = { format: 'uint8' };
    const products = { forward: { left }, gradRight: { gradOutput: g } };
    expect(await gradientCosines(() => new Attention(), products)).toBeGreaterThan(0.95);
  });

  it("a recipe of the README's kind, one layer in float, trains", async () => {
    const float = {
      forward: { left: 'float32', right: 'float32' },
      gradLeft: { gradOutput: 'float32' },
      gradRight: { gradOutput: 'float32' },
    };
    const recipe = parseRecipe({
      extends: 'int8',
      name: 'x',
      overrides: [{ modules: 'conv', products: float }],
    });
    const session = await small(new Net(), { recipe });
    expect(session.work().integerMacShare).toBeLessThan(0.5);
    const losses = Array.from({ length: 10 }, () => session.step(batch, 0.05).loss);
    expect(losses[9]).toBeLessThan(losses[0]);
    await session.dispose();
  });

  it('an override that matches no module is refused with a suggestion', async () => {
    const recipe = parseRecipe({
      extends: 'int8',
      name: 'x',
      overrides: [{ modules: 'cnv', norm: { eps: 1e-4 } }],
    });
    await expect(small(new Net(), { recipe })).rejects.toThrow(RecipeError);
    await expect(small(new Net(), { recipe })).rejects.toThrow(/"cnv" matches no module.*"conv"/);
  });

  it('the float twin of a probe keeps what overrides say of the norm', async () => {
    const recipe = parseRecipe({
      extends: 'fp32',
      name: 'x',
      overrides: [{ modules: 'bn', norm: { kind: 'range' } }],
    });
    const session = await small(new Net(), { recipe });
    session.step(batch, 0.01);
    for (const { cosine } of probe(session, batch).gradients) expect(cosine).toBeCloseTo(1, 12);
    await session.dispose();
  });
});

describe('attention and dropout', () => {
  it.each(['paper', 'int8'])(
    '%s: the same bits on three threads, one, and the reference; fused as traced',
    async (recipe) => {
      const sessions = await Promise.all([
        small(new Attention(), { recipe, threads: 3 }),
        small(new Attention(), { recipe, threads: 1 }),
        small(new Attention(), { recipe, backend: 'reference' }),
      ]);
      for (let i = 0; i < 3; i++) {
        const [first, ...others] = sessions.map((session) => session.step(batch, 0.05));
        for (const other of others) expect(other).toEqual(first);
      }
      const traced = sessions[0].trace(batch).result;
      expect(sessions[0].step(batch, 0)).toEqual(traced);
      await Promise.all(sessions.map((session) => session.dispose()));
    },
  );
});

describe('micro-batches of unlike size', () => {
  it('weigh by their samples', async () => {
    const options = { recipe: 'fp32', modelName: 'mlp', threads: 1 };
    const whole = await tinySession(data, options);
    const parts = await tinySession(data, { ...options, accumulate: 2, batchSize: 4 });
    const a = whole.step(firstBatch(data, 5), 0.1);
    const b = parts.step([firstBatch(data, 4), firstBatch(data, 1, 4)], 0.1);
    expect(b.loss).toBeCloseTo(a.loss, 5);
    const [x, y] = [whole.read('fc1.weight'), parts.read('fc1.weight')];
    for (let i = 0; i < x.length; i++) expect(Math.abs(x[i] - y[i])).toBeLessThan(1e-6);
    await Promise.all([whole.dispose(), parts.dispose()]);
  });
});
