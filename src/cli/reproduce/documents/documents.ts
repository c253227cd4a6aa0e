/** What experiments leave in the repository: a README for each, and RESULTS.md. Experiments and results in, Markdown out. */
import { sentence } from '../../../core/text.js';
import { argumentsOf } from '../experiment/arm-options.js';
import { seedsOf } from '../experiment/experiment.js';
import { commandOf, fullCommands, fullText } from '../experiment/full.js';
import { trainingText } from '../experiment/training-text.js';
import { answerText } from '../findings/answer.js';
import {
  type ClaimRow,
  claimRows,
  claimTable,
  groupedRows,
  type Measured,
  type OtherClaims,
  outcomeCounts,
  sharedVerdict,
} from '../findings/claims.js';
import { cosineTable, layerTable, sweptArms } from '../findings/cosines.js';
import { anglesOf, distributionTable, gradientTable, histogramsOf } from '../findings/distributions.js';
import {
  comparisonText,
  cosineCaption,
  distributionCaption,
  provenance,
  readingText,
  remarksOf,
} from '../findings/facts.js';
import { experimentsTable } from '../findings/overview.js';
import { quantizerText } from '../findings/shapes.js';
import { shortAnswers, shortestAnswers } from '../findings/short-answers.js';
import { armTable, expectedTable, markdownTable, sweepCaption, sweepTable } from '../findings/tables.js';
import { cosineChart } from './cosine-chart.js';
import { inertMarkdown } from './inert-markdown.js';
import { experimentChart } from './plot.js';

/** What a document has that `--docs` wrote, and what it may therefore write over. */
export const writtenMark = '<!-- Written by `octograd reproduce --docs`';
/** A comment of this program's alone. */
const ownMark = /^<!-- Written by `octograd reproduce --docs`[^<>\n]* -->$/;
const written = `${writtenMark} from experiment.json and results.json. -->`;
/** That of RESULTS.md. @param folder name of the folder of experiments: another one's RESULTS.md is not written over. */
const writtenOfAll = (folder: string): string =>
  `${writtenMark} from ${folder}/: experiment.json and results.json of each, and claims.json. -->`;

/** Lines of at most 120 characters, as they are in a paragraph. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > 120) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Parts of a document, one after the other; what is text is wrapped. */
function paragraphs(parts: readonly string[]): string {
  // Headings, tables, comments, images, commands and lists keep their lines.
  const isText = (part: string): boolean => !/^([#|<!]| {4}|- )/.test(part);
  // Commands are code, in which nothing has a meaning.
  const inert = (part: string): string =>
    /^ {4}/.test(part) || ownMark.test(part) ? part : inertMarkdown(part);
  return `${parts.map((part) => inert(isText(part) ? wrapped(part) : part)).join('\n\n')}\n`;
}

/** What is too long for a README: the arms of a sweep, the cosines of all arms and layers, distributions at all steps. */
const longTables = 'tables.md';

/** Claims from which on their table is too long for a README. */
const MANY_CLAIMS = 12;

const hasLongVerdicts = (measured: Measured): boolean => claimRows(measured).length > MANY_CLAIMS;

/** Each claim with what was measured of it, those that are about several arms in one row. */
function verdictTable(claims: readonly ClaimRow[]): string {
  const rows = groupedRows(claims).map((own) => [
    own[0].claim,
    own[0].source,
    own.map(({ figures }) => figures || '-').join('; '),
    sharedVerdict(own),
  ]);
  return markdownTable({ head: ['claim', 'from', 'measured here', 'verdict'], rows, right: [] });
}

/** `one seed`, `3 seeds`, `3 to 6 seeds an arm`: those that were run, of arms that were; else those that the experiment has. */
function seedsText({ experiment, results }: Measured): string {
  const run = experiment.arms
    .map(({ name }) => (results?.runs ?? []).filter(({ arm }) => arm === name).length)
    .filter((count) => count > 0);
  const counts = run.length > 0 ? run : experiment.arms.map((arm) => seedsOf(experiment, arm).length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (least < most) return `${least} to ${most} seeds an arm`;
  return most === 1 ? 'one seed' : `${most} seeds`;
}

/** What the probes say: tables and plot. */
function cosineParts({ experiment, results }: Measured): string[] {
  const table = cosineTable(experiment, results, sweptArms(experiment));
  if (!table) return [];
  return [
    '## Cosines',
    cosineCaption(experiment, results),
    markdownTable(table),
    ...(cosineChart(experiment, results) === '' ? [] : ['![Mean cosines with their intervals](cosines.svg)']),
    `The other arms, and each layer: [${longTables}](${longTables}).`,
  ];
}

/** What tables.md has beside the README; undefined where nothing is too long for it. */
export function tablesText({ experiment, results }: Measured): string | undefined {
  const cosines = cosineTable(experiment, results);
  const layers = layerTable(experiment, results);
  const sweep = sweepTable(experiment, results) && results?.runs.length;
  const distributions = distributionTable(experiment, results);
  const gradients = gradientTable(experiment, results);
  const verdicts = hasLongVerdicts({ experiment, results });
  if (!sweep && !cosines && !distributions && !verdicts) return undefined;
  const parts = [
    `# ${experiment.title}: the long tables`,
    written,
    'What is asked, and what it says, is in the [README](README.md).',
    ...(sweep ? ['## Arms', markdownTable(armTable(experiment, results))] : []),
    ...(verdicts ? ['## Claim by claim', verdictTable(claimRows({ experiment, results }))] : []),
    ...(cosines ? ['## Cosines by arm', cosineCaption(experiment, results), markdownTable(cosines)] : []),
    ...(layers ? ['## Cosines by layer', markdownTable(layers)] : []),
    ...(distributions ? ['## Distributions', distributionCaption, markdownTable(distributions)] : []),
    ...(gradients ? ['## Layer gradients', gradients.caption, markdownTable(gradients.table)] : []),
  ];
  return paragraphs(parts);
}

/** What snapshots of the tensors say: tables and plots. */
function distributionParts({ experiment, results }: Measured): string[] {
  const table = distributionTable(experiment, results, 'last');
  if (!table) return [];
  const { kinds, gradients } = histogramsOf(experiment, results);
  const text = quantizerText(experiment, results);
  return [
    '## Distributions',
    ...(kinds === '' ? [] : ['![Histograms with their fits](histograms.svg)']),
    ...(gradients === '' ? [] : ['![Layer gradients over training](gradients.svg)']),
    `${distributionCaption} After the last step; the steps before and the layer gradients one by one: [${longTables}](${longTables}).`,
    markdownTable(table),
    ...(text === '' ? [] : ['## What that does to the quantiser', text]),
    ...(anglesOf(experiment, results) === '' ? [] : ['![Angles over training](angles.svg)']),
  ];
}

/** The arms' figures: one by one, or as a sweep has them; and how their verdicts are to be read. */
function resultTables({ experiment, results }: Measured): string[] {
  if (experiment.plot.kind === 'none') return [];
  const sweep = sweepTable(experiment, results);
  const reading = readingText(experiment, results);
  const readings = reading === '' ? [] : [reading];
  if (!sweep) return [markdownTable(armTable(experiment, results)), ...readings];
  return [
    `${sweepCaption(experiment, results)} Deviations and n of all arms: [${longTables}](${longTables}).`,
    markdownTable(sweep),
    ...readings,
  ];
}

/** Some runs are recorded, and some are not: what is asked for without `--resume` is then refused. */
function isPartial({ experiment, results }: Measured): boolean {
  const runs = results?.runs ?? [];
  const lacks = experiment.arms.some((arm) =>
    seedsOf(experiment, arm).some((seed) => !runs.some((run) => run.arm === arm.name && run.seed === seed)),
  );
  return lacks && runs.length > 0;
}

/** The command that does what is still to be done; where that is nothing, those that show it and that do some of it anew. */
function commandLines(measured: Measured): string {
  const command = commandOf(measured.experiment);
  if ((measured.results?.runs.length ?? 0) === 0) return `    ${command}`;
  if (isPartial(measured)) return `    ${command} --resume`;
  const again = `${command} --verify`;
  return `    ${command.padEnd(again.length)}  # the figures\n    ${again}  # one seed of each arm anew, held against the figures to the last digit`;
}

/** The README of an experiment's folder: question, method, result, verdict. */
export function readmeText(measured: Measured): string {
  const { experiment, results } = measured;
  const { title, question, method, model, dataset, dataLabel, settings } = experiment;
  const parts = [`# ${title}`, written, `**Question.** ${question}`];
  const answer = answerText(measured);
  if (answer !== '') parts.push(`**Answer.** ${answer}`);
  const args = argumentsOf(settings).join(' ');
  parts.push(
    `**Method.** ${sentence(method)} Model \`${model}\`, ${dataLabel ?? dataset}; settings \`${args === '' ? 'as octograd train has them' : args}\` (${trainingText(experiment)}); ${seedsText(measured)}. ${comparisonText(experiment)}`.trim(),
  );
  parts.push(commandLines(measured));
  parts.push('## Result');
  if (!results || results.runs.length === 0) {
    parts.push('Not run yet: there is no results.json.');
  } else {
    parts.push(`Schedule that was run: ${results.schedule}.`, ...resultTables(measured));
    if (experimentChart(experiment, results) !== '')
      parts.push('![The measured figures with their intervals](plot.svg)');
    parts.push(provenance(results));
  }
  parts.push(...cosineParts(measured), ...distributionParts(measured));
  const expected = expectedTable(experiment, results);
  if (expected) parts.push('Against the source:', markdownTable(expected));
  const claims = claimRows(measured);
  if (claims.length > 0) {
    parts.push('## Verdict');
    parts.push(
      hasLongVerdicts(measured)
        ? `Of ${claims.length} comparisons that claims are about: ${outcomeCounts(claims)}. Claim by claim: [${longTables}](${longTables}).`
        : verdictTable(claims),
    );
  }
  const remarks = remarksOf(experiment);
  if (remarks.length > 0) parts.push('## Remarks', remarks.map((text) => `- ${text}`).join('\n'));
  const full = fullCommands(experiment);
  if (experiment.full && full) {
    const block = (lines: readonly string[]): string => lines.map((line) => `    ${line}`).join('\n');
    parts.push('## The full schedule', experiment.full.what, block(full.whole), fullText, block(full.single));
  }
  return paragraphs(parts);
}

/** RESULTS.md: the short answers, and one table of all claims. @param folder name of the folder of the experiments. */
export function resultsMarkdown(
  measured: readonly Measured[],
  others: OtherClaims,
  folder = 'experiments',
): string {
  const parts = [
    '# What holds',
    writtenOfAll(folder),
    ...shortAnswers(measured).map((part) => (typeof part === 'string' ? part : markdownTable(part))),
    '## The experiments',
    'What each trained, on what and for how long; a run is one arm under one seed.',
    markdownTable(experimentsTable(measured)),
    '## Claim by claim',
    'Every claim, where it comes from, what was measured here, and the verdict by the rule of [experiments/](experiments/README.md). ' +
      'Products of trained arms run on integer kernels, but for arms that say otherwise: "(simulated)" where codes are decoded and ' +
      'multiplied in float, with the products or norms named where only some are, and "(float32)" where nothing is quantised. Rows ' +
      'that name a document in docs/ are derivations and simulations, not trainings. A difference is that of two arms under the same ' +
      'seed, with its 95 % t-interval; "no loss" means that the interval\'s worse end is within the experiment\'s margin (half a point ' +
      'of accuracy, unless its README says otherwise), "no loss, but worse" that the whole interval is on the worse side of 0 all the same, "no loss, and better" that it is on the other. What ' +
      'fewer than three seeds say is called not settled.',
    markdownTable(claimTable(measured, others)),
  ];
  return paragraphs(parts);
}

const blockStart = (folder: string): string =>
  `${writtenMark} from ${folder}/, up to the next such line. -->`;
const blockEnd = `${writtenMark}, up to here. -->`;

/** The short answers for a front page. */
export const frontAnswers = (measured: readonly Measured[]): string =>
  paragraphs(
    shortestAnswers(measured).map((part) => (typeof part === 'string' ? part : markdownTable(part))),
  );

/**
 * A front page (README.md beside RESULTS.md) with `answers` between two lines of its own, which name the folder of the experiments.
 * Undefined where it has not both, in this order.
 */
export function frontPage(text: string, answers: string, folder: string): string | undefined {
  const opening = blockStart(folder);
  const [start, end] = [text.indexOf(opening), text.indexOf(blockEnd)];
  if (start < 0 || end < start) return undefined;
  return `${text.slice(0, start)}${opening}\n\n${answers}\n${text.slice(end)}`;
}
