/** Small synthetic data and sessions for tests of whole training steps. */
import type { Backend } from '../../src/backend/backend.js';
import { createWasmBackend } from '../../src/backend/wasm/index.js';
import { RandomStream } from '../../src/core/rng.js';
import { type ImageDataset, imageDataset } from '../../src/data/index.js';
import { createModel } from '../../src/models/index.js';
import { sgd } from '../../src/optim/index.js';
import type { Recipe } from '../../src/quant/recipe.js';
import { type Batch, createSession, type Session, type SessionOptions } from '../../src/train/index.js';

/** Images whose class shows as a bright stripe, so that a few steps learn something. */
export function stripes(count: number, size = 12, channels = 3, classes = 4): ImageDataset {
  const random = new RandomStream(7);
  const images = new Uint8Array(count * size * size * channels);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = i % classes;
    for (let y = 0; y < size; y++) {
      const bright = Math.floor((y * classes) / size) === labels[i] ? 120 : 0;
      for (let x = 0; x < size * channels; x++) {
        images[(i * size + y) * size * channels + x] = bright + random.below(100);
      }
    }
  }
  return imageDataset({
    name: 'stripes',
    inputs: images,
    inputShape: [size, size, channels],
    labels,
    classes: Array.from({ length: classes }, (_, i) => `stripe ${i}`),
  });
}

export function firstBatch(dataset: ImageDataset, size: number, from = 0): Batch {
  const sample = dataset.inputs.length / dataset.count;
  return {
    inputs: dataset.inputs.slice(from * sample, (from + size) * sample),
    targets: dataset.labels.slice(from, from + size),
    size,
  };
}

/** A session on a small model; ResNet-8 on 12x12x3 stripes unless told otherwise. */
export function tinySession(
  dataset: ImageDataset,
  options: Partial<SessionOptions> & {
    recipe: string | Recipe;
    backend?: 'wasm' | 'reference' | Backend;
    modelName?: string;
  },
): Promise<Session> {
  const { modelName = 'resnet8', ...rest } = options;
  return createSession({
    model: createModel(modelName, { inputShape: dataset.inputShape, classes: dataset.classes.length }),
    input: dataset,
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
    batchSize: 8,
    seed: 3,
    ...rest,
  });
}

/**
 * Losses of some steps, predictions of an odd batch, then every parameter and state, as one list of numbers that must not depend on
 * the backend. `threads` 0 is the reference.
 */
export async function trainedNumbers(
  dataset: ImageDataset,
  recipe: string | Recipe,
  threads: number,
  steps = 2,
  modelName = 'resnet8',
): Promise<number[]> {
  // Without fused multiply-add: simulated products are float products, whose bits would differ.
  const backend =
    threads === 0 ? 'reference' : await createWasmBackend({ threads, spreadSmall: true, relaxed: false });
  const session = await tinySession(dataset, { recipe, backend, modelName });
  const numbers: number[] = [];
  for (let step = 0; step < steps; step++) {
    numbers.push(session.step(firstBatch(dataset, 8, step * 8), 0.05).loss);
  }
  numbers.push(...session.predict(firstBatch(dataset, 5).inputs));
  for (const { path } of session.bound.parameters) numbers.push(...session.read(path));
  for (const name of session.stateNames()) numbers.push(...session.read(name));
  await session.dispose();
  return numbers;
}
