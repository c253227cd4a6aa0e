/**
 * The table at the top of RESULTS.md and of the page: each experiment that claims training without a loss, with its network, its data and
 * what its recipes lose against float32, and what its verdicts exclude. Experiments and results in, rows and sentences out.
 */
import { arithmeticOf } from '../experiment/arithmetic.js';
import { baselineOf, type Claim, type Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { Measured } from './claims.js';
import {
  type ArmSummary,
  comparisonOf,
  digitsOf,
  intervalText,
  summaryOf,
  unitOf,
  verdictText,
} from './summary.js';
import type { TextTable } from './tables.js';

/** Accuracy in per cent of the baseline from which on there is little left to lose, nor to gain. */
const CEILING = 97;

const parities = ({ claims }: Experiment): Claim[] => claims.filter(({ about }) => about === 'parity');

/** The arm that the claims of training without a loss compare with. */
function floatArm(experiment: Experiment): string | undefined {
  const [claim] = parities(experiment);
  return claim && (claim.against ?? baselineOf(experiment, claim.arm));
}

const metricText = (experiment: Experiment, row: ArmSummary | undefined): string =>
  row?.metric
    ? `${row.metric.mean.toFixed(digitsOf(experiment))}${experiment.metric.name === 'loss' ? ' nats' : ' %'}`
    : '-';

/** `-0.30 [-1.47, +0.86] points, not settled, n = 3`; with n where it is another than the baseline's, and with what is simulated. */
function recipeCell(experiment: Experiment, row: ArmSummary | undefined, seeds: number): string {
  if (!row) return '';
  const { difference, comparison } = row;
  const figures = difference
    ? `${intervalText(difference, digitsOf(experiment))} ${unitOf(experiment)}, `
    : '';
  // An arm of which the experiment claims nothing, as one that was chosen by these very runs.
  const isJudged = parities(experiment).some(({ arm }) => arm === row.arm);
  const verdict = isJudged || !difference ? verdictText(row) : 'not judged here';
  // A verdict that is not settled says n itself.
  const isOther = difference && comparison?.seeds !== seeds && !verdict.includes('n = ');
  const n = isOther ? `, n = ${difference.n}` : '';
  const arm = experiment.arms.find(({ name }) => name === row.arm);
  const arithmetic = arm && difference ? arithmeticOf(experiment, arm) : '';
  return `${figures}${verdict}${n}${arithmetic === '' ? '' : ` (${arithmetic})`}`;
}

/** `8 epochs`, from a schedule such as `8 epochs of 50000 samples, ...`. */
function trainedFor(results: Results | undefined): string {
  const [length] = results?.schedule.split(' of ') ?? ['-'];
  return length.replace(/\d+\.\d+/, (epochs) => String(Number(Number(epochs).toFixed(1))));
}

/** One recipe less the other: the difference alone, of which nothing is claimed. */
function pairCell(
  experiment: Experiment,
  results: Results | undefined,
  [one, other]: readonly string[],
): string {
  const { difference } = comparisonOf(experiment, results, one, other);
  return difference
    ? `${intervalText(difference, digitsOf(experiment))}${difference.n > 1 ? `, n = ${difference.n}` : ''}`
    : '';
}

/** The recipes that some experiment claims to train without a loss. */
const overviewRecipes = (measured: readonly Measured[]): string[] =>
  [...new Set(measured.flatMap(({ experiment }) => parities(experiment).map(({ arm }) => arm)))].sort();

/** Undefined where no experiment claims training without a loss. */
export function overviewTable(measured: readonly Measured[]): TextTable | undefined {
  const own = measured.filter(({ experiment }) => parities(experiment).length > 0);
  if (own.length === 0) return undefined;
  const recipes = overviewRecipes(own);
  // With two recipes a reader asks which is better, which two differences to a third do not say.
  const pair = recipes.length === 2 ? recipes : undefined;
  const rows = own.map(({ experiment, results }) => {
    const { name, model, dataset, dataLabel } = experiment;
    const summary = summaryOf(experiment, results);
    const float = summary.find(({ arm }) => arm === floatArm(experiment));
    const n = float?.metric?.n ?? 0;
    return [
      `[${name}](experiments/${name}/README.md)`,
      `\`${model}\``,
      dataLabel ?? dataset,
      trainedFor(results),
      String(n),
      metricText(experiment, float),
      ...recipes.map((recipe) =>
        recipeCell(
          experiment,
          summary.find(({ arm }) => arm === recipe),
          n,
        ),
      ),
      ...(pair ? [pairCell(experiment, results, pair)] : []),
    ];
  });
  const head = [
    'experiment',
    'network',
    'data',
    'trained for',
    'n',
    'float32',
    ...recipes.map((name) => `\`${name}\` less float32`),
    ...(pair ? [`\`${pair[0]}\` less \`${pair[1]}\``] : []),
  ];
  return { head, rows, right: [4, 5] };
}

/** What each experiment trained, on what and for how long: what all its claims have alike. */
export function experimentsTable(measured: readonly Measured[]): TextTable {
  const rows = measured.map(({ experiment: { name, title, model, dataset, dataLabel }, results }) => [
    `[${name}](experiments/${name}/README.md)`,
    title,
    `\`${model}\`, ${dataLabel ?? dataset}`,
    results?.schedule ?? '-',
    String(results?.runs.length ?? 0),
  ]);
  return {
    head: ['experiment', 'about', 'network and data', 'schedule of each run', 'runs'],
    rows,
    right: [4],
  };
}

/** `half a point of accuracy` and so on: the margin of an experiment, in words. */
function marginText({ metric: { name, margin } }: Experiment): string {
  if (name === 'loss') return `${margin} nats`;
  return margin === 0.5 ? 'half a point of accuracy' : `${margin} points of accuracy`;
}

/** What the verdicts of {@link overviewTable} exclude, and where there is little to lose. */
export function overviewText(measured: readonly Measured[]): string {
  const own = measured.filter(({ experiment }) => parities(experiment).length > 0);
  const margins = new Map<string, string[]>();
  for (const { experiment } of own) {
    const text = marginText(experiment);
    margins.set(text, [...(margins.get(text) ?? []), experiment.name]);
  }
  // The commonest first, which needs no names.
  const [[usual], ...others] = [...margins].sort(([, a], [, b]) => b.length - a.length);
  const exceptions = others.map(([text, names]) => `; in ${names.join(', ')}: of ${text} or more`);
  const high = own.flatMap(({ experiment, results }) => {
    const row = summaryOf(experiment, results).find(({ arm }) => arm === floatArm(experiment));
    const isHigh = experiment.metric.name === 'accuracy' && row?.metric && row.metric.mean >= CEILING;
    if (!isHigh) return [];
    const errors = 100 - row.metric.mean;
    const share = ((100 * experiment.metric.margin) / errors).toFixed(0);
    const part = errors > 0 ? `: the margin is ${share} % of its errors` : '';
    return [`${experiment.name} (float32 has ${metricText(experiment, row)}${part})`];
  });
  const ceiling =
    high.length === 0
      ? ''
      : ` Accuracy is near its ceiling, and "no loss" says less, of recipes and of parts, in ${high.join(' and ')}.`;
  const unjudged = own.some(({ experiment, results }) =>
    overviewRecipes(own).some(
      (recipe) =>
        parities(experiment).every(({ arm }) => arm !== recipe) &&
        summaryOf(experiment, results).some(({ arm, difference }) => arm === recipe && difference),
    ),
  );
  const chosen = unjudged
    ? ' "Not judged here": these runs are of seeds by which parts of that recipe were chosen, and the lists below do not count them.'
    : '';
  return (
    `"No loss" excludes, by the 95 % interval, a loss of ${usual} or more${exceptions.join('')}; a smaller one it does not exclude. ` +
    `"Not settled" excludes neither that loss nor that there is none, or has fewer than three seeds.${chosen}${ceiling}`
  );
}
