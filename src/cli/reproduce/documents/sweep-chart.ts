/**
 * The plot of a sweep, a curve for each series: the metric, and under it the differences to the baseline about 0, where curves that end
 * together are told apart. Summaries in, SVG text out.
 */

import { chartGrid } from '../../distribution-chart.js';
import { type LineChart, lineChart, type Point, type Series } from '../../report-svg.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Estimate } from '../findings/statistics.js';
import { type ArmSummary, unitOf } from '../findings/summary.js';
import { FAR } from './difference-axis.js';
import { estimateSeries } from './estimate-series.js';

/** What the lower chart shows at least on the side that is worse, and on the other, in margins. */
const [WORSE, BETTER] = [4, 2];

/** Number of a colour that no curve has. */
const GREY = 6;

/** One curve: arms that have a place on the axis, or one that has none and is a line across. */
interface Curve {
  readonly name: string;
  readonly color: number;
  readonly arms: readonly { readonly x: number | undefined; readonly row: ArmSummary }[];
}

/** The series' names in the order of the arms; an arm without one is a curve of its own. */
export function seriesOf({ arms }: Experiment): string[] {
  return [...new Set(arms.map(({ series, name }) => series ?? name))];
}

function curvesOf(
  experiment: Experiment,
  summary: readonly ArmSummary[],
  toX: (x: number) => number,
): Curve[] {
  return seriesOf(experiment).map((series, color) => ({
    name: series,
    // Grey is that of the baseline and the margin.
    color: color < GREY ? color : color + 1 < 8 ? color + 1 : color % GREY,
    arms: experiment.arms
      .filter((arm) => (arm.series ?? arm.name) === series)
      .flatMap(({ name, x }) => {
        const row = summary.find(({ arm }) => arm === name);
        return row ? [{ x: x === undefined ? undefined : toX(x), row }] : [];
      })
      .sort((a, b) => (a.x ?? 0) - (b.x ?? 0)),
  }));
}

/** A line with its dots and intervals. @param shift moves it along x, so that intervals at the same place are seen apart. */
function lineOf(
  { name, color, arms }: Curve,
  figureOf: (row: ArmSummary) => Estimate | undefined,
  shift = 0,
): Series[] {
  const found = arms.flatMap(({ x, row }) => {
    const value = figureOf(row);
    return x === undefined || !value ? [] : [{ x: x + shift, value }];
  });
  return estimateSeries(name, color, found);
}

/** How far a curve is moved along x, so that those at the same place are seen apart. */
const shiftOf = (i: number, count: number, { axis }: Frame): number =>
  ((i - (count - 1) / 2) * (axis.xHigh - axis.xLow)) / 85;

/** Marks at the upper edge for arms of which no run came to its end; higher is worse, of an error as of a loss. */
function divergedDots({ color, arms }: Curve, shift: number): Series[] {
  const points = arms.flatMap(({ x, row }): Point[] =>
    x === undefined || row.metric || row.diverged === 0 ? [] : [[x + shift, Number.MAX_VALUE]],
  );
  return points.length === 0 ? [] : [{ name: '', color, points, dots: true, hint: 'all runs diverged' }];
}

/** Points of a line across a chart. */
const acrossAt = (y: number, { axis }: Frame): Point[] => [
  [axis.xLow, y],
  [axis.xHigh, y],
];

/** Test error on a logarithmic axis, where 1 and 2 % are as far apart as 10 and 20; test loss on a linear one. */
function metricChart({ metric }: Experiment, curves: readonly Curve[], frame: Frame): string {
  const isLoss = metric.name === 'loss';
  const shown = (value: Estimate | undefined): Estimate | undefined =>
    value && !isLoss
      ? { ...value, mean: 100 - value.mean, low: 100 - value.high, high: 100 - value.low }
      : value;
  const values = curves.flatMap(({ arms }) => arms.flatMap(({ row }) => shown(row.metric) ?? []));
  const least = Math.min(...values.map(({ mean }) => mean));
  const most = Math.max(...values.map(({ mean }) => mean));
  // What a logarithmic axis cannot show is an arm without an error.
  const yLog = !isLoss && least > 0;
  const bounds = yLog ? { yLow: least / 1.25, yHigh: Math.min(100, most * 1.25) } : {};
  const placed = curves.filter(({ arms }) => arms.some(({ x, row }) => x !== undefined && row.metric));
  const series = curves.flatMap((curve): Series[] => {
    const across = curve.arms.find(({ x }) => x === undefined)?.row.metric;
    const shift = shiftOf(placed.indexOf(curve), placed.length, frame);
    if (!across) return [...lineOf(curve, (row) => shown(row.metric), shift), ...divergedDots(curve, shift)];
    const y = shown(across)?.mean ?? 0;
    return [{ name: curve.name, color: curve.color, points: acrossAt(y, frame), dashed: true }];
  });
  const failed = series.some(({ hint }) => hint !== undefined);
  return lineChart({
    ...frame.axis,
    ...bounds,
    title: `Test ${isLoss ? 'loss' : 'error'}, ${failed ? '95 % t-intervals; arrows at the top: all diverged' : 'mean and 95 % t-interval'}`,
    yLabel: isLoss ? 'nats' : `%${yLog ? ', logarithmic' : ''}`,
    series,
    yLog,
  });
}

/**
 * Differences to the baseline: all means but those of arms that fail, which would press the others into one line and are marked at the
 * edge. Empty text where no curve has any.
 */
function nearChart(experiment: Experiment, curves: readonly Curve[], frame: Frame): string {
  const { margin, name } = experiment.metric;
  const worse = name === 'loss' ? 1 : -1;
  const drawn = curves.filter(({ arms }) => arms.some(({ x, row }) => x !== undefined && row.difference));
  if (drawn.length === 0) return '';
  const across = (y: number, text: string): Series => ({
    ...{ name: text, color: GREY, dashed: true },
    points: acrossAt(y, frame),
  });
  const means = drawn.flatMap(({ arms }) =>
    arms.flatMap(({ x, row }) => (x === undefined || !row.difference ? [] : [row.difference.mean])),
  );
  const shown = means.filter((mean) => Math.abs(mean) <= FAR * margin).map((mean) => 1.1 * mean);
  const sides = [worse * WORSE * margin, -worse * BETTER * margin, ...shown];
  const [low, high] = [Math.min(...sides), Math.max(...sides)];
  return lineChart({
    ...frame.axis,
    title: 'Difference to the baseline near 0, 95 % t-intervals paired by seed',
    yLabel: unitOf(experiment),
    yLow: low,
    yHigh: high,
    series: [
      across(0, 'baseline'),
      across(worse * margin, 'margin'),
      ...drawn.flatMap((curve, i) =>
        // To a mean beyond the axis a line would run along the edge of all others.
        lineOf(curve, (row) => row.difference, shiftOf(i, drawn.length, frame)).map((one) =>
          one.dots ? one : { ...one, points: one.points.filter(([, y]) => y >= low && y <= high) },
        ),
      ),
    ],
  });
}

/** What both charts share. */
interface Frame {
  readonly axis: Pick<LineChart, 'xLabel' | 'xText' | 'namesAtEdge' | 'nameRoom'> & {
    readonly xLow: number;
    readonly xHigh: number;
  };
}

/** The metric over `x`, and the differences below. Empty text where nothing was run. */
export function sweepChart(experiment: Experiment, summary: readonly ArmSummary[]): string {
  const { arms, plot } = experiment;
  // Powers of two are what is swept: bits and batches.
  const toX = (x: number): number => (plot.xLog ? Math.log2(x) : x);
  const xs = arms.flatMap(({ x }) => (x === undefined ? [] : [toX(x)]));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  // Room for the intervals of several curves at the same place.
  const room = last > first ? (last - first) / 30 : 0.5;
  const frame: Frame = {
    axis: {
      xLabel: plot.xLabel ?? 'x',
      xLow: first - room,
      xHigh: last + room,
      namesAtEdge: true,
      nameRoom: Math.max('baseline'.length, ...seriesOf(experiment).map((name) => name.length)),
      ...(plot.xLog ? { xText: (x: number) => (Number.isInteger(x) ? String(2 ** x) : '') } : {}),
    },
  };
  const curves = curvesOf(experiment, summary, toX);
  if (!summary.some(({ metric }) => metric)) return '';
  const charts = [metricChart(experiment, curves, frame), nearChart(experiment, curves, frame)];
  return chartGrid(experiment.title, charts, 1);
}
