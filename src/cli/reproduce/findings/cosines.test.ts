/** Cosines by layer: from probes of a run to the tables and the plot of an experiment. */
import { expect, it } from 'vitest';
import { cosineChart, cosineSvg } from '../documents/cosine-chart.js';
import { parseExperiment } from '../experiment/experiment.js';
import { type LayerCosines, layerCosines } from '../results/layer-cosines.js';
import type { Results } from '../results/results.js';
import { hasExtras, type RunResult } from '../results/run-result.js';
import { armCosines, cosineTable, layerTable } from './cosines.js';

const operand = (path: string, product: string, role: string, cosine: number) => ({
  ...{ path, product, role, cosine, format: 'int8', sqnr: 30 },
});

it('means over probes, each kind of tensor by its layer, codes once', () => {
  const probe = (shift: number) => ({
    operands: [
      operand('fc', 'forward', 'weight', 0.9 + shift),
      operand('fc', 'forward', 'input', 0.8),
      operand('fc', 'gradLeft', 'gradOutput', 0.7 + shift),
      // The weight's codes again: they were counted.
      operand('fc', 'gradLeft', 'weight', 0.1),
      operand('fc', 'gradRight', 'gradOutput', 0.99),
      operand('fc', 'gradRight', 'input', 0.1),
      operand('norm', 'norm', 'input', 0.6),
      // Attention's product: two activations of one layer.
      operand('attention', 'forward', 'input', 0.5),
      operand('attention', 'forward', 'right', 0.7),
    ],
    gradients: [
      { path: 'fc.weight', cosine: 0.4 + shift },
      { path: 'fc.bias', cosine: 0 },
      { path: 'norm.weight', cosine: 0 },
    ],
  });
  expect(layerCosines([probe(0), probe(0.02)])).toEqual({
    fc: {
      weights: [0.91, 2],
      activations: [0.8, 2],
      gradients: [0.71, 2],
      copies: [0.99, 2],
      weightGradients: [0.41, 2],
    },
    norm: { activations: [0.6, 2] },
    attention: { activations: [0.6, 2] },
  });
  expect(layerCosines([])).toEqual({});
});

const arms = [
  { name: 'fp32', recipe: 'fp32' },
  ...[2, 4, 8].map((x) => ({ name: `all-${x}bit`, recipe: 'int8', x, series: 'all tensors' })),
  { name: 'weights-2bit', recipe: 'int8', x: 2, series: 'weights' },
];
const cosines = {
  series: 'all tensors',
  expected: [{ arm: 'all-2bit', value: 0.21 }],
  source: 'a paper',
};
const sound = {
  ...{ formatVersion: 1, title: 'T', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
  ...{ seeds: 2, baseline: 'fp32', smoke: {}, arms, cosines, settings: { probeEvery: 10 } },
  plot: { kind: 'sweep', xLog: true },
};
const parse = (changes: object = {}) => parseExperiment({ ...sound, ...changes }, 'test', 'file');

function resultsOf(of: Readonly<Record<string, readonly LayerCosines[]>>): Results {
  const runs = Object.entries(of).flatMap(([arm, list]) =>
    list.map(
      (own, seed): RunResult => ({
        ...{ arm, seed, testAccuracy: 1, recipe: arm, status: 'finished', settingsHash: '', epochs: 1 },
        ...{ steps: 1, testLoss: 1, trainLoss: 1, seconds: 1, threads: 1, octograd: '', node: '' },
        ...{ platform: '', cpu: null, startedAt: '', cosines: own },
      }),
    ),
  );
  return { formatVersion: 1, experiment: 'test', smoke: false, schedule: '', runs };
}
const run = (first: number, second: number): LayerCosines => ({
  fc1: { gradients: [first, 10] },
  fc2: { gradients: [second, 10], weights: [0.99996, 10] },
});
const results = resultsOf({
  fp32: [{}, {}],
  'all-2bit': [run(0.2, 0.4), run(0.3, 0.5)],
  'all-8bit': [run(0.98, 1), run(0.98, 1)],
});

it('an arm is its mean over layers of each run, with the layer that keeps least', () => {
  const gradients = armCosines(results, 'all-2bit').get('gradients');
  expect(gradients?.overLayers.mean).toBeCloseTo(0.35, 12);
  expect(gradients?.overLayers.n).toBe(2);
  expect([...(gradients?.layers ?? [])]).toEqual([
    ['fc1', 0.25],
    ['fc2', 0.45],
  ]);
  const table = cosineTable(parse(), results);
  expect(table?.rows).toEqual([
    ['all-2bit', '0.999960 (fc2 0.999960)', '-', '0.3500 (fc1 0.2500)', '-', '-', '0.21'],
    ['all-8bit', '0.999960 (fc2 0.999960)', '-', '0.9900 (fc1 0.9800)', '-', '-', '-'],
  ]);
});

it('layers are rows, arms of the series columns, as far as they were run', () => {
  const table = layerTable(parse(), results);
  expect(table?.head).toEqual(['tensor', 'layer', 'all-2bit', 'all-4bit', 'all-8bit']);
  expect(table?.rows).toEqual([
    ['weights', 'fc2', '0.999960', '-', '0.999960'],
    ['layer gradients', 'fc1', '0.2500', '-', '0.9800'],
    ['layer gradients', 'fc2', '0.4500', '-', '1.000000'],
  ]);
});

it('the plot has a curve for each kind, and dots where the source has values', () => {
  const [, , svg] = (cosineSvg(parse(), results) ?? '').split('<svg ');
  expect(svg.match(/class="c\d line"/g)).toHaveLength(2);
  expect(svg).toContain('>gradients of the source</text>');
  expect(svg.match(/class="f6 dot"/g)).toHaveLength(1);
});

it('what is lost stands on a logarithmic axis below, as far as it can be seen', () => {
  const near = cosineChart(parse(), results).split('<svg ')[3];
  // 0.65, 0.01 and the source's 0.79 are seen, the weights' 0.00004 twice.
  expect(near.match(/<circle/g)).toHaveLength(5);
  const [from, to] = [...near.matchAll(/class="f2 dot" cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) =>
    Number(y),
  );
  // Six decades on 222 pixels.
  expect(to - from).toBeCloseTo((Math.log10(65) / 6) * 222, 0);
  const exact = resultsOf({ 'all-2bit': [run(0.5, 0.5)], 'all-8bit': [run(1, 1)] });
  const rest = cosineChart(parse(), exact).split('<svg ')[3];
  expect(rest.match(/class="f2 dot"/g)).toHaveLength(1);
  // That nothing is lost is said at the edge.
  expect(rest.match(/<path class="f2" d="[^"]*Z"/g)).toHaveLength(1);
});

it('nothing is shown without probes, or where the experiment does not ask', () => {
  const none = resultsOf({ fp32: [{}] });
  expect([cosineTable(parse(), none), layerTable(parse(), none), cosineChart(parse(), none)]).toEqual([
    ...[undefined, undefined, ''],
  ]);
  const { cosines: _, ...without } = sound;
  expect(cosineTable(parseExperiment(without, 'test', 'file'), results)).toBeUndefined();
});

it('a run of which no probes are known is not what the experiment asks for', () => {
  expect(hasExtras({ wanted: ['cosines'] }, {})).toBe(false);
  expect(hasExtras({ wanted: ['cosines'] }, { cosines: {} })).toBe(true);
  expect(hasExtras({ wanted: [] }, {})).toBe(true);
});

it.each([
  [{ settings: {} }, 'field "cosines" needs probes: give "settings" a "probeEvery"'],
  [{ cosines: { series: 'none' } }, 'field "cosines.series" is "none", of which no arm with an "x" is'],
  [
    { cosines: { ...cosines, expected: [{ arm: 'all-9bit', value: 1 }] } },
    'field "cosines.expected.0.arm" names the arm "all-9bit", which there is not',
  ],
  [{ cosines: { ...cosines, source: undefined } }, 'field "cosines.source" must say where'],
])('refuses %j', (changes, message) => {
  expect(() => parse(changes)).toThrow(message);
});
