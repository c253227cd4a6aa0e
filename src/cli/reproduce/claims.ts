/**
 * Claims and what became of them here: those of experiments, judged by their verdicts, and those of `claims.json`, which no experiment
 * here tests, with the reason or the document that does. Words and numbers; writes nothing.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../core/errors.js';
import { shapeVerdict } from './distributions.js';
import type { Experiment } from './experiment.js';
import type { Results } from './results.js';
import { type ArmSummary, digitsOf, intervalText, summaryOf, unitOf } from './summary.js';
import type { TextTable } from './tables.js';

const text = v.pipe(v.string(), v.trim(), v.minLength(1));
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
  if (!existsSync(file)) return { formatVersion: 1, untested: [], elsewhere: [] };
  try {
    return v.parse(claimsSchema, JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new DataError(`is no list of claims: ${(error as Error).message}`, file);
  }
}

/** Experiments with what was measured of them. */
export interface Measured {
  readonly experiment: Experiment;
  /** Undefined where nothing was run. Never those of a trial. */
  readonly results?: Results;
}

/** One row for each claim about the shape of tensors. */
function shapeRows({ experiment, results }: Measured): string[][] {
  const where = `[${experiment.name}](experiments/${experiment.name}/README.md)`;
  return (experiment.distributions?.claims ?? []).map((claim) => {
    const found = shapeVerdict(experiment, results, claim);
    return found
      ? [claim.claim, claim.source, `${where}: ${found.measured}`, found.verdict]
      : [claim.claim, claim.source, where, `not run yet: \`octograd reproduce ${experiment.name}\``];
  });
}

/** One row for each claim of an experiment. */
export function claimRows(measured: Measured): string[][] {
  return [...accuracyRows(measured), ...shapeRows(measured)];
}

/** Points below its baseline from which an arm is said to have crashed: far from any loss that a schedule explains. */
const CRASH = 10;

/** Whether training crashed: it did not come to its end, or the whole interval is below. */
function crashVerdict({ diverged, difference, verdict }: ArmSummary): string {
  if (diverged > 0 || (difference && difference.high < -CRASH)) return 'holds';
  if (difference && difference.low > -CRASH) return `does not hold (${verdict}, no crash)`;
  return `not settled, n = ${difference?.n ?? 0}`;
}

function accuracyRows({ experiment, results }: Measured): string[][] {
  const summary = summaryOf(experiment, results);
  return experiment.claims.map(({ claim, source, arm, expects }) => {
    const row = summary.find((one) => one.arm === arm);
    const where = `[${experiment.name}](experiments/${experiment.name}/README.md)`;
    const verdict = row?.verdict;
    if (!row || verdict === undefined || verdict === 'not run' || (!row.difference && !row.diverged)) {
      return [claim, source, where, `not run yet: \`octograd reproduce ${experiment.name}\``];
    }
    const settled =
      expects === 'crash'
        ? crashVerdict(row)
        : verdict === 'diverged'
          ? expects === 'loss'
            ? 'holds'
            : 'does not hold'
          : verdict === expects
            ? 'holds'
            : `does not hold (${verdict})`;
    const figures = row.difference
      ? `${arm} - ${row.baseline}: ${intervalText(row.difference, digitsOf(experiment))} ${unitOf(experiment)}, n = ${row.difference.n}`
      : `${arm}: no run came to its end`;
    const diverged = row.diverged > 0 ? `; ${row.diverged} diverged` : '';
    const what = `${where}: ${figures}${diverged}; ${results?.schedule ?? ''}`;
    return [
      claim,
      source,
      what,
      verdict === 'not settled' && expects !== 'crash'
        ? `not settled, n = ${row.difference?.n ?? 0}`
        : settled,
    ];
  });
}

/** All claims, those of experiments first. */
export function claimTable(measured: readonly Measured[], others: OtherClaims): TextTable {
  const rows = [
    ...measured.flatMap(claimRows),
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
