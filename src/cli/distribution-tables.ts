/** Tables of distributions, as rows of text: over the layers of a kind, snapshot by snapshot, and layer by layer. */
import type { FamilyName } from '../theory/index.js';
import type { LayerTensorKind } from '../train/index.js';
import type { Snapshot, TensorRecord } from './distributions.js';
import { mean } from './records.js';
import type { ResultTable } from './results.js';

/** How tables and charts call the kinds. */
export const kindTitles: Readonly<Record<LayerTensorKind, string>> = {
  weights: 'weights',
  activations: 'activations',
  gradients: 'layer gradients',
  weightGradients: 'weight gradients',
};

export const kinds = Object.keys(kindTitles) as LayerTensorKind[];
export const familyNames: readonly FamilyName[] = ['gaussian', 'laplace', 'log-normal'];

/** Of a cosine, in degrees. */
export const angleOf = (cosine: number): number => (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;

/** The family that is least far off by A^2/n, which sees the tails. */
export function nearestFamily({ fits }: Pick<TensorRecord, 'fits'>): FamilyName {
  return familyNames.reduce((a, b) => (fits[b].andersonDarling < fits[a].andersonDarling ? b : a));
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
const fixed = (value: number): string => value.toFixed(3);

/** `log-normal 8, laplace 1`, the most frequent first. */
function nearestText(tensors: readonly TensorRecord[]): string {
  const counts = familyNames.map((family) => ({
    family,
    count: tensors.filter((tensor) => nearestFamily(tensor) === family).length,
  }));
  return counts
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ family, count }) => `${family} ${count}`)
    .join(', ');
}

/** `42 %`, `0.3 %`. */
export const percentText = (share: number): string =>
  `${Number((share * 100).toPrecision(share < 0.01 ? 1 : 2))} %`;

/** A tensor's layer; of two activations of one product the second is marked. */
export const tensorName = ({ layer, role }: Pick<TensorRecord, 'layer' | 'role'>): string =>
  `${layer}${role ? ` (${role})` : ''}`;

/** A row for each snapshot and kind of tensor: means over its tensors. */
export function kindTable(all: readonly Snapshot[]): ResultTable {
  const rows = all.flatMap(({ step, tensors }) =>
    kinds.flatMap((kind) => {
      const own = tensors.filter((tensor) => tensor.kind === kind);
      if (own.length === 0) return [];
      const over = (of: (tensor: TensorRecord) => number): number => mean(own.map(of));
      return [
        [
          String(step),
          kindTitles[kind],
          String(own.length),
          over(({ zeroShare }) => zeroShare).toFixed(2),
          short(over(({ crest }) => crest)),
          short(over(({ excessKurtosis }) => excessKurtosis)),
          ...familyNames.map((family) => fixed(over(({ fits }) => fits[family].ks))),
          nearestText(own),
          over(({ belowHalfStep }) => belowHalfStep).toFixed(2),
          fixed(over(({ cosine }) => angleOf(cosine.measured))),
          fixed(over(({ cosine }) => angleOf(cosine.gaussian))),
        ],
      ];
    }),
  );
  return {
    head: ['step', 'kind', 'tensors', ...figureTitles],
    rows,
    right: [0, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12],
  };
}

const figureTitles = [
  'zeros',
  'max abs/rms',
  'excess kurtosis',
  'KS Gaussian',
  'KS Laplace',
  'KS log-normal',
  'nearest by A²/n',
  'below half a step',
  'angle in 8 bits, degrees',
  'were it Gaussian',
];

/** A row for each layer of these kinds in one snapshot. */
export function layerTable({ tensors }: Snapshot, of: readonly LayerTensorKind[] = kinds): ResultTable {
  const rows = kinds
    .filter((kind) => of.includes(kind))
    .flatMap((kind) => tensors.filter((tensor) => tensor.kind === kind))
    .map((tensor) => [
      tensorName(tensor),
      kindTitles[tensor.kind],
      String(tensor.count),
      tensor.zeroShare.toFixed(2),
      short(tensor.crest),
      short(tensor.excessKurtosis),
      ...familyNames.map((family) => fixed(tensor.fits[family].ks)),
      nearestFamily(tensor),
      tensor.belowHalfStep.toFixed(2),
      fixed(angleOf(tensor.cosine.measured)),
      fixed(angleOf(tensor.cosine.gaussian)),
    ]);
  return { head: ['layer', 'tensor', 'N', ...figureTitles], rows, right: [2, 3, 4, 5, 6, 7, 8, 10, 11, 12] };
}
