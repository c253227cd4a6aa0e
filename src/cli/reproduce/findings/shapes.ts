/**
 * What snapshots of distributions say of claims about the shape of tensors, and of the quantiser. Of what is measured during training:
 * at step 0 weights have the shape that they were drawn with. Results in, words out.
 */
import { fittedCount, ksCritical } from '../../../theory/index.js';
import { angleOf, kindTitles, nearestFamily, percentText } from '../../distribution-tables.js';
import type { TensorRecord } from '../../distributions.js';
import { mean } from '../../records.js';
import type { Experiment, ShapeClaim } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import { runSnapshots } from './distributions.js';
import { type Estimate, estimate } from './statistics.js';

type Kind = TensorRecord['kind'];

/** Tensors of a kind under a seed, those before the first step left out. */
interface SeedTensor {
  readonly seed: number;
  readonly tensor: TensorRecord;
}

/**
 * The tensors of a kind in all runs after the first step, each once: all runs have the images in common, and layers that read the same
 * activations have these.
 */
function trainedTensors(experiment: Experiment, results: Results | undefined, kind: Kind): SeedTensor[] {
  const all = runSnapshots(experiment, results).flatMap(({ seed, snapshots }) =>
    snapshots
      .filter(({ step }) => step > 0)
      .flatMap(({ tensors }) => tensors.map((tensor) => ({ seed, tensor })))
      .filter(({ tensor }) => tensor.kind === kind),
  );
  // Five digits of the fits and a histogram: what agrees in all of them is one tensor.
  const identity = ({ tensor: { count, rms, fits, histogram } }: SeedTensor): string =>
    JSON.stringify([count, rms, fits, histogram]);
  const known = new Map(all.map((one) => [identity(one), one]));
  return [...known.values()];
}

/** Whether chance alone would leave the fit as far off, one time in twenty: values taken as independent, which makes it strict. */
function isGood({ fits, histogram }: TensorRecord, family: ShapeClaim['nearest']): boolean {
  // The histogram has every value other than 0, and `zeroShare` five digits.
  const nonZero = histogram.reduce((sum, bin) => sum + bin, 0);
  // Of fewer than five nothing can be said.
  return nonZero >= 5 && fits[family].ks < ksCritical(family, fittedCount(nonZero));
}

/**
 * What the tensors of a kind say to a claim about which of the three families is nearest, all layers, steps, arms and seeds pooled: it
 * holds where nine in ten are nearest to the family, does not where fewer than half are. Nearest is not near: how many of the fits KS
 * does not tell from a sample is said beside it. Undefined without snapshots after step 0.
 */
export function shapeVerdict(
  experiment: Experiment,
  results: Results | undefined,
  { kind, nearest }: ShapeClaim,
): { readonly measured: string; readonly verdict: 'holds' | 'holds in part' | 'does not hold' } | undefined {
  const tensors = trainedTensors(experiment, results, kind).map(({ tensor }) => tensor);
  if (tensors.length === 0) return undefined;
  const share = tensors.filter((tensor) => nearestFamily(tensor) === nearest).length;
  const ks = mean(tensors.map(({ fits }) => fits[nearest].ks));
  const good = tensors.filter((tensor) => isGood(tensor, nearest)).length;
  return {
    measured: `nearest to ${nearest} by A²/n in ${share} of ${tensors.length} tensors (layers, arms, seeds and the steps after the start); a good fit to ${good} of them (KS within chance), mean KS ${ks.toFixed(3)}`,
    verdict:
      share >= 0.9 * tensors.length
        ? 'holds'
        : share < 0.5 * tensors.length
          ? 'does not hold'
          : 'holds in part',
  };
}

const angleText = ({ n, mean, low, high }: Estimate): string =>
  `${mean.toFixed(2)}${n > 1 ? ` [${low.toFixed(2)}, ${high.toFixed(2)}]` : ''}`;

/** How far 8 bits turn the tensors of a kind, beside as many Gaussian values, a mean for each seed; undefined without any. */
function angles(tensors: readonly SeedTensor[]) {
  const seeds = [...new Set(tensors.map(({ seed }) => seed))];
  const over = (of: 'measured' | 'gaussian') =>
    estimate(
      seeds.map((one) =>
        mean(tensors.filter(({ seed }) => seed === one).map(({ tensor }) => angleOf(tensor.cosine[of]))),
      ),
    );
  const [measured, gaussian] = [over('measured'), over('gaussian')];
  return measured && gaussian && { measured, gaussian, factor: measured.mean / gaussian.mean };
}

/** What the shape of each kind of tensor does to its quantiser; empty text without snapshots after step 0. */
export function quantizerText(experiment: Experiment, results: Results | undefined): string {
  const of = (kind: Kind) => {
    const tensors = trainedTensors(experiment, results, kind);
    return { tensors, turned: angles(tensors) };
  };
  const { tensors, turned } = of('gradients');
  if (!turned) return '';
  const seeds = turned.measured.n;
  const below = mean(tensors.map(({ tensor }) => tensor.belowHalfStep));
  const crest = mean(tensors.map(({ tensor }) => tensor.crest));
  const others = (['weights', 'activations', 'weightGradients'] as const).flatMap((kind) => {
    const { turned: one } = of(kind);
    return one
      ? [`${kindTitles[kind]} by ${angleText(one.measured)} (Gaussian: ${one.gaussian.mean.toFixed(2)})`]
      : [];
  });
  return (
    `During training 8 bits turn layer gradients by ${angleText(turned.measured)} degrees, ${turned.factor.toFixed(1)} times as far as they would as many ` +
    `Gaussian values (${turned.gaussian.mean.toFixed(2)}): their largest magnitude, which sets the step of the grid, is ${crest.toFixed(1)} times the root mean ` +
    `square, and ${percentText(below)} of the values other than 0 are smaller than half a step. ` +
    (others.length === 0 ? '' : `They turn ${others.join(', ')}. `) +
    `Means over layers, arms and the steps after the first${seeds > 1 ? `, and in brackets the 95 % t-interval over ${seeds} seeds` : ', of one seed'}.`
  );
}
