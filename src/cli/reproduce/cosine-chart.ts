/** The plot of cosines over a sweep: a curve for each kind of tensor, and beside them what a source has. Results in, SVG text out. */
import { chartStyle } from '../report-style.js';
import { lineChart, type Series, standaloneSvg } from '../report-svg.js';
import { armCosines, sweptArms, tensorKinds, tensorTitles } from './cosines.js';
import type { Experiment } from './experiment.js';
import type { Results } from './results.js';

/** Means over layers and runs, with 95 % t-intervals over runs. Empty text where nothing was probed. */
export function cosineChart(experiment: Experiment, results: Results | undefined): string {
  const { cosines, plot } = experiment;
  if (!cosines) return '';
  const toX = (x: number): number => (plot.xLog ? Math.log2(x) : x);
  const swept = sweptArms(experiment)
    .map(({ name, x = 0 }) => ({ x: toX(x), kinds: armCosines(results, name) }))
    .sort((a, b) => a.x - b.x);
  const series = tensorKinds.flatMap((kind, color): Series[] => {
    const found = swept.flatMap(({ x, kinds }) => {
      const cell = kinds.get(kind);
      return cell ? [{ x, value: cell.overLayers }] : [];
    });
    if (found.length === 0) return [];
    const points = found.map(({ x, value }) => [x, value.mean] as const);
    const intervals = found
      .filter(({ value }) => value.n > 1)
      .map(({ x, value }) => [x, value.low, value.high] as const);
    return [
      { name: tensorTitles[kind], color, points },
      { name: '', color, points, dots: true, intervals },
    ];
  });
  if (series.length === 0) return '';
  const source = cosines.expected.flatMap(({ arm, value }) => {
    const x = experiment.arms.find(({ name }) => name === arm)?.x;
    return x === undefined ? [] : [[toX(x), value] as const];
  });
  const lowest = Math.min(...[...series.map(({ points }) => points), source].flat().map(([, y]) => y));
  return lineChart({
    title: 'Cosine, mean over layers and 95 % t-interval over seeds',
    xLabel: plot.xLabel ?? 'x',
    yLabel: 'cosine',
    yLow: Math.min(0, lowest),
    yHigh: 1,
    series: [
      ...series,
      { name: 'gradients of the source', color: 6, dots: true, points: source.sort(([a], [b]) => a - b) },
    ],
    xLow: Math.min(...swept.map(({ x }) => x)),
    ...(plot.xLog ? { xText: (x: number) => (Number.isInteger(x) ? String(2 ** x) : '') } : {}),
  });
}

/** The same as a file of its own; undefined where there is nothing to show. */
export function cosineSvg(experiment: Experiment, results: Results | undefined): string | undefined {
  const chart = cosineChart(experiment, results);
  return chart === '' ? undefined : standaloneSvg(chart, chartStyle);
}
