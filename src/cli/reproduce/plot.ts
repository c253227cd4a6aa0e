/** The plot of an experiment: differences to the baseline with their intervals, or a sweep. Summaries in, SVG text out. */

import { niceTicks } from '../axis-ticks.js';
import { chartStyle } from '../report-style.js';
import { escapeText, standaloneSvg } from '../report-svg.js';
import type { Experiment } from './experiment.js';
import type { Results } from './results.js';
import { type ArmSummary, digitsOf, intervalText, signed, summaryOf, unitOf } from './summary.js';
import { sweepChart } from './sweep-chart.js';

const width = 640;
const rowHeight = 26;
const top = 44;

/** One row an arm: a dot at the mean difference, a bar over its interval, the margin shaded. Empty text without differences. */
function differenceChart(experiment: Experiment, summary: readonly ArmSummary[]): string {
  const rows = summary.flatMap(({ arm, difference }) => (difference ? [{ arm, difference }] : []));
  if (rows.length === 0) return '';
  const { margin, name } = experiment.metric;
  const ends = rows.flatMap(({ difference: { mean, low, high } }) =>
    [mean, low, high].filter((value) => Number.isFinite(value)),
  );
  // One arm that fails, or an interval of two seeds, would press all others into one point: what lies beyond is written at the edge.
  const means = rows.map(({ difference }) => Math.abs(difference.mean)).sort((a, b) => a - b);
  const usual = 4 * means[Math.floor((means.length - 1) / 2)];
  const reach = Math.min(Math.max(...ends.map(Math.abs), margin * 2), Math.max(usual, 8 * margin));
  const [xLow, xHigh] = [-reach * 1.05, reach * 1.05];
  const left = 20 + 7 * Math.max(...rows.map(({ arm }) => arm.length));
  const right = width - 24;
  const bottom = top + rows.length * rowHeight;
  const toX = (value: number): number =>
    Math.round(
      (left + ((Math.min(Math.max(value, xLow), xHigh) - xLow) / (xHigh - xLow)) * (right - left)) * 100,
    ) / 100;
  const bad = name === 'loss' ? margin : -margin;
  const title = `Difference to the baseline in ${unitOf(experiment)}, 95 % t-intervals paired by seed`;
  const parts = [`<text class="title" x="8" y="18">${escapeText(title)}</text>`];
  for (const tick of niceTicks(xLow, xHigh, 6)) {
    const x = toX(tick);
    parts.push(
      `<line class="grid" x1="${x}" x2="${x}" y1="${top - 8}" y2="${bottom}"/>`,
      `<text class="tick" x="${x}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`,
    );
  }
  parts.push(`<line class="axis" x1="${toX(0)}" x2="${toX(0)}" y1="${top - 8}" y2="${bottom}"/>`);
  parts.push(
    `<line class="c1" stroke-dasharray="4 4" x1="${toX(bad)}" x2="${toX(bad)}" y1="${top - 8}" y2="${bottom}"/>`,
    `<text class="f1 tick" x="${toX(bad)}" y="${top - 13}" text-anchor="middle">margin</text>`,
  );
  rows.forEach(({ arm, difference }, i) => {
    const y = top + (i + 0.5) * rowHeight;
    parts.push(
      `<text class="label" x="${left - 10}" y="${y}" dy="0.32em" text-anchor="end">${escapeText(arm)}</text>`,
    );
    if (difference.n > 1) {
      const [from, to] = [toX(difference.low), toX(difference.high)];
      parts.push(
        `<path class="c0" stroke-width="2" d="M${from} ${y}H${to}M${from} ${y - 4}v8M${to} ${y - 4}v8"/>`,
      );
    }
    const dot = difference.n > 1 ? 'f0' : 'f6';
    if (Math.abs(difference.mean) > reach) {
      const [at, anchor] =
        difference.mean < 0 ? [toX(difference.mean) + 10, 'start'] : [toX(difference.mean) - 10, 'end'];
      const value = signed(difference.mean, digitsOf(experiment));
      parts.push(`<text class="tick" x="${at}" y="${y}" dy="-0.5em" text-anchor="${anchor}">${value}</text>`);
    }
    parts.push(
      `<circle class="${dot} dot" cx="${toX(difference.mean)}" cy="${y}" r="4.5"><title>${escapeText(`${arm}: ${intervalText(difference, digitsOf(experiment))}, n = ${difference.n}`)}</title></circle>`,
    );
  });
  return `<svg viewBox="0 0 ${width} ${bottom + 28}" role="img" aria-label="${escapeText(title)}">${parts.join('')}</svg>`;
}

/** The chart of an experiment, for a page that has the charts' style. Empty text where there is nothing to show. */
export function experimentChart(experiment: Experiment, results: Results | undefined): string {
  const summary = summaryOf(experiment, results);
  return experiment.plot.kind === 'sweep'
    ? sweepChart(experiment, summary)
    : differenceChart(experiment, summary);
}

/** The same as a file of its own; undefined where there is nothing to show. */
export function experimentSvg(experiment: Experiment, results: Results | undefined): string | undefined {
  const chart = experimentChart(experiment, results);
  return chart === '' ? undefined : standaloneSvg(chart, chartStyle);
}
