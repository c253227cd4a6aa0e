/**
 * What an experiment's runs say: for every arm the mean of its metric, the difference to its baseline paired by seed, and the verdict.
 * Numbers in, numbers and words out; writes nothing.
 */
import { baselineOf, type Experiment } from './experiment.js';
import type { Results } from './results.js';
import type { RunResult } from './run-result.js';
import { type Estimate, estimate, type VerdictKind, verdictOf } from './statistics.js';

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
  readonly verdict?: VerdictKind;
  readonly diverged: number;
  readonly seconds?: number;
}

/** The metric of a run in the unit it is shown in; undefined for one without. */
export function metricOf({ metric }: Experiment, run: RunResult): number | undefined {
  if (metric.name === 'loss') return run.testLoss ?? undefined;
  return run.testAccuracy === null ? undefined : run.testAccuracy * 100;
}

/** `points` or `nats`. */
export const unitOf = ({ metric }: Experiment): string => (metric.name === 'loss' ? 'nats' : 'points');

/** Whether more of the metric is better: the sign by which the rule takes a difference. */
const signOf = ({ metric }: Experiment): 1 | -1 => (metric.name === 'loss' ? -1 : 1);

function turned({ n, mean, deviation, low, high }: Estimate): Estimate {
  return { n, mean: -mean, deviation, low: -high, high: -low };
}

/** A row for each arm, in the experiment's order. */
export function summaryOf(experiment: Experiment, results: Results | undefined): ArmSummary[] {
  const runs = results?.runs ?? [];
  const valuesOf = (arm: string): Map<number, number> => {
    const own = runs.filter((run) => run.arm === arm);
    const pairs = own.flatMap((run) => {
      const value = metricOf(experiment, run);
      return value === undefined ? [] : [[run.seed, value] as const];
    });
    return new Map(pairs);
  };
  return experiment.arms.map(({ name, note }) => {
    const own = runs.filter((run) => run.arm === name);
    const values = valuesOf(name);
    const diverged = own.filter(({ status }) => status === 'diverged').length;
    const baseline = baselineOf(experiment, name);
    const seconds = own.flatMap((run) => (run.seconds === null ? [] : [run.seconds]));
    const metric = estimate([...values.values()]);
    const base = {
      arm: name,
      recipe: own[0]?.recipe ?? '',
      ...(note === undefined ? {} : { note }),
      diverged,
      ...(metric ? { metric } : {}),
      ...(seconds.length > 0 ? { seconds: seconds.reduce((a, b) => a + b, 0) / seconds.length } : {}),
    };
    if (baseline === undefined) return base;
    const others = valuesOf(baseline);
    const difference = estimate(
      [...values].flatMap(([seed, value]) => {
        const other = others.get(seed);
        return other === undefined ? [] : [value - other];
      }),
    );
    const judged = difference && signOf(experiment) < 0 ? turned(difference) : difference;
    const verdict: VerdictKind = diverged > 0 ? 'diverged' : verdictOf(judged, experiment.metric.margin);
    return { ...base, baseline, verdict, ...(difference ? { difference } : {}) };
  });
}

/** `no loss`, `not settled, n = 1`, `diverged (1 of 3)`. */
export function verdictText({ verdict, difference, diverged, metric }: ArmSummary): string {
  if (verdict === undefined) return '';
  if (verdict === 'not settled') return `not settled, n = ${difference?.n ?? 0}`;
  if (verdict === 'diverged') return `diverged (${diverged} of ${diverged + (metric?.n ?? 0)})`;
  return verdict;
}

/** A number with its sign: `+0.12`, `-0.30`. */
export const signed = (value: number, digits: number): string =>
  `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)}`;

/** `-0.12 [-0.40, 0.16]`; without brackets for one seed. */
export function intervalText({ n, mean, low, high }: Estimate, digits: number): string {
  return n < 2
    ? `${signed(mean, digits)} (one seed)`
    : `${signed(mean, digits)} [${signed(low, digits)}, ${signed(high, digits)}]`;
}

/** Digits after the point of the experiment's metric. */
export const digitsOf = ({ metric }: Experiment): number => (metric.name === 'loss' ? 4 : 2);
