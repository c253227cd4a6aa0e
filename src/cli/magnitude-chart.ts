/**
 * Histograms of magnitudes as small multiples, a row for each layer: tensors of several kinds, or of one kind at several steps. Both axes
 * are logarithmic, so that the peak around 0 and the tails are seen alike. Snapshots in, SVG text out.
 */
import { fittedDistribution, magnitudeOctaves, probabilityBetween } from '../theory/index.js';
import type { LayerTensorKind } from '../train/index.js';
import { familyNames, kinds, kindTitles, percentText, tensorName } from './distribution-tables.js';
import type { Snapshot, TensorRecord } from './distributions.js';
import { escapeText } from './report-svg.js';

type Drawn = TensorRecord & Required<Pick<TensorRecord, 'magnitudes'>>;

/** What stands side by side; a place without a tensor is empty. */
interface Multiples {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly tensors: readonly (Drawn | undefined)[] }[];
}

/** Its first `head` pixels are for figures, which curves would run through. */
const panel = { width: 184, height: 126, head: 28 };
const gap = { x: 16, y: 32 };
const margin = { left: 68, top: 96, right: 14, bottom: 44 };
/** Shares from here to 1 are shown: a value in 100,000. */
const floor = 1e-5;
/** Every second decade: as many labels as a panel has room for. */
const labelledMagnitudes = [1e-6, 1e-4, 0.01, 1, 100];
/** What lies beyond the bins stands apart from them, in a bar of its own. */
const beyond = { gap: 4, width: 6 };

const round = (value: number): string => String(Math.round(value * 10) / 10);
const svgText = (kind: string, x: number, y: number, content: string, more = ''): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}"${more}>${content}</text>`;

/** Places within a panel, for the octaves from `low` to `high`. */
function scales(low: number, high: number) {
  const inset = beyond.gap + beyond.width;
  return {
    toX: (octave: number): number => inset + ((octave - low) / (high - low)) * (panel.width - 2 * inset),
    toY: (share: number): number =>
      panel.head + (panel.height - panel.head) * (Math.log(Math.max(share, floor / 10)) / Math.log(floor)),
  };
}
type Scales = ReturnType<typeof scales>;

const octaveOf = ({ counts }: Drawn['magnitudes'], bin: number): number =>
  magnitudeOctaves.low + (bin / counts.length) * (magnitudeOctaves.high - magnitudeOctaves.low);

/** Octaves that hold a value of some tensor, one more on either side. */
function extent(tensors: readonly Drawn[]): [low: number, high: number] {
  const ends = tensors.flatMap(({ magnitudes }) =>
    magnitudes.counts.flatMap((count, bin) => (count > 0 ? [octaveOf(magnitudes, bin)] : [])),
  );
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return [Math.max(magnitudeOctaves.low, low - 1), Math.min(magnitudeOctaves.high, high + 1.5)];
}

/** Bars of what was measured. */
function bars({ magnitudes }: Drawn, { toX, toY }: Scales): string {
  const { below, counts, above } = magnitudes;
  const kept = counts.reduce((sum, count) => sum + count, below + above);
  const bar = (x: number, width: number, count: number): string => {
    const y = toY(count / kept);
    if (count === 0 || y >= panel.height) return '';
    return `<rect class="f0" fill-opacity="0.45" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(panel.height - y)}"/>`;
  };
  return [
    bar(0, beyond.width, below),
    ...counts.map((count, bin) => {
      const from = toX(octaveOf(magnitudes, bin));
      return bar(from, toX(octaveOf(magnitudes, bin + 1)) - from - 0.3, count);
    }),
    bar(panel.width - beyond.width, beyond.width, above),
  ].join('');
}

/** The share of each bin under each fit; what is beyond the bins is no point of a curve. */
function curves(
  { magnitudes, fits, rms }: Drawn,
  [low, high]: readonly [number, number],
  { toX, toY }: Scales,
) {
  const bins = magnitudes.counts.map((_, bin) => [octaveOf(magnitudes, bin), octaveOf(magnitudes, bin + 1)]);
  return familyNames
    .map((family, i) => {
      const fit = fittedDistribution(family, fits[family].parameters);
      const points = bins
        .filter(([from, to]) => from >= low && to <= high)
        .map(([from, to]) => {
          const [a, b] = [rms * 2 ** from, rms * 2 ** to];
          const share = probabilityBetween(fit, a, b) + probabilityBetween(fit, -b, -a);
          return `${round(toX((from + to) / 2))} ${round(toY(share))}`;
        });
      return `<path class="c${i + 1} line" clip-path="url(#magnitudes)" d="M${points.join('L')}"/>`;
    })
    .join('');
}

/** One tensor: measured and fits, half a step, distances and the share of zeros. */
function drawPanel(tensor: Drawn | undefined, ends: readonly [number, number], scale: Scales): string {
  const frame = `<path class="axis" fill="none" d="M0 ${panel.height}H${panel.width}"/>`;
  if (!tensor)
    return `${frame}${svgText('tick', panel.width / 2, panel.height / 2, 'none', ' text-anchor="middle"')}`;
  const { toX } = scale;
  const half = Math.log2(tensor.step / 2);
  const line =
    half > ends[0] && half < ends[1]
      ? `<path class="axis" fill="none" stroke-dasharray="3 3" d="M${round(toX(half))} ${panel.head}V${panel.height}"/>`
      : '';
  const distances = familyNames
    .map((family, i) => `<tspan class="f${i + 1}"> ${tensor.fits[family].ks.toFixed(3)}</tspan>`)
    .join('');
  const zeros = `zeros ${tensor.zeroShare === 0 ? '0' : percentText(tensor.zeroShare)}`;
  return [
    bars(tensor, scale),
    frame,
    line,
    curves(tensor, ends, scale),
    svgText('tick', 2, 10, `KS${distances}`),
    svgText('tick', 2, 25, zeros),
  ].join('');
}

/** Grid lines with their labels: shares for the first column, magnitudes for the last row. */
function drawAxes(
  ends: readonly [number, number],
  { toX, toY }: Scales,
  isFirst: boolean,
  isLast: boolean,
): string {
  const shares = [1, 1e-2, 1e-4].map((share) => {
    const y = round(toY(share));
    const label = share === 1 ? '1' : share.toExponential(0);
    return `<line class="grid" x1="0" x2="${panel.width}" y1="${y}" y2="${y}"/>${
      isFirst ? svgText('tick', -7, toY(share), label, ' dy="0.32em" text-anchor="end"') : ''
    }`;
  });
  const magnitudes = labelledMagnitudes
    .filter((magnitude) => magnitude >= 2 ** ends[0] && magnitude <= 2 ** ends[1])
    .map((magnitude) => {
      const x = toX(Math.log2(magnitude));
      const label = magnitude < 0.01 ? magnitude.toExponential(0) : String(magnitude);
      return `<line class="grid" x1="${round(x)}" x2="${round(x)}" y1="${panel.head}" y2="${panel.height}"/>${
        isLast ? svgText('tick', x, panel.height + 17, label, ' text-anchor="middle"') : ''
      }`;
    });
  return [...shares, ...magnitudes].join('');
}

/** What colours and lines are, in a row. */
function legend(y: number): string {
  const entries = [
    {
      name: 'measured',
      mark: `<rect class="f0" fill-opacity="0.45" x="0" y="-9" width="16" height="10"/>`,
      width: 92,
    },
    ...familyNames.map((name, i) => ({
      name,
      mark: `<path class="c${i + 1} line" d="M0 -4h16"/>`,
      width: 40 + 7 * name.length,
    })),
    {
      name: 'half a step of 8 bits: to nearest, what is below becomes 0',
      mark: '<path class="axis" fill="none" stroke-dasharray="3 3" d="M8 -11v13"/>',
      width: 0,
    },
  ];
  let x = margin.left;
  return entries
    .map(({ name, mark, width }) => {
      const drawn = `<g transform="translate(${x} ${y})">${mark}${svgText('tick', 21, 0, name)}</g>`;
      x += width;
      return drawn;
    })
    .join('');
}

/** The panels under one legend, all of one scale. Empty text where no tensor has a histogram of magnitudes. */
function smallMultiples({ title, columns, rows }: Multiples): string {
  const tensors = rows.flatMap((row) => row.tensors.filter((tensor) => tensor !== undefined));
  if (tensors.length === 0) return '';
  const ends = extent(tensors);
  const scale = scales(...ends);
  const [across, down] = [panel.width + gap.x, panel.height + gap.y];
  // The legend needs the width of four columns.
  const width = margin.left + Math.max(4, columns.length) * across - gap.x + margin.right;
  const height = margin.top + rows.length * down - gap.y + margin.bottom;
  const panels = rows.flatMap(({ name, tensors: row }, r) => {
    const y = margin.top + r * down;
    const drawn = row.map((tensor, c) => {
      const axes = drawAxes(ends, scale, c === 0, r === rows.length - 1);
      return `<g transform="translate(${margin.left + c * across} ${y})">${axes}${drawPanel(tensor, ends, scale)}</g>`;
    });
    return [svgText('end label', margin.left, y - 4, escapeText(name)), ...drawn];
  });
  const heads = columns.map((name, c) =>
    svgText(
      'end label',
      margin.left + c * across + panel.width,
      margin.top - 26,
      escapeText(name),
      ' text-anchor="end"',
    ),
  );
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">`,
    `<clipPath id="magnitudes"><rect width="${panel.width}" height="${panel.height}"/></clipPath>`,
    svgText('title', margin.left, 20, escapeText(title)),
    legend(44),
    ...heads,
    ...panels,
    svgText(
      'label',
      margin.left,
      height - 6,
      'magnitude in root mean squares; zeros left out; bars set apart at the ends: all beyond',
    ),
    `<text class="label" transform="translate(14 ${(margin.top + height - margin.bottom) / 2}) rotate(-90)" text-anchor="middle">share of the values other than 0 in half an octave</text>`,
    '</svg>',
  ].join('');
}

const isDrawn = (tensor: TensorRecord): tensor is Drawn => tensor.magnitudes !== undefined;

function found({ tensors }: Snapshot, layer: string, kind: LayerTensorKind): Drawn | undefined {
  return tensors.filter(isDrawn).find((tensor) => tensorName(tensor) === layer && tensor.kind === kind);
}

/** The layers of a snapshot in the order of the forward pass, by the names of their tensors. */
export function layersOf({ tensors }: Snapshot): string[] {
  return [...new Set(tensors.filter(({ kind }) => kind !== 'gradients').map(tensorName))];
}

/** At most `count` of a list, evenly spread, with both ends. */
export function spreadOver<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))]);
}

/** Every kind of tensor of these layers in one snapshot. Empty text where none of them has a histogram of magnitudes. */
export function kindMultiples(snapshot: Snapshot, layers: readonly string[], run: string): string {
  return smallMultiples({
    title: `${run}: tensors after step ${snapshot.step}, with their fits and KS distances`,
    columns: kinds.map((kind) => kindTitles[kind]),
    rows: layers.map((name) => ({ name, tensors: kinds.map((kind) => found(snapshot, name, kind)) })),
  });
}

/** Layer gradients of these layers over the snapshots of a run; layers without any are left out. */
export function gradientMultiples(all: readonly Snapshot[], layers: readonly string[], run: string): string {
  const rows = layers.map((name) => ({ name, tensors: all.map((one) => found(one, name, 'gradients')) }));
  return smallMultiples({
    title: `${run}: layer gradients over training, with their fits and KS distances`,
    columns: all.map(({ step }) => `step ${step}`),
    rows: rows.filter(({ tensors }) => tensors.some((tensor) => tensor !== undefined)),
  });
}
