/** Charts of distributions: histograms on a logarithmic scale with their fits, and angles over training. Snapshots in, SVG text out. */
import { fittedDistribution, histogramEdge, probabilityBetween } from '../theory/index.js';
import { angleOf, familyNames, kinds, kindTitles, percentText } from './distribution-tables.js';
import type { Snapshot, TensorRecord } from './distributions.js';
import { mean } from './records.js';
import { escapeText, lineChart, type Point, type Series } from './report-svg.js';

/**
 * Share of the values other than 0 in each bin, logarithmic, with the three fits. What lies beyond the inner bins has dots of its own: it
 * is no bin, and no point of a curve. @param title what the tensor is.
 */
export function histogramChart(tensor: TensorRecord, title: string): string {
  const { histogram, rms, fits, zeroShare } = tensor;
  const bins = histogram.length;
  const kept = histogram.reduce((sum, count) => sum + count, 0);
  const edge = (i: number): number => ((2 * i) / bins - 1) * histogramEdge;
  const centre = (i: number): number => (edge(i) + edge(i + 1)) / 2;
  const measured = histogram.map((count, i): Point => [centre(i), count / kept]);
  // Less than a value in ten samples like this one is of no interest.
  const floor = 0.1 / kept;
  const curves = familyNames.map((family, i): Series => {
    const fit = fittedDistribution(family, fits[family].parameters);
    const points = histogram.slice(1, -1).map((_, inner): Point => {
      const bin = inner + 1;
      // A curve that leaves the chart ends below it, and does not jump over what is far below.
      const share = probabilityBetween(fit, edge(bin) * rms, edge(bin + 1) * rms);
      return [centre(bin), Math.max(share, floor / 10)];
    });
    return { name: family, color: i + 1, points };
  });
  return lineChart({
    title,
    xLabel: `value in root mean squares; zeros (${percentText(zeroShare)}) left out`,
    yLabel: 'share of the others',
    xLow: -histogramEdge,
    yLow: floor,
    yHigh: 1,
    yLog: true,
    namesAtEdge: true,
    yText: (value) => value.toExponential(0),
    series: [
      ...curves,
      { name: 'measured', color: 0, dots: true, points: measured.slice(1, -1) },
      { name: 'all beyond', color: 6, dots: true, points: [measured[0], measured[bins - 1]] },
    ],
  });
}

/** Angle between tensors and their 8-bit codes over the run, mean over layers: measured, and as Gaussian values would have it. */
export function angleChart(all: readonly Snapshot[], title: string): string {
  const series = kinds.flatMap((kind, color): Series[] => {
    const points = (of: 'measured' | 'gaussian'): Point[] =>
      all.flatMap(({ step, tensors }): Point[] => {
        const own = tensors.filter((tensor) => tensor.kind === kind);
        return own.length === 0 ? [] : [[step, mean(own.map(({ cosine }) => angleOf(cosine[of])))]];
      });
    const measured = points('measured');
    return [
      { name: kindTitles[kind], color, points: measured },
      { name: '', color, points: measured, dots: true },
      { name: '', color, points: points('gaussian'), dashed: true },
    ];
  });
  return lineChart({
    title,
    xLabel: 'step (dashed: were they Gaussian)',
    yLabel: 'degrees',
    yLow: 0,
    series,
  });
}

/** Charts of one size side by side, in rows of `columns`, under a title for those who cannot see them. */
export function chartGrid(title: string, charts: readonly string[], columns = 2): string {
  const shown = charts.filter((chart) => chart !== '');
  if (shown.length === 0) return '';
  const [width, height] = [640, 300];
  const rows = Math.ceil(shown.length / columns);
  const placed = shown.map((chart, i) => {
    const [x, y] = [(i % columns) * width, Math.floor(i / columns) * height];
    return chart.replace('<svg ', `<svg x="${x}" y="${y}" width="${width}" height="${height}" `);
  });
  return `<svg viewBox="0 0 ${Math.min(columns, shown.length) * width} ${rows * height}" role="img" aria-label="${escapeText(title)}">${placed.join('')}</svg>`;
}

/** Histograms of a layer's tensors in one snapshot, a chart for each kind. Empty text for a layer that is not there. */
export function layerHistograms({ step, tensors }: Snapshot, layer: string): string {
  const charts = kinds.flatMap((kind) => {
    const tensor = tensors.find((one) => one.layer === layer && one.kind === kind);
    return tensor ? [histogramChart(tensor, `${layer}, ${kindTitles[kind]}, step ${step}`)] : [];
  });
  return chartGrid(`${layer}: histograms of its tensors with their fits, step ${step}`, charts);
}
