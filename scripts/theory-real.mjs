/**
 * The tables of docs/theory.md on the tensors of a training run: ResNet-8 on MNIST under `int8`, seed 1, batch 64,
 * SGD with momentum 0.9 at 0.05. Probes five batches after the last step, at fixed weights.
 */
import { OctogradError } from '../dist/core/errors.js';
import { hashText, noiseKey, RandomStream } from '../dist/core/rng.js';
import { BatchLoader, loadMnist } from '../dist/data/index.node.js';
import { createModel } from '../dist/models/index.js';
import {
  andersonDarlingCritical,
  compareWithLaw,
  expectedMaxAbs,
  fitDistributions,
  measuredRangeScale,
  rangeScaleVariation,
} from '../dist/theory/index.js';
import { nonZeroValues, thinned } from '../dist/theory/thin.js';
import { createSession } from '../dist/train/index.js';
import { summary, within } from './theory-draws.mjs';
import { realPlots } from './theory-real-plots.mjs';

const batches = 5;
const layers = ['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer2.0.conv2', 'layer3.0.conv2', 'fc'];
/** Fits sort their values: this many, evenly taken, tell a distance of 0.01. */
const fitted = 100_000;

/** Fits of the values other than 0, of many a part. */
const fitsOf = (values) => fitDistributions(thinned(nonZeroValues(values), fitted));

/** The tensors of one batch by name: what they are, their numbers, how the recipe stores them. */
function tensorsOf(session, batch) {
  const traced = session.trace(batch);
  const tensors = new Map();
  const norms = new Map();
  for (const { path, product, role, original, quantized } of traced.operands) {
    const { spec } = quantized;
    const values = () => Float64Array.from(traced.read(original));
    if (product === 'norm' && role === 'input')
      norms.set(path, { values: values(), channels: original.shape.at(-1) });
    if (!layers.includes(path)) continue;
    if (product === 'forward' && role === 'input')
      tensors.set(`${path} activation`, { kind: 'activation', values: values(), spec });
    if (product === 'forward' && role === 'weight')
      tensors.set(`${path} weight`, { kind: 'weight', values: values(), spec });
    if (product === 'gradLeft' && role === 'gradOutput')
      tensors.set(`${path} layer gradient`, { kind: 'gradient', values: values(), spec });
  }
  const gradientSpec = { format: 'int8', scheme: 'symmetric', rounding: 'nearest', clip: 1 };
  for (const path of layers) {
    tensors.set(`${path} weight gradient`, {
      kind: 'weight gradient',
      values: session.readGradient(`${path}.weight`),
      spec: gradientSpec,
    });
  }
  return { tensors, norms };
}

function newSession(train) {
  return createSession({
    model: createModel('resnet8', { inputShape: train.inputShape, classes: train.classes.length }),
    input: train,
    recipe: 'int8',
    batchSize: 64,
    seed: 1,
  });
}

/** Tensors of the first batch before any step, and of `batches` batches after `steps` of them. */
async function trained(steps) {
  const { train } = await loadMnist();
  const session = await newSession(train);
  const probes = [];
  let start;
  const loader = new BatchLoader(train, { batchSize: 64, seed: 1 });
  let step = 0;
  let loss = 0;
  for (const data of loader.epoch(0)) {
    const batch = { inputs: data.inputs.slice(), targets: data.labels.slice(), size: data.size };
    if (step === 0) {
      // In a session of its own, so that nothing of the look is left in the trained one.
      const untouched = await newSession(train);
      start = tensorsOf(untouched, batch);
      await untouched.dispose();
    }
    if (step < steps) loss = session.step(batch, 0.05).loss;
    else probes.push(tensorsOf(session, batch));
    step += 1;
    if (probes.length === batches) break;
  }
  await session.dispose();
  console.error(`${steps} steps, last loss ${loss.toFixed(3)}`);
  return { start, probes };
}

const degrees = (cosine) => (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;

/** Share of the values other than 0 that are smaller than a step, which is in root mean squares. */
function belowStep(values, step) {
  const rms = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const kept = values.filter((x) => x !== 0);
  return kept.filter((x) => Math.abs(x) < step * rms).length / kept.length;
}

/** `law` is one of compareWithLaw's cosines, as an angle. */
function compared(probes, name, spec) {
  const laws = probes.map(({ tensors }, i) =>
    compareWithLaw(tensors.get(name).values, spec, noiseKey(2018, i, hashText(name), 0, 0)),
  );
  const angle = (law) => summary(laws.map((one) => degrees(one[law])));
  return { first: laws[0], angle };
}

/** Whether n values may be Gaussian: Anderson and Darling's test with fitted mean and deviation, 5 %. */
function gaussianAt5(squaresPerValue, n) {
  return squaresPerValue > andersonDarlingCritical(n) ? 'rejected' : 'not rejected';
}

export async function realTables(output, { steps }) {
  const { start, probes } = await trained(steps);
  const names = [...probes[0].tensors.keys()];
  const angleText = ({ mean, half }) =>
    half > 5e-4 ? `${mean.toFixed(3)} ± ${half.toFixed(3)}` : mean.toFixed(3);
  const sorted = ['weight', 'activation', 'gradient', 'weight gradient'].flatMap((kind) =>
    names.filter((name) => probes[0].tensors.get(name).kind === kind),
  );
  output.table(
    'real-angles',
    [
      'tensor',
      'N',
      'zeros',
      'max abs/rms',
      'Gaussian',
      'below a step',
      'stored as',
      'angle measured',
      'by its step',
      'and its zeros',
      'Gaussian law',
    ],
    sorted.map((name) => {
      const { spec } = probes[0].tensors.get(name);
      const { first, angle } = compared(probes, name, spec);
      return [
        name,
        first.n,
        first.zeroShare.toFixed(2),
        first.crest.toFixed(1),
        expectedMaxAbs(first.n).toFixed(1),
        belowStep(probes[0].tensors.get(name).values, first.step).toFixed(2),
        `${spec.format} ${spec.rounding}`,
        angleText(angle('measured')),
        angle('byStep').mean.toFixed(3),
        angle('byStepWithoutZeros').mean.toFixed(3),
        angle('gaussian').mean.toFixed(3),
      ];
    }),
  );
  output.table(
    'real-fits',
    [
      'tensor',
      'excess kurtosis',
      'KS Gaussian',
      'KS Laplace',
      'KS log-normal',
      'A²/n Gaussian',
      'A²/n Laplace',
      'A²/n log-normal',
      'nearest by A²/n',
      'Gaussian at 5 %',
    ],
    sorted.map((name) => {
      const { fits, excessKurtosis, count } = fitsOf(probes[0].tensors.get(name).values);
      const best = [...fits].sort((a, b) => a.goodness.andersonDarling - b.goodness.andersonDarling)[0];
      return [
        name,
        excessKurtosis.toPrecision(3),
        ...fits.map(({ goodness }) => goodness.ks.toFixed(3)),
        ...fits.map(({ goodness }) => goodness.andersonDarling.toPrecision(2)),
        best.fit.family,
        gaussianAt5(fits[0].goodness.andersonDarling, count),
      ];
    }),
  );
  output.table(
    'real-start',
    ['weight', 'excess kurtosis before the first step', `after ${steps}`],
    sorted
      .filter((name) => probes[0].tensors.get(name).kind === 'weight')
      .map((name) => [
        name.replace(/ weight$/, ''),
        ...[start, probes[0]].map(({ tensors }) =>
          fitsOf(tensors.get(name).values).excessKurtosis.toPrecision(3),
        ),
      ]),
  );
  rangeNorms(output, probes[0].norms);
  realPlots(output, (name, spec) => compared(probes, name, spec), probes[0].tensors);
}

/** The same values in another order, drawn by `name`. */
function shuffled(values, name) {
  const stream = new RandomStream(2018, hashText(name), 0);
  const order = values.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(stream.uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function rangeNorms(output, norms) {
  output.table(
    'real-range-norm',
    [
      'norm',
      'channels',
      'n a chunk',
      'scale/standard deviation: mean over channels',
      'least',
      'most',
      'shuffled: mean over channels',
      'shuffled: least',
      'shuffled: most',
      'scatter of a Gaussian',
    ],
    [...norms].map(([path, { values, channels }]) => {
      const scales = [];
      // In chunks of any images' values they are alike, and the shape of the values' distribution alone is left.
      const mixed = [];
      for (let c = 0; c < channels; c++) {
        const channel = Float64Array.from(
          { length: values.length / channels },
          (_, i) => values[i * channels + c],
        );
        try {
          scales.push(measuredRangeScale(channel, 16, 'd2'));
          mixed.push(measuredRangeScale(shuffled(channel, `${path} ${c}`), 16, 'd2'));
        } catch (error) {
          // A channel without spread has no ratio.
          if (!(error instanceof OctogradError)) throw error;
        }
      }
      const chunk = values.length / channels / 16;
      const spread = (found) => [
        within(summary(found), 3),
        Math.min(...found).toFixed(3),
        Math.max(...found).toFixed(3),
      ];
      return [
        path,
        scales.length,
        chunk,
        ...spread(scales),
        ...spread(mixed),
        rangeScaleVariation(chunk, 16).toFixed(3),
      ];
    }),
  );
}
