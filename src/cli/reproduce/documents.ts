/** What experiments leave in the repository: a README for each, and RESULTS.md. Experiments and results in, Markdown out. */
import { claimRows, claimTable, type Measured, type OtherClaims } from './claims.js';
import { cosineTable, layerTable } from './cosines.js';
import { distributionTable, gradientTable, histogramsOf } from './distributions.js';
import { seedsOf } from './experiment.js';
import { shortAnswers } from './short-answers.js';
import { armTable, expectedTable, markdownTable } from './tables.js';
import { argumentsOf } from './tasks.js';

const written = '<!-- Written by `octograd reproduce --docs` from experiment.json and results.json. -->';
const writtenOfAll =
  '<!-- Written by `octograd reproduce --docs` from experiments/: experiment.json and results.json of each, and claims.json. -->';

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

/** Headings, tables, comments, images, commands and lists keep their lines. */
const isText = (part: string): boolean => !/^([#|<!]| {4}|- )/.test(part);

/** Machines and versions of the runs, each once. */
function provenance({ results }: Measured): string {
  const runs = results?.runs ?? [];
  const lines = runs.map(({ octograd, node, platform, cpu, threads }) => {
    const processor = cpu === null ? '' : `, ${cpu}`;
    const count = threads === null ? 'all cores' : `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    return `octograd ${octograd}, Node ${node}, ${platform}${processor}, ${count}`;
  });
  const dates = runs.map(({ startedAt }) => startedAt.slice(0, 10)).sort();
  if (runs.length === 0) return '';
  const [first, last] = [dates[0], dates[dates.length - 1]];
  return `${runs.length} runs from ${first}${last === first ? '' : ` to ${last}`}. ${[...new Set(lines)].join('; ')}.`;
}

/** `one seed`, `3 seeds`, `3 to 6 seeds`. */
function seedsText(experiment: Measured['experiment']): string {
  const counts = experiment.arms.map((arm) => seedsOf(experiment, arm).length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (least < most) return `${least} to ${most} seeds an arm`;
  return most === 1 ? 'one seed' : `${most} seeds`;
}

/** What the probes say: tables and plot. */
function cosineParts({ experiment, results }: Measured): string[] {
  const table = cosineTable(experiment, results);
  const layers = layerTable(experiment, results);
  if (!table) return [];
  const source = experiment.cosines?.source;
  return [
    '## Cosines',
    'Cosine of each tensor with its codes, of a weight gradient with the one that float32 gives at the same weights: mean over the ' +
      `layers and the probes of all seeds, and in brackets the layer that keeps least.${source === undefined ? '' : ` Gradients of the source: ${source}.`}`,
    markdownTable(table),
    '![Mean cosines with their intervals](cosines.svg)',
    ...(layers ? ['Layer by layer:', markdownTable(layers)] : []),
  ];
}

/** What snapshots of the tensors say: tables and plots. */
function distributionParts({ experiment, results }: Measured): string[] {
  const table = distributionTable(experiment, results);
  const gradients = gradientTable(experiment, results);
  if (!table || !gradients) return [];
  const drawn = histogramsOf(experiment, results) !== '';
  return [
    '## Distributions',
    'Means over the layers. Fits are by maximum likelihood to the values other than 0; KS is the largest difference of the ' +
      "distribution functions, and A²/n (Anderson and Darling's) sees the tails. The angle is that of a tensor and its 8-bit codes over " +
      'its own extremes, "were it Gaussian" what as many Gaussian values would have.',
    ...(drawn ? ['![Histograms with their fits](histograms.svg)'] : []),
    markdownTable(table),
    '![Angles over training](angles.svg)',
    `Layer gradients of \`${gradients.arm}\` after step ${gradients.step}, from the loss backwards:`,
    markdownTable(gradients.table),
  ];
}

/** The README of an experiment's folder: question, method, result, verdict. */
export function readmeText(measured: Measured): string {
  const { experiment, results } = measured;
  const { name, title, question, method, model, dataset, dataLabel, settings, metric } = experiment;
  const parts = [`# ${title}`, written, `**Question.** ${question}`];
  const args = argumentsOf(settings).join(' ');
  parts.push(
    `**Method.** ${method} Model \`${model}\`, ${dataLabel ?? dataset}; settings \`${args === '' ? 'as octograd train has them' : args}\`; ${seedsText(experiment)}. ` +
      `A difference is that to the arm's baseline under the same seed, with its 95 % t-interval; "no loss" means that the interval's worse end is within ${metric.margin} ${metric.name === 'loss' ? 'nats' : 'points'}${metric.reason === undefined ? '' : ` (${metric.reason})`}.`,
  );
  parts.push(`    octograd reproduce ${name}`);
  parts.push('## Result');
  if (!results || results.runs.length === 0) {
    parts.push('Not run yet: there is no results.json.');
  } else {
    parts.push(`Schedule that was run: ${results.schedule}.`, markdownTable(armTable(experiment, results)));
    parts.push(
      'Times are medians over runs with different threads and loads on a shared machine: they say how long a run took, and compare no ' +
        'speeds, which [BENCHMARKS.md](../../BENCHMARKS.md) does.',
      '![The measured figures with their intervals](plot.svg)',
    );
    parts.push(provenance(measured));
  }
  parts.push(...cosineParts(measured), ...distributionParts(measured));
  const expected = expectedTable(experiment, results);
  if (expected) parts.push('Against the source:', markdownTable(expected));
  const claims = claimRows(measured);
  if (claims.length > 0) {
    parts.push('## Verdict');
    const rows = claims.map(({ claim, source, figures, verdict }) => [
      claim,
      source,
      figures || '-',
      verdict,
    ]);
    parts.push(markdownTable({ head: ['claim', 'from', 'measured here', 'verdict'], rows, right: [] }));
  }
  const remarks = [
    ...experiment.arms.flatMap(({ name: arm, note }) => (note === undefined ? [] : [`\`${arm}\`: ${note}`])),
    ...experiment.notes,
  ];
  if (remarks.length > 0) parts.push('## Remarks', remarks.map((text) => `- ${text}`).join('\n'));
  if (experiment.full) {
    parts.push('## The full schedule', experiment.full.what);
    parts.push(experiment.full.commands.map((command) => `    ${command}`).join('\n'));
  }
  return `${parts.map((part) => (isText(part) ? wrapped(part) : part)).join('\n\n')}\n`;
}

/** RESULTS.md: the short answers, and one table of all claims. */
export function resultsMarkdown(measured: readonly Measured[], others: OtherClaims): string {
  const parts = [
    '# What holds',
    writtenOfAll,
    'Every claim, where it comes from, what was measured here, and the verdict by the rule of [experiments/](experiments/README.md). ' +
      'Products of trained arms run on integer kernels, but for arms that say otherwise: "(simulated)" where codes are decoded and ' +
      'multiplied in float, with the products or norms named where only some are, and "(float32)" where nothing is quantised. Rows ' +
      'that name a document in docs/ are derivations and simulations, not trainings. A difference is that of two arms under the same ' +
      'seed, with its 95 % t-interval; "no loss" means that the interval\'s worse end is within the experiment\'s margin (half a point ' +
      'of accuracy, unless its README says otherwise), "no loss, but lower" that the whole interval is below 0 all the same (for losses in nats: higher, above 0). What ' +
      'fewer than three seeds say is called not settled.',
    ...shortAnswers(measured.flatMap(claimRows)),
    '## Claim by claim',
    markdownTable(claimTable(measured, others)),
  ];
  return `${parts.map((part) => (isText(part) ? wrapped(part) : part)).join('\n\n')}\n`;
}
