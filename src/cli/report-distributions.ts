/** The part of the report about distributions, where a run took snapshots of them: charts of some layers, of all folded away, and a table. */
import { angleChart, layerHistograms } from './distribution-chart.js';
import { layerTable } from './distribution-tables.js';
import { leftOutLines, type Snapshot } from './distributions.js';
import { gradientMultiples, kindMultiples, layersOf, spreadOver } from './magnitude-chart.js';
import type { RunRecord } from './records.js';
import { escapeText } from './report-svg.js';

const figure = (chart: string): string => (chart === '' ? '' : `<figure class="pair">${chart}</figure>`);

/** Layers that are drawn where not all are. */
const shownLayers = 4;

/** A row for each tensor, the kinds one after the other under their names; the layer stays in sight where the rest is scrolled. */
function tableHtml(snapshot: Snapshot): string {
  const { head, rows, right } = layerTable(snapshot);
  const kindColumn = head.indexOf('tensor');
  const line = (tag: string, texts: readonly string[]): string => {
    const cells = texts.map(
      (text, i) => `<${tag}${right.includes(i) ? ' class="number"' : ''}>${escapeText(text)}</${tag}>`,
    );
    return `<tr>${cells.filter((_, i) => i !== kindColumn).join('')}</tr>`;
  };
  const groups = [...new Set(rows.map((row) => row[kindColumn]))].map((kind) => {
    const own = rows.filter((row) => row[kindColumn] === kind).map((row) => line('td', row));
    const title = `<th scope="rowgroup">${escapeText(kind)}</th><th colspan="${head.length - 2}"></th>`;
    return `<tbody><tr>${title}</tr>\n${own.join('\n')}</tbody>`;
  });
  return `<div class="scroll"><table class="layers named"><thead>${line('th', head)}</thead>${groups.join('\n')}</table></div>`;
}

function leftOutHtml(snapshots: readonly Snapshot[]): string {
  const lines = snapshots.flatMap(leftOutLines);
  if (lines.length === 0) return '';
  return `\n<p class="small">Left out: ${lines.map(escapeText).join('; ')}.</p>`;
}

/** One sub-section a recipe (its first seed); empty text without snapshots. */
export function distributionSection(runs: readonly RunRecord[]): string {
  const shown = runs.filter(
    (run, i) => run.snapshots.length > 0 && runs.findIndex(({ recipe }) => recipe === run.recipe) === i,
  );
  if (shown.length === 0) return '';
  const sections = shown.map(({ recipe, seed, snapshots }) => {
    const last = snapshots[snapshots.length - 1];
    const layers = layersOf(last);
    const some = spreadOver(layers, shownLayers);
    const run = `${recipe.name}, seed ${seed}`;
    const rest = [
      ...(layers.length > some.length
        ? [kindMultiples(last, layers, run), gradientMultiples(snapshots, layers, run)]
        : []),
      ...some.map((layer) => layerHistograms(last, layer)),
    ];
    return `<h3>${escapeText(recipe.name)}</h3>
<figure>${angleChart(snapshots, 'Angle of tensors and their codes, mean over layers')}</figure>
${figure(kindMultiples(last, some, run))}
${figure(gradientMultiples(snapshots, some, run))}
<details><summary>Histograms of all layers, and of signed values</summary>${rest.map(figure).join('')}</details>
${tableHtml(last)}
<p class="small">After step ${last.step}; fits are of the values other than 0. KS: largest difference of the distribution functions; A²/n weighs
the tails. The angle is that of the tensor and its codes over its own extremes; what the recipe keeps in floats is quantised as by int8.</p>${leftOutHtml(snapshots)}`;
  });
  return `<section><h2>Distributions</h2>${sections.join('\n')}</section>`;
}
