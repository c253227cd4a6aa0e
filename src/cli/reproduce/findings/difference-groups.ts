/**
 * The differences of an experiment by what arms are compared with: each arm less its baseline, and less the arms that claims name. What
 * is less one arm says nothing beside what is less another. Experiment and results in, comparisons out.
 */
import { baselineOf, type Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import { type Comparison, comparisonOf } from './summary.js';
import { othersOf } from './tables.js';

/** Arms compared with the same other one. */
export interface DifferenceGroup {
  readonly against: string;
  /** In the order of the arms, each once; those of which nothing is known are left out. */
  readonly comparisons: readonly Comparison[];
  /** Whether loss is asked about: the arms are those of the experiment's baseline, or a claim expects a loss or none. */
  readonly asksForLoss: boolean;
}

/** Groups in the order of the arms that are compared with; those without a comparison are left out. */
export function differenceGroups(experiment: Experiment, results: Results | undefined): DifferenceGroup[] {
  const { arms, baseline, claims } = experiment;
  const pairs = arms.flatMap(({ name }) => {
    const own = baselineOf(experiment, name);
    return [...(own === undefined ? [] : [own]), ...othersOf(experiment, name)].map((against) => ({
      arm: name,
      against,
    }));
  });
  return arms.flatMap(({ name: against }): DifferenceGroup[] => {
    const comparisons = pairs
      .filter((pair) => pair.against === against)
      .map(({ arm }) => comparisonOf(experiment, results, arm, against))
      .filter(({ difference, diverged, survived }) => difference || diverged > 0 || survived > 0);
    const asksForLoss =
      against === baseline ||
      claims.some(
        ({ arm, against: named = baselineOf(experiment, arm), expects }) =>
          named === against && (expects === 'loss' || expects === 'no loss'),
      );
    return comparisons.length === 0 ? [] : [{ against, comparisons, asksForLoss }];
  });
}
