import { describe, expect, it } from 'vitest';
import { claimRows } from './claims.js';
import { parseExperiment } from './experiment.js';
import type { Results } from './results.js';

const experiment = (expects: string) =>
  parseExperiment(
    {
      ...{ formatVersion: 1, title: 'A test', question: 'Does it?', method: 'By trying.' },
      ...{ dataset: 'mnist', model: 'mlp', settings: { epochs: 1 }, seeds: 3, baseline: 'fp32' },
      arms: [
        { name: 'fp32', recipe: 'fp32' },
        { name: 'int8', recipe: 'int8' },
      ],
      claims: [{ claim: 'A claim', source: 'somewhere', arm: 'int8', expects }],
      smoke: { maxSteps: 2 },
    },
    'test',
    'test/experiment.json',
  );

/** Runs of int8 with these differences to fp32, in points; undefined: diverged. */
function results(...differences: (number | undefined)[]): Results {
  const run = (arm: string, seed: number, points: number | undefined) => ({
    ...{
      arm,
      recipe: arm,
      seed,
      settingsHash: 'x',
      epochs: 1,
      steps: 9,
      trainLoss: 1,
      seconds: 1,
      threads: 1,
    },
    ...{ octograd: '0', node: 'v20', platform: 'linux', cpu: null, startedAt: '2026-01-01T00:00:00Z' },
    status: points === undefined ? ('diverged' as const) : ('finished' as const),
    testAccuracy: points === undefined ? null : 0.9 + points / 100,
    testLoss: points === undefined ? null : 0.1,
  });
  const runs = differences.flatMap((points, seed) => [run('fp32', seed, 0), run('int8', seed, points)]);
  return { formatVersion: 1, experiment: 'test', smoke: false, schedule: '1 epoch', runs };
}

const verdict = (expects: string, ...differences: (number | undefined)[]): string | undefined =>
  claimRows({ experiment: experiment(expects), results: results(...differences) })[0][3];

describe('the verdict on a claim', () => {
  it.each([
    ['no loss', [0.1, 0, -0.1], 'holds'],
    ['no loss', [-2, -2.1, -1.9], 'does not hold (loss)'],
    ['no loss', [-2, 2, 0], 'not settled, n = 3'],
    ['no loss', [undefined, 0, 0.1], 'does not hold'],
    ['loss', [-2, -2.1, -1.9], 'holds'],
    ['loss', [0.1, 0, -0.1], 'does not hold (no loss)'],
    ['loss', [undefined, -1, -1.1], 'holds'],
    // Two thirds of a point lost for sure is a loss, and no crash.
    ['crash', [-0.6, -0.65, -0.7], 'does not hold (loss, no crash)'],
    ['crash', [-2, 2, 0], 'does not hold (not settled, no crash)'],
    ['crash', [-60, -61, -62], 'holds'],
    ['crash', [-60, 0, -30], 'not settled, n = 3'],
    ['crash', [undefined, undefined, undefined], 'holds'],
  ] as const)('that expects %s of differences %j is "%s"', (expects, differences, expected) => {
    expect(verdict(expects, ...differences)).toBe(expected);
  });
});
