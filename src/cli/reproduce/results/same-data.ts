/** Runs of an experiment are compared, so they have to be of the same data, and better of one version. Runs in, words out; reads no data. */

import { armSettings } from '../experiment/arm-options.js';
import type { Experiment } from '../experiment/experiment.js';
import type { RunResult } from './run-result.js';

/** The data set of an arm, and how long the samples of a text are, which are other arrays then. */
function dataOf(experiment: Experiment, name: string): { dataset: string; key: string } | undefined {
  const arm = experiment.arms.find((one) => one.name === name);
  if (!arm) return undefined;
  const { dataset = experiment.dataset, context = '' } = armSettings(experiment, arm);
  return { dataset, key: `${dataset}/${context}` };
}

/** What a run says of its data. */
type Made = Pick<RunResult, 'arm' | 'seed' | 'dataFingerprint'>;

/**
 * Why a run may not stand beside those that are recorded; undefined where it may. Runs of versions that recorded no fingerprint may stand
 * beside all.
 */
export function otherDataText(experiment: Experiment, runs: readonly Made[], made: Made): string | undefined {
  const data = dataOf(experiment, made.arm);
  if (!data || made.dataFingerprint === undefined) return undefined;
  const other = runs.find(
    ({ arm, dataFingerprint }) =>
      dataFingerprint !== undefined &&
      dataFingerprint !== made.dataFingerprint &&
      dataOf(experiment, arm)?.key === data.key,
  );
  if (!other) return undefined;
  return (
    `${made.arm} seed ${made.seed} is of other data than ${other.arm} seed ${other.seed} (${data.dataset}: fingerprint ${made.dataFingerprint}, there ${other.dataFingerprint}), ` +
    `and would be compared with it; name the place of the same data with --data ${data.dataset}=<where>, or do all runs anew with --out <dir>`
  );
}

/** That runs of several versions of octograd stand together, which may differ in their digits; undefined where all are of one. */
export function versionsText(
  runs: readonly Pick<RunResult, 'octograd'>[],
  next: readonly string[] = [],
): string | undefined {
  const versions = [...new Set([...runs.map(({ octograd }) => octograd), ...next])];
  if (versions.length < 2) return undefined;
  return `runs of octograd ${versions.join(' and ')} stand together, and are compared; versions may differ in their digits (see its changelog), so that --out <dir> with all runs anew is surer`;
}
