import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';
import { experimentChart, experimentSvg } from './plot.js';

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

describe('a sweep whose curves end together', () => {
  const swept = ['weights', 'gradients'].flatMap((series) =>
    [2, 4, 8].map((x) => ({ name: `${series}-${x}`, recipe: 'int8', x, series })),
  );
  const chartOf = (accuracies: Record<string, readonly number[]>, changes: object = {}): string => {
    const plot = { kind: 'sweep', xLog: true };
    const experiment = parseExperiment(
      { ...base, plot, arms: [arms[0], ...swept], ...changes },
      'test',
      'file',
    );
    const runs = Object.entries(accuracies).flatMap(([arm, list]) =>
      list.map((value, seed) => run(arm, seed, value)),
    );
    return experimentChart(experiment, resultsOf(runs));
  };
  const accuracies = {
    ...{ fp32: [0.99, 0.99], 'weights-2': [0.1, 0.1], 'weights-4': [0.986, 0.987] },
    ...{ 'weights-8': [0.99, 0.991], 'gradients-2': [0.5, 0.6], 'gradients-4': [0.989, 0.988] },
    'gradients-8': [0.99, 0.989],
  };
  const halves = (svg: string): string[] => svg.split('<svg ').slice(2);
  const ys = (svg: string): number[] => [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y));

  it('has the error on a logarithmic axis, where a factor is a distance', () => {
    const [error] = halves(chartOf(accuracies));
    // Errors 90, 1.35, 0.95 of weights, then 45, 1.15, 1.05 of gradients.
    const y = ys(error);
    expect((y[1] - y[0]) / (y[2] - y[1])).toBeCloseTo(Math.log(90 / 1.35) / Math.log(1.35 / 0.95), 1);
    expect(error).toContain('logarithmic');
  });

  it('has the differences of some margins about 0 below, each series at places of its own', () => {
    const [, near] = halves(chartOf(accuracies));
    // What lies at -89 and -44 points is beyond it, and marked at the edge.
    expect([...near.matchAll(/<title>([^<]*)</g)].map(([, value]) => value)).toEqual(['-89', '-44']);
    const dots = [...near.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(dots).toHaveLength(4);
    const [[x, y], , [otherX, otherY]] = dots;
    // -0.35 and -0.15 points on an axis of 3 points and 222 pixels.
    expect(y - otherY).toBeCloseTo((0.2 / 3) * 222, 0);
    expect(otherX - x).toBeGreaterThan(3);
    for (const name of ['baseline', 'margin', 'weights', 'gradients'])
      expect(near).toContain(`>${name}</text>`);
  });

  it('has all differences but those of arms that fail, and arrows where an interval goes on', () => {
    const [, near] = halves(chartOf({ ...accuracies, 'weights-4': [0.946, 0.947] }));
    // -4.35 points: more than four margins, less than ten.
    expect(near.match(/<circle/g)).toHaveLength(4);
    for (const tick of ['-4', '-2', '0']) expect(near).toContain(`>${tick}</text>`);
    // -5 to +4 points about -0.5.
    const [, wide] = halves(chartOf({ ...accuracies, 'weights-4': [0.98, 0.99] }));
    const arrows = (svg: string): number =>
      svg.match(/<path class="c\d" d="(M[\d.]+ [\d.]+L[^M]*)(M[^M]*L[^M]*L[^M]*){2}"/g)?.length ?? 0;
    // Gradients of 2 bits, at -49 and -39 points, have one in both.
    expect([arrows(near), arrows(wide)]).toEqual([1, 2]);
  });

  it('has both charts over the same places', () => {
    const ticks = halves(chartOf(accuracies)).map((svg) =>
      ['2', '4', '8'].map((text) => new RegExp(`x="([\\d.]+)" y="274"[^>]*>${text}<`).exec(svg)?.[1]),
    );
    expect(ticks[0]).not.toContain(undefined);
    expect(ticks[1]).toEqual(ticks[0]);
  });

  it('has an axis of equal steps for an error of 0 and for losses, and no second chart without a baseline', () => {
    const whole = halves(chartOf({ ...accuracies, 'weights-8': [1, 1] }));
    expect(whole[0]).not.toContain('logarithmic');
    const loss = halves(chartOf(accuracies, { metric: { name: 'loss', margin: 0.1 } }));
    expect(loss[0]).toContain('Test loss');
    expect(loss[0]).not.toContain('logarithmic');
    expect(halves(chartOf(accuracies, { baseline: null }))).toHaveLength(1);
  });
});

it('marks what diverged under every seed at the upper edge of a sweep, and gives both charts one frame', () => {
  const swept = [2, 4, 8].map((x) => ({
    name: `all-${x}`,
    recipe: 'int8',
    x,
    series: 'a curve with a long name',
  }));
  const experiment = parseExperiment(
    { ...base, plot: { kind: 'sweep', xLog: true }, arms: [arms[0], ...swept] },
    'test',
    'file',
  );
  const runs = ['fp32', 'all-4', 'all-8'].flatMap((arm) => [run(arm, 0, 0.9), run(arm, 1, 0.91)]);
  const failed = [0, 1].map(
    (seed): RunResult => ({ ...run('all-2', seed, 0), status: 'diverged', testAccuracy: null }),
  );
  const svg = experimentChart(experiment, resultsOf([...runs, ...failed]));
  expect(svg).toContain('arrows at the top: all diverged');
  expect(svg.match(/<title>all runs diverged<\/title>/g)).toHaveLength(1);
  expect(experimentChart(experiment, resultsOf(runs))).not.toContain('diverged');
  const rights = [...svg.matchAll(/class="axis" x1="62" x2="([\d.]+)"/g)].map(([, x]) => x);
  expect(rights).toHaveLength(2);
  expect(rights[0]).toBe(rights[1]);
});

it('is nothing without results', () => {
  const experiment = parseExperiment({ ...base, arms }, 'test', 'file');
  expect(experimentSvg(experiment, undefined)).toBeUndefined();
});
