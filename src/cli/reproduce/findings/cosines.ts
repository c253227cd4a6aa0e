/** Cosines by layer over the runs of an experiment. Results in, numbers and rows of text out; reads no files. */
import type { Experiment } from '../experiment/experiment.js';
import { mean, type TensorKind, tensorKinds } from '../results/layer-cosines.js';
import type { Results } from '../results/results.js';
import { type Estimate, estimate } from './statistics.js';
import type { TextTable } from './tables.js';

/** How tables call what a cosine is of. */
export const tensorTitles: Readonly<Record<TensorKind, string>> = {
  weights: 'weights',
  activations: 'activations',
  gradients: 'layer gradients',
  copies: 'their copies for gradWeight',
  weightGradients: 'weight gradients',
};

/** One kind of tensor of an arm: mean over layers of each run, over its runs; and the layer that keeps least. */
export interface ArmCosine {
  readonly overLayers: Estimate;
  /** Mean over the runs of each layer, in the model's order. */
  readonly layers: ReadonlyMap<string, number>;
}

/** What the runs of an arm say; kinds that it keeps in float32 are left out. */
export function armCosines(results: Results | undefined, arm: string): Map<TensorKind, ArmCosine> {
  const runs = (results?.runs ?? []).filter((run) => run.arm === arm);
  const kinds = new Map<TensorKind, ArmCosine>();
  for (const kind of tensorKinds) {
    const byLayer = new Map<string, number[]>();
    const means: number[] = [];
    for (const { cosines = {} } of runs) {
      const own: number[] = [];
      for (const [layer, { [kind]: cell }] of Object.entries(cosines)) {
        if (!cell) continue;
        own.push(cell[0]);
        byLayer.set(layer, [...(byLayer.get(layer) ?? []), cell[0]]);
      }
      if (own.length > 0) means.push(mean(own));
    }
    const overLayers = estimate(means);
    const layers = new Map([...byLayer].map(([layer, values]) => [layer, mean(values)]));
    if (overLayers) kinds.set(kind, { overLayers, layers });
  }
  return kinds;
}

/** Near 1 all that is of interest is behind the nines. */
const text = (value: number | undefined): string =>
  value === undefined ? '-' : value.toFixed(value > 0.999 ? 6 : 4);

/** Arms whose layers are shown and drawn: those of the experiment's series. */
export function sweptArms({ arms, cosines }: Experiment): Experiment['arms'] {
  return cosines ? arms.filter(({ series, x }) => series === cosines.series && x !== undefined) : [];
}

/** Kinds of which every layer of every arm keeps all that six decimals show, as 16 bits do; they need no column. */
export function exactKinds(experiment: Experiment, results: Results | undefined): TensorKind[] {
  const all = experiment.arms.map(({ name }) => armCosines(results, name));
  return tensorKinds.filter((kind) => {
    const layers = all.flatMap((own) => [...(own.get(kind)?.layers.values() ?? [])]);
    return layers.length > 0 && layers.every((value) => text(value) === text(1));
  });
}

/**
 * A row for each arm: every kind's mean over layers, and the layer that keeps least; without {@link exactKinds}. Undefined where nothing
 * was probed. @param arms those that are shown; default all.
 */
export function cosineTable(
  experiment: Experiment,
  results: Results | undefined,
  arms: Experiment['arms'] = experiment.arms,
): TextTable | undefined {
  const { cosines } = experiment;
  if (!cosines) return undefined;
  const exact = exactKinds(experiment, results);
  const kinds = tensorKinds.filter((kind) => !exact.includes(kind));
  const rows = arms.flatMap(({ name }): string[][] => {
    const own = armCosines(results, name);
    if (own.size === 0) return [];
    const cells = kinds.map((kind) => {
      const cell = own.get(kind);
      if (!cell) return '-';
      const [[least, value]] = [...cell.layers].sort(([, a], [, b]) => a - b);
      return `${text(cell.overLayers.mean)} (${least} ${text(value)})`;
    });
    const expected = cosines.expected.find(({ arm }) => arm === name);
    return [
      [name, ...cells, ...(cosines.expected.length > 0 ? [expected ? String(expected.value) : '-'] : [])],
    ];
  });
  if (rows.length === 0) return undefined;
  const titles = kinds.map((kind) => tensorTitles[kind]);
  const source = cosines.expected.length > 0 ? ['gradients of the source'] : [];
  return {
    head: ['arm', ...titles, ...source],
    rows,
    right: [...titles, ...source].map((_, i) => i + 1),
  };
}

/** A row for each layer and kind but {@link exactKinds}, a column for each arm of the series. Undefined where nothing was probed. */
export function layerTable(experiment: Experiment, results: Results | undefined): TextTable | undefined {
  const swept = sweptArms(experiment);
  const columns = swept.map(({ name }) => armCosines(results, name));
  const exact = exactKinds(experiment, results);
  const rows = tensorKinds.flatMap((kind) => {
    if (exact.includes(kind)) return [];
    const layers = [...new Set(columns.flatMap((column) => [...(column.get(kind)?.layers.keys() ?? [])]))];
    return layers.map((layer) => [
      tensorTitles[kind],
      layer,
      ...columns.map((column) => text(column.get(kind)?.layers.get(layer))),
    ]);
  });
  if (rows.length === 0) return undefined;
  return {
    head: ['tensor', 'layer', ...swept.map(({ name }) => name)],
    rows,
    right: swept.map((_, i) => i + 2),
  };
}
