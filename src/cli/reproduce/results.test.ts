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
