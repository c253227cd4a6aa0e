/**
 * The chart of differences: a row for each, a dot at the mean and a bar over its 95 % interval, under a heading for each arm that others
 * are compared with. Groups in, SVG text out.
 */
import { niceTicks } from '../../axis-ticks.js';
import { beyondPath, endsWithin, intervalPath } from '../../chart-marks.js';
import { escapeText } from '../../report-svg.js';
import type { Experiment } from '../experiment/experiment.js';
import type { DifferenceGroup } from '../findings/difference-groups.js';
import { type Comparison, digitsOf, intervalText, signed, unitOf } from '../findings/summary.js';
import { differenceAxis } from './difference-axis.js';

const width = 640;
const rowHeight = 24;
const headingHeight = 32;
const top = 30;
/** Of text that lines of the grid run behind. */
const onGrid = 'paint-order:stroke;stroke:var(--card);stroke-width:4px';
/** Rows from which on the axis has its numbers at the top too. */
const TALL = 15;

/** What rows share: where values lie, and with how many digits they are written. */
interface Frame {
  /** Where names end, and where the axis begins and ends. */
  readonly left: number;
  readonly right: number;
  readonly axis: readonly [low: number, high: number];
  readonly toX: (value: number) => number;
  readonly digits: number;
  /** n that most differences have; undefined where all have it, and there is nothing to say. */
  readonly usual?: number;
}

const round = (value: number): number => Math.round(value * 100) / 100;
const textAt = (kind: string, x: number, y: number, anchor: string, text: string): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}" dy="0.32em" text-anchor="${anchor}">${escapeText(text)}</text>`;

/** The n that most have; undefined where all have the same. */
function usualCount(all: readonly Comparison[]): number | undefined {
  const counts = new Map<number, number>();
  for (const { difference } of all)
    if (difference && difference.n > 1) counts.set(difference.n, (counts.get(difference.n) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return counts.size > 1 ? first[0] : undefined;
}

/** The arm's name, with n where others have another. */
const labelOf = ({ arm, difference }: Comparison, usual: number | undefined): string =>
  usual === undefined || !difference || difference.n === usual || difference.n === 1
    ? arm
    : `${arm}, n = ${difference.n}`;

/** `2 of 3 diverged`, by the arm and by what it is compared with; empty where none did. */
function divergedText({ against, seeds, diverged, survived }: Comparison): string {
  const own = diverged > 0 ? [`${diverged} of ${seeds} diverged`] : [];
  const other = survived > 0 ? [`${survived} of ${against} diverged`] : [];
  return [...own, ...other].join(', ');
}

/** The marks of a row, and whether any of them goes on beyond the axis. */
function row(comparison: Comparison, y: number, frame: Frame): { text: string; isCut: boolean } {
  const { left, right, axis, toX, digits } = frame;
  const { difference } = comparison;
  const parts = [textAt('label', left - 10, y, 'end', labelOf(comparison, frame.usual))];
  const lost = divergedText(comparison);
  if (!difference) {
    parts.push(textAt('tick', left + 6, y, 'start', lost));
    return { text: parts.join(''), isCut: false };
  }
  const { mean, low, high, n } = difference;
  const ends = n > 1 ? endsWithin(toX(low), toX(high), [left, right]) : undefined;
  if (ends) parts.push(`<path class="c0" stroke-width="2" d="${intervalPath('x', y, ends)}"/>`);
  const color = n > 1 ? 'f0' : 'f6';
  const hint = `<title>${escapeText(`${comparison.arm} less ${comparison.against}: ${intervalText(difference, digits)}, n = ${n}${lost === '' ? '' : `; ${lost}`}`)}</title>`;
  const side = mean < axis[0] ? -1 : mean > axis[1] ? 1 : 0;
  if (side === 0) {
    parts.push(`<circle class="${color} dot" cx="${round(toX(mean))}" cy="${y}" r="4.5">${hint}</circle>`);
  } else {
    const edge = side < 0 ? left : right;
    parts.push(
      `<path class="${color}" d="${beyondPath('x', edge, y, side)}">${hint}</path>`,
      textAt('tick', edge - 12 * side, y - 7, side < 0 ? 'start' : 'end', signed(mean, digits)),
    );
  }
  // On the side that the mean leaves free.
  if (lost !== '') {
    const isLow = toX(mean) < (left + right) / 2;
    parts.push(textAt('tick', isLow ? right - 6 : left + 6, y, isLow ? 'end' : 'start', lost));
  }
  return { text: parts.join(''), isCut: side !== 0 || (ends?.some(({ isCut }) => isCut) ?? false) };
}

/** The chart of the groups. Empty text without any. */
export function differenceChart(experiment: Experiment, groups: readonly DifferenceGroup[]): string {
  const all = groups.flatMap(({ comparisons }) => comparisons);
  if (all.length === 0) return '';
  const { margin, name } = experiment.metric;
  const bad = name === 'loss' ? margin : -margin;
  const axis = differenceAxis(
    all.flatMap(({ difference }) => difference ?? []),
    bad,
  );
  const usual = usualCount(all);
  const left = 20 + 7 * Math.max(...all.map((one) => labelOf(one, usual).length));
  const right = width - 24;
  const toX = (value: number): number => left + ((value - axis[0]) / (axis[1] - axis[0])) * (right - left);
  const frame: Frame = {
    left,
    right,
    axis,
    toX,
    digits: digitsOf(experiment),
    ...(usual === undefined ? {} : { usual }),
  };
  const isTall = all.length > TALL;
  const first = top + (isTall ? 16 : 0);
  const bottom = first + groups.length * headingHeight + all.length * rowHeight;
  const upright = (kind: string, value: number, from: number, to: number): string =>
    `<line class="${kind}" x1="${round(toX(value))}" x2="${round(toX(value))}" y1="${from}" y2="${to}"/>`;

  const title = `Differences in ${unitOf(experiment)}, means and 95 % t-intervals, paired by seed`;
  const parts = [`<text class="title" x="8" y="18">${escapeText(title)}</text>`];
  for (const tick of niceTicks(axis[0], axis[1], 8)) {
    parts.push(
      upright('grid', tick, first, bottom),
      textAt('tick', toX(tick), bottom + 14, 'middle', String(tick)),
    );
    if (isTall) parts.push(textAt('tick', toX(tick), first - 8, 'middle', String(tick)));
  }
  parts.push(upright('axis', 0, first, bottom));
  let [y, isCut] = [first, false];
  for (const { against, comparisons, asksForLoss } of groups) {
    parts.push(
      `<text class="title" style="font-size:13px" x="8" y="${y + 20}">less ${escapeText(against)}</text>`,
    );
    const end = y + headingHeight + comparisons.length * rowHeight;
    if (asksForLoss) {
      const x = round(toX(bad));
      parts.push(
        `<line class="c1" stroke-dasharray="4 4" x1="${x}" x2="${x}" y1="${y + headingHeight - 5}" y2="${end}"/>`,
        `<text class="f1" style="${onGrid}" x="${x}" y="${y + 22}" text-anchor="middle">margin</text>`,
      );
    }
    y += headingHeight;
    for (const comparison of comparisons) {
      const drawn = row(comparison, y + rowHeight / 2, frame);
      parts.push(drawn.text);
      isCut ||= drawn.isCut;
      y += rowHeight;
    }
  }
  const notes = [
    `${unitOf(experiment)}, ${name === 'loss' ? 'less' : 'more'} is better`,
    ...(usual === undefined ? [] : [`n = ${usual} where no other is said`]),
    ...(all.some(({ difference }) => difference?.n === 1) ? ['grey: one seed, no interval'] : []),
    ...(isCut ? ['arrows: beyond the axis'] : []),
  ];
  parts.push(textAt('label', (left + right) / 2, bottom + 34, 'middle', notes.join('; ')));
  return `<svg viewBox="0 0 ${width} ${bottom + 46}" role="img" aria-label="${escapeText(title)}">${parts.join('')}</svg>`;
}
