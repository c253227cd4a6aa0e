/** The comparison as rows of text: one a run, and the mean of each recipe where there are several seeds. */
import { bytesText, countText } from '../core/text.js';
import type { Result } from './events.js';
import { mean, type RunRecord } from './records.js';
import { percentText } from './table.js';

export interface ResultTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly right: readonly number[];
}

/** What happened to a run that has no accuracy. */
function outcome(run: RunRecord | undefined): string {
  if (run?.failed) return `failed at step ${run.failed.step}`;
  return run?.done?.reason === 'aborted' ? `stopped at step ${run.done.steps}` : '-';
}

/** `100.0 %`; where products are simulated, it says how many: `0.0 %, 100.0 % simulated`. */
function shareText({ integerMacShare }: Result, run: RunRecord | undefined): string {
  const simulated = run?.start?.simulatedMacShare ?? 0;
  const integer = percentText(integerMacShare, 1);
  return simulated > 0 ? `${integer}, ${percentText(simulated, 1)} simulated` : integer;
}

function cells(result: Result, run: RunRecord | undefined, seed: string, accuracy: string): string[] {
  return [
    result.recipe,
    seed,
    accuracy,
    result.testLoss === null ? '-' : result.testLoss.toFixed(4),
    result.imagesPerSecond > 0 ? countText(result.imagesPerSecond) : '-',
    bytesText(result.peakBytes),
    bytesText(result.savedForBackwardBytes),
    shareText(result, run),
  ];
}

/** Test accuracy, rate, peak memory, bytes kept for the backward pass and integer share of every run. @param samples what they are called. */
export function resultTable(
  results: readonly Result[],
  runs: readonly RunRecord[],
  samples: string,
): ResultTable {
  const seeds = new Set(results.map(({ seed }) => seed));
  const several = seeds.size > 1;
  const rows = results.map((result, i) =>
    cells(
      result,
      runs[i],
      String(result.seed),
      result.testAccuracy === null ? outcome(runs[i]) : percentText(result.testAccuracy),
    ),
  );
  if (several) {
    for (const recipe of new Set(results.map((result) => result.recipe))) {
      const own = results.filter((result) => result.recipe === recipe);
      const accuracies = own.map(({ testAccuracy }) => testAccuracy).filter((value) => value !== null);
      const losses = own.map(({ testLoss }) => testLoss).filter((value) => value !== null);
      const average: Result = {
        ...own[0],
        testLoss: losses.length === 0 ? null : mean(losses),
        imagesPerSecond: mean(own.map((result) => result.imagesPerSecond)),
      };
      rows.push(
        cells(
          average,
          runs[results.indexOf(own[0])],
          'mean',
          accuracies.length === 0 ? '-' : meanText(accuracies),
        ),
      );
    }
  }
  const head = [
    'recipe',
    'seed',
    'test accuracy',
    'test loss',
    `${samples}/s`,
    'peak memory',
    'kept for backward',
    'integer MACs',
  ];
  const drop = (row: readonly string[]): readonly string[] => row.filter((_, i) => several || i !== 1);
  const right = several ? [1, 2, 3, 4, 5, 6, 7] : [1, 2, 3, 4, 5, 6];
  return { head: drop(head), rows: rows.map(drop), right };
}

/** Mean and sample standard deviation: `98.76 ± 0.05 %`. */
function meanText(shares: readonly number[]): string {
  const average = mean(shares);
  if (shares.length < 2) return percentText(average);
  const variance = shares.reduce((sum, value) => sum + (value - average) ** 2, 0) / (shares.length - 1);
  return `${(average * 100).toFixed(2)} ± ${(Math.sqrt(variance) * 100).toFixed(2)} %`;
}
