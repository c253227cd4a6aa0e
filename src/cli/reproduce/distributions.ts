/** What an experiment's snapshots of distributions say: tables for its README and page, and plots. Results in, text out. */
import { angleChart, chartGrid, layerHistograms } from '../distribution-chart.js';
import { angleOf, kindTable, layerTable, nearestFamily } from '../distribution-tables.js';
import type { Snapshot } from '../distributions.js';
import { mean } from '../records.js';
import { chartStyle } from '../report-style.js';
import { standaloneSvg } from '../report-svg.js';
import type { Experiment, ShapeClaim } from './experiment.js';
import type { Results } from './results.js';
import type { TextTable } from './tables.js';

/** An arm's snapshots: those of its first run that has some. */
interface ArmSnapshots {
  readonly arm: string;
  readonly seed: number;
  readonly snapshots: readonly Snapshot[];
}

/** In the order of the arms; none where the experiment does not ask. */
export function armSnapshots(experiment: Experiment, results: Results | undefined): ArmSnapshots[] {
  if (!experiment.distributions) return [];
  return experiment.arms.flatMap(({ name }) => {
    const run = results?.runs.find(({ arm, distributions = [] }) => arm === name && distributions.length > 0);
    return run?.distributions ? [{ arm: name, seed: run.seed, snapshots: run.distributions }] : [];
  });
}

/** Means over layers by arm, step and kind of tensor; undefined without snapshots. @param which steps are shown. */
export function distributionTable(
  experiment: Experiment,
  results: Results | undefined,
  which: 'all' | 'last' = 'all',
): TextTable | undefined {
  const tables = armSnapshots(experiment, results).map(({ arm, snapshots }) => ({
    arm,
    ...kindTable(which === 'last' ? snapshots.slice(-1) : snapshots),
  }));
  if (tables.length === 0) return undefined;
  return {
    head: ['arm', ...tables[0].head],
    rows: tables.flatMap(({ arm, rows }) => rows.map((row) => [arm, ...row])),
    right: tables[0].right.map((column) => column + 1),
  };
}

/** The layer gradients of the first arm at its last snapshot, layer by layer. */
export function gradientTable(
  experiment: Experiment,
  results: Results | undefined,
): { readonly table: TextTable; readonly arm: string; readonly step: number } | undefined {
  const [first] = armSnapshots(experiment, results);
  if (!first) return undefined;
  const last = first.snapshots[first.snapshots.length - 1];
  return { table: layerTable(last, ['gradients']), arm: first.arm, step: last.step };
}

/** The most values that are fitted of one tensor. */
const FITTED = 50_000;

/** What KS stays below in 95 of 100 samples of n values of the fitted distribution itself (a little less where its parameters are fitted). */
const ksByChance = (n: number): number => 1.36 / Math.sqrt(Math.min(n, FITTED));

/**
 * What the tensors of a kind say to a claim about which of the three families is nearest, all layers, snapshots and arms pooled: it holds
 * where nine in ten are nearest to the family, does not where fewer than half are. Nearest is not near: how many of the fits KS does not
 * tell from a sample is said beside it. Undefined without snapshots.
 */
export function shapeVerdict(
  experiment: Experiment,
  results: Results | undefined,
  { kind, nearest }: ShapeClaim,
): { readonly measured: string; readonly verdict: 'holds' | 'holds in part' | 'does not hold' } | undefined {
  const tensors = armSnapshots(experiment, results)
    .flatMap(({ snapshots }) => snapshots.flatMap((snapshot) => snapshot.tensors))
    .filter((tensor) => tensor.kind === kind);
  if (tensors.length === 0) return undefined;
  const share = tensors.filter((tensor) => nearestFamily(tensor) === nearest).length;
  const ks = mean(tensors.map(({ fits }) => fits[nearest].ks));
  const good = tensors.filter(
    ({ fits, count, zeroShare }) => fits[nearest].ks < ksByChance(count * (1 - zeroShare)),
  ).length;
  const angle = (of: 'measured' | 'gaussian'): string =>
    mean(tensors.map(({ cosine }) => angleOf(cosine[of]))).toFixed(2);
  return {
    measured:
      `nearest to ${nearest} by A²/n in ${share} of ${tensors.length} tensors (layers, steps and arms pooled); a good fit to ${good} of them (KS within chance), mean KS ${ks.toFixed(3)}; ` +
      `8 bits turn them by ${angle('measured')} degrees, Gaussian ones by ${angle('gaussian')}`,
    verdict:
      share >= 0.9 * tensors.length
        ? 'holds'
        : share < 0.5 * tensors.length
          ? 'does not hold'
          : 'holds in part',
  };
}

/** Histograms of the experiment's layer at the last snapshot of the first arm. Empty text without snapshots. */
export function histogramsOf(experiment: Experiment, results: Results | undefined): string {
  const [first] = armSnapshots(experiment, results);
  if (!first || !experiment.distributions) return '';
  return layerHistograms(first.snapshots[first.snapshots.length - 1], experiment.distributions.layer);
}

/** Angles over training, a chart for each arm. Empty text without snapshots. */
export function anglesOf(experiment: Experiment, results: Results | undefined): string {
  return chartGrid(
    'Angle of tensors and their codes over training',
    armSnapshots(experiment, results).map(({ arm, snapshots }) =>
      angleChart(snapshots, `${arm}: angle of tensors and their codes, mean over layers`),
    ),
  );
}

/** The plots as files of their own, by name; without a text where there is nothing to show. */
export function distributionSvgs(
  experiment: Experiment,
  results: Results | undefined,
): (readonly [file: string, svg: string | undefined])[] {
  const charts = [
    ['histograms.svg', histogramsOf(experiment, results)],
    ['angles.svg', anglesOf(experiment, results)],
  ] as const;
  return charts.map(([file, chart]) => [file, chart === '' ? undefined : standaloneSvg(chart, chartStyle)]);
}
