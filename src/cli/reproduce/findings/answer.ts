/** The answer to an experiment's question in a sentence or two, made of nothing but its results. Experiment and results in, text out. */
import { claimRows, groupedRows, type Measured, sharedVerdict } from './claims.js';
import { type DifferenceGroup, differenceGroups } from './difference-groups.js';
import { type Comparison, isBetter } from './summary.js';

/** Arms that others are compared with, up to which an answer by arms is shorter than one by claims. */
const fewGroups = 8;

/** Up to so many arms without a loss are named. */
const fewArms = 6;

const readings = {
  diverged: 'runs that diverged for',
  loss: 'a loss for',
  gain: 'no loss (the whole interval better) for',
  'not settled': 'not settled for',
  'no loss': 'no loss for',
} as const;

function readingOf(comparison: Comparison): string {
  if (comparison.diverged > 0) return 'diverged';
  return isBetter(comparison) ? 'gain' : comparison.verdict;
}

/** `` compared with `fp32`: a loss for `a`; no loss for the 13 others ``. */
function groupText({ against, comparisons }: DifferenceGroup): string {
  const parts = Object.entries(readings).flatMap(([reading, words]) => {
    const arms = comparisons.filter((one) => readingOf(one) === reading).map(({ arm }) => `\`${arm}\``);
    if (arms.length === 0) return [];
    const isRest = reading === 'no loss' && arms.length > fewArms;
    return [`${words} ${isRest ? `the ${arms.length} others` : arms.join(', ')}`];
  });
  // Where no pair of runs came to its end there is nothing to say.
  return parts.length === 0 ? '' : `compared with \`${against}\`: ${parts.join('; ')}`;
}

/** Empty text where nothing was run. Verdicts are by the rule of experiments/README.md. */
export function answerText(measured: Measured): string {
  const { experiment, results } = measured;
  if (!results || results.runs.length === 0) return '';
  const groups = experiment.plot.kind === 'none' ? [] : differenceGroups(experiment, results);
  if (groups.length > 0 && groups.length <= fewGroups) {
    const texts = groups.map(groupText).filter((text) => text !== '');
    return texts.length === 0
      ? ''
      : `By the rule, ${texts.join('. ').replace(/\. compared/g, '. Compared')}.`;
  }
  return groupedRows(claimRows(measured))
    .map((rows) => `${rows[0].claim}: ${sharedVerdict(rows)}.`)
    .join(' ');
}
