/** Results as rows of text: for the terminal and for BENCHMARKS.md. */
import { type Figure, ratioOf, type WorkResult } from './rounds.js';
import { type Spread, short } from './statistics.js';

export interface Table {
  readonly title: string;
  readonly notes: readonly string[];
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)}`;

/** `1.52 (1.48-1.55)`: a median and all rounds' extremes. */
export function ratioText(ratio: Spread | undefined): string {
  if (!ratio) return '-';
  return `${short(ratio.median)} (${short(ratio.min)}-${short(ratio.max)})`;
}

function row(figure: Figure, baselines: readonly Figure[]): string[] {
  const { milliseconds: ms, samplesPerSecond } = figure;
  return [
    figure.name,
    String(figure.batch),
    short(ms.median),
    `${short(ms.low)}-${short(ms.high)}`,
    short(samplesPerSecond),
    ...baselines.map((baseline) => (baseline === figure ? '1' : ratioText(ratioOf(baseline, figure)))),
    mebibytes(figure.peakRss),
    short(figure.startMilliseconds / 1000),
    `${figure.firstLoss.toFixed(3)} to ${figure.lastLoss.toFixed(3)}`,
  ];
}

/** One work's table; its last rows are those who have no figure. */
export function workTable({ work, figures, refused }: WorkResult, baselineNames: readonly string[]): Table {
  const baselines = baselineNames.flatMap((name) => figures.filter((figure) => figure.name === name));
  const heads = [
    'participant',
    'batch',
    'ms a step',
    'quartiles',
    'images/s',
    ...baselines.map(({ name }) => `${name} is x times as fast (all rounds)`),
    'peak MiB',
    's to first step',
    'loss',
  ];
  return {
    title: `${work.id}: ${work.title}, batch ${work.batch}`,
    notes: refused.map(({ name, reason }) => `${name} has no figure: ${reason.split('\n')[0]}`),
    heads,
    rows: figures.map((figure) => row(figure, baselines)),
  };
}

/** A table for a terminal: first column to the left, the others to the right. */
export function tableText({ title, notes, heads, rows }: Table): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, i) => Math.max(...all.map((cells) => cells[i]?.length ?? 0)));
  const lines = all.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines, ...notes.map((note) => `  ${note}`)].join('\n');
}

/** The same as Markdown. */
export function tableMarkdown({ title, notes, heads, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `### ${title}`,
    '',
    line(heads),
    line(heads.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...rows.map(line),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
}
