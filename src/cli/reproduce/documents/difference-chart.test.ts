/** The differences of an experiment as a chart: grouped by what is compared with, and honest about what is cut off. */
import { describe, expect, it } from 'vitest';
import { type Experiment, parseExperiment } from '../experiment/experiment.js';
import { differenceGroups } from '../findings/difference-groups.js';
import { estimate } from '../findings/statistics.js';
import type { Results } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';
import { differenceAxis } from './difference-axis.js';
import { experimentChart } from './plot.js';

const run = (arm: string, seed: number, testAccuracy: number | null): RunResult => ({
  ...{ arm, seed, testAccuracy, recipe: arm, settingsHash: '', epochs: 1, steps: 1 },
  ...{ status: testAccuracy === null ? 'diverged' : 'finished', startedAt: '', cpu: null },
  ...{ testLoss: testAccuracy, trainLoss: 1, seconds: 1, threads: 1, octograd: '', node: '', platform: '' },
});
type Accuracies = Readonly<Record<string, readonly (number | null)[]>>;
const resultsOf = (accuracies: Accuracies): Results => ({
  ...{ formatVersion: 1, experiment: 'test', smoke: false, schedule: '' },
  runs: Object.entries(accuracies).flatMap(([arm, list]) => list.map((value, seed) => run(arm, seed, value))),
});
const experimentOf = (names: readonly (string | object)[], changes: object = {}): Experiment =>
  parseExperiment(
    {
      ...{ formatVersion: 1, title: 'Title', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
      ...{ seeds: 2, baseline: 'fp32', smoke: {} },
      arms: names.map((one) => ({ recipe: 'int8', ...(typeof one === 'string' ? { name: one } : one) })),
      ...changes,
    },
    'test',
    'file',
  );
const claim = (arm: string, against: string, expects: string) => ({
  ...{ claim: `${arm} beside ${against}`, source: 'a test', arm, against, expects },
});
/** Rows from top to bottom: what stands in them, and at which height. */
const texts = (svg: string): string[] =>
  [...svg.matchAll(/<text [^>]*y="([\d.]+)"[^>]*>([^<]*)<\/text>/g)]
    .filter(([tag]) => /class="label"[^>]*text-anchor="end"|class="title" style/.test(tag))
    .map(([, , text]) => text);

describe('groups', () => {
  const names = ['fp32', 'int8', 'int8-four', { name: 'four-log', baseline: 'int8-four' }];
  const claims = [
    claim('int8-four', 'int8', 'loss'),
    claim('int8-four', 'fp32', 'no loss'),
    claim('four-log', 'int8-four', 'gain'),
    claim('four-log', 'int8', 'gain'),
  ];
  const experiment = experimentOf(names, { claims });
  const results = resultsOf({
    ...{ fp32: [0.9, 0.91], int8: [0.9, 0.9], 'int8-four': [0.88, 0.89], 'four-log': [0.89, 0.89] },
  });

  it('has each difference once, under the arm that is taken off, in the order of the arms', () => {
    expect(texts(experimentChart(experiment, results))).toEqual([
      ...['less fp32', 'int8', 'int8-four'],
      ...['less int8', 'int8-four', 'four-log'],
      ...['less int8-four', 'four-log'],
    ]);
  });

  it('draws the difference that the claim is about', () => {
    const svg = experimentChart(experiment, results);
    expect(svg).toContain('<title>int8-four less int8: -1.50 [-7.85, +4.85], n = 2</title>');
    expect(svg).toContain('<title>int8-four less fp32: -2.00 [-2.00, -2.00], n = 2</title>');
  });

  it('has the margin where loss is asked about, and not where a gain is', () => {
    expect(differenceGroups(experiment, results).map(({ asksForLoss }) => asksForLoss)).toEqual([
      ...[true, true, false],
    ]);
    const svg = experimentChart(experiment, results);
    expect(svg.match(/>margin<\/text>/g)).toHaveLength(2);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
  });

  it('says n where it is another than that of most', () => {
    const more = {
      fp32: [0.9, 0.91, 0.9],
      int8: [0.9, 0.9, 0.9],
      'int8-four': [0.88, 0.89, 0.88],
      'four-log': [0.89, 0.89],
    };
    const svg = experimentChart(experiment, resultsOf(more));
    expect(texts(svg)).toContain('four-log, n = 2');
    expect(svg).toContain('n = 3 where no other is said');
    expect(experimentChart(experiment, results)).not.toContain('no other is said');
  });

  it('leaves out what was not run', () => {
    const some = resultsOf({ fp32: [0.9], int8: [0.9] });
    expect(texts(experimentChart(experiment, some))).toEqual(['less fp32', 'int8']);
    expect(experimentChart(experiment, resultsOf({ fp32: [0.9] }))).toBe('');
  });
});

it('keeps small differences apart beside an arm that fails, whose value stands at the edge', () => {
  const svg = experimentChart(
    experimentOf(['fp32', 'near', 'far', 'wide']),
    resultsOf({ fp32: [0.9, 0.91], near: [0.899, 0.91], far: [0.1, 0.12], wide: [0.901, 0.908] }),
  );
  expect(svg).toContain('>-79.50</text>');
  // A triangle that points to the left, in place of a dot.
  const [, edge] = /<path class="f0" d="M([\d.]+) ([\d.]+)L[^"]*Z"><title>far less fp32/.exec(svg) ?? [];
  const dots = [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(dots).toHaveLength(2);
  // 0.05 of a point below the baseline and 0.05 below it.
  expect(Math.abs(dots[0] - dots[1])).toBeLessThan(1);
  expect(dots[0] - Number(edge)).toBeGreaterThan(100);
  expect(svg).toContain('; arrows: beyond the axis</text>');
});

it('has arrows in place of caps where an interval goes on', () => {
  const svg = experimentChart(
    experimentOf(['fp32', 'apart']),
    // 0 and +2 points: an interval of 13 points about 1, of which the axis shows 5.
    resultsOf({ fp32: [0.9, 0.9], apart: [0.9, 0.92] }),
  );
  const [, path] = /<path class="c0"[^>]* d="([^"]*)"/.exec(svg) ?? [];
  // The line, and two ends of three points each.
  expect(path.match(/L/g)).toHaveLength(5);
  expect(svg).toContain('arrows: beyond the axis');
  const close = experimentChart(
    experimentOf(['fp32', 'close']),
    resultsOf({ fp32: [0.9, 0.9], close: [0.9, 0.901] }),
  );
  expect(/<path class="c0"[^>]* d="([^"]*)"/.exec(close)?.[1].match(/L/g)).toHaveLength(3);
  expect(close).not.toContain('arrows');
});

it('says how many runs diverged, also where there is no difference', () => {
  const svg = experimentChart(
    experimentOf(['fp32', 'some', 'none']),
    resultsOf({ fp32: [0.9, 0.9, 0.9], some: [0.9, null, 0.89], none: [null, null, null] }),
  );
  expect(svg).toContain('>1 of 3 diverged</text>');
  expect(svg).toContain('>3 of 3 diverged</text>');
  expect(svg.match(/<circle/g)).toHaveLength(1);
});

it('says that a dot of one seed has no interval, and which side is better', () => {
  const svg = experimentChart(experimentOf(['fp32', 'int8']), resultsOf({ fp32: [0.9], int8: [0.89] }));
  expect(svg).toContain('<circle class="f6 dot"');
  expect(svg).toContain('>points, more is better; grey: one seed, no interval</text>');
  const metric = { name: 'loss', margin: 0.1 };
  const loss = experimentChart(
    experimentOf(['fp32', 'int8'], { metric }),
    resultsOf({ fp32: [0.9, 0.9], int8: [0.89, 0.9] }),
  );
  expect(loss).toContain('>nats, less is better</text>');
});

it('grows with its rows, and has the numbers of its axis at both ends where it is tall', () => {
  const chartOf = (count: number): { height: number; zeros: number } => {
    const names = Array.from({ length: count }, (_, i) => `arm-${i}`);
    const svg = experimentChart(
      experimentOf(['fp32', ...names]),
      resultsOf(Object.fromEntries(['fp32', ...names].map((name) => [name, [0.9, 0.9]]))),
    );
    const [, height] = /viewBox="0 0 640 (\d+)"/.exec(svg) ?? [];
    return { height: Number(height), zeros: svg.match(/>0<\/text>/g)?.length ?? 0 };
  };
  const [short, tall] = [chartOf(5), chartOf(40)];
  expect(short.zeros).toBe(1);
  expect(tall.zeros).toBe(2);
  expect(tall.height - short.height).toBeGreaterThanOrEqual(35 * 20);
});

describe('the axis', () => {
  const one = (mean: number, half = 0) => ({
    ...estimate([0, 0]),
    mean,
    low: mean - half,
    high: mean + half,
  });
  const of = (...all: ReturnType<typeof one>[]) =>
    differenceAxis(
      all.map((value) => ({ n: 2, deviation: 0, ...value })),
      -0.5,
    );

  it('has 0, the margin, and all means and intervals as far as ten margins', () => {
    const [low, high] = of(one(-4, 3), one(1, 0.5));
    expect(low).toBeLessThanOrEqual(-5);
    expect(low).toBeGreaterThan(-5.5);
    expect(high).toBeGreaterThan(1.5);
    expect(high).toBeLessThan(2);
    expect(of(one(0.1))[0]).toBeLessThan(-0.5);
  });

  it('goes on where what is far is usual, and not for one arm', () => {
    expect(of(one(-60), one(0.1), one(0.2))[0]).toBeGreaterThan(-2);
    expect(of(one(-60), one(-50), one(-70))[0]).toBeLessThan(-70);
  });
});
