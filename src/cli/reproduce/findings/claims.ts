/**
 * Claims and what became of them here: those of experiments, judged by their runs, and those of `claims.json`, which no experiment
 * here tests, with the reason or the document that does. Words and numbers; writes nothing.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../../core/errors.js';
import { textIfThere } from '../../../core/read.node.js';
import { parseJson } from '../../../core/text.js';
import { arithmeticOf } from '../experiment/arithmetic.js';
import { baselineOf, type Claim, type Experiment } from '../experiment/experiment.js';
import { text } from '../experiment/experiment-fields.js';
import { commandOf } from '../experiment/full.js';
import type { Results } from '../results/results.js';
import { judged, judgementText, type Outcome, outcomes } from './judgement.js';
import { type ClaimedDifference, standingAmong, standingMark } from './multiplicity.js';
import { shapeVerdict } from './shapes.js';
import { chanceOfAtMost, chanceOfZero, enoughSeeds } from './statistics.js';
import { type Comparison, digitsOf, intervalText, unitOf } from './summary.js';
import type { TextTable } from './tables.js';

const claimsSchema = v.strictObject({
  formatVersion: v.literal(1),
  /** Claims about what cannot be trained here, and the command that would on another machine. */
  untested: v.array(v.strictObject({ claim: text, source: text, why: text, command: v.optional(text) })),
  /** Claims that a document of this repository settles by derivation and measurement. */
  elsewhere: v.array(
    v.strictObject({
      claim: text,
      source: text,
      measured: text,
      verdict: v.picklist(['holds', 'does not hold', 'holds in part']),
    }),
  ),
});

/** `claims.json` of a folder of experiments. */
export type OtherClaims = v.InferOutput<typeof claimsSchema>;

/** Reads `claims.json`; nothing where there is none. @throws DataError for a file that is wrong. */
export async function readClaims(folder: string): Promise<OtherClaims> {
  const file = join(folder, 'claims.json');
  const source = await textIfThere(file);
  if (source === undefined) return { formatVersion: 1, untested: [], elsewhere: [] };
  try {
    return v.parse(claimsSchema, parseJson(source));
  } catch (error) {
    throw new DataError(`is no list of claims: ${(error as Error).message}`, file);
  }
}

/** Experiments with what was measured of them. */
export interface Measured {
  readonly experiment: Experiment;
  /** Undefined where nothing was run. Never those of a trial. */
  readonly results?: Results;
  /** Whose results these are, in a sentence, where the user's and the package's stand side by side. */
  readonly origin?: string;
}

/** A claim of an experiment and what became of it. */
export interface ClaimRow extends ClaimedDifference, Pick<Claim, 'claim' | 'source' | 'about' | 'ablation'> {
  /** Which arms, by how much, under how many seeds; empty where nothing was run. */
  readonly figures: string;
  /** The difference alone, and how many runs diverged; empty where nothing was run. */
  readonly short: string;
  readonly outcome: Outcome;
  /** The outcome with what it rests on. */
  readonly verdict: string;
  /** No loss by the rule, but the whole interval is on the worse side. */
  readonly worse: boolean;
  /** No loss, and the whole interval on the better side. */
  readonly better: boolean;
  /** One-sided p of a loss of the margin or more; undefined where too few seeds measured it. */
  readonly chanceOfLoss?: number;
  /** One-sided p of no loss at all; undefined where too few seeds measured it, or runs diverged. */
  readonly chanceOfNoLoss?: number;
}

/** @param why not, of an arm that was run itself. */
const notRun = (experiment: Experiment, why = ''): string =>
  `not run yet${why === '' ? '' : ` (${why})`}: \`${commandOf(experiment)} --resume\``;

/** One row for each claim about the shape of tensors. */
function shapeRows({ experiment, results }: Measured): ClaimRow[] {
  const { name } = experiment;
  return (experiment.distributions?.claims ?? []).map((claim) => {
    const found = shapeVerdict(experiment, results, claim);
    return {
      claim: claim.claim,
      source: claim.source,
      experiment: name,
      figures: found?.measured ?? '',
      short: '',
      outcome: found?.verdict ?? 'not run',
      verdict: found?.verdict ?? notRun(experiment),
      worse: false,
      better: false,
      arms: '',
    };
  });
}

/** An arm with its arithmetic, where that is not integer kernels throughout. */
function armText(experiment: Experiment, name: string, isCompared: boolean): string {
  const arm = experiment.arms.find((one) => one.name === name);
  const arithmetic = arm ? arithmeticOf(experiment, arm) : '';
  // What an arm is compared with is float32 more often than not, and says so by its name.
  return arithmetic === '' || (isCompared && arithmetic === 'float32') ? name : `${name} (${arithmetic})`;
}

/** `int8 - fp32: -0.30 [-1.47, +0.86] points, n = 3; 1 of int8 diverged`. */
function figuresText(experiment: Experiment, comparison: Comparison): string {
  const { arm, against, difference, diverged, survived, bothDiverged } = comparison;
  const arms = `${armText(experiment, arm, false)} - ${armText(experiment, against, true)}`;
  const figures = difference
    ? `${intervalText(difference, digitsOf(experiment))} ${unitOf(experiment)}, n = ${difference.n}`
    : 'no seed under which both came to their end';
  const lost = [
    [diverged, arm],
    [survived, against],
    [bothDiverged, 'both'],
  ] as const;
  const parts = lost.filter(([count]) => count > 0).map(([count, who]) => `; ${count} of ${who} diverged`);
  return `${arms}: ${figures}${parts.join('')}`;
}

/** `-0.30 [-1.47, +0.86] (simulated)`, `1 of 3 diverged`: the difference without the arms' names, which the answers have before it. */
function shortText(experiment: Experiment, { arm, difference, diverged, seeds }: Comparison): string {
  const unit = experiment.metric.name === 'loss' ? ' nats' : '';
  const parts = [
    ...(difference ? [`${intervalText(difference, digitsOf(experiment))}${unit}`] : []),
    ...(diverged > 0 ? [`${diverged} of ${seeds} diverged`] : []),
  ];
  const arithmetic = armText(experiment, arm, false).slice(arm.length);
  return parts.length === 0 ? '' : `${parts.join('; ')}${arithmetic}`;
}

/** One row for each claim about accuracy or loss. */
function armRows({ experiment, results }: Measured): ClaimRow[] {
  const { name } = experiment;
  return experiment.claims.map((claim) => {
    // An experiment without either is refused where it is read.
    const against = claim.against ?? (baselineOf(experiment, claim.arm) as string);
    const judgement = judged(experiment, results, claim, against);
    const { outcome, why, worse, better, comparison } = judgement;
    const { difference } = comparison;
    const chance = difference && difference.n >= enoughSeeds ? chanceOfZero(difference) : undefined;
    const { gain } = comparison;
    // A run that diverged is a loss, whatever the others say.
    const tested = gain && gain.n >= enoughSeeds && comparison.diverged === 0 ? gain : undefined;
    const chanceOfLoss = tested && chanceOfAtMost(tested, -experiment.metric.margin);
    const chanceOfGain = tested && chanceOfAtMost(tested, 0);
    return {
      claim: claim.claim,
      source: claim.source,
      ...(claim.about === undefined ? {} : { about: claim.about }),
      ...(claim.ablation === undefined ? {} : { ablation: claim.ablation }),
      experiment: name,
      figures: outcome === 'not run' ? '' : figuresText(experiment, comparison),
      short: shortText(experiment, comparison),
      outcome,
      verdict: outcome === 'not run' ? notRun(experiment, why) : judgementText(judgement),
      worse,
      better,
      ...(chance === undefined ? {} : { chance }),
      ...(chanceOfLoss === undefined ? {} : { chanceOfLoss }),
      ...(chanceOfGain === undefined ? {} : { chanceOfNoLoss: 1 - chanceOfGain }),
      arms: `${claim.arm} - ${against}`,
    };
  });
}

/** One row for each claim of an experiment. */
export function claimRows(measured: Measured): ClaimRow[] {
  return [...armRows(measured), ...shapeRows(measured)];
}

/** Rows of one claim together: first what answers in short, then the others, each in the order of their first row. */
export function groupedRows(rows: readonly ClaimRow[]): ClaimRow[][] {
  const groups = new Map<string, ClaimRow[]>();
  for (const row of rows) groups.set(row.claim, [...(groups.get(row.claim) ?? []), row]);
  const place = ({ about }: ClaimRow): number =>
    about === undefined ? 3 : ['parity', 'replacement', 'part'].indexOf(about);
  return [...groups.values()].sort(([a], [b]) => place(a) - place(b));
}

/** Rows of one claim that are of the same experiment, in the order of their first row. */
function byExperiment(rows: readonly ClaimRow[]): ClaimRow[][] {
  const own = new Map<string, ClaimRow[]>();
  for (const row of rows) own.set(row.experiment, [...(own.get(row.experiment) ?? []), row]);
  return [...own.values()];
}

/** The verdict that all rows share, or how many have which: `does not hold (loss) in 2 of 6; not settled, n = 3 in 4`. */
export function sharedVerdict(rows: readonly ClaimRow[]): string {
  const verdicts = [...new Set(rows.map(({ verdict }) => verdict))];
  if (verdicts.length === 1) return verdicts[0];
  return verdicts
    .map((verdict, i) => {
      const count = rows.filter((row) => row.verdict === verdict).length;
      return `${verdict} in ${count}${i === 0 ? ` of ${rows.length}` : ''}`;
    })
    .join('; ');
}

/** `12 hold, 2 hold in part, 5 do not hold, 4 are not settled`. */
export function outcomeCounts(rows: readonly ClaimRow[]): string {
  const plural: Readonly<Record<Outcome, string>> = {
    holds: 'hold',
    'holds in part': 'hold in part',
    'does not hold': 'do not hold',
    'not settled': 'are not settled',
    'not run': 'are not run',
  };
  return outcomes
    .map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${plural[outcome]}`)
    .join(', ');
}

/** A row for each experiment of a claim; what repeats the row above is left empty. */
function groupRows(group: readonly ClaimRow[], stands: (row: ClaimRow) => boolean): string[][] {
  return byExperiment(group).map((rows, i, all) => {
    const [{ claim, source, experiment }] = rows;
    const where = `[${experiment}](experiments/${experiment}/README.md)`;
    const figures = rows
      .filter((row) => row.figures !== '')
      .map((row) => `${row.figures}${stands(row) ? ` ${standingMark}` : ''}`);
    const isSame = i > 0 && all[i - 1][0].source === source;
    return [
      i === 0 ? claim : '',
      isSame ? '' : source,
      figures.length === 0 ? where : `${where}: ${figures.join('; ')}`,
      sharedVerdict(rows),
    ];
  });
}

/** All claims, those of experiments first, a claim's rows together, those of one experiment in one. */
export function claimTable(measured: readonly Measured[], others: OtherClaims): TextTable {
  const own = measured.flatMap(claimRows);
  const stands = standingAmong(own);
  const rows = [
    ...groupedRows(own).flatMap((group) => groupRows(group, stands)),
    ...others.elsewhere.map((one) => [one.claim, one.source, one.measured, one.verdict]),
    ...others.untested.map(({ claim, source, why, command }) => [
      claim,
      source,
      '-',
      `could not be tested here: ${why}${command === undefined ? '' : `; \`${command}\``}`,
    ]),
  ];
  return { head: ['claim', 'from', 'measured here', 'verdict'], rows, right: [] };
}
