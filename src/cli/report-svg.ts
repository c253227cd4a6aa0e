/**
 * Charts as SVG text: lines and bars with labelled axes, a legend and direct labels. Colours are CSS classes (`c0`, `c1`, ...)
 * of the page, so that one chart serves light and dark. Knows numbers and names, not what they mean.
 */
import { decadeTicks, logTicks, niceTicks } from './axis-ticks.js';
import { beyondPath, endsWithin, intervalPath } from './chart-marks.js';

/** Text for HTML and SVG, safe between tags and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly name: string;
  /** Number of its colour. */
  readonly color: number;
  readonly points: readonly Point[];
  /** Single points instead of a line. */
  readonly dots?: boolean;
  /** What is said of a single point beyond the axis, in place of its value. */
  readonly hint?: string;
  /** Bars from low to high at x, such as confidence intervals. */
  readonly intervals?: readonly (readonly [x: number, low: number, high: number])[];
  /** A dashed line. */
  readonly dashed?: boolean;
}

const round = (value: number): string => String(Math.round(value * 100) / 100);

/**
 * Centred moving mean over `window` points, thinned to at most `limit` points that include both ends. At the start, where curves are
 * steep, the window narrows on both sides to the first point. At the end it loses its later half only: a last value of one point
 * would jump by that point's noise, just where curves are compared.
 */
export function smooth(points: readonly Point[], window: number, limit = 300): Point[] {
  const sums = [0];
  for (const [, y] of points) sums.push(sums[sums.length - 1] + y);
  const half = Math.max(0, Math.floor(window / 2));
  const stride = Math.max(1, Math.ceil(points.length / limit));
  const smoothed: Point[] = [];
  points.forEach(([x], i) => {
    if (i % stride !== 0 && i !== points.length - 1) return;
    const first = i - Math.min(half, i);
    const last = Math.min(2 * i - first, points.length - 1);
    smoothed.push([x, (sums[last + 1] - sums[first]) / (last + 1 - first)]);
  });
  return smoothed;
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Bounds of the y axis; default from the points. */
  readonly yLow?: number;
  readonly yHigh?: number;
  readonly yText?: (value: number) => string;
  /** The x axis begins at 0, unless this says otherwise. */
  readonly xLow?: number;
  /** Default: the last of the points. */
  readonly xHigh?: number;
  readonly xText?: (value: number) => string;
  /** Names stand at the right edge, not where their curves end: for curves that others go on beyond. */
  readonly namesAtEdge?: boolean;
  /** Letters that names have room for, where other charts with longer names shall have the same frame. */
  readonly nameRoom?: number;
  /** Logarithmic axes; points at or below 0 are left out. */
  readonly xLog?: boolean;
  readonly yLog?: boolean;
}

const width = 640;
const height = 300;
const margin = { top: 34, right: 96, bottom: 44, left: 62 };

/** Moves labels apart so that they do not overlap; they keep their order. */
function spread(positions: readonly number[], gap: number, low: number, high: number): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const placed = [...positions];
  let last = low - gap;
  for (const i of order) {
    placed[i] = Math.max(positions[i], last + gap);
    last = placed[i];
  }
  let limit = high + gap;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], limit - gap);
    limit = placed[i];
  }
  return placed;
}

/** A line chart with the series' names at their ends. Empty text without points. */
export function lineChart(chart: LineChart): string {
  const { xLog = false, yLog = false } = chart;
  const shown = (value: number, log: boolean): boolean => Number.isFinite(value) && (!log || value > 0);
  const series = chart.series
    .map((one) => ({ ...one, points: one.points.filter(([x, y]) => shown(x, xLog) && shown(y, yLog)) }))
    .filter(({ points }) => points.length > 0);
  const all = series.flatMap(({ points }) => points);
  if (all.length === 0) return '';
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const xLow = chart.xLow ?? (xLog ? xs.reduce((a, b) => Math.min(a, b)) : 0);
  const xHigh = chart.xHigh ?? xs.reduce((a, b) => Math.max(a, b), xLog ? 2 * xLow : xLow + 1);
  let yLow = chart.yLow ?? ys.reduce((a, b) => Math.min(a, b));
  let yHigh = chart.yHigh ?? ys.reduce((a, b) => Math.max(a, b));
  if (yHigh <= yLow) [yLow, yHigh] = yLog ? [yLow / 2, yHigh * 2] : [yLow - 0.5, yHigh + 0.5];
  const longest = Math.max(chart.nameRoom ?? 0, ...series.map(({ name }) => name.length));
  // Bold letters of the widest of the fonts that a system may have.
  const right = width - Math.min(240, Math.max(margin.right, 12 + 8 * longest));
  const bottom = height - margin.bottom;
  const along = (value: number, low: number, high: number, log: boolean): number =>
    log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const toX = (x: number): number => margin.left + along(x, xLow, xHigh, xLog) * (right - margin.left);
  const toY = (y: number): number => bottom - along(y, yLow, yHigh, yLog) * (bottom - margin.top);
  const yText = chart.yText ?? ((value: number) => String(Number(value.toPrecision(4))));
  // Lines may leave the plot. Frames of the same right edge are the same, so their clips may share a name on a page.
  const clip = `plot-${right}`;
  const parts = [
    `<clipPath id="${clip}"><rect x="${margin.left}" y="${margin.top - 3}" width="${right - margin.left + 6}" height="${bottom - margin.top + 4}"/></clipPath>`,
  ];
  for (const tick of yLog ? logTicks(yLow, yHigh) : niceTicks(yLow, yHigh)) {
    const y = round(toY(tick));
    parts.push(`<line class="grid" x1="${margin.left}" x2="${right}" y1="${y}" y2="${y}"/>`);
    parts.push(
      `<text class="tick" x="${margin.left - 8}" y="${y}" dy="0.32em" text-anchor="end">${escapeText(yText(tick))}</text>`,
    );
  }
  const xText = chart.xText ?? String;
  for (const tick of xLog ? decadeTicks(xLow, xHigh) : niceTicks(xLow, xHigh, 6)) {
    parts.push(
      `<text class="tick" x="${round(toX(tick))}" y="${bottom + 18}" text-anchor="middle">${escapeText(xText(tick))}</text>`,
    );
  }
  parts.push(`<line class="axis" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`);
  parts.push(
    `<text class="label" x="${(margin.left + right) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(chart.xLabel)}</text>`,
    `<text class="label" transform="translate(14 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(chart.yLabel)}</text>`,
    `<text class="title" x="${margin.left}" y="18">${escapeText(chart.title)}</text>`,
  );
  const edges = [margin.top, bottom] as const;
  let isCut = false;
  for (const { points, color, dots, dashed, hint, intervals = [] } of series) {
    for (const [x, low, high] of intervals) {
      if (!shown(x, xLog)) continue;
      // Nothing at or below 0 has a place on a logarithmic axis: it is beyond its lower end.
      const [from, to] = [low, high].map((y) => (yLog && y <= 0 ? Number.POSITIVE_INFINITY : toY(y)));
      const ends = endsWithin(from, to, edges);
      if (!ends) continue;
      isCut ||= ends.some((end) => end.isCut);
      parts.push(`<path class="c${color}" d="${intervalPath('y', toX(x), ends)}"/>`);
    }
    if (dots) {
      for (const [x, y] of points) {
        if (y < yLow || y > yHigh) {
          const path =
            y < yLow ? beyondPath('y', bottom, toX(x), 1) : beyondPath('y', margin.top, toX(x), -1);
          const value = escapeText(hint ?? String(Number(y.toPrecision(4))));
          parts.push(`<path class="f${color}" d="${path}"><title>${value}</title></path>`);
          isCut = true;
          continue;
        }
        parts.push(
          `<circle class="f${color} dot" cx="${round(toX(x))}" cy="${round(toY(y))}" r="${intervals.length > 0 ? 3.2 : 4.5}"/>`,
        );
      }
    } else {
      const path = points
        .map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(toX(x))} ${round(toY(y))}`)
        .join('');
      parts.push(
        `<path class="c${color} line"${dashed ? ' stroke-dasharray="5 4"' : ''} clip-path="url(#${clip})" d="${path}"/>`,
      );
    }
  }
  if (isCut)
    parts.push(
      `<text class="tick" x="${width - 8}" y="${height - 6}" text-anchor="end">arrows: beyond the axis</text>`,
    );
  const labelled = series.filter(({ name }) => name !== '');
  const ends = labelled.map(({ points }) => toY(points[points.length - 1][1]));
  const places = spread(ends, 15, margin.top, bottom);
  labelled.forEach(({ name, color, points }, i) => {
    const x = (chart.namesAtEdge ? right : Math.min(right, toX(points[points.length - 1][0]))) + 9;
    parts.push(
      `<text class="f${color} end" x="${round(x)}" y="${round(places[i])}" dy="0.32em">${escapeText(name)}</text>`,
    );
  });
  return svg(width, height, chart.title, parts);
}

export interface BarRow {
  readonly name: string;
  /** Parts of the bar from left to right; colours by their number. */
  readonly parts: readonly { readonly value: number; readonly color: number; readonly title: string }[];
  /** At the bar's end. */
  readonly text: string;
}

/** Horizontal bars, one a row, each of one part or of several side by side. */
export function barChart(chart: {
  readonly title: string;
  readonly rows: readonly BarRow[];
  readonly legend?: readonly { readonly name: string; readonly color: number }[];
}): string {
  const { title, rows, legend = [] } = chart;
  const left = 30 + 7 * Math.min(26, Math.max(...rows.map(({ name }) => name.length)));
  const right = width - 84;
  const legendRows = Math.ceil(legend.length / 4);
  const top = 34 + legendRows * 20;
  const rowHeight = 30;
  const total = ({ parts }: BarRow): number => parts.reduce((sum, { value }) => sum + value, 0);
  const most = Math.max(...rows.map(total)) || 1;
  const scale = (value: number): number => (value / most) * (right - left);
  const parts: string[] = [`<text class="title" x="8" y="18">${escapeText(title)}</text>`];
  legend.forEach(({ name, color }, i) => {
    const x = 8 + (i % 4) * 156;
    const y = 32 + Math.floor(i / 4) * 20;
    parts.push(`<rect class="f${color}" x="${x}" y="${y}" width="11" height="11" rx="2"/>`);
    parts.push(`<text class="tick" x="${x + 17}" y="${y + 10}">${escapeText(name)}</text>`);
  });
  rows.forEach((row, i) => {
    const y = top + i * rowHeight;
    let x = left;
    parts.push(
      `<text class="label" x="${left - 8}" y="${y + 11}" dy="0.32em" text-anchor="end">${escapeText(row.name)}</text>`,
    );
    for (const { value, color, title: hint } of row.parts) {
      const length = scale(value);
      // A hair of background between the parts keeps them apart without an outline.
      if (length > 0.5) {
        parts.push(
          `<rect class="f${color}" x="${round(x)}" y="${y}" width="${round(Math.max(0.5, length - 1))}" height="22" rx="2"><title>${escapeText(hint)}</title></rect>`,
        );
      }
      x += length;
    }
    parts.push(
      `<text class="tick" x="${round(x + 7)}" y="${y + 11}" dy="0.32em">${escapeText(row.text)}</text>`,
    );
  });
  return svg(width, top + rows.length * rowHeight + 6, title, parts);
}

/** A chart as a file of its own: `style` is the style sheet it would have had from the page. */
export function standaloneSvg(chart: string, style: string): string {
  return `${chart
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace(
      />/,
      () => `><style>${style}</style><rect width="100%" height="100%" style="fill:var(--card)"/>`,
    )}\n`;
}

/** Whether a text is a chart as {@link standaloneSvg} makes it, and no other drawing. */
export const isStandalone = (text: string): boolean =>
  /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]*" role="img" aria-label="[^"]*"><style>/.test(
    text,
  );

function svg(w: number, h: number, title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="${escapeText(title)}">${parts.join('')}</svg>`;
}
