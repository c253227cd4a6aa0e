/** An experiment and results for the tests of claims and documents. */
import { parseExperiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';

/** An experiment with one claim, and float32, `int8` and an ablation as its arms. */
export const experiment = (claim: object, changes: object = {}) =>
  parseExperiment(
    {
      ...{ formatVersion: 1, title: 'A test', question: 'Does it?', method: 'By trying.' },
      ...{ dataset: 'mnist', model: 'mlp', settings: { epochs: 1 }, seeds: 3, baseline: 'fp32' },
      arms: [
        { name: 'fp32', recipe: 'fp32' },
        { name: 'int8', recipe: 'int8' },
        { name: 'without', recipe: 'int8-no-exact-zero' },
      ],
      claims: [{ claim: 'A claim', source: 'somewhere', arm: 'int8', ...claim }],
      smoke: { maxSteps: 2 },
      ...changes,
    },
    'test',
    'test/experiment.json',
  );

/** Figures of an arm by seed. */
export type Points = readonly (number | undefined)[];

/** Runs by arm: points above or below 90 per cent (or a loss of 1 nat) under the seeds 0, 1, ...; undefined: diverged. */
export function results(arms: Readonly<Record<string, Points>>): Results {
  const run = (arm: string, points: number | undefined, seed: number): RunResult => ({
    ...{ arm, recipe: arm, seed, settingsHash: 'x', epochs: 1, steps: 9, trainLoss: 1, threads: 1 },
    ...{ octograd: '0', node: 'v20', platform: 'linux', cpu: null, startedAt: '2026-01-01T00:00:00Z' },
    seconds: 1,
    status: points === undefined ? 'diverged' : 'finished',
    testAccuracy: points === undefined ? null : 0.9 + points / 100,
    testLoss: points === undefined ? null : 1 + points,
  });
  const runs = Object.entries(arms).flatMap(([arm, points]) =>
    points.map((one, seed) => run(arm, one, seed)),
  );
  return { formatVersion: 1, experiment: 'test', smoke: false, schedule: '1 epoch', runs };
}

/** A run that diverged. */
export const no = undefined;
