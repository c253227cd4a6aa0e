import { expect, it } from 'vitest';
import { scheduleText } from './results.js';
import type { Task } from './tasks.js';

it.each([
  [1, '1 epoch of'],
  // A share of steps that comes to one epoch but for the last bits is shown as one.
  [1.000001, '1 epoch of'],
  [0.35, '0.35 epochs of'],
  [2, '2 epochs of'],
])('a schedule of %d epochs is "%s"', (epochs, expected) => {
  const settings = {
    ...{ epochs, totalSteps: 9, batchSize: 64, trainSamples: 600 },
    schedule: { kind: 'oneCycle' },
  };
  expect(scheduleText([{ settings } as unknown as Task])).toBe(
    `${expected} 600 samples, 9 steps of 64, one-cycle, annealed to zero`,
  );
});

it('puts arms together that differ in their batch alone', () => {
  const task = (batchSize: number, kind = 'constant') =>
    ({
      settings: {
        ...{ epochs: 1, totalSteps: 640 / batchSize, batchSize, trainSamples: 640 },
        schedule: { kind },
      },
    }) as unknown as Task;
  expect(scheduleText([task(64), task(32), task(64), task(16, 'cosine')])).toBe(
    '1 epoch of 640 samples, 10 steps of 64, 20 of 32, constant; 1 epoch of 640 samples, 40 steps of 16, cosine',
  );
});
