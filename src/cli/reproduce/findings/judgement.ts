/**
 * What the runs of an experiment make of a claim, by the rule of experiments/README.md. Numbers in, words out; knows no documents.
 */
import type { Claim, Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import { enoughSeeds } from './statistics.js';
import { type Comparison, comparisonOf, differenceText, isBetter, isWorse, lackText } from './summary.js';

/** What may become of a claim, the best first. */
export const outcomes = ['holds', 'holds in part', 'does not hold', 'not settled', 'not run'] as const;
export type Outcome = (typeof outcomes)[number];

/** The outcome, and what it rests on. */
export interface Judgement {
  readonly outcome: Outcome;
  /** Why, in a few words; empty where the outcome says all. */
  readonly why: string;
  /** No loss by the rule, but the whole interval is on the worse side. */
  readonly worse: boolean;
  /** No loss, and the whole interval on the better side. */
  readonly better: boolean;
}

/** Points below the other arm from which an arm is said to have crashed: far from any loss that a schedule explains. */
const CRASH = 10;

type Verdict = readonly [outcome: Outcome, why: string];
type Rule = (comparison: Comparison, reading: string, margin: number) => Verdict;

const share = ({ diverged, seeds }: Comparison): string => `${diverged} of ${seeds} diverged`;

/** Where only some runs diverged, neither they nor the others decide alone. */
const inPart = (comparison: Comparison, reading: string): Verdict => [
  'holds in part',
  `${share(comparison)}, else ${reading}`,
];

const rules: Readonly<Record<Claim['expects'], Rule>> = {
  'no loss': (comparison, reading) => {
    if (comparison.diverged > 0) return ['does not hold', share(comparison)];
    if (comparison.verdict === 'no loss') return ['holds', isWorse(comparison) ? reading : ''];
    return comparison.verdict === 'loss' ? ['does not hold', reading] : ['not settled', ''];
  },
  loss: (comparison, reading) => {
    const { diverged, seeds, survived, against, verdict } = comparison;
    // It came to its end where the other did not: whatever that is, it is no loss.
    if (seeds === 0) return ['does not hold', `${against}: ${survived} of ${survived} diverged`];
    if (diverged > 0) {
      return diverged === seeds || verdict === 'loss'
        ? ['holds', share(comparison)]
        : inPart(comparison, reading);
    }
    if (verdict === 'loss') return ['holds', ''];
    if (verdict !== 'no loss') return ['not settled', ''];
    // A loss it is, and one that the rule lets pass: neither the claim nor its opposite.
    return [isWorse(comparison) ? 'holds in part' : 'does not hold', reading];
  },
  crash: (comparison, reading) => {
    const { diverged, seeds, gain } = comparison;
    const crashed = gain !== undefined && gain.high < -CRASH;
    if (diverged > 0)
      return diverged === seeds || crashed ? ['holds', share(comparison)] : inPart(comparison, reading);
    if (crashed) return ['holds', ''];
    return gain && gain.low > -CRASH ? ['does not hold', `${reading}, no crash`] : ['not settled', ''];
  },
  gain: (comparison, reading, margin) => {
    const { diverged, seeds, survived, gain } = comparison;
    if (diverged > 0) return ['does not hold', share(comparison)];
    const settles = gain !== undefined && gain.n >= enoughSeeds;
    const other = `${comparison.against}: ${survived} of ${seeds + survived} diverged`;
    if (seeds === 0 || (settles && gain.low > 0)) return ['holds', survived > 0 ? other : ''];
    if (survived > 0) return ['holds in part', `${other}, else ${reading}`];
    if (settles && gain.high < 0) return ['does not hold', reading];
    return ['not settled', settles && gain.high < margin ? `if any, less than ${margin}` : ''];
  },
};

/** The comparison that a claim is about, and what becomes of the claim. */
export function judged(
  experiment: Experiment,
  results: Results | undefined,
  { arm, expects }: Pick<Claim, 'arm' | 'expects'>,
  against: string,
): Judgement & { readonly comparison: Comparison } {
  const comparison = comparisonOf(experiment, results, arm, against);
  const { seeds, diverged, survived, bothDiverged } = comparison;
  const made = ([outcome, why]: Verdict) => ({
    outcome,
    why,
    worse: diverged === 0 && isWorse(comparison),
    better: diverged === 0 && isBetter(comparison),
    comparison,
  });
  // That the other arm diverged where this one did not is what a gain may be, and in all runs it is no loss.
  const n = expects === 'gain' || (expects === 'loss' && seeds === 0) ? seeds + survived : seeds;
  if (n === 0) {
    const why = lackText(comparison);
    return made(
      survived + bothDiverged > 0 ? ['not settled', why] : ['not run', why === 'not run' ? '' : why],
    );
  }
  if (n < enoughSeeds) return made(['not settled', diverged > 0 ? share(comparison) : '']);
  return made(rules[expects](comparison, differenceText(comparison), experiment.metric.margin));
}

/** `holds`, `does not hold (no loss, but lower)`, `not settled, n = 2 (1 of 2 diverged)`. */
export function judgementText({ outcome, why, comparison }: ReturnType<typeof judged>): string {
  const { seeds } = comparison;
  const head = outcome === 'not settled' && seeds > 0 ? `not settled, n = ${seeds}` : outcome;
  return why === '' ? head : `${head} (${why})`;
}
