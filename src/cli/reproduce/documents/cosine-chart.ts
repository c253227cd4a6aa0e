/** The plot of cosines over a sweep: a curve for each kind of tensor, and beside them what a source has. Results in, SVG text out. */

import { chartGrid } from '../../distribution-chart.js';
import { chartStyle } from '../../report-style.js';
import { lineChart, type Series, standaloneSvg } from '../../report-svg.js';
import type { Experiment } from '../experiment/experiment.js';
import { armCosines, sweptArms, tensorTitles } from '../findings/cosines.js';
import { tensorKinds } from '../results/layer-cosines.js';
import type { Results } from '../results/results.js';
import { estimateSeries } from './estimate-series.js';

/** Where the axis of what is lost ends. */
const FLOOR = 1e-6;

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
    return estimateSeries(tensorTitles[kind], color, found);
  });
  if (series.length === 0) return '';
  const source = cosines.expected.flatMap(({ arm, value }) => {
    const x = experiment.arms.find(({ name }) => name === arm)?.x;
    return x === undefined ? [] : [[toX(x), value] as const];
  });
  const lowest = Math.min(...[...series.map(({ points }) => points), source].flat().map(([, y]) => y));
  const shared = {
    xLabel: plot.xLabel ?? 'x',
    namesAtEdge: true,
    xLow: Math.min(...swept.map(({ x }) => x)),
    xHigh: Math.max(...swept.map(({ x }) => x)),
    ...(plot.xLog ? { xText: (x: number) => (Number.isInteger(x) ? String(2 ** x) : '') } : {}),
  };
  const all: Series[] = [
    ...series,
    { name: 'gradients of the source', color: 6, dots: true, points: source.sort(([a], [b]) => a - b) },
  ];
  const charts = [
    lineChart({
      ...shared,
      title: 'Cosine, mean over layers and 95 % t-interval over seeds',
      yLabel: 'cosine',
      yLow: Math.min(0, lowest),
      yHigh: 1,
      series: all,
    }),
    // Near 1 all curves are one; how far they are from it is not.
    lineChart({
      ...shared,
      title: '1 - cosine, the same on a logarithmic axis',
      yLabel: '1 - cosine',
      yLow: FLOOR,
      yHigh: 1,
      yLog: true,
      yText: (value) => (value < 0.001 ? value.toExponential(0) : String(value)),
      // What loses nothing, or less than the axis has, is below it, and its curve leaves the chart.
      series: all.map(({ points, intervals = [], ...rest }) => ({
        ...rest,
        points: points.map(([x, y]) => [x, Math.max(1 - y, Number.EPSILON)] as const),
        intervals: intervals.map(([x, low, high]) => [x, 1 - high, 1 - low] as const),
      })),
    }),
  ];
  return chartGrid('Cosines of tensors and their codes', charts, 1);
}

/** The same as a file of its own; undefined where there is nothing to show. */
export function cosineSvg(experiment: Experiment, results: Results | undefined): string | undefined {
  const chart = cosineChart(experiment, results);
  return chart === '' ? undefined : standaloneSvg(chart, chartStyle);
}
