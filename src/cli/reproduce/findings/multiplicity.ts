/**
 * What many intervals say together. Each is wrong once in twenty times, and there are many: how many leave out 0, and which do when all
 * are judged at once. Differences in, a paragraph and marks out.
 */
import { standTogether } from './statistics.js';

/** Chance of an interval of 95 % to leave out what is true. */
const level = 0.05;

/** A difference that a claim is about. */
export interface ClaimedDifference {
  readonly experiment: string;
  /** `int8 - fp32`; empty for claims about no two arms. */
  readonly arms: string;
  /** Two-sided p of the difference being 0; undefined where too few seeds measured it. */
  readonly chance?: number;
}

type Tested = ClaimedDifference & { readonly chance: number };

const keyOf = ({ experiment, arms }: ClaimedDifference): string => `${experiment}: ${arms}`;

/** Each once, though several claims may be about it. */
function tested(rows: readonly ClaimedDifference[]): Tested[] {
  const own = new Map<string, Tested>();
  for (const row of rows) {
    const { chance } = row;
    if (chance !== undefined) own.set(keyOf(row), { ...row, chance });
  }
  return [...own.values()];
}

/** Those that leave out 0 when all are judged together. */
function standing(all: readonly Tested[]): Tested[] {
  const stands = standTogether(
    all.map(({ chance }) => chance),
    level,
  );
  return all.filter((_, i) => stands[i]);
}

/** Says of each row whether its difference leaves out 0 when all of `rows` are judged together. */
export function standingAmong(rows: readonly ClaimedDifference[]): (row: ClaimedDifference) => boolean {
  const keys = new Set(standing(tested(rows)).map(keyOf));
  return (row) => keys.has(keyOf(row));
}

/** Marks a difference that stands, in tables. */
export const standingMark = '\u2020';

/** `fashion-cnn (int8-no-master - int8, paper-no-master - paper)`, an experiment after the other. */
function names(rows: readonly Tested[]): string {
  const experiments = [...new Set(rows.map(({ experiment }) => experiment))];
  return experiments
    .map((name) => {
      const own = rows.filter(({ experiment }) => experiment === name).map(({ arms }) => arms);
      return `${name} (${own.join(', ')})`;
    })
    .join('; ');
}

/** The same in a sentence, without the names: for the front page. */
export function multiplicitySentence(rows: readonly ClaimedDifference[]): string {
  const all = tested(rows);
  if (all.length === 0) return '';
  const apart = all.filter(({ chance }) => chance < level).length;
  return (
    `Intervals are not corrected for their number: ${apart} of the ${all.length} differences that claims are about leave out 0 one by one, ` +
    `${standing(all).length} when all are judged together (Holm's method; ${standingMark} above where one or more of those counted do; ` +
    '[RESULTS.md](RESULTS.md) says which).'
  );
}

/** Empty where nothing was measured under enough seeds. */
export function multiplicityText(rows: readonly ClaimedDifference[]): string {
  const all = tested(rows);
  if (all.length === 0) return '';
  const apart = all.filter(({ chance }) => chance < level).length;
  const left = standing(all);
  const remain =
    left.length === 0
      ? 'none remains'
      : `${left.length} ${left.length === 1 ? 'remains' : 'remain'} (${standingMark} in the tables): ${names(left)}`;
  return (
    `Each interval is at 95 %, and not corrected for their number. Of the ${all.length} differences that claims are about and that three ` +
    `seeds or more have measured, ${apart} ${apart === 1 ? 'leaves' : 'leave'} out 0; were none real, about ${Math.round(level * all.length)} would. ` +
    `All judged together at 5 % (Holm's method), ${remain}. ` +
    'The intervals are over seeds, which set the first weights, the order of the samples and the noise of the rounding; the test set is the ' +
    'same in all runs, and what another one would say they leave out.'
  );
}
