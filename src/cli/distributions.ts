/**
 * Snapshots of distributions during a run: at some steps, of every layer's tensors, what their values are like and what 8 bits make of
 * them. A reader of the event stream that looks at the session between two steps; it changes no number of the run.
 */
import { DataError } from '../core/errors.js';
import { hashText, noiseKey } from '../core/rng.js';
import { BatchLoader, type Dataset, subset } from '../data/index.node.js';
import { formats } from '../quant/format.js';
import type { OperandSpec } from '../quant/recipe.js';
import { recipes } from '../quant/recipes.js';
import { describeDistribution, type FamilyName, type MagnitudeHistogram } from '../theory/index.js';
import {
  type LayerTensor,
  type LayerTensorKind,
  layerTensors,
  type Session,
  type TrainEvent,
} from '../train/index.js';

/** One tensor of a snapshot; numbers have five digits. */
export interface TensorRecord {
  readonly layer: string;
  readonly kind: LayerTensorKind;
  /** Of two activations of one product the second. */
  readonly role?: 'right';
  /** Format, scheme and rounding that it was quantised by: the recipe's, or `int8`'s for what it keeps in floats of any size. */
  readonly quantizer: string;
  readonly count: number;
  readonly zeroShare: number;
  readonly rms: number;
  /** Largest magnitude in root mean squares. */
  readonly crest: number;
  readonly excessKurtosis: number;
  /** Step of the grid in root mean squares. */
  readonly step: number;
  /** Share of the values other than 0 that are smaller than half a step. */
  readonly belowHalfStep: number;
  /** Of the tensor with its codes: measured, by uniform noise at its step, and as that many Gaussian values would have it. */
  readonly cosine: { readonly measured: number; readonly byStep: number; readonly gaussian: number };
  readonly fits: Readonly<
    Record<
      FamilyName,
      {
        readonly parameters: Readonly<Record<string, number>>;
        readonly ks: number;
        readonly andersonDarling: number;
      }
    >
  >;
  /** Values other than 0 in equal bins from -10 to 10 rms; what lies beyond is in the outermost. */
  readonly histogram: readonly number[];
  /** The same values by the logarithm of their magnitude; what was written before it was measured has none. */
  readonly magnitudes?: MagnitudeHistogram;
}

/** A tensor without a distribution: one of equal values, say. */
export interface LeftOut extends Pick<TensorRecord, 'layer' | 'kind' | 'role'> {
  readonly reason: string;
}

/** The tensors after `step` updates. */
export interface Snapshot {
  readonly step: number;
  readonly tensors: readonly TensorRecord[];
  /** Absent where all have one. */
  readonly leftOut?: readonly LeftOut[];
}

/** A line for each tensor that a snapshot leaves out: which, when and why. */
export function leftOutLines({ step, leftOut = [] }: Snapshot): string[] {
  return leftOut.map(({ layer, kind, role, reason }) => {
    const tensor = `${kind === 'weightGradients' ? 'weight gradients' : kind}${role === undefined ? '' : ` (${role})`}`;
    return `step ${step}: no distribution of the ${tensor} of ${layer}: ${reason}`;
  });
}

/** Samples of the training set that snapshots are taken on: the trace plan keeps every value of them. */
const snapshotSamples = 32;

const digits = (value: number, count = 5): number => Number(value.toPrecision(count));

/** What `int8` has for all modules (of depthwise convolutions it keeps 16 bits of the gradient); weight gradients, which stay in float32, as weights. */
function usualSpec({ kind }: LayerTensor): OperandSpec {
  const { forward, gradLeft } = recipes.int8.products;
  const spec = { weights: forward.right, activations: forward.left, gradients: gradLeft.gradOutput };
  const found = kind === 'weightGradients' ? spec.weights : spec[kind];
  if (found === 'float32') throw new Error('int8 quantises all operands');
  return found;
}

function recordOf(tensor: LayerTensor, step: number): TensorRecord | LeftOut {
  const { path, kind, role, values } = tensor;
  // One scale over the tensor's own extremes and evenly spaced codes, so that the law can be held against it.
  const even = tensor.spec && !formats[tensor.spec.format].minifloat ? tensor.spec : usualSpec(tensor);
  const spec = { ...even, clip: 1 };
  const layer = path || 'model';
  const which: Pick<TensorRecord, 'layer' | 'kind' | 'role'> = {
    layer,
    kind,
    ...(role === 'right' ? { role } : {}),
  };
  try {
    const key = noiseKey(0, 0, hashText(`${layer}/${kind}/${role}`), step, 0);
    const { law, fits, ...rest } = describeDistribution(values, spec, { key });
    return {
      ...which,
      quantizer: `${spec.format} ${spec.scheme} ${spec.rounding}`,
      count: rest.count,
      zeroShare: digits(rest.zeroShare),
      rms: digits(rest.rms),
      crest: digits(law.crest),
      excessKurtosis: digits(rest.excessKurtosis),
      step: digits(law.step),
      belowHalfStep: digits(rest.belowHalfStep),
      // What is of interest is behind the nines.
      cosine: {
        measured: digits(law.measured, 9),
        byStep: digits(law.byStepWithoutZeros, 9),
        gaussian: digits(law.gaussian, 9),
      },
      fits: Object.fromEntries(
        fits.map(({ family, parameters, ks, andersonDarling }) => [
          family,
          {
            parameters: Object.fromEntries(
              Object.entries(parameters).map(([name, value]) => [name, digits(value)]),
            ),
            ks: digits(ks),
            andersonDarling: digits(andersonDarling),
          },
        ]),
      ) as TensorRecord['fits'],
      histogram: rest.histogram,
      magnitudes: rest.magnitudes,
    };
  } catch (error) {
    // A tensor of one value (a gradient of zeros, say) has no distribution.
    if (error instanceof DataError) return { ...which, reason: error.message };
    throw error;
  }
}

/** The steps at these shares (0..1) of a run, each once. */
export function snapshotSteps(shares: readonly number[], totalSteps: number): number[] {
  return [...new Set(shares.map((share) => Math.round(share * totalSteps)))].sort((a, b) => a - b);
}

/**
 * What takes the snapshots of a run: called with each event of `fit` as it comes, gives one at the start (step 0) and after the steps
 * that are asked for. Measured on the same samples each time. @throws NonFiniteError where a step on them would be refused.
 */
export function snapshots(
  session: Session,
  train: Dataset,
  steps: readonly number[],
): (event: TrainEvent) => Snapshot | undefined {
  if (steps.length === 0) return () => undefined;
  const few = train.count > snapshotSamples ? subset(train, snapshotSamples, 0) : train;
  const batchSize = Math.min(few.count, session.batchSize);
  const [batch] = new BatchLoader(few, { batchSize, shuffle: false }).epoch(0);
  return (event) => {
    const step = event.type === 'start' ? 0 : event.type === 'step' ? event.step : undefined;
    if (step === undefined || !steps.includes(step)) return undefined;
    const all = layerTensors(session, batch).map((tensor) => recordOf(tensor, step));
    const tensors = all.flatMap((one) => ('reason' in one ? [] : [one]));
    const leftOut = all.flatMap((one) => ('reason' in one ? [one] : []));
    return { step, tensors, ...(leftOut.length > 0 ? { leftOut } : {}) };
  };
}
