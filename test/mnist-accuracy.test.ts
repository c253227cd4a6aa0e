/**
 * Accuracy on real data, so that a fault that only costs points is seen: the same residual network, images and steps in
 * float32 and in 8 bits. The bounds leave room for the noise of so short a run (a standard deviation is about half a point),
 * not for a fault; the README has the figures of longer ones.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadMnist, subset } from '../src/data/index.node.js';
import { createModel } from '../src/models/index.js';
import { oneCycle } from '../src/optim/index.js';
import { createSession, fit } from '../src/train/index.js';

/** Share of right answers after 150 steps of 64 images, on 4,000 that were not trained on. */
async function accuracyUnder(recipe: string): Promise<number> {
  const { train, test } = await loadMnist();
  const session = await createSession({
    model: createModel('resnet8', { inputShape: train.inputShape, classes: 10 }),
    input: train,
    recipe,
    threads: 2,
  });
  let accuracy = 0;
  const options = { train: subset(train, 9600, 0), test: subset(test, 4000, 0), epochs: 1 };
  for await (const event of fit(session, { ...options, learningRate: oneCycle(0.1) })) {
    if (event.type === 'evaluation') accuracy = event.accuracy ?? 0;
  }
  await session.dispose();
  return accuracy;
}

describe('ResNet-8 on a sixth of MNIST', () => {
  let float = 0;
  beforeAll(async () => {
    float = await accuracyUnder('fp32');
  }, 300_000);

  it('learns in float32', () => {
    expect(float).toBeGreaterThan(0.9);
  });

  it.each([
    ['int8', 0.015],
    ['paper', 0.03],
  ])('%s is at most %d behind', { timeout: 300_000 }, async (recipe, bound) => {
    expect(await accuracyUnder(recipe)).toBeGreaterThan(float - bound);
  });
});
