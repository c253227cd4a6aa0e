/**
 * The short answers of RESULTS.md: is 8 bit without a drop, and what does the absence of a part of the method cost. Made of nothing but
 * results and their verdicts, so that they cannot go stale. Experiments and results in, paragraphs, lists and a table out.
 */
import { type ClaimRow, claimRows, groupedRows, type Measured } from './claims.js';
import { type Outcome, outcomes } from './judgement.js';
import { multiplicitySentence, multiplicityText, standingAmong, standingMark } from './multiplicity.js';
import { overviewTable, overviewText } from './overview.js';
import { standTogether } from './statistics.js';
import type { TextTable } from './tables.js';

/** Of claims that expect no loss. */
const withoutLoss: Readonly<Record<Outcome, string>> = {
  holds: 'no loss',
  'holds in part': 'no loss in part',
  'does not hold': 'loss',
  'not settled': 'not settled',
  'not run': 'not run',
};

/** What an outcome says of training with or without: of claims that expect no loss, and of such as expect one. */
const readings: Readonly<Record<NonNullable<ClaimRow['about']>, Readonly<Record<Outcome, string>>>> = {
  parity: withoutLoss,
  replacement: withoutLoss,
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
/** Of a row that is no loss, with its whole interval on the better side. */
const gained = 'no loss, and better';

function readingOf({ about = 'parity', outcome, worse, better }: ClaimRow): string {
  if (worse) return small;
  return better ? gained : readings[about][outcome];
}

/** Rows by what is read of them: what claims expect first, and what is within the margin before what is better, or after it, as they do. */
function byReading(rows: readonly ClaimRow[]): { readonly reading: string; readonly own: ClaimRow[] }[] {
  const place = ({ about, outcome, worse, better }: ClaimRow): number =>
    3 * outcomes.indexOf(outcome) + (Number(worse) - Number(better)) * (about === 'part' ? -1 : 1);
  const sorted = [...rows].sort((a, b) => place(a) - place(b));
  return [...new Set(sorted.map(readingOf))].map((reading) => ({
    reading,
    own: sorted.filter((row) => readingOf(row) === reading),
  }));
}

/** `fashion-cnn, range-norm-batch (3 times)`: the experiments that rows are of. */
function experimentNames(rows: readonly ClaimRow[]): string {
  const counts = new Map<string, number>();
  for (const { experiment } of rows) counts.set(experiment, (counts.get(experiment) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ${count} times`)).join(', ');
}

/** `**no loss** in 6 of 8 (fashion-cnn, mnist-mlp, ...); **not settled** in 2 (...)`: the table of claims has the figures. */
function lossText(rows: readonly ClaimRow[]): string {
  return `${byReading(rows)
    .map(({ reading, own }, i) => {
      const of = i === 0 ? ` of ${rows.length}` : '';
      return `**${reading}** in ${own.length}${of} (${experimentNames(own)})`;
    })
    .join('; ')}${togetherText(rows)}`;
}

/** At which each verdict of no loss is judged: one end of an interval of 95 %. */
const oneSided = 0.025;

/** Which of a claim's verdicts of one kind remain when all its rows are judged at once by `chanceOf`; empty where none is of this kind. */
function remainText(
  rows: readonly ClaimRow[],
  kind: 'no loss' | 'loss',
  chanceOf: (row: ClaimRow) => number | undefined,
): string {
  const tested = rows.flatMap((row) => {
    const chance = chanceOf(row);
    return chance === undefined ? [] : [{ row, chance }];
  });
  const stands = standTogether(
    tested.map(({ chance }) => chance),
    oneSided,
  );
  const isOfKind = ({ outcome }: ClaimRow): boolean => (outcome === 'does not hold') === (kind === 'loss');
  const alone = tested
    .map((one, i) => ({ ...one, stands: stands[i] }))
    .filter(({ row, chance }) => chance < oneSided && isOfKind(row));
  if (alone.length === 0) return '';
  const gone = alone.filter((one) => !one.stands).map(({ row }) => `${row.experiment}: ${row.arms}`);
  const without = gone.length === 0 ? '' : ` (not ${gone.join(', ')})`;
  return `${alone.length - gone.length} of ${alone.length} verdicts of ${kind}${without}`;
}

/** Which verdicts of a claim that expects no loss remain when all of them are judged at once; empty for one alone. */
function togetherText(rows: readonly ClaimRow[]): string {
  const parts = [
    remainText(rows, 'no loss', ({ chanceOfLoss }) => chanceOfLoss),
    remainText(rows, 'loss', ({ chanceOfNoLoss }) => chanceOfNoLoss),
  ].filter((text) => text !== '');
  const isMany = rows.filter(({ chanceOfLoss }) => chanceOfLoss !== undefined).length > 1;
  return parts.length > 0 && isMany
    ? `; judged together by Holm's method, ${parts.join(' and ')} remain`
    : '';
}

/** A line for each claim of one kind that expects no loss. */
function lossList(groups: readonly ClaimRow[][], kind: 'parity' | 'replacement'): string {
  return groups
    .filter(([{ about }]) => about === kind)
    .map((rows) => `- ${rows[0].claim}: ${lossText(rows)}.`)
    .join('\n');
}

/** Says of a row whether its difference leaves out 0 with all others judged. */
type Stands = (row: ClaimRow) => boolean;

/** `-2.11 [-2.46, -1.76] †, **loss**`; a loss stands out, the rest is what was hoped for. */
function partCell(row: ClaimRow | undefined, stands: Stands): string {
  if (!row) return '';
  const reading = readingOf(row);
  const verdict = row.outcome === 'holds' ? `**${reading}**` : reading;
  return row.short === '' ? verdict : `${row.short}${stands(row) ? ` ${standingMark}` : ''}, ${verdict}`;
}

/** `no loss in 3 of 7; not settled in 4`; marked where one or more stand. */
const countsText = (rows: readonly ClaimRow[], stands: Stands): string =>
  byReading(rows)
    .map(({ reading, own }, i) => {
      const mark = own.some(stands) ? ` ${standingMark}` : '';
      return `${reading} in ${own.length}${i === 0 ? ` of ${rows.length}` : ''}${mark}`;
    })
    .join('; ');

/** Each part of the method by the experiments that go without it; undefined where none does. */
function partTable(groups: readonly ClaimRow[][], stands: Stands): TextTable | undefined {
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
    countsText(own, stands),
    ...names.map((name) =>
      partCell(
        own.find(({ experiment }) => experiment === name),
        stands,
      ),
    ),
  ]);
  const links = names.map((name) => `[${name}](experiments/${name}/README.md)`);
  return { head: ['recipe, and what it lacks', 'in all', ...links], rows, right: [] };
}

/** `` - without a zero: `int8` no loss in 3 of 3; `paper` ... ``: a line for what is lacking, with the recipes that lack it. */
function ablationLines(parts: readonly ClaimRow[][], stands: Stands): string {
  const recipes = new Map<string, string[]>();
  for (const rows of parts) {
    const [{ ablation, claim }] = rows;
    const text = ablation ?? claim;
    const [, recipe, lack] = /^(`[^`]+`) (.+)$/.exec(text) ?? ['', '', text];
    const counts = `${recipe === '' ? '' : `${recipe} `}${countsText(rows, stands)}`;
    recipes.set(lack, [...(recipes.get(lack) ?? []), counts]);
  }
  return [...recipes].map(([lack, counts]) => `  - ${lack}: ${counts.join('. ')}`).join('\n');
}

/** What the table of parts comes to: which show a loss anywhere, which lie lower within the margin, which neither, and of which nothing is known. */
function partList(groups: readonly ClaimRow[][], stands: Stands): string {
  const parts = groups.filter(([{ about }]) => about === 'part');
  // Where some runs diverged without the part, the claim holds in part.
  const isLossy = (rows: readonly ClaimRow[]): boolean =>
    rows.some(({ outcome, worse }) => outcome === 'holds' || (outcome === 'holds in part' && !worse));
  const isLower = (rows: readonly ClaimRow[]): boolean => !isLossy(rows) && rows.some(({ worse }) => worse);
  const isFree = (rows: readonly ClaimRow[]): boolean =>
    !isLossy(rows) && !isLower(rows) && rows.some(({ outcome }) => outcome === 'does not hold');
  const isOpen = (rows: readonly ClaimRow[]): boolean => !isLossy(rows) && !isLower(rows) && !isFree(rows);
  return [
    ['Costs accuracy, or makes runs diverge, in one experiment or more', parts.filter(isLossy)] as const,
    ['Costs less than the margin in one or more', parts.filter(isLower)] as const,
    ['Costs nothing that was found', parts.filter(isFree)] as const,
    ['Not settled, or not run', parts.filter(isOpen)] as const,
  ]
    .filter(([, own]) => own.length > 0)
    .map(([title, own]) => `- **${title}**:\n${ablationLines(own, stands)}`)
    .join('\n');
}

/** Whether training in 8 bits loses accuracy: what is asked, a table, how it is to be read, and a list. None where no claim asks for it. */
function recipeAnswers(measured: readonly Measured[], groups: readonly ClaimRow[][]): (string | TextTable)[] {
  const table = overviewTable(measured);
  if (!table) return [];
  return [
    'Does training in 8 bits lose accuracy? Differences to float32 in points of accuracy or in nats of loss, paired by seed, with their ' +
      '95 % intervals; n is the number of seeds. What an experiment did not train is left empty:',
    table,
    overviewText(measured),
    lossList(groups, 'parity'),
  ];
}

/** What the method puts in another thing's place, and whether it serves as well; none where no claim asks for it. */
function replacementAnswers(groups: readonly ClaimRow[][]): string[] {
  const list = lossList(groups, 'replacement');
  return list === '' ? [] : ["Does what the method puts in another's place serve as well?", list];
}

/** What the parts are of. */
const partTerms =
  " (a layer gradient is that of a layer's output: gradInput and gradWeight, those of its input and its weights, are made of it)";

/** The section of RESULTS.md, in parts; none where no claim asks for it. */
export function shortAnswers(measured: readonly Measured[]): (string | TextTable)[] {
  const rows = measured.flatMap(claimRows);
  const groups = groupedRows(rows);
  const stands = standingAmong(rows);
  const [recipes, replacements] = [recipeAnswers(measured, groups), replacementAnswers(groups)];
  const parts = partTable(groups, stands);
  if (recipes.length + replacements.length === 0 && !parts) return [];
  return [
    '## In short',
    ...recipes,
    ...replacements,
    ...(parts
      ? [
          `What does the absence of a part of the method cost? Each ablation less the recipe that has the part${partTerms}, in points of ` +
            'accuracy with their 95 % intervals, and whether that is a loss:',
          parts,
          partList(groups, stands),
        ]
      : []),
    ...[multiplicityText(rows)].filter((text) => text !== ''),
  ];
}

/** What the front page has of it: recipes with their figures, and parts in words. */
export function shortestAnswers(measured: readonly Measured[]): (string | TextTable)[] {
  const rows = measured.flatMap(claimRows);
  const groups = groupedRows(rows);
  const parts = partList(groups, standingAmong(rows));
  return [
    ...recipeAnswers(measured, groups),
    ...replacementAnswers(groups),
    ...(parts === ''
      ? []
      : [
          `What of the method do these experiments need? Trained without one part at a time${partTerms}, by what that costs:`,
          parts,
        ]),
    ...[multiplicitySentence(rows)].filter((text) => text !== ''),
  ];
}
