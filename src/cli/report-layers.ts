/**
 * The part of the report about layers: for each recipe a table of its quantised operands' signal-to-noise and of its gradients'
 * cosine with float gradients, at the last probe, with their course over the run.
 */

import type { RunRecord } from './records.js';
import { escapeText, type Point } from './report-svg.js';

/** One number at every probe of a run; undefined where the probe had none. */
interface Cell {
  readonly values: readonly (number | undefined)[];
}

/** Signal-to-noise from which nothing is worth a colour, and below which it is bad: 8 good bits have about 40 dB. */
const sqnrBounds = [10, 40] as const;
const cosineBounds = [0.9, 1] as const;

const columnTitles: Readonly<Record<string, string>> = {
  'forward input': 'input',
  'forward weight': 'weight',
  'forward right': 'right operand',
  'gradLeft gradOutput': 'gradient for gradInput',
  'gradLeft weight': 'weight for gradInput',
  'gradRight gradOutput': 'gradient for gradWeight',
  'gradRight input': 'input for gradWeight',
  'norm input': 'norm input',
  'norm gradOutput': 'gradient into norm',
};

/** Operands that most recipes take over from the forward product. */
const sharedCodes: Readonly<Record<string, string>> = {
  'gradLeft weight': 'forward weight',
  'gradRight input': 'forward input',
};

const formatTitle = (key: string): string => columnTitles[key] ?? key;

function sparkline(values: readonly number[], low: number, high: number): string {
  if (values.length < 3) return '';
  const points: Point[] = values.map((value, i) => [
    1 + (42 * i) / (values.length - 1),
    12 - 11 * Math.min(1, Math.max(0, (value - low) / (high - low))),
  ]);
  const path = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  return `<svg viewBox="0 0 44 13" aria-hidden="true"><path class="c6" d="${path}"/></svg>`;
}

/** A table cell: number of the last probe, coloured from bad to good, and the course before it. */
function cellHtml(cell: Cell | undefined, bounds: readonly [number, number], digits: number): string {
  const known = cell?.values.filter((value) => value !== undefined) ?? [];
  const last = known[known.length - 1];
  if (last === undefined) return '<td></td>';
  const [low, high] = bounds;
  const finite = known.filter(Number.isFinite);
  const share = Number.isFinite(last)
    ? Math.min(1, Math.max(0, (last - low) / (high - low)))
    : last > 0
      ? 1
      : 0;
  const tone =
    share < 0.5
      ? `rgba(var(--bad),${((0.5 - share) * 0.8).toFixed(2)})`
      : `rgba(var(--good),${((share - 0.5) * 0.5).toFixed(2)})`;
  const text = Number.isFinite(last) ? last.toFixed(digits) : last > 0 ? 'exact' : 'lost';
  const hint = known.map((value) => value.toFixed(digits)).join(', ');
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  const course = most > least ? sparkline(finite, least, most) : '';
  return `<td class="number" style="background:${tone}" title="${escapeText(hint)}">${text}${course}</td>`;
}

/** What the shading of {@link cellHtml} means, as a strip between its bounds. */
function keyHtml([low, high]: readonly [number, number], unit: string): string {
  const strip = 'linear-gradient(90deg,rgba(var(--bad),0.4),transparent,rgba(var(--good),0.25))';
  return `<p class="small key">Shading: ${low}${unit} or less<i style="background:${strip}"></i>${high}${unit} or more</p>`;
}

function headHtml(first: string, titles: readonly string[]): string {
  const cells = titles.map((title) => `<th class="number">${escapeText(title)}</th>`).join('');
  return `<thead><tr><th>${first}</th>${cells}</tr></thead>`;
}

function tableOf(
  first: string,
  columns: readonly string[],
  rows: ReadonlyMap<string, ReadonlyMap<string, Cell>>,
  bounds: readonly [number, number],
  digits: number,
  title: (column: string) => string,
): string {
  const body = [...rows].map(
    ([path, cells]) =>
      `<tr><td>${escapeText(path)}</td>${columns.map((column) => cellHtml(cells.get(column), bounds, digits)).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="layers">${headHtml(first, columns.map(title))}<tbody>${body.join('\n')}</tbody></table></div>`;
}

/** Collects values by row and column over the probes. */
function gather(
  probes: readonly (readonly { readonly row: string; readonly column: string; readonly value: number }[])[],
): { rows: Map<string, Map<string, Cell>>; columns: string[] } {
  const rows = new Map<string, Map<string, { values: (number | undefined)[] }>>();
  const columns: string[] = [];
  probes.forEach((probe, at) => {
    for (const { row, column, value } of probe) {
      if (!columns.includes(column)) columns.push(column);
      const cells = rows.get(row) ?? new Map<string, { values: (number | undefined)[] }>();
      rows.set(row, cells);
      const cell = cells.get(column) ?? { values: [] };
      cells.set(column, cell);
      cell.values[at] = value;
    }
  });
  return { rows, columns };
}

function operandTable({ probes }: RunRecord): string {
  const { rows, columns } = gather(
    probes.map(({ operands }) =>
      operands.map(({ path, product, role, format, sqnr }) => ({
        row: path || 'model',
        column: `${product} ${role}|${format}`,
        value: sqnr,
      })),
    ),
  );
  const order = Object.keys(columnTitles);
  // Codes that serve two products were measured once: their second column would say the same again.
  const same = (column: string, other: string): boolean =>
    [...rows.values()].every((cells) => {
      const values = cells.get(column)?.values;
      return values === undefined || values.every((value, i) => value === cells.get(other)?.values[i]);
    });
  const shown = columns.filter((column) => {
    const [key, format] = column.split('|');
    const first = sharedCodes[key];
    return first === undefined || !same(column, `${first}|${format}`);
  });
  shown.sort((a, b) => order.indexOf(a.split('|')[0]) - order.indexOf(b.split('|')[0]));
  const title = (column: string): string => {
    const [key, format] = column.split('|');
    return `${formatTitle(key)} (${format})`;
  };
  return tableOf('module', shown, rows, sqnrBounds, 1, title);
}

function gradientTable({ probes }: RunRecord): string {
  const { rows, columns } = gather(
    probes.map(({ gradients }) =>
      gradients.map(({ path, cosine }) => {
        const dot = path.lastIndexOf('.');
        return { row: dot < 0 ? 'model' : path.slice(0, dot), column: path.slice(dot + 1), value: cosine };
      }),
    ),
  );
  return tableOf('module', columns, rows, cosineBounds, 4, (column) => column);
}

/** One sub-section a recipe that quantises anything (its first seed); empty text without any. */
export function layerSection(runs: readonly RunRecord[]): string {
  const shown = runs.filter(
    (run, i) =>
      run.probes.some(({ operands }) => operands.length > 0) &&
      runs.findIndex(({ recipe }) => recipe === run.recipe) === i,
  );
  if (shown.length === 0) return '';
  const sections = shown.map((run) => {
    const steps = run.probes.map(({ step }) => step).join(', ');
    return `<h3>${escapeText(run.recipe.name)}</h3>
<p class="small">Signal to quantisation noise in dB of each quantised operand, measured on a fixed batch at ${run.probes.length === 1 ? 'step' : 'steps'} ${steps}; shown is the last, the small line is its course.</p>
${keyHtml(sqnrBounds, ' dB')}
${operandTable(run)}
<p class="small">Cosine of each parameter's gradient with the gradient in float32 at the same weights (1: the same direction).</p>
${keyHtml(cosineBounds, '')}
${gradientTable(run)}`;
  });
  return `<section><h2>Layers</h2>${sections.join('\n')}</section>`;
}
