/** The transformer on text: what it learns under each recipe, what its products run on, and its norms. */
import { describe, expect, it } from 'vitest';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { RandomStream } from '../src/core/rng.js';
import { BatchLoader, textSplit } from '../src/data/index.js';
import { Transformer } from '../src/models/index.js';
import { adamw } from '../src/optim/index.js';
import { parseRecipe } from '../src/quant/index.js';
import {
  createSession,
  evaluate,
  fit,
  probe,
  type Session,
  type SessionOptions,
} from '../src/train/index.js';

/** Words of which the first letter says the others. */
const words = ['alpha ', 'beta ', 'gamma ', 'delta '];
const random = new RandomStream(5);
const text = Array.from({ length: 1500 }, () => words[random.below(4)]).join('');
const { train, test } = textSplit(text, { context: 16 });

const sessionOf = (options: Partial<SessionOptions> = {}): Promise<Session> =>
  createSession({
    model: new Transformer({
      inputShape: [16],
      classes: train.classes.length,
      layers: 1,
      width: 32,
      heads: 2,
    }),
    input: train,
    optimizer: adamw(),
    batchSize: 16,
    threads: 1,
    seed: 1,
    ...options,
  });

describe('training a transformer', () => {
  it.each(['fp32', 'fp32-range', 'paper', 'int8'])('%s: learns to spell', async (recipe) => {
    const session = await sessionOf({ recipe });
    const losses: number[] = [];
    let accuracy = 0;
    for await (const event of fit(session, { train, test, epochs: 5, learningRate: 0.005 })) {
      if (event.type === 'step') losses.push(event.loss);
      if (event.type === 'done') accuracy = event.testAccuracy ?? 0;
    }
    // A word's first letter is one of four: ln 4 nats in 5.5 characters, less the one word in four whose length tells.
    expect(losses[0]).toBeGreaterThan(2);
    expect(losses[losses.length - 1]).toBeLessThan(0.5);
    expect(accuracy).toBeGreaterThan(0.8);
    const again = await evaluate(session, test);
    expect([again.accuracy, again.loss < 0.5]).toEqual([accuracy, true]);
    await session.dispose();
  });

  it.each(['paper', 'int8'])(
    '%s: every product runs on integer kernels, attention included',
    async (recipe) => {
      const session = await sessionOf({ recipe });
      expect(session.work().integerMacShare).toBe(1);
      const { calls } = session.planFor('train', 16).plan;
      for (const path of ['blocks.0.attention.scores', 'blocks.0.attention.mix', 'blocks.0.fc1', 'head']) {
        const own = calls.filter((call) => call.path === path && call.product);
        expect(own.map(({ product }) => product?.role).sort()).toEqual(['forward', 'gradLeft', 'gradRight']);
        expect(own.every(({ product }) => product?.kind === 'integer')).toBe(true);
      }
      await session.dispose();
    },
  );

  it('int8: gives the same bits on the reference and on 1 and 3 threads', async () => {
    const run = async (backend: SessionOptions['backend']): Promise<number[]> => {
      const session = await sessionOf({ recipe: 'int8', ...(backend ? { backend } : {}) });
      const numbers: number[] = [];
      let steps = 0;
      for (const { inputs, labels, size } of new BatchLoader(train, { batchSize: 16 }).epoch()) {
        numbers.push(session.step({ inputs, targets: labels, size }, 0.005).loss);
        steps += 1;
        if (steps === 2) break;
      }
      for (const { path } of session.bound.parameters) numbers.push(...session.read(path));
      await session.dispose();
      return numbers;
    };
    const one = await run(await createWasmBackend({ threads: 1 }));
    expect(await run(await createWasmBackend({ threads: 3, spreadSmall: true }))).toEqual(one);
    expect(await run('reference')).toEqual(one);
  });

  it('sees nothing of later places', async () => {
    const session = await sessionOf({ recipe: 'fp32' });
    const sample = Int32Array.from(train.inputs.slice(0, 16));
    const before = session.predict(sample).slice();
    const changed = sample.map((token, place) => (place < 9 ? token : (token + 1) % train.classes.length));
    const after = session.predict(changed);
    const seen = 9 * train.classes.length;
    expect(after.slice(0, seen)).toEqual(before.slice(0, seen));
    expect(after.slice(seen)).not.toEqual(before.slice(seen));
    await session.dispose();
  });

  it('is probed: operands of attention and norms are measured, and the mask passes', async () => {
    const session = await sessionOf({ recipe: 'paper' });
    const { operands } = probe(session, {
      inputs: train.inputs.slice(0, 16 * 4),
      targets: train.labels.slice(0, 16 * 4),
      size: 4,
    });
    const found = operands.map(({ path, role }) => `${path} ${role}`);
    for (const name of [
      'blocks.0.attention.scores input',
      'blocks.0.attention.mix right',
      'blocks.0.norm1 input',
      'norm gradOutput',
    ]) {
      expect(found).toContain(name);
    }
    await session.dispose();
  });
});

describe('layer norm by recipe', () => {
  /** Kernels of one norm in the training plan. */
  const kernels = async (recipe: SessionOptions['recipe']): Promise<Set<string>> => {
    const session = await sessionOf({ recipe: recipe as string });
    const { calls } = session.planFor('train', 16).plan;
    const own = calls.filter(({ path }) => path === 'blocks.0.norm1').map(({ call }) => call.kernel);
    await session.dispose();
    return new Set(own);
  };

  it('is the range of the features under Range BN, the standard deviation under batch norm', async () => {
    for (const [recipe, byRange, quantized] of [
      ['fp32', false, false],
      ['fp32-range', true, false],
      ['int8', false, true],
      ['paper', true, true],
      ['int8-float-norm', false, false],
    ] as const) {
      const found = await kernels(recipe);
      expect([recipe, found.has('max_pool'), found.has('dequantize')]).toEqual([recipe, byRange, quantized]);
    }
  });

  it('is overridden by path', async () => {
    const own = parseRecipe({
      extends: 'int8',
      name: 'own',
      overrides: [
        { modules: 'blocks.0.norm1', norm: { kind: 'range', input: 'float32', gradOutput: 'float32' } },
      ],
    });
    const found = await kernels(own);
    expect([found.has('max_pool'), found.has('dequantize')]).toEqual([true, false]);
  });
});
