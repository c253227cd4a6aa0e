/** What an experiment's snapshots of distributions say: tables for its README and page, and plots. Results in, text out. */
import { angleChart, chartGrid, layerHistograms } from '../../distribution-chart.js';
import { kindTable, layerTable } from '../../distribution-tables.js';
import type { Snapshot } from '../../distributions.js';
import { gradientMultiples, kindMultiples, layersOf } from '../../magnitude-chart.js';
import { chartStyle } from '../../report-style.js';
import { standaloneSvg } from '../../report-svg.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { TextTable } from './tables.js';

/** The snapshots of one run. */
interface RunSnapshots {
  readonly arm: string;
  readonly seed: number;
  readonly snapshots: readonly Snapshot[];
}

/** Of every run that has some, in the order of the arms; none where the experiment does not ask. */
export function runSnapshots(experiment: Experiment, results: Results | undefined): RunSnapshots[] {
  if (!experiment.distributions) return [];
  return experiment.arms.flatMap(({ name }) =>
    (results?.runs ?? []).flatMap(({ arm, seed, distributions = [] }) =>
      arm === name && distributions.length > 0 ? [{ arm, seed, snapshots: distributions }] : [],
    ),
  );
}

/** An arm's snapshots, those of all its seeds put together step by step. */
function armSnapshots(
  experiment: Experiment,
  results: Results | undefined,
): { readonly arm: string; readonly snapshots: readonly Snapshot[] }[] {
  const runs = runSnapshots(experiment, results);
  return [...new Set(runs.map(({ arm }) => arm))].map((name) => {
    const all = runs.filter(({ arm }) => arm === name).flatMap(({ snapshots }) => snapshots);
    const steps = [...new Set(all.map(({ step }) => step))].sort((a, b) => a - b);
    const snapshots = steps.map((step) => ({
      step,
      tensors: all.filter((one) => one.step === step).flatMap(({ tensors }) => tensors),
    }));
    return { arm: name, snapshots };
  });
}

/** Means over layers and seeds by arm, step and kind of tensor; undefined without snapshots. @param which steps are shown. */
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

/** What is shown layer by layer is of the first run of the first arm. */
function shownRun(experiment: Experiment, results: Results | undefined) {
  const [first] = runSnapshots(experiment, results);
  return (
    first && {
      ...first,
      name: `${first.arm}, seed ${first.seed}`,
      last: first.snapshots[first.snapshots.length - 1],
    }
  );
}

/** The layer gradients of the first run at its last snapshot, layer by layer. */
export function gradientTable(
  experiment: Experiment,
  results: Results | undefined,
): { readonly table: TextTable; readonly caption: string } | undefined {
  const run = shownRun(experiment, results);
  if (!run) return undefined;
  return {
    table: layerTable(run.last, ['gradients']),
    caption: `Those of \`${run.arm}\` under seed ${run.seed} after step ${run.last.step}, from the loss backwards.`,
  };
}

/** Histograms by magnitude of one run: the kinds of tensors after the last step, and layer gradients over the steps. */
interface Histograms {
  readonly kinds: string;
  readonly gradients: string;
}

/** Of the layers that the experiment names. Empty texts where no run has such histograms. */
export function histogramsOf(experiment: Experiment, results: Results | undefined): Histograms {
  return drawn(experiment, results, () => experiment.distributions?.layers ?? []);
}

/** Of all layers, and beside them those of signed values of the layers that the experiment names. */
export function allHistogramsOf(
  experiment: Experiment,
  results: Results | undefined,
): Histograms & { readonly signed: readonly string[] } {
  const run = shownRun(experiment, results);
  const layers = experiment.distributions?.layers ?? [];
  return {
    ...drawn(experiment, results, layersOf),
    signed: run
      ? layers.map((layer) => layerHistograms(run.last, layer)).filter((chart) => chart !== '')
      : [],
  };
}

function drawn(
  experiment: Experiment,
  results: Results | undefined,
  which: (last: Snapshot) => readonly string[],
): Histograms {
  const run = shownRun(experiment, results);
  if (!run) return { kinds: '', gradients: '' };
  const layers = which(run.last);
  return {
    kinds: kindMultiples(run.last, layers, run.name),
    gradients: gradientMultiples(run.snapshots, layers, run.name),
  };
}

/** Angles over training, a chart for each arm. Empty text without snapshots. */
export function anglesOf(experiment: Experiment, results: Results | undefined): string {
  return chartGrid(
    'Angle of tensors and their codes over training',
    armSnapshots(experiment, results).map(({ arm, snapshots }) =>
      angleChart(snapshots, `${arm}: angle of tensors and their codes, mean over layers and seeds`),
    ),
  );
}

/** The plots as files of their own, by name; without a text where there is nothing to show. */
export function distributionSvgs(
  experiment: Experiment,
  results: Results | undefined,
): (readonly [file: string, svg: string | undefined])[] {
  const { kinds, gradients } = histogramsOf(experiment, results);
  const charts = [
    ['histograms.svg', kinds],
    ['gradients.svg', gradients],
    ['angles.svg', anglesOf(experiment, results)],
  ] as const;
  return charts.map(([file, chart]) => [file, chart === '' ? undefined : standaloneSvg(chart, chartStyle)]);
}
