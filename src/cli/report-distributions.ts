/** The part of the report about distributions, where a run took snapshots of them: the last as a table, and charts of one layer. */
import { angleChart, layerHistograms } from './distribution-chart.js';
import { layerTable } from './distribution-tables.js';
import type { RunRecord } from './records.js';
import { escapeText } from './report-svg.js';

/** One sub-section a recipe (its first seed); empty text without snapshots. */
export function distributionSection(runs: readonly RunRecord[]): string {
  const shown = runs.filter(
    (run, i) => run.snapshots.length > 0 && runs.findIndex(({ recipe }) => recipe === run.recipe) === i,
  );
  if (shown.length === 0) return '';
  const sections = shown.map(({ recipe, snapshots }) => {
    const last = snapshots[snapshots.length - 1];
    const { head, rows, right } = layerTable(last);
    const cell = (tag: string, text: string, i: number): string =>
      `<${tag}${right.includes(i) ? ' class="number"' : ''}>${escapeText(text)}</${tag}>`;
    const layers = [...new Set(last.tensors.map(({ layer }) => layer))];
    const middle = layers[Math.floor(layers.length / 2)] ?? '';
    return `<h3>${escapeText(recipe.name)}</h3>
<figure>${angleChart(snapshots, 'Angle of tensors and their codes, mean over layers')}</figure>
<figure>${layerHistograms(last, middle)}</figure>
<div class="scroll"><table><thead><tr>${head.map((text, i) => cell('th', text, i)).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`).join('\n')}</tbody></table></div>
<p class="small">After step ${last.step}; fits are of the values other than 0. KS: largest difference of the distribution functions; A²/n weighs
the tails. The angle is that of the tensor and its codes over its own extremes; what the recipe keeps in floats is quantised as by int8.</p>`;
  });
  return `<section><h2>Distributions</h2>${sections.join('\n')}</section>`;
}
