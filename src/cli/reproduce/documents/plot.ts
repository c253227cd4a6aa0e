/** The plot of an experiment: its differences with their intervals, or a sweep. Experiment and results in, SVG text out. */
import { chartStyle } from '../../report-style.js';
import { standaloneSvg } from '../../report-svg.js';
import type { Experiment } from '../experiment/experiment.js';
import { differenceGroups } from '../findings/difference-groups.js';
import { summaryOf } from '../findings/summary.js';
import type { Results } from '../results/results.js';
import { differenceChart } from './difference-chart.js';
import { sweepChart } from './sweep-chart.js';

/** The chart of an experiment, for a page that has the charts' style. Empty text where there is nothing to show. */
export function experimentChart(experiment: Experiment, results: Results | undefined): string {
  if (experiment.plot.kind === 'none') return '';
  return experiment.plot.kind === 'sweep'
    ? sweepChart(experiment, summaryOf(experiment, results))
    : differenceChart(experiment, differenceGroups(experiment, results));
}

/** The same as a file of its own; undefined where there is nothing to show. */
export function experimentSvg(experiment: Experiment, results: Results | undefined): string | undefined {
  const chart = experimentChart(experiment, results);
  return chart === '' ? undefined : standaloneSvg(chart, chartStyle);
}
