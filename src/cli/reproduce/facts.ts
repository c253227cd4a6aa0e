/** Sentences about an experiment and its results that its README and the page have alike. Experiments and results in, text out. */
import { exactKinds, tensorTitles } from './cosines.js';
import type { Experiment } from './experiment.js';
import type { Results } from './results.js';

/** How many runs, when, and on which machines and versions, each once. Empty text without runs. */
export function provenance(results: Results | undefined): string {
  const runs = results?.runs ?? [];
  const lines = runs.map(({ octograd, node, platform, cpu, threads }) => {
    const processor = cpu === null ? '' : `, ${cpu}`;
    const count = threads === null ? 'all cores' : `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    return `octograd ${octograd}, Node ${node}, ${platform}${processor}, ${count}`;
  });
  const dates = runs.map(({ startedAt }) => startedAt.slice(0, 10)).sort();
  if (runs.length === 0) return '';
  const [first, last] = [dates[0], dates[dates.length - 1]];
  const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  return `${count} from ${first}${last === first ? '' : ` to ${last}`}. ${[...new Set(lines)].join('; ')}.`;
}

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
  'Means over the layers. Fits are by maximum likelihood to the values other than 0; KS is the largest difference of the ' +
  "distribution functions, and A²/n (Anderson and Darling's) sees the tails. The angle is that of a tensor and its 8-bit codes over " +
  'its own extremes, "were it Gaussian" what as many Gaussian values would have.';
