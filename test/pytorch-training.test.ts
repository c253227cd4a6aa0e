/**
 * Training against PyTorch's layers and optimisers in float64: ResNet-8 (forward, every gradient, ten losses, what ten
 * steps leave behind) and an MLP under each optimiser.
 */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { distance, distances, farthest, readGolden } from './golden/golden.case.js';
import {
  batchOf,
  lastLogits,
  sessionOf,
  type TrainingCase,
  type TrainingFile,
} from './golden/training.case.js';

const { seed, resnets, mlps } = readGolden<TrainingFile>('training');
const titled = (runs: readonly TrainingCase[]): [string, TrainingCase][] =>
  runs.map((run) => [run.name, run]);

/** Both sides in double: after ten steps 4e-15 of a tensor's largest element. 1e-8 is what is promised. */
const doubleTolerance = 1e-11;
/**
 * float32 against double: 6e-8 for each operation, through some twenty layers and sums of up to 1,152 terms; 1.3e-6 of a
 * tensor's largest element at most. 1e-4 is what is promised. No ReLU of the first step has an input within 2e-6 of zero (the
 * script sees to that), so both pass the same elements.
 */
const floatTolerance = 1e-5;

describe('float64', () => {
  it.each([...titled(resnets), ...titled(mlps)])('%s: ten steps', async (_name, run) => {
    const session = sessionOf(createReferenceBackend({ float64: true }), seed, run);
    expect(session.trainedPaths().sort()).toEqual(Object.keys(run.gradients).sort());
    expect(session.stateNames().sort()).toEqual(Object.keys(run.states).sort());
    run.losses.forEach((expected, step) => {
      const { loss } = session.step(batchOf(seed, run, step), run.learningRate);
      expect(Math.abs(loss - expected), `loss of step ${step}`).toBeLessThan(doubleTolerance);
      if (step > 0) return;
      expect(distance(lastLogits(session), run.logits), 'logits').toBeLessThan(doubleTolerance);
      const worst = farthest(distances((path) => session.readGradient(path), run.gradients));
      expect(worst.distance, `gradient of ${worst.name}`).toBeLessThan(doubleTolerance);
    });
    const worst = farthest(distances((path) => session.read(path), { ...run.final, ...run.states }));
    expect(worst.distance, worst.name).toBeLessThan(doubleTolerance);
    const { inputs } = batchOf(seed, run, run.losses.length);
    expect(distance(session.predict(inputs), run.predicted), 'prediction').toBeLessThan(doubleTolerance);
    await session.dispose();
  });
});

describe.each([
  ['reference', async () => createReferenceBackend()],
  ['wasm', () => createWasmBackend({ threads: 2, spreadSmall: true })],
] as const)('float32, %s', (_backend, create) => {
  it.each([...titled(resnets), ...titled(mlps)])('%s: first step', async (_name, run) => {
    const session = sessionOf(await create(), seed, run);
    const { loss } = session.step(batchOf(seed, run, 0), run.learningRate);
    expect(Math.abs(loss / run.losses[0] - 1)).toBeLessThan(floatTolerance);
    expect(distance(lastLogits(session), run.logits), 'logits').toBeLessThan(floatTolerance);
    const worst = farthest(distances((path) => session.readGradient(path), run.gradients));
    expect(worst.distance, `gradient of ${worst.name}`).toBeLessThan(floatTolerance);
    await session.dispose();
  });
});
