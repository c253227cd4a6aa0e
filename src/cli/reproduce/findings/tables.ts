/** Tables of an experiment's figures as rows of text, for terminals, Markdown and pages. */
import { baselineOf, type Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import {
  type ArmSummary,
  comparisonOf,
  differenceText,
  digitsOf,
  intervalText,
  lackText,
  signed,
  summaryOf,
  unitOf,
  verdictText,
} from './summary.js';

export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly right: readonly number[];
}

/** The arms that claims hold `arm` against in place of its baseline: the recipe that it is an ablation of, for one. */
export function othersOf(experiment: Experiment, arm: string): string[] {
  const own = experiment.claims.filter((claim) => claim.arm === arm);
  const others = new Set(own.flatMap(({ against }) => (against === undefined ? [] : [against])));
  others.delete(baselineOf(experiment, arm) ?? '');
  return [...others];
}

/** Whether claims of an experiment hold arms against others than their baselines. */
export const hasOthers = (experiment: Experiment): boolean =>
  experiment.arms.some(({ name }) => othersOf(experiment, name).length > 0);

/** `int8: +0.03 [-0.08, +0.13], no loss`, and so on; `-` for an arm that is held against its baseline alone. */
function othersCell(experiment: Experiment, results: Results | undefined, arm: string): string {
  const texts = othersOf(experiment, arm).map((against) => {
    const comparison = comparisonOf(experiment, results, arm, against);
    const { difference, diverged, seeds } = comparison;
    const verdict = differenceText(comparison);
    const parts = [
      ...(difference ? [intervalText(difference, digitsOf(experiment)), verdict] : []),
      ...(diverged > 0 ? [`diverged (${diverged} of ${seeds})`] : []),
    ];
    return `${against}: ${parts.length === 0 ? lackText(comparison) || 'not run' : parts.join(', ')}`;
  });
  return texts.length === 0 ? '-' : texts.join('; ');
}

/** A row for each arm: metric, difference with interval, verdict, and the difference to the other arms that claims name. */
export function armTable(experiment: Experiment, results: Results | undefined): TextTable {
  const digits = digitsOf(experiment);
  const others = hasOthers(experiment);
  const metric = experiment.metric.name === 'loss' ? 'test loss (nats)' : 'test accuracy (%)';
  const rows = summaryOf(experiment, results).map((row) => [
    row.arm,
    String(row.metric?.n ?? 0),
    row.metric
      ? `${row.metric.mean.toFixed(digits)}${row.metric.n > 1 ? ` (${row.metric.deviation.toFixed(digits)})` : ''}`
      : '-',
    row.baseline ?? '-',
    row.difference ? intervalText(row.difference, digits) : '-',
    verdictText(row),
    ...(others ? [othersCell(experiment, results, row.arm)] : []),
  ]);
  const head = [
    'arm',
    'n',
    `${metric}, mean (sd)`,
    'baseline',
    `difference in ${unitOf(experiment)} [95 % interval]`,
    'verdict',
    ...(others ? ['less the arm that a claim names, by the rule'] : []),
  ];
  return { head, rows, right: [1, 2] };
}

/** Digits, and its sign and verdict, of what stands at one place of a sweep. */
function sweepCell(experiment: Experiment, row: ArmSummary | undefined): string {
  if (!row?.metric && !row?.diverged) return '-';
  const digits = digitsOf(experiment);
  const verdict = verdictText(row);
  const metric = row.metric ? row.metric.mean.toFixed(digits) : 'no result';
  const difference = row.difference ? `: ${intervalText(row.difference, digits)}` : '';
  return `${metric}${difference}${verdict === '' ? '' : `, ${verdict}`}`;
}

/** A sweep at a glance: a row for each place on the axis, a column for each series that has some. Undefined for what is no sweep. */
export function sweepTable(experiment: Experiment, results: Results | undefined): TextTable | undefined {
  const { arms, plot } = experiment;
  if (plot.kind !== 'sweep') return undefined;
  const summary = summaryOf(experiment, results);
  const placed = arms.filter(({ x }) => x !== undefined);
  const series = [...new Set(placed.map(({ series: of, name }) => of ?? name))];
  const xs = [...new Set(placed.map(({ x = 0 }) => x))].sort((a, b) => a - b);
  const rows = xs.map((x) => [
    String(x),
    ...series.map((name) => {
      const arm = placed.find((one) => one.x === x && (one.series ?? one.name) === name);
      return arm
        ? sweepCell(
            experiment,
            summary.find((row) => row.arm === arm.name),
          )
        : '';
    }),
  ]);
  return { head: [plot.xLabel ?? 'x', ...series], rows, right: [0] };
}

/** What the cells of {@link sweepTable} hold, and the arms that have no place in it. */
export function sweepCaption(experiment: Experiment, results: Results | undefined): string {
  const summary = summaryOf(experiment, results);
  const digits = digitsOf(experiment);
  const others = experiment.arms
    .filter(({ x }) => x === undefined)
    .flatMap(({ name }) => {
      const metric = summary.find(({ arm }) => arm === name)?.metric;
      return metric ? [` \`${name}\` has ${metric.mean.toFixed(digits)}, n = ${metric.n}.`] : [];
    });
  const metric = experiment.metric.name === 'loss' ? 'Test loss in nats' : 'Test accuracy in %';
  return `${metric}; after the colon the difference to the baseline in ${unitOf(experiment)} with its 95 % interval, and the verdict.${others.join('')}`;
}

/** What a source has beside what was measured; held against each other only under the same schedule. */
export function expectedTable(experiment: Experiment, results: Results | undefined): TextTable | undefined {
  if (experiment.expected.length === 0) return undefined;
  const summary = summaryOf(experiment, results);
  const digits = digitsOf(experiment);
  const rows = experiment.expected.map(({ arm, metric, value, tolerance, source, sameSchedule }) => {
    const own = summary.find((row) => row.arm === arm);
    // Sources give shares of the test set, tables points of 100; a loss is in nats in both.
    const share = metric === 'loss' || experiment.metric.name === 'loss' ? 1 : 100;
    const measured = metric === 'difference' ? own?.difference?.mean : own?.metric?.mean;
    const number = (x: number): string => (metric === 'difference' ? signed(x, digits) : x.toFixed(digits));
    const fits = measured !== undefined && Math.abs(measured - value * share) <= tolerance * share;
    const verdict = !sameSchedule
      ? 'another training: not to be compared'
      : measured === undefined
        ? 'not run'
        : fits
          ? 'within'
          : 'outside';
    return [
      arm,
      metric,
      `${number(value * share)} +- ${Number((tolerance * share).toFixed(digits))}`,
      measured === undefined ? '-' : number(measured),
      verdict,
      source,
    ];
  });
  return {
    head: ['arm', 'figure', 'expected', 'measured here', 'agrees', 'source'],
    rows,
    right: [2, 3],
  };
}

/** A bar ends a cell unless a backslash is before it, of which a bar's own are doubled; so does a line's end of any kind. */
const markdownCell = (text: string): string =>
  text.replace(/(\\*)\|/g, '$1$1\\|').replace(/[\r\n\u2028\u2029]+/g, ' ');

/** A table in Markdown. */
export function markdownTable({ head, rows, right }: TextTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;
  const rule = `|${head.map((_, i) => (right.includes(i) ? '---:' : '---')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
