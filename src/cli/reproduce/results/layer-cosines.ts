/** What the probes of a run say of each layer's tensors. Events in, numbers out; knows no experiments. */
import type { ProbeEvent } from '../../../train/index.js';

/** What a cosine is of. */
export const tensorKinds = ['weights', 'activations', 'gradients', 'copies', 'weightGradients'] as const;
export type TensorKind = (typeof tensorKinds)[number];

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

/** Of one number or more. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

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
