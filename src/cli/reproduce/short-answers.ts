/**
 * The short answers of RESULTS.md: is 8 bit without a drop, and what does the absence of a part of the method cost. Made of nothing but
 * results and their verdicts, so that they cannot go stale. Experiments and results in, paragraphs, lists and a table out.
 */
import { type ClaimRow, claimRows, groupedRows, type Measured } from './claims.js';
import type { Outcome } from './judgement.js';
import { overviewTable, overviewText } from './overview.js';
import type { TextTable } from './tables.js';

const outcomes: readonly Outcome[] = ['holds', 'holds in part', 'does not hold', 'not settled', 'not run'];

/** What an outcome says of training with or without: of claims that expect no loss, and of such as expect one. */
const readings: Readonly<Record<NonNullable<ClaimRow['about']>, Readonly<Record<Outcome, string>>>> = {
  parity: {
    holds: 'no loss',
    'holds in part': 'no loss in part',
    'does not hold': 'loss',
    'not settled': 'not settled',
    'not run': 'not run',
  },
  part: {
    holds: 'loss',
    'holds in part': 'some runs diverged, the others show no loss',
    'does not hold': 'no loss',
    'not settled': 'not settled',
    'not run': 'not run',
  },
};

/** `**no loss** in 3 of 5 (fashion-cnn +0.09 [-0.28, +0.45], ...); **not settled** in 2 (...)`. */
function costText(rows: readonly ClaimRow[], about: keyof typeof readings): string {
  const parts = outcomes.flatMap((outcome) => {
    const own = rows.filter((row) => row.outcome === outcome);
    return own.length === 0 ? [] : [{ outcome, own }];
  });
  return parts
    .map(({ outcome, own }, i) => {
      const of = i === 0 ? ` of ${rows.length}` : '';
      // Of training in 8 bits the table above has the figures.
      const names = own.map(({ experiment, worse, short }) =>
        `${experiment}${worse ? '*' : ''} ${about === 'part' ? short : ''}`.trimEnd(),
      );
      return `**${readings[about][outcome]}** in ${own.length}${of} (${names.join(', ')})`;
    })
    .join('; ');
}

function list(groups: readonly ClaimRow[][], about: keyof typeof readings): string {
  return groups
    .filter(([{ about: own }]) => own === about)
    .map((rows) => `- ${rows[0].ablation ?? rows[0].claim}: ${costText(rows, about)}.`)
    .join('\n');
}

/** The section, in parts; none where no claim asks for it. */
export function shortAnswers(measured: readonly Measured[]): (string | TextTable)[] {
  const rows = measured.flatMap(claimRows);
  const groups = groupedRows(rows);
  const [parity, part] = [list(groups, 'parity'), list(groups, 'part')];
  if (parity === '' && part === '') return [];
  const table = overviewTable(measured);
  const isMarked = rows.some(({ about, worse }) => about !== undefined && worse);
  return [
    '## In short',
    ...(table
      ? [
          'Does training in 8 bits lose accuracy? Of these networks, data and schedules, under n seeds of float32; differences in ' +
            'points of accuracy or in nats of loss, paired by seed, with their 95 % intervals:',
          table,
          overviewText(measured),
          parity,
        ]
      : []),
    ...(part === ''
      ? []
      : [
          'What does the absence of a part of the method cost? Each ablation less the recipe that has the part: in how many experiments there is a ' +
            'loss, and the differences in points with their 95 % intervals:',
          part,
        ]),
    ...(isMarked
      ? ['\\* No loss by the rule, but the whole interval is on the worse side of 0, within the margin.']
      : []),
  ];
}
