/** Whole training steps: the same bits for any thread count and backend, fused as traced, ragged, accumulated, repeated. */
import { describe, expect, it } from 'vitest';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { ShapeError } from '../src/core/errors.js';
import { recipes } from '../src/quant/recipes.js';
import type { Session } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(64);
const integerRecipes = ['paper', 'int8', 'int8-no-bifurcation', 'int8-range-norm'];

/** Losses of some steps, then every parameter and state, as one list of numbers. */
async function trained(session: Session, steps: number, batch = 8): Promise<number[]> {
  const numbers: number[] = [];
  for (let step = 0; step < steps; step++) {
    numbers.push(session.step(firstBatch(data, batch, (step * batch) % 48), 0.05).loss);
  }
  numbers.push(...session.predict(firstBatch(data, 5).inputs));
  for (const { path } of session.bound.parameters) numbers.push(...session.read(path));
  for (const name of session.stateNames()) numbers.push(...session.read(name));
  await session.dispose();
  return numbers;
}

/** First place where two lists differ in their bits. */
function firstDifference(a: readonly number[], b: readonly number[]): string {
  if (a.length !== b.length) return `lengths ${a.length} and ${b.length}`;
  const at = a.findIndex((value, i) => !Object.is(value, b[i]));
  return at < 0 ? 'none' : `at ${at}: ${a[at]} and ${b[at]}`;
}

describe('an 8-bit training run', () => {
  it.each(integerRecipes)('%s: the same bits on 1, 2 and 3 threads', async (recipe) => {
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map(async (threads) => trained(await tinySession(data, { recipe, threads }), 4)),
    );
    expect(firstDifference(one, two)).toBe('none');
    expect(firstDifference(one, three)).toBe('none');
  });

  it.each(['paper', 'int8'])('%s: the same bits on the reference backend', async (recipe) => {
    const wasm = await trained(await tinySession(data, { recipe, threads: 2 }), 2);
    const reference = await trained(await tinySession(data, { recipe, backend: 'reference' }), 2);
    expect(firstDifference(wasm, reference)).toBe('none');
  });

  it('fp32 without fused multiply-add: the same bits on 1 and 3 threads and on the reference backend', async () => {
    const runs = [
      await trained(
        await tinySession(data, {
          recipe: 'fp32',
          backend: await createWasmBackend({ threads: 1, relaxed: false }),
        }),
        2,
      ),
      await trained(
        await tinySession(data, {
          recipe: 'fp32',
          backend: await createWasmBackend({ threads: 3, spreadSmall: true, relaxed: false }),
        }),
        2,
      ),
      await trained(await tinySession(data, { recipe: 'fp32', backend: 'reference' }), 2),
    ];
    expect(firstDifference(runs[0], runs[1])).toBe('none');
    expect(firstDifference(runs[0], runs[2])).toBe('none');
  });

  it('repeats itself under one seed and not under another', async () => {
    const run = async (seed: number): Promise<number[]> =>
      trained(await tinySession(data, { recipe: 'int8', seed }), 3);
    const first = await run(5);
    expect(firstDifference(first, await run(5))).toBe('none');
    expect(firstDifference(first, await run(6))).not.toBe('none');
  });
});

describe('the fused plan', () => {
  it.each(Object.keys(recipes))('%s: gives the bits of the trace plan', async (recipe) => {
    const session = await tinySession(data, { recipe, threads: 2 });
    for (let step = 0; step < 2; step++) session.step(firstBatch(data, 8, step * 8), 0.05);
    const batch = firstBatch(data, 8, 24);
    const traced = session.trace(batch).result;
    const gradients = session.trainedPaths().map((path) => [...session.readGradient(path)]);
    // A learning rate of 0 leaves the parameters as they are.
    const fused = session.step(batch, 0);
    expect(fused).toEqual(traced);
    session.trainedPaths().forEach((path, i) => {
      expect(`${path} ${firstDifference([...session.readGradient(path)], gradients[i])}`).toBe(
        `${path} none`,
      );
    });
    await session.dispose();
  });

  it('leaves parameters, running values and ranges alone when traced', async () => {
    const session = await tinySession(data, { recipe: 'paper', threads: 1 });
    session.step(firstBatch(data, 8), 0.05);
    const names = [...session.stateNames(), ...session.bound.parameters.map(({ path }) => path)];
    const before = names.map((name) => [...session.read(name)]);
    session.trace(firstBatch(data, 8, 16));
    expect(names.map((name) => [...session.read(name)])).toEqual(before);
    await session.dispose();
  });
});

describe('batches', () => {
  it.each(['fp32', 'paper', 'int8'])(
    '%s: a ragged batch trains, also one of a single image',
    async (recipe) => {
      const session = await tinySession(data, { recipe, threads: 2 });
      for (const size of [8, 5, 1, 8]) {
        expect(Number.isFinite(session.step(firstBatch(data, size), 0.02).loss)).toBe(true);
      }
      await session.dispose();
    },
  );

  it('a norm that would see one value a channel is refused before the first step, naming it and the remedy', async () => {
    const small = stripes(9, 4);
    const session = await tinySession(small, { recipe: 'paper', threads: 1 });
    // 4x4 images reach the last stage as 1x1.
    expect(() => session.prepare([8, 1])).toThrow(ShapeError);
    expect(() => session.prepare([8, 1])).toThrow(/layer3.*one value a channel.*larger batch/);
    await session.dispose();
  });

  it('two micro-batches in float give the gradient of the whole batch where no norm ties them', async () => {
    const whole = await tinySession(data, { recipe: 'fp32', modelName: 'mlp', threads: 1 });
    const parts = await tinySession(data, {
      recipe: 'fp32',
      modelName: 'mlp',
      threads: 1,
      accumulate: 2,
      batchSize: 4,
    });
    const a = whole.step(firstBatch(data, 8), 0.1);
    const b = parts.step([firstBatch(data, 4), firstBatch(data, 4, 4)], 0.1);
    expect(b.loss).toBeCloseTo(a.loss, 5);
    expect(b.correct).toBe(a.correct);
    for (const { path } of whole.bound.parameters) {
      const [x, y] = [whole.read(path), parts.read(path)];
      // Sums in another order: a few float32 roundings of values of order 0.1.
      for (let i = 0; i < x.length; i++) expect(Math.abs(x[i] - y[i])).toBeLessThan(1e-6);
    }
    await Promise.all([whole.dispose(), parts.dispose()]);
  });

  it('micro-batches under an 8-bit recipe draw different noise', async () => {
    const session = await tinySession(data, { recipe: 'int8', threads: 1, accumulate: 2, batchSize: 4 });
    const batch = firstBatch(data, 4);
    session.step([batch, batch], 0);
    const doubled = [...session.readGradient('conv1.weight')];
    session.write('conv1.weight', session.read('conv1.weight'));
    const again = await tinySession(data, { recipe: 'int8', threads: 1, accumulate: 2, batchSize: 4 });
    again.step([batch], 0);
    const single = [...again.readGradient('conv1.weight')];
    expect(
      firstDifference(
        doubled,
        single.map((value) => 2 * value),
      ),
    ).not.toBe('none');
    await Promise.all([session.dispose(), again.dispose()]);
  });
});
