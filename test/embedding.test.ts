/** Data sets of whole numbers: tokens through an embedding, with the loop, evaluation, a saved model, and indices out of range. */
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../src/core/errors.js';
import { RandomStream } from '../src/core/rng.js';
import { BatchLoader, type Dataset, flip, fromArrays, subset } from '../src/data/index.js';
import type { Value } from '../src/graph/graph.js';
import { Embedding, Linear, Module } from '../src/nn/index.js';
import { mean } from '../src/ops/index.js';
import { oneCycle } from '../src/optim/index.js';
import {
  createSession,
  evaluate,
  fit,
  inputOf,
  parseModel,
  restoreModel,
  type Session,
  saveModel,
} from '../src/train/index.js';

const words = 12;
const length = 6;

/** Sentences of six words; those of class c hold only words that leave c when divided by 3, but for the first. */
function sentences(count: number, seed: number): Dataset {
  const random = new RandomStream(seed);
  const inputs = new Int32Array(count * length);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  for (let i = 0; i < inputs.length; i++) {
    const label = labels[Math.floor(i / length)];
    inputs[i] = i % length === 0 ? random.below(words) : random.below(words / 3) * 3 + label;
  }
  return fromArrays({ name: `sentences ${seed}`, inputs, inputShape: [length], labels });
}

class Bag extends Module {
  readonly embed = new Embedding(words, 8);
  readonly fc = new Linear(8, 3);
  forward(tokens: Value): Value {
    return this.fc.apply(mean(this.embed.apply(tokens), [1]));
  }
}

const [train, test] = [sentences(100, 1), sentences(50, 2)];

const bagSession = (recipe = 'int8'): Promise<Session> =>
  createSession({ model: new Bag(), input: train, recipe, batchSize: 16, threads: 2, seed: 1 });

describe('a data set of whole numbers', () => {
  it('keeps them as int32, in subsets and batches too', () => {
    expect(inputOf(train)).toEqual({ shape: [length], storage: 'int32' });
    const part = subset(train, [5, 3]);
    expect([...part.inputs]).toEqual([...train.inputs.slice(30, 36), ...train.inputs.slice(18, 24)]);
    const loader = new BatchLoader(part, { batchSize: 2, shuffle: false });
    const [batch] = loader.epoch(0);
    expect(batch.inputs).toEqual(part.inputs);
    expect(part.inputs).toBeInstanceOf(Int32Array);
  });

  it('takes neither normalisation nor augmentation', () => {
    const source = { inputs: new Int32Array(6), inputShape: [6], labels: [0] };
    const normalization = { mean: [0, 0, 0, 0, 0, 0], std: [1, 1, 1, 1, 1, 1] };
    expect(() => fromArrays({ ...source, normalization })).toThrow(/int32 inputs are indices/);
    const images = fromArrays({ ...source, inputs: new Int32Array(12), inputShape: [2, 2, 3] });
    expect(() => new BatchLoader(images, { batchSize: 1, augment: [flip()] })).toThrow(UsageError);
  });
});

describe('an embedding classifier', () => {
  it.each(['fp32', 'int8'])('%s: learns with fit, a ragged last batch included', async (recipe) => {
    const session = await bagSession(recipe);
    let accuracy = 0;
    let steps = 0;
    for await (const event of fit(session, { train, test, epochs: 12, learningRate: oneCycle(0.3) })) {
      if (event.type === 'step') steps += 1;
      if (event.type === 'done') accuracy = event.testAccuracy ?? 0;
    }
    expect(steps).toBe(12 * 7);
    expect(accuracy).toBeGreaterThan(0.95);
    expect((await evaluate(session, test)).accuracy).toBe(accuracy);
    // A saved model gives the same in another session.
    const { shape: inputShape, storage: inputStorage } = inputOf(train);
    const facts = { model: 'bag', inputShape, inputStorage, classes: train.classes, dataset: train.name };
    const saved = parseModel(saveModel(session, facts), 'bag.safetensors');
    expect(saved.inputStorage).toBe('int32');
    const other = await bagSession(recipe);
    restoreModel(other, saved);
    expect((await evaluate(other, test)).accuracy).toBe(accuracy);
    expect(other.predict(test.inputs.slice(0, length))).toEqual(
      session.predict(test.inputs.slice(0, length)),
    );
    await Promise.all([session.dispose(), other.dispose()]);
  });

  it('names module, index, sample and rows where a token is outside the table', async () => {
    const session = await bagSession();
    const before = session.read('embed.weight');
    for (const bad of [words, -1]) {
      const inputs = Int32Array.from(train.inputs);
      inputs[9 * length + 2] = bad;
      const broken = fromArrays({ name: 'broken', inputs, inputShape: [length], labels: train.labels });
      const message = `embed: index ${bad} of sample 9 of the batch is outside the table's rows 0 to 11; check the inputs, or make the model larger`;
      const batch = { inputs: inputs.slice(0, 16 * length), targets: train.labels.slice(0, 16), size: 16 };
      expect(() => session.step(batch, 0.1)).toThrow(DataError);
      expect(() => session.step(batch, 0.1)).toThrow(message);
      expect(() => session.trace(batch)).toThrow(message);
      const run = async (): Promise<void> => {
        for await (const event of fit(session, { train: broken, epochs: 1, learningRate: 0 })) {
          if (event.type === 'done') expect.unreachable();
        }
      };
      await expect(run()).rejects.toThrow(new RegExp(`^embed: index ${bad} of sample \\d+ of the batch`));
    }
    expect(session.read('embed.weight')).toEqual(before);
    const batch = { inputs: train.inputs.slice(0, 6 * 2), targets: [0, 5], size: 2 };
    expect(() => session.step(batch, 0.1)).toThrow(
      /^loss: label 5 of sample 1 of the batch is outside the classes 0 to 2; check the labels/,
    );
    await session.dispose();
  });
});
