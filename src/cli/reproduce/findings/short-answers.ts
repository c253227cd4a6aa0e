/**
 * The short answers of RESULTS.md: is 8 bit without a drop, and what does the absence of a part of the method cost. Made of nothing but
 * results and their verdicts, so that they cannot go stale. Experiments and results in, paragraphs, lists and a table out.
 */
import { type ClaimRow, claimRows, groupedRows, type Measured } from './claims.js';
import type { Outcome } from './judgement.js';
import { multiplicitySentence, multiplicityText } from './multiplicity.js';
import { overviewTable, overviewText } from './overview.js';
import { standTogether } from './statistics.js';
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

/** Of a row that is no loss by the rule though its whole interval is on the worse side. */
const small = 'no loss, but worse';

const readingOf = ({ about = 'parity', outcome, worse }: ClaimRow): string =>
  worse ? small : readings[about][outcome];

/** Rows by what is read of them, the best outcome first. */
function byReading(rows: readonly ClaimRow[]): { readonly reading: string; readonly own: ClaimRow[] }[] {
  const place = ({ outcome, worse }: ClaimRow): number => 2 * outcomes.indexOf(outcome) + Number(worse);
  const sorted = [...rows].sort((a, b) => place(a) - place(b));
  return [...new Set(sorted.map(readingOf))].map((reading) => ({
    reading,
    own: sorted.filter((row) => readingOf(row) === reading),
  }));
}

/** `**no loss** in 6 of 8 (fashion-cnn, mnist-mlp, ...); **not settled** in 2 (...)`: the table above has the figures. */
function parityText(rows: readonly ClaimRow[]): string {
  return `${byReading(rows)
    .map(({ reading, own }, i) => {
      const of = i === 0 ? ` of ${rows.length}` : '';
      return `**${reading}** in ${own.length}${of} (${own.map(({ experiment }) => experiment).join(', ')})`;
    })
    .join('; ')}${togetherText(rows)}`;
}

/** At which each verdict of no loss is judged: one end of an interval of 95 %. */
const oneSided = 0.025;

/** Of several verdicts of no loss, which remain when all of the claim's are judged at once. */
function togetherText(rows: readonly ClaimRow[]): string {
  const tested = rows.flatMap(({ experiment, arms, chanceOfLoss }) =>
    chanceOfLoss === undefined ? [] : [{ experiment, arms, chance: chanceOfLoss }],
  );
  const stands = standTogether(
    tested.map(({ chance }) => chance),
    oneSided,
  );
  const alone = tested
    .map((one, i) => ({ ...one, stands: stands[i] }))
    .filter(({ chance }) => chance < oneSided);
  if (alone.length < 2) return '';
  const left = alone.filter((one) => one.stands);
  const gone = alone.filter((one) => !one.stands).map(({ experiment, arms }) => `${experiment} (${arms})`);
  const remain =
    gone.length === 0
      ? `all ${alone.length} verdicts of no loss remain`
      : `${left.length} of ${alone.length} verdicts of no loss remain, without ${gone.join(', ')}`;
  return `; judged together by Holm's method ${remain}`;
}

function parityList(groups: readonly ClaimRow[][]): string {
  return groups
    .filter(([{ about }]) => about === 'parity')
    .map((rows) => `- ${rows[0].claim}: ${parityText(rows)}.`)
    .join('\n');
}

/** `-2.11 [-2.46, -1.76], **loss**`; a loss stands out, the rest is what was hoped for. */
function partCell(row: ClaimRow | undefined): string {
  if (!row) return '';
  const reading = readingOf(row);
  const verdict = row.outcome === 'holds' ? `**${reading}**` : reading;
  return row.short === '' ? verdict : `${row.short}, ${verdict}`;
}

/** `no loss in 3 of 7; not settled in 4`. */
const countsText = (rows: readonly ClaimRow[]): string =>
  byReading(rows)
    .map(({ reading, own }, i) => `${reading} in ${own.length}${i === 0 ? ` of ${rows.length}` : ''}`)
    .join('; ');

/** Each part of the method by the experiments that go without it; undefined where none does. */
function partTable(groups: readonly ClaimRow[][]): TextTable | undefined {
  const parts = groups.filter(([{ about }]) => about === 'part');
  // Experiments with many parts first, so that what is compared stands together.
  const sizes = new Map<string, number>();
  for (const { experiment } of parts.flat()) sizes.set(experiment, (sizes.get(experiment) ?? 0) + 1);
  const names = [...sizes.keys()].sort(
    (a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0) || a.localeCompare(b),
  );
  if (names.length === 0) return undefined;
  const rows = parts.map((own) => [
    own[0].ablation ?? own[0].claim,
    countsText(own),
    ...names.map((name) => partCell(own.find(({ experiment }) => experiment === name))),
  ]);
  const links = names.map((name) => `[${name}](experiments/${name}/README.md)`);
  return { head: ['recipe, and what it lacks', 'in all', ...links], rows, right: [] };
}

/** `` without a zero (`int8`: no loss in 3 of 3. `paper`: ...) ``: ablations of several recipes that lack the same, put together. */
function ablationsText(parts: readonly ClaimRow[][]): string {
  const recipes = new Map<string, string[]>();
  for (const rows of parts) {
    const [{ ablation, claim }] = rows;
    const text = ablation ?? claim;
    const [, recipe, lack] = /^(`[^`]+`) (.+)$/.exec(text) ?? ['', '', text];
    const counts = `${recipe === '' ? '' : `${recipe}: `}${countsText(rows)}`;
    recipes.set(lack, [...(recipes.get(lack) ?? []), counts]);
  }
  return [...recipes].map(([lack, counts]) => `${lack} (${counts.join('. ')})`).join('; ');
}

/** What the table of parts comes to: which show a loss anywhere, which lie lower within the margin, which neither, and of which nothing is known. */
function partList(groups: readonly ClaimRow[][]): string {
  const parts = groups.filter(([{ about }]) => about === 'part');
  // Where some runs diverged without the part, the claim holds in part.
  const isLossy = (rows: readonly ClaimRow[]): boolean =>
    rows.some(({ outcome, worse }) => outcome === 'holds' || (outcome === 'holds in part' && !worse));
  const isLower = (rows: readonly ClaimRow[]): boolean => !isLossy(rows) && rows.some(({ worse }) => worse);
  const isFree = (rows: readonly ClaimRow[]): boolean =>
    !isLossy(rows) && !isLower(rows) && rows.some(({ outcome }) => outcome === 'does not hold');
  const isOpen = (rows: readonly ClaimRow[]): boolean => !isLossy(rows) && !isLower(rows) && !isFree(rows);
  return [
    ['Needed: accuracy is lost, or runs diverge, in one experiment or more', parts.filter(isLossy)] as const,
    ['Of use, by less than the margin: lower in one or more', parts.filter(isLower)] as const,
    ['No need for it found in any', parts.filter(isFree)] as const,
    ['Not settled', parts.filter(isOpen)] as const,
  ]
    .filter(([, own]) => own.length > 0)
    .map(([title, own]) => `- **${title}**: ${ablationsText(own)}.`)
    .join('\n');
}

/** Whether training in 8 bits loses accuracy: what is asked, a table, how it is to be read, and a list. None where no claim asks for it. */
function recipeAnswers(measured: readonly Measured[], groups: readonly ClaimRow[][]): (string | TextTable)[] {
  const table = overviewTable(measured);
  if (!table) return [];
  return [
    'Does training in 8 bits lose accuracy? Of these networks, data and schedules, under so many seeds of float32; differences in ' +
      'points of accuracy or in nats of loss, paired by seed, with their 95 % intervals:',
    table,
    overviewText(measured),
    parityList(groups),
  ];
}

/** The section of RESULTS.md, in parts; none where no claim asks for it. */
export function shortAnswers(measured: readonly Measured[]): (string | TextTable)[] {
  const rows = measured.flatMap(claimRows);
  const groups = groupedRows(rows);
  const [recipes, parts] = [recipeAnswers(measured, groups), partTable(groups)];
  if (recipes.length === 0 && !parts) return [];
  return [
    '## In short',
    ...recipes,
    ...(parts
      ? [
          'What does the absence of a part of the method cost? Each ablation less the recipe that has the part, in points of accuracy with ' +
            'their 95 % intervals, and whether that is a loss:',
          parts,
          partList(groups),
        ]
      : []),
    ...[multiplicityText(rows)].filter((text) => text !== ''),
  ];
}

/** What the front page has of it: recipes with their figures, and parts in words. */
export function shortestAnswers(measured: readonly Measured[]): (string | TextTable)[] {
  const rows = measured.flatMap(claimRows);
  const groups = groupedRows(rows);
  const parts = partList(groups);
  return [
    ...recipeAnswers(measured, groups),
    ...(parts === ''
      ? []
      : [
          'What of the method do these experiments need? Trained without one part at a time, by what that costs:',
          parts,
        ]),
    ...[multiplicitySentence(rows)].filter((text) => text !== ''),
  ];
}
