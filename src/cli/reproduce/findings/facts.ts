/** Sentences about an experiment and its results that its README and the page have alike. Experiments and results in, text out. */

import type { Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';
import { exactKinds, tensorTitles } from './cosines.js';
import { enoughSeeds, type VerdictKind } from './statistics.js';
import { type ArmSummary, digitsOf, intervalText, summaryOf } from './summary.js';
import { hasOthers } from './tables.js';

/** `all 2 cores`, or the threads that were asked for. */
function threadsText({ threads, cores }: RunResult): string {
  if (threads !== null) return `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return cores === undefined ? 'all cores' : `all ${cores} cores`;
}

/** What a backend says of its kernels, without its name and threads, which stand elsewhere. */
const kernelsOf = (backend: string): string => backend.replace(/^wasm, \d+ threads?, /, '');

/**
 * ` of commit a`, or whatever else some runs say of themselves and older ones do not: `a in 3 of 5, b in 1` where not all have the same.
 */
function eachOnce(before: string, texts: readonly (string | undefined)[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  if (counts.size === 0) return '';
  const [[only, count]] = counts;
  if (count === texts.length) return `${before}${only}`;
  const parts = [...counts].map(
    ([text, runs], i) => `${text} in ${runs}${i === 0 ? ` of ${texts.length}` : ''}`,
  );
  return `${before}${parts.join(', ')}`;
}

/** How many runs, when, and on which machines, versions and kernels, each once. Empty text without runs. */
export function provenance(results: Results | undefined): string {
  const runs = results?.runs ?? [];
  if (runs.length === 0) return '';
  const machines = new Map<string, RunResult[]>();
  for (const run of runs) {
    const { octograd, node, platform, cpu } = run;
    const processor = cpu === null ? '' : `, ${cpu}`;
    const text = `octograd ${octograd}, Node ${node}, ${platform}${processor}, ${threadsText(run)}`;
    machines.set(text, [...(machines.get(text) ?? []), run]);
  }
  const lines = [...machines].map(([text, own]) => {
    const commits = eachOnce(
      '; commit: ',
      own.map(({ commit }) => commit),
    );
    const kernels = eachOnce(
      '; kernels: ',
      own.map(({ backend }) => backend && kernelsOf(backend)),
    );
    return `${text}${commits}${kernels}`;
  });
  const dates = runs.map(({ startedAt }) => startedAt.slice(0, 10)).sort();
  const [first, last] = [dates[0], dates[dates.length - 1]];
  const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  const again = verifiedText(runs);
  return `${count} from ${first}${last === first ? '' : ` to ${last}`}. ${lines.join('; ')}.${again === '' ? '' : ` ${again}`}`;
}

/** `16 of them were done anew on 2026-11-26 (Node v24.21.0; commit: a), 16 with the same digits.` Empty text where none was. */
function verifiedText(runs: readonly RunResult[]): string {
  const found = runs.flatMap(({ verified }) => verified ?? []);
  if (found.length === 0) return '';
  const dates = found.map(({ startedAt }) => startedAt.slice(0, 10)).sort();
  const [first, last] = [dates[0], dates[dates.length - 1]];
  const by = [...new Set(found.map(({ node, platform }) => `Node ${node}, ${platform}`))].join('; ');
  const commits = eachOnce(
    '; commit: ',
    found.map(({ commit }) => commit),
  );
  const same = found.filter((one) => one.same).length;
  const digits = same === found.length ? 'all with' : `${same} with`;
  return `${found.length} of them ${found.length === 1 ? 'was' : 'were'} done anew on ${first}${last === first ? '' : ` to ${last}`} (${by}${commits}), ${digits} the same digits.`;
}

/** What differences are to, and what "no loss" is; empty where arms are not compared. */
export function comparisonText(experiment: Experiment): string {
  if (experiment.plot.kind === 'none') return '';
  const { margin, name, reason } = experiment.metric;
  const others = hasOthers(experiment)
    ? ' The last column of the table of arms has the difference to the arm that a claim names, by which that claim is judged.'
    : '';
  return (
    'A difference is that to the arm\'s baseline under the same seed, with its 95 % t-interval; "no loss" means that the interval\'s worse ' +
    `end is within ${margin} ${name === 'loss' ? 'nats' : 'points'}${reason === undefined ? '' : ` (${reason})`}.${others}`
  );
}

/**
 * That a verdict is the interval's, by the two arms that look most like a contradiction: one that is not settled, with a mean better than
 * that of another with no loss. Empty where there are none such.
 */
function widthText(experiment: Experiment, results: Results | undefined): string {
  const rows = summaryOf(experiment, results).filter(
    ({ comparison, diverged }) => diverged === 0 && (comparison?.difference?.n ?? 0) >= enoughSeeds,
  );
  const gainOf = ({ comparison }: ArmSummary): number => comparison?.gain?.mean ?? 0;
  const sorted = (verdict: VerdictKind): ArmSummary[] =>
    rows.filter(({ comparison }) => comparison?.verdict === verdict).sort((a, b) => gainOf(a) - gainOf(b));
  const [open, settled] = [sorted('not settled').pop(), sorted('no loss')[0]];
  const digits = digitsOf(experiment);
  // Means that look alike as printed are no contradiction.
  const shown = (row: ArmSummary): number => Number(gainOf(row).toFixed(digits));
  if (!open?.difference || !settled?.difference || shown(open) <= shown(settled)) return '';
  return (
    "A verdict is by the interval's ends, and so by its width: few seeds that happen to differ make it wide, and " +
    `\`${open.arm}\` (${intervalText(open.difference, digits)}) is not settled where \`${settled.arm}\` (${intervalText(settled.difference, digits)}) ` +
    'has no loss, though the mean of the former is better. "Not settled" says that these seeds do not tell, not that the arm is worse.'
  );
}

/** What a run that collapsed is; empty where none did. */
function collapseText(experiment: Experiment, results: Results | undefined): string {
  const some = summaryOf(experiment, results).some(({ collapsed }) => collapsed > 0);
  return some
    ? '"Collapsed" are runs that came to their end with at most twice the accuracy of guessing.'
    : '';
}

/** How the verdicts on arms are to be read, where they could be misread. */
export const readingText = (experiment: Experiment, results: Results | undefined): string =>
  [collapseText(experiment, results), widthText(experiment, results)].filter((text) => text !== '').join(' ');

/** What is to be said of arms, and of the whole. */
export function remarksOf({ arms, notes }: Experiment): string[] {
  return [
    ...arms.flatMap(({ name, note }) => (note === undefined ? [] : [`\`${name}\`: ${note}`])),
    ...notes,
  ];
}

/** What the cosines are of. */
export function cosineCaption(experiment: Experiment, results: Results | undefined): string {
  const source = experiment.cosines?.source;
  const exact = exactKinds(experiment, results).map((kind) => tensorTitles[kind]);
  return (
    'Cosine of each tensor with its codes, of a weight gradient with the one that float32 gives at the same weights: mean over the ' +
    'layers and the probes of all seeds, and in brackets the layer that keeps least.' +
    (exact.length > 0 ? ` 1.000000 in every layer of every arm, and not shown: ${exact.join(', ')}.` : '') +
    (source === undefined ? '' : ` Gradients of the source: ${source}.`)
  );
}

/** What the figures of distributions are. */
export const distributionCaption =
  'Means over layers and seeds. Fits are by maximum likelihood to the values other than 0; KS is the largest difference of the ' +
  "distribution functions, and A²/n (Anderson and Darling's) sees the tails. The angle is that of a tensor and its 8-bit codes over " +
  'its own extremes, "were it Gaussian" what as many Gaussian values would have.';
