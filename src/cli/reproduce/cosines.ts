/**
 * Cosines by layer: what the probes of a run say of each layer's tensors, and what the runs of an experiment say together. Events and
 * results in, numbers and rows of text out; reads no files.
 */
import type { ProbeEvent } from '../../train/index.js';
import type { Experiment } from './experiment.js';
import type { Results } from './results.js';
import { type Estimate, estimate } from './statistics.js';
import type { TextTable } from './tables.js';

/** What a cosine is of, and how tables call it. */
export const tensorTitles = {
  weights: 'weights',
  activations: 'activations',
  gradients: 'layer gradients',
  copies: 'their copies for gradWeight',
  weightGradients: 'weight gradients',
} as const;

export type TensorKind = keyof typeof tensorTitles;
export const tensorKinds = Object.keys(tensorTitles) as TensorKind[];

/**
 * By layer and kind: mean cosine over the probes of a run, and how many probes saw it. `weights`, `activations`, `gradients` (those of
 * gradInput and of norms) and `copies` (those of gradWeight) are of a tensor with its codes; `weightGradients` of the gradient
 * under the recipe with that in float32 at the same weights, so that it has in it what all layers together do.
 */
export type LayerCosines = Readonly<
  Record<string, Partial<Record<TensorKind, readonly [mean: number, probes: number]>>>
>;

type Operand = Pick<ProbeEvent['operands'][number], 'product' | 'role'>;

/** Codes that another product uses again are measured where they are made. */
function kindOf({ product, role }: Operand): TensorKind | undefined {
  if (role === 'gradOutput') return product === 'gradRight' ? 'copies' : 'gradients';
  if (product !== 'forward' && product !== 'norm') return undefined;
  return role === 'weight' ? 'weights' : 'activations';
}

/** Nine decimals tell 16 bits from float32, and keep a file small. */
const rounded = (value: number): number => Math.round(value * 1e9) / 1e9;

/** Means over the probes of one run; nothing for a recipe that quantises nothing. */
export function layerCosines(probes: readonly Pick<ProbeEvent, 'operands' | 'gradients'>[]): LayerCosines {
  /** Of each probe one number: a layer may have several tensors of a kind, as attention's products do. */
  const found = new Map<string, Map<TensorKind, number[]>>();
  for (const { operands, gradients } of probes) {
    const here = new Map<string, Map<TensorKind, number[]>>();
    const add = (layer: string, kind: TensorKind, cosine: number): void => {
      const kinds = here.get(layer) ?? new Map<TensorKind, number[]>();
      here.set(layer, kinds.set(kind, [...(kinds.get(kind) ?? []), cosine]));
    };
    for (const operand of operands) {
      const kind = kindOf(operand);
      if (kind && Number.isFinite(operand.cosine)) add(operand.path || 'model', kind, operand.cosine);
    }
    for (const { path, cosine } of gradients) {
      const layer = path.replace(/\.?weight$/, '') || 'model';
      // Biases and the norm's parameters are no weights of a product.
      const isWeight = path.endsWith('weight') && here.get(layer)?.has('weights');
      if (isWeight && Number.isFinite(cosine)) add(layer, 'weightGradients', cosine);
    }
    for (const [layer, kinds] of here) {
      const all = found.get(layer) ?? new Map<TensorKind, number[]>();
      found.set(layer, all);
      for (const [kind, values] of kinds) all.set(kind, [...(all.get(kind) ?? []), mean(values)]);
    }
  }
  return Object.fromEntries(
    [...found].map(([layer, kinds]) => [
      layer,
      Object.fromEntries(
        tensorKinds.flatMap((kind) => {
          const values = kinds.get(kind);
          return values ? [[kind, [rounded(mean(values)), values.length]]] : [];
        }),
      ),
    ]),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

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
