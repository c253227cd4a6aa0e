/**
 * What many intervals say together. Each is wrong once in twenty times, and there are many: how many leave out 0, and which do when all
 * are judged at once. Rows of claims in, a paragraph out.
 */
import type { ClaimRow } from './claims.js';
import { standTogether } from './statistics.js';

/** Chance of an interval of 95 % to leave out what is true. */
const level = 0.05;

type Tested = ClaimRow & { readonly chance: number };

/** Differences that claims are about, each once, though several claims may be about it. */
function tested(rows: readonly ClaimRow[]): Tested[] {
  const own = new Map<string, Tested>();
  for (const row of rows) {
    const { chance } = row;
    if (chance !== undefined) own.set(`${row.experiment}: ${row.arms}`, { ...row, chance });
  }
  return [...own.values()];
}

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

/** Empty where nothing was measured under enough seeds. */
export function multiplicityText(rows: readonly ClaimRow[]): string {
  const all = tested(rows);
  if (all.length === 0) return '';
  const apart = all.filter(({ chance }) => chance < level);
  const stands = standTogether(
    all.map(({ chance }) => chance),
    level,
  );
  const standing = all.filter((_, i) => stands[i]);
  return (
    `Each interval is at 95 %, and not corrected for their number. Of the ${all.length} differences that claims are about and that three ` +
    `seeds or more have measured, ${apart.length} ${apart.length === 1 ? 'leaves' : 'leave'} out 0; were none real, about ${Math.round(level * all.length)} would. ` +
    `All judged together at 5 % (Holm's method), ${standing.length === 0 ? 'none remains' : `${standing.length} ${standing.length === 1 ? 'remains' : 'remain'}: ${names(standing)}`}. ` +
    'The intervals are over seeds, which set the first weights, the order of the samples and the noise of the rounding; the test set is the ' +
    'same in all runs, and what another one would say they leave out.'
  );
}
