/** How long the rest of a command's runs takes, by what there is to go by. */
import { expect, it } from 'vitest';
import type { Task } from '../experiment/tasks.js';
import { TotalProgress } from './total-progress.js';

const task = (arm: string): Task =>
  ({ experiment: 'test', arm, seed: 0, totalSteps: 1000 }) as unknown as Task;
const step = (at: number): string => `{"type":"step","step":${at},"loss":1}`;

function progressOf(arms: readonly string[]) {
  const clock = { now: 0 };
  const tasks = arms.map(task);
  const out = { write: () => undefined };
  const progress = new TotalProgress({ out, env: {}, clock: () => clock.now }, tasks, 1);
  return { clock, tasks, progress };
}

it('has no estimate from the first steps, which compile and warm up, nor from the reading of data', () => {
  const { clock, tasks, progress } = progressOf(['fp32', 'int8']);
  progress.start(tasks[0]);
  clock.now = 5000;
  progress.hear(tasks[0], step(1));
  expect(progress.secondsLeft()).toBeUndefined();
  // Many steps, but hardly any time; and time, but hardly any steps.
  clock.now = 5500;
  progress.hear(tasks[0], step(51));
  expect(progress.secondsLeft()).toBeUndefined();
  clock.now = 15_000;
  progress.hear(tasks[0], step(101));
  // 0.1 s a step: 899 steps of this run, 1000 of the next.
  expect(progress.secondsLeft()).toBeCloseTo(189.9, 6);
  const slow = progressOf(['fp32']);
  slow.progress.start(slow.tasks[0]);
  slow.progress.hear(slow.tasks[0], step(1));
  slow.clock.now = 9000;
  slow.progress.hear(slow.tasks[0], step(9));
  expect(slow.progress.secondsLeft()).toBeUndefined();
});

it('goes by recorded runs until a run tells by itself: of the arm, else of the experiment', () => {
  const { clock, tasks, progress } = progressOf(['fp32', 'int8']);
  progress.learn({ experiment: 'test', arm: 'fp32' }, 1000, 4);
  expect(progress.secondsLeft()).toBeCloseTo(8, 6);
  progress.start(tasks[0]);
  clock.now = 1000;
  progress.hear(tasks[0], step(1));
  expect(progress.secondsLeft()).toBeCloseTo(7.996, 6);
  clock.now = 6000;
  progress.hear(tasks[0], step(501));
  // 0.01 s a step now; the other arm still by what is recorded.
  expect(progress.secondsLeft()).toBeCloseTo(4.99 + 4, 6);
});
