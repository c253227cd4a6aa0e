import { expect, it } from 'vitest';
import { parseExperiment } from './experiment.js';
import { experimentChart, experimentSvg } from './plot.js';
import type { Results } from './results.js';
import type { RunResult } from './run-result.js';

const base = {
  formatVersion: 1,
  title: 'Title',
  question: 'Q?',
  method: 'M.',
  dataset: 'mnist',
  model: 'mlp',
  seeds: 2,
  baseline: 'fp32',
  smoke: {},
};
const run = (arm: string, seed: number, testAccuracy: number): RunResult => ({
  ...{ arm, seed, testAccuracy, recipe: arm, status: 'finished', settingsHash: '', epochs: 1, steps: 1 },
  ...{ testLoss: 1, trainLoss: 1, seconds: 1, threads: 1, octograd: '', node: '', platform: '' },
  ...{ cpu: null, startedAt: '' },
});
const resultsOf = (runs: readonly RunResult[]): Results => ({
  ...{ formatVersion: 1, experiment: 'test', smoke: false, schedule: '', runs },
});
const arms = ['fp32', 'near', 'far', 'wide'].map((name) => ({ name, recipe: 'int8' }));

it('keeps small differences apart beside an arm that fails, whose value stands at the edge', () => {
  const experiment = parseExperiment({ ...base, arms }, 'test', 'file');
  const values = { fp32: [0.9, 0.91], near: [0.899, 0.91], far: [0.1, 0.12], wide: [0.901, 0.908] };
  const runs = Object.entries(values).flatMap(([arm, list]) => list.map((value, i) => run(arm, i, value)));
  const svg = experimentChart(experiment, resultsOf(runs));
  expect(svg).toContain('>-79.50</text>');
  const dots = [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(dots).toHaveLength(3);
  for (const x of dots) expect(x >= 0 && x <= 640).toBe(true);
  // 0.05 of a point below the baseline and 0.05 below it.
  expect(Math.abs(dots[0] - dots[2])).toBeLessThan(1);
  expect(dots[0] - dots[1]).toBeGreaterThan(100);
});

it('draws a sweep over powers of two, with what has no place on the axis as a dashed line', () => {
  const swept = [2, 4, 8].map((x) => ({ name: `all-${x}`, recipe: 'int8', x, series: 'all' }));
  const plot = { kind: 'sweep', xLog: true };
  const experiment = parseExperiment({ ...base, plot, arms: [arms[0], ...swept] }, 'test', 'file');
  const runs = ['fp32', 'all-2', 'all-4', 'all-8'].map((arm, i) => run(arm, 0, 0.5 + i / 10));
  const svg = experimentSvg(experiment, resultsOf(runs)) ?? '';
  expect(svg).toContain('stroke-dasharray');
  for (const tick of ['2', '4', '8']) expect(svg).toContain(`>${tick}</text>`);
  const dots = [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(dots[1] - dots[0]).toBeCloseTo(dots[2] - dots[1], 1);
});

it('is nothing without results', () => {
  const experiment = parseExperiment({ ...base, arms }, 'test', 'file');
  expect(experimentSvg(experiment, undefined)).toBeUndefined();
});
