/** The small convolutional models in whole steps: integer kernels under the 8-bit recipes, and a loss that falls. */
import { describe, expect, it } from 'vitest';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(64);

describe.each(['cnn', 'mobilenet'])('%s', (modelName) => {
  it.each(['fp32', 'paper', 'int8'])('%s: learns stripes', async (recipe) => {
    const session = await tinySession(data, { recipe, modelName, batchSize: 16, threads: 1 });
    const losses: number[] = [];
    for (let step = 0; step < 24; step++) {
      losses.push(session.step(firstBatch(data, 16, (step % 4) * 16), 0.05).loss);
    }
    const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    // Chance is ln 4 = 1.39.
    expect(mean(losses.slice(-4))).toBeLessThan(0.7);
    expect(session.work().integerMacShare).toBe(recipe === 'fp32' ? 0 : 1);
    await session.dispose();
  });
});

describe("mobilenet's depthwise convolutions", () => {
  it.each(['paper', 'int8'])('%s: all three products run on integer kernels', async (recipe) => {
    const session = await tinySession(data, { recipe, modelName: 'mobilenet', threads: 1 });
    const { calls } = session.planFor('train', 8).plan;
    const depthwise = calls.filter(({ path, product }) => product && path === 'blocks.1.depthwise');
    expect(depthwise.map(({ call }) => call.kernel).sort()).toEqual([
      'conv2d_grad_input_int',
      'conv2d_grad_weight_int',
      'conv2d_int',
    ]);
    expect(depthwise.map(({ product }) => product?.kind)).toEqual(['integer', 'integer', 'integer']);
    await session.dispose();
  });

  it('gives the same bits on the reference and on 1 and 3 threads', async () => {
    const run = async (options: { backend?: 'reference'; threads?: number }): Promise<number[]> => {
      const session = await tinySession(data, {
        recipe: 'int8',
        modelName: 'mobilenet',
        batchSize: 4,
        ...options,
      });
      const numbers = [session.step(firstBatch(data, 4), 0.05).loss];
      for (const { path } of session.bound.parameters) numbers.push(...session.read(path));
      await session.dispose();
      return numbers;
    };
    const one = await run({ threads: 1 });
    expect(await run({ backend: 'reference' })).toEqual(one);
    expect(await run({ threads: 3 })).toEqual(one);
  });
});
