/**
 * The report of a run: one HTML file without scripts or outside parts, readable in light and dark. Pure: records in, text out.
 */
import { bytesText, countText } from '../core/text.js';
import { printRecipe } from '../quant/print-recipe.js';
import type { Result } from './events.js';
import type { RunRecord } from './records.js';
import { distributionSection } from './report-distributions.js';
import { layerSection } from './report-layers.js';
import { partColor, reportStyle } from './report-style.js';
import { barChart, escapeText, lineChart, type Series, smooth } from './report-svg.js';
import { resultTable } from './results.js';
import { percentText } from './table.js';

export interface ReportInput {
  readonly title: string;
  /** One line under the title. */
  readonly subtitle: string;
  readonly runs: readonly RunRecord[];
  readonly results: readonly Result[];
  /** What samples are called: images, sequences. */
  readonly samples: string;
  /** Shown as they are, name and text. */
  readonly settings: readonly (readonly [string, string])[];
  /** The run was stopped before its end. */
  readonly aborted: boolean;
}

/** Runs of one recipe share a colour; a name says which is which. */
function namesOf(runs: readonly RunRecord[]): { name: string; color: number }[] {
  const recipes = [...new Set(runs.map(({ recipe }) => recipe.name))];
  const several = new Set(runs.map(({ seed }) => seed)).size > 1;
  return runs.map(({ recipe, seed }) => ({
    name: several ? `${recipe.name} #${seed}` : recipe.name,
    color: recipes.indexOf(recipe.name) % 8,
  }));
}

function lossChart(runs: readonly RunRecord[]): string {
  const names = namesOf(runs);
  const series = runs.map(
    ({ steps }, i): Series => ({
      ...names[i],
      points: smooth(
        steps.map(({ step, loss }) => [step, loss]),
        steps.length / 20,
      ),
    }),
  );
  // The first steps' loss would press the rest into the floor.
  const early = runs.flatMap(({ steps }) => steps.slice(0, 1).map(({ loss }) => loss));
  const yHigh = early.length > 0 ? Math.max(...early) * 1.05 : undefined;
  return lineChart({
    title: 'Training loss (moving mean)',
    xLabel: 'step',
    yLabel: 'cross-entropy',
    yLow: 0,
    ...(yHigh === undefined ? {} : { yHigh }),
    series,
  });
}

function accuracyChart(runs: readonly RunRecord[]): string {
  const names = namesOf(runs);
  const lines = runs.map(
    ({ steps }, i): Series => ({
      ...names[i],
      points: smooth(
        steps.flatMap(({ step, accuracy }) => (accuracy === undefined ? [] : [[step, accuracy] as const])),
        steps.length / 20,
      ),
    }),
  );
  const dots = runs.map(
    ({ evaluations }, i): Series => ({
      name: '',
      color: names[i].color,
      dots: true,
      points: evaluations.flatMap(({ step, accuracy }) =>
        accuracy === undefined ? [] : [[step, accuracy] as const],
      ),
    }),
  );
  const low = accuracyFloor(lines, dots);
  // A line that begins below the axis is not seen before this.
  const seen = lines.flatMap(({ points }) =>
    points.length > 0 && points[0][1] < low ? [points.find(([, y]) => y >= low)?.[0] ?? 0] : [],
  );
  const before = Math.min(...seen);
  const note =
    seen.length > 0
      ? ` (before step ${before}, training is below ${percentText(low, 0)}, where this axis begins)`
      : '';
  return lineChart({
    title: 'Accuracy: line training (moving mean), dots test set',
    xLabel: `step${note}`,
    yLabel: 'share of right answers',
    yLow: low,
    yHigh: 1,
    yText: (value) => percentText(value, 0),
    series: [...lines, ...dots],
  });
}

/** Chance and the way up from it are of no interest once all runs have learnt something; a run that has not must be seen. */
function accuracyFloor(lines: readonly Series[], dots: readonly Series[]): number {
  const last = ({ points }: Series): number[] => points.slice(-1).map(([, y]) => y);
  const ends = [...lines, ...dots].flatMap(last);
  return ends.length > 0 && Math.min(...ends) > 0.85 ? 0.8 : 0;
}

function rateChart({ runs, results, samples }: ReportInput): string {
  const names = namesOf(runs);
  return barChart({
    title: `Training rate (${samples}/s)`,
    rows: results.map(({ imagesPerSecond }, i) => ({
      name: names[i].name,
      parts: [
        {
          value: imagesPerSecond,
          color: names[i].color,
          title: `${countText(imagesPerSecond)} ${samples}/s`,
        },
      ],
      text: countText(imagesPerSecond),
    })),
  });
}

const memoryKinds = [
  'saved for backward',
  'working memory',
  'parameters',
  'gradients',
  'optimiser',
  'state, constants',
  'kernel scratch',
] as const;

function memoryChart(runs: readonly RunRecord[]): string {
  // Seeds do not change the plan: the first run of each recipe stands for all.
  const firsts = runs.filter(
    (run, i) => run.start && runs.findIndex(({ recipe }) => recipe === run.recipe) === i,
  );
  return barChart({
    title: 'Memory of a training step at its peak, by category',
    legend: memoryKinds.map((name, i) => ({ name, color: partColor(i) })),
    rows: firsts.map(({ recipe, start }) => {
      const memory = start?.memory;
      const values = memory
        ? [
            memory.savedForBackwardBytes,
            memory.arenaBytes - memory.savedForBackwardBytes,
            memory.parameterBytes,
            memory.gradientBytes,
            memory.optimizerBytes,
            memory.otherBytes,
            memory.scratchBytes,
          ]
        : [];
      return {
        name: recipe.name,
        parts: values.map((value, i) => ({
          value: Math.max(0, value),
          color: partColor(i),
          title: `${memoryKinds[i]}: ${bytesText(value)}`,
        })),
        text: bytesText(memory?.peakBytes ?? 0),
      };
    }),
  });
}

function resultSection({ results, runs, samples, aborted }: ReportInput): string {
  const { head, rows, right } = resultTable(results, runs, samples);
  const cell = (tag: string, text: string, i: number): string =>
    `<${tag}${right.includes(i) ? ' class="number"' : ''}>${escapeText(text)}</${tag}>`;
  const note = aborted
    ? '<p class="note">The run was stopped before its end; this is what there is.</p>'
    : '';
  const failures = runs
    .filter(({ failed }) => failed)
    .map(({ recipe, failed }) => `<p class="note">${escapeText(`${recipe.name}: ${failed?.message}`)}</p>`);
  return `<section><h2>${results.length > 1 ? 'Comparison' : 'Result'}</h2>${note}${failures.join('')}
<div class="scroll"><table><thead><tr>${head.map((text, i) => cell('th', text, i)).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`).join('\n')}</tbody></table></div>
<p class="small">Peak memory is the plan of a training step to the byte, kernels' scratch included. Integer MACs: share of the
multiply-accumulates of a training step that integer kernels do; the rest are products kept in float, or simulated.</p></section>`;
}

function settingsSection({ settings, runs }: ReportInput): string {
  const recipes = [...new Set(runs.map(({ recipe }) => recipe))];
  return `<section><h2>Settings</h2><dl>${settings
    .map(([name, text]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(text)}</dd>`)
    .join('\n')}</dl>
${recipes.map((recipe) => `<pre>${escapeText(printRecipe(recipe))}</pre>`).join('\n')}</section>`;
}

/** The report as one HTML document. */
export function reportHtml(input: ReportInput): string {
  const { title, subtitle, runs } = input;
  const charts =
    runs.length === 0
      ? ''
      : `<section class="charts">${[lossChart(runs), accuracyChart(runs), rateChart(input), memoryChart(runs)]
          .filter((chart) => chart !== '')
          .map((chart) => `<figure>${chart}</figure>`)
          .join('\n')}</section>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title><style>${reportStyle}</style></head>
<body><header><h1>${escapeText(title)}</h1><p>${escapeText(subtitle)}</p></header>
<main>${resultSection(input)}
${charts}
${layerSection(runs)}
${distributionSection(runs)}
${settingsSection(input)}</main>
<footer>Written by octograd.</footer></body></html>
`;
}
