/**
 * The short answers of RESULTS.md: is 8 bit without a drop, and which parts of the method are needed. Made of nothing but how many experiments
 * have which outcome, so that they cannot go stale. Rows in, Markdown out.
 */
import { type ClaimRow, groupedRows } from './claims.js';
import type { Outcome } from './judgement.js';

const outcomes: readonly Outcome[] = ['holds', 'holds in part', 'does not hold', 'not settled', 'not run'];

/** What a claim that is borne out says, and one that is not. */
const answers = { parity: ['yes', 'no'], part: ['needed', 'not needed'] } as const;

/** `yes where it is settled`: by how many experiments have which outcome, and by nothing else. */
function answerText(rows: readonly ClaimRow[], about: keyof typeof answers): string {
  const count = (...of: Outcome[]): number => rows.filter(({ outcome }) => of.includes(outcome)).length;
  const [yes, no] = answers[about];
  const settled = count('holds', 'holds in part', 'does not hold');
  if (settled === 0) return 'not settled';
  const where = settled === rows.length ? '' : ' where it is settled';
  if (count('holds') === settled) return `${yes}${where}`;
  if (count('does not hold') === settled) return `${no}${where}`;
  return count('holds') > 0 && count('does not hold') > 0
    ? `${yes} in some experiments, not in others`
    : `in part${where}`;
}

/** `Holds in 2 of 4 experiments (mnist-mlp, fashion-cnn); not settled in 2 (...)`. */
function countsText(rows: readonly ClaimRow[]): string {
  const parts = outcomes.flatMap((outcome) => {
    const own = rows.filter((row) => row.outcome === outcome);
    return own.length === 0 ? [] : [{ outcome, own }];
  });
  const texts = parts.map(({ outcome, own }, i) => {
    const of = i === 0 ? ` of ${rows.length} ${rows.length === 1 ? 'experiment' : 'experiments'}` : '';
    const names = own.map(({ experiment, worse }) => (worse ? `${experiment}*` : experiment));
    return `${outcome} in ${own.length}${of} (${names.join(', ')})`;
  });
  const text = texts.join('; ');
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}

function list(groups: readonly ClaimRow[][], about: keyof typeof answers): string {
  return groups
    .filter(([{ about: own }]) => own === about)
    .map((rows) => `- ${rows[0].claim}: **${answerText(rows, about)}**. ${countsText(rows)}.`)
    .join('\n');
}

/** The section, in parts; none where no claim asks for it. */
export function shortAnswers(rows: readonly ClaimRow[]): string[] {
  const groups = groupedRows(rows);
  const [parity, part] = [list(groups, 'parity'), list(groups, 'part')];
  if (parity === '' && part === '') return [];
  const isMarked = rows.some(({ about, worse }) => about !== undefined && worse);
  return [
    '## In short',
    'Counted from the verdicts of the table below. They are of these networks, data and schedules.',
    ...(parity === '' ? [] : ['Is 8 bit without a drop?', parity]),
    ...(part === ''
      ? []
      : [
          'Which parts of the method are needed? "Needed": without the part there is a loss by the rule against the recipe that has it; ' +
            '"not needed": there is none.',
          part,
        ]),
    ...(isMarked
      ? ['\\* No loss by the rule, but the whole interval is on the worse side of 0, within the margin.']
      : []),
  ];
}
