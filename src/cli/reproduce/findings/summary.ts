/**
 * What an experiment's runs say: one arm held against another, paired by seed, and for every arm the mean of its metric and what it
 * is beside its baseline. Numbers in, numbers and words out; writes nothing.
 */
import { datasetClasses } from '../../../data/datasets.node.js';
import { baselineOf, type Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';
import { type Estimate, estimate, type VerdictKind, verdictOf } from './statistics.js';

/** One arm held against another, under the seeds that both were run under. */
export interface Comparison {
  readonly arm: string;
  readonly against: string;
  /** Arm less the other over the seeds under which both came to their end; more is better for accuracy, less for loss. */
  readonly difference?: Estimate;
  /** The same with its sign so that more is better. */
  readonly gain?: Estimate;
  /** What the difference says; it knows nothing of runs that diverged. */
  readonly verdict: VerdictKind;
  /** Seeds under which the other arm came to its end, and this one did or diverged. */
  readonly seeds: number;
  /** Those of `seeds` under which this arm diverged. */
  readonly diverged: number;
  /** Seeds under which this arm came to its end and the other diverged: no difference can hold them. */
  readonly survived: number;
  /** Seeds under which both diverged, which say nothing. */
  readonly bothDiverged: number;
  /** Seeds under which the arm itself was run, and the other: without a common one they cannot be compared. */
  readonly runs: number;
  readonly otherRuns: number;
}

/** An arm's figures, in the experiment's metric: per cent of the test set, or nats. */
export interface ArmSummary {
  readonly arm: string;
  readonly recipe: string;
  readonly note?: string;
  readonly metric?: Estimate;
  readonly baseline?: string;
  /** Arm less baseline over the seeds that both have; more is better for accuracy, less for loss. */
  readonly difference?: Estimate;
  /** Undefined for the baseline itself and arms without one. */
  readonly comparison?: Comparison;
  /** Of all the arm's runs. */
  readonly diverged: number;
  /** Runs that came to their end with an accuracy of at most twice that of guessing. */
  readonly collapsed: number;
}

/** The metric of a run in the unit it is shown in; undefined for one without. */
export function metricOf({ metric }: Experiment, run: RunResult): number | undefined {
  if (metric.name === 'loss') return run.testLoss ?? undefined;
  return run.testAccuracy === null ? undefined : run.testAccuracy * 100;
}

/** `points` or `nats`. */
export const unitOf = ({ metric }: Experiment): string => (metric.name === 'loss' ? 'nats' : 'points');

/** The estimate of what is opposite. */
function turned({ n, mean, deviation, low, high }: Estimate): Estimate {
  return { n, mean: -mean, deviation, low: -high, high: -low };
}

/** Metric by seed of the runs of an arm that ended; undefined for one that diverged. */
function valuesOf(experiment: Experiment, results: Results | undefined, arm: string) {
  const own = (results?.runs ?? []).filter((run) => run.arm === arm);
  return new Map(
    own.flatMap((run): [number, number | undefined][] => {
      const value = metricOf(experiment, run);
      // A run that finished without the metric is of no use, and is no divergence.
      return value === undefined && run.status !== 'diverged' ? [] : [[run.seed, value]];
    }),
  );
}

/** `arm` held against `against`. */
export function comparisonOf(
  experiment: Experiment,
  results: Results | undefined,
  arm: string,
  against: string,
): Comparison {
  const own = valuesOf(experiment, results, arm);
  const others = valuesOf(experiment, results, against);
  const pairs = [...own]
    .filter(([seed]) => others.has(seed))
    .map(([seed, own]) => ({ own, other: others.get(seed) }));
  const count = (own: boolean, other: boolean): number =>
    pairs.filter((pair) => (pair.own !== undefined) === own && (pair.other !== undefined) === other).length;
  const difference = estimate(
    pairs.flatMap(({ own, other }) => (own === undefined || other === undefined ? [] : [own - other])),
  );
  const gain = difference && experiment.metric.name === 'loss' ? turned(difference) : difference;
  return {
    arm,
    against,
    ...(difference && gain ? { difference, gain } : {}),
    verdict: verdictOf(gain, experiment.metric.margin),
    seeds: count(true, true) + count(false, true),
    diverged: count(false, true),
    survived: count(true, false),
    bothDiverged: count(false, false),
    runs: own.size,
    otherRuns: others.size,
  };
}

/** Whether a run came to its end having learnt next to nothing: at most twice the share that guessing gets right. */
export function isCollapsed({ dataset, metric }: Experiment, { status, testAccuracy }: RunResult): boolean {
  const classes = datasetClasses(dataset);
  // Accuracy says too little where the metric is the loss: of the next characters, one kind alone is a fifth.
  if (metric.name !== 'accuracy' || classes === undefined || status === 'diverged') return false;
  return testAccuracy !== null && testAccuracy <= 2 / classes;
}

/** A row for each arm, in the experiment's order. */
export function summaryOf(experiment: Experiment, results: Results | undefined): ArmSummary[] {
  return experiment.arms.map(({ name, note }) => {
    const own = (results?.runs ?? []).filter((run) => run.arm === name);
    const baseline = baselineOf(experiment, name);
    const comparison = baseline === undefined ? undefined : comparisonOf(experiment, results, name, baseline);
    const values = [...valuesOf(experiment, results, name).values()];
    const metric = estimate(values.filter((value) => value !== undefined));
    return {
      arm: name,
      recipe: own[0]?.recipe ?? '',
      ...(note === undefined ? {} : { note }),
      diverged: own.filter(({ status }) => status === 'diverged').length,
      collapsed: own.filter((run) => isCollapsed(experiment, run)).length,
      ...(metric ? { metric } : {}),
      ...(baseline === undefined ? {} : { baseline }),
      ...(comparison ? { comparison } : {}),
      ...(comparison?.difference ? { difference: comparison.difference } : {}),
    };
  });
}

/** Whether a difference that is no loss by the rule lies wholly on the worse side: within the margin, and not chance. */
export const isWorse = ({ verdict, gain }: Comparison): boolean =>
  verdict === 'no loss' && gain !== undefined && gain.high < 0;

/** Whether a difference lies wholly on the better side. */
export const isBetter = ({ verdict, gain }: Comparison): boolean =>
  verdict === 'no loss' && gain !== undefined && gain.low > 0;

/** What a difference says: `no loss`, `no loss, but worse`, `no loss, and better`, `loss`, `not settled, n = 1`. */
export function differenceText(comparison: Comparison): string {
  const { verdict, difference } = comparison;
  if (verdict === 'not settled') return `not settled, n = ${difference?.n ?? 0}`;
  if (isWorse(comparison)) return 'no loss, but worse';
  return isBetter(comparison) ? 'no loss, and better' : verdict;
}

/**
 * The same with the runs that diverged or collapsed: `diverged (3 of 3)`, `diverged (1 of 4), else no loss`, `loss, collapsed (2 of 3)`,
 * `diverged (1 of 3), collapsed (2 of 3)`.
 */
export function verdictText(summary: ArmSummary): string {
  const { diverged, collapsed, metric } = summary;
  const runs = diverged + (metric?.n ?? 0);
  const fell = collapsed > 0 ? `collapsed (${collapsed} of ${runs})` : '';
  // Of runs that all broke no interval says more.
  const broke = diverged > 0 && collapsed > 0 && diverged + collapsed === runs;
  const verdict = broke ? `diverged (${diverged} of ${runs})` : lossText(summary);
  return [verdict, fell].filter((part) => part !== '').join(', ');
}

/** Why there is nothing to compare: `not run`, or what the arm lacks that was run; empty where there is a pair of runs. */
export function lackText({ against, runs, otherRuns, ...pairs }: Comparison): string {
  if (pairs.seeds > 0) return '';
  if (pairs.survived + pairs.bothDiverged > 0) return `no run of ${against} came to its end`;
  if (runs === 0) return 'not run';
  return otherRuns === 0 ? `no run of ${against}` : `no run of ${against} under the same seed`;
}

/** What the comparison says, and how many runs diverged. */
function lossText({ comparison, diverged, metric }: ArmSummary): string {
  if (!comparison) return diverged > 0 ? `diverged (${diverged} of ${diverged + (metric?.n ?? 0)})` : '';
  const { seeds } = comparison;
  if (seeds === 0) return lackText(comparison);
  if (comparison.diverged === 0) return differenceText(comparison);
  const share = `diverged (${comparison.diverged} of ${seeds})`;
  return comparison.difference ? `${share}, else ${differenceText(comparison)}` : share;
}

/** A number with its sign: `+0.12`, `-0.30`; without where nothing is left of it: `0.00`. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '-' : '+'}${text}`;
}

/** An end of an interval, with its sign though nothing be left of it: on which side of 0 it is decides a verdict. */
function endText(value: number, digits: number): string {
  const text = signed(value, digits);
  return Number(text) !== 0 || value === 0 ? text : `${value < 0 ? '-' : '+'}${text}`;
}

/** `-0.12 [-0.40, +0.16]`; without brackets for one seed. */
export function intervalText({ n, mean, low, high }: Estimate, digits: number): string {
  return n < 2
    ? `${signed(mean, digits)} (one seed)`
    : `${signed(mean, digits)} [${endText(low, digits)}, ${endText(high, digits)}]`;
}

/** Digits after the point of the experiment's metric. */
export const digitsOf = ({ metric }: Experiment): number => (metric.name === 'loss' ? 4 : 2);
