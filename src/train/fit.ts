/**
 * The training loop: an async generator of typed events. Leaving the loop, or aborting its signal, ends it between two steps. It
 * knows data sets and sessions; what happens to the events is their readers' affair.
 */
import { DivergenceError, UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Augmentation } from '../data/augment.js';
import { BatchLoader, type Batch as DataBatch } from '../data/batches.js';
import { type Dataset, datasetWarnings } from '../data/dataset.js';
import { constant, learningRateAt, type Schedule } from '../optim/schedules.js';
import type { EvaluationEvent, TrainEvent } from './events.js';
import { probe } from './probe.js';
import type { Batch, Session } from './session.js';

export interface FitOptions {
  readonly train: Dataset;
  /** Evaluated after every epoch (or `evaluateEvery` epochs) and at the end. */
  readonly test?: Dataset;
  /** Passes over the training set; may be a fraction, 0.5 for half a pass. */
  readonly epochs: number;
  /** A schedule, or a constant learning rate. */
  readonly learningRate: Schedule | number;
  /** Order of the samples and augmentation. Default 0. */
  readonly seed?: number;
  readonly augment?: readonly Augmentation[];
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
  /** Epochs between evaluations. Default 1. */
  readonly evaluateEvery?: number;
  /** Steps between probes; 0 (default) for none, as a probe costs some steps' time. */
  readonly probeEvery?: number;
  /** Stop when the test loss has not fallen for so many evaluations. */
  readonly patience?: number;
  /** A loss above this counts as diverged. Default 1e6. */
  readonly divergedAt?: number;
  readonly signal?: AbortSignal;
}

/** The loop gives the process's event loop a turn this often, so that signals and timers are heard. */
const turnMilliseconds = 30;
const probeSamples = 32;

const now = (): number => performance.now();

function sessionBatch(batch: DataBatch): Batch {
  return { inputs: batch.inputs, targets: batch.targets ?? batch.labels, size: batch.size };
}

/** Copies what the loader will overwrite, for micro-batches that are held together. */
function heldBatch(batch: DataBatch): Batch {
  return { inputs: batch.inputs.slice(), targets: (batch.targets ?? batch.labels).slice(), size: batch.size };
}

/**
 * Trains `session` and yields events: start, warning, step, probe, epoch, evaluation, done. Checks every batch size that will
 * occur before the first step. Throws DivergenceError when the loss is no longer finite or exceeds `divergedAt`,
 * NonFiniteError naming module and role where a kernel met a NaN, UsageError for options that cannot be used.
 */
export async function* fit(
  session: Session,
  options: FitOptions,
): AsyncGenerator<TrainEvent, void, undefined> {
  const { train, test, epochs, seed = 0, dropLast = false, probeEvery = 0, signal } = options;
  const { evaluateEvery = 1, divergedAt = 1e6, patience } = options;
  if (!(epochs > 0) || !Number.isFinite(epochs)) {
    throw new UsageError(`epochs must be a number above 0, got ${epochs}`);
  }
  const schedule =
    typeof options.learningRate === 'number' ? constant(options.learningRate) : options.learningRate;
  const loader = new BatchLoader(train, {
    batchSize: session.batchSize,
    seed,
    dropLast,
    augment: options.augment ?? [],
  });
  const stepsPerEpoch = Math.ceil(loader.batchesPerEpoch / session.accumulate);
  const totalSteps = Math.max(1, Math.round(stepsPerEpoch * epochs));
  const ragged = train.count % loader.batchSize;
  session.prepare([loader.batchSize, ...(ragged > 0 && !dropLast ? [ragged] : [])]);

  yield {
    type: 'start',
    recipe: session.recipe.name,
    seed,
    backend: session.backend.description,
    parameters: session.bound.parameters.reduce((count, { shape }) => count + sizeOf(shape), 0),
    epochs,
    stepsPerEpoch,
    totalSteps,
    batchSize: loader.batchSize,
    memory: session.memory(),
    integerMacShare: session.work().integerMacShare,
  };
  for (const message of datasetWarnings(train)) yield { type: 'warning', message };

  const probeBatch =
    probeEvery > 0 ? firstSamples(train, Math.min(probeSamples, loader.batchSize)) : undefined;
  const began = now();
  let stepTime = 0;
  let samples = 0;
  let step = 0;
  let lastTurn = now();
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  let latest: EvaluationEvent | undefined;
  let reason: 'finished' | 'aborted' | 'early-stop' = 'finished';

  training: for (let epoch = 0; step < totalSteps; epoch++) {
    const epochBegan = now();
    let epochLoss = 0;
    let epochRight: number | undefined;
    let epochSamples = 0;
    let epochStepTime = 0;
    let held: Batch[] = [];
    let taken = 0;
    for (const data of loader.epoch(epoch)) {
      taken += 1;
      if (signal?.aborted) {
        reason = 'aborted';
        break training;
      }
      if (session.accumulate > 1) held.push(heldBatch(data));
      if (session.accumulate > 1 && held.length < session.accumulate && taken < loader.batchesPerEpoch)
        continue;
      const micro = session.accumulate > 1 ? held : [sessionBatch(data)];
      const size = micro.reduce((count, part) => count + part.size, 0);
      const learningRate = learningRateAt(schedule, step, totalSteps);
      const stepBegan = now();
      const result = session.step(micro, learningRate);
      const milliseconds = now() - stepBegan;
      held = [];
      step += 1;
      samples += size;
      stepTime += milliseconds;
      epochStepTime += milliseconds;
      epochLoss += result.loss * size;
      epochSamples += size;
      if (result.correct !== undefined) epochRight = (epochRight ?? 0) + result.correct;
      if (!(Math.abs(result.loss) <= divergedAt)) {
        throw new DivergenceError(
          `the loss diverged to ${result.loss} at step ${step}; lower the learning rate (now ${learningRate}), warm it up, or clip the gradient (clipNorm)`,
          step,
          result.loss,
        );
      }
      yield {
        type: 'step',
        step,
        epoch,
        loss: result.loss,
        learningRate,
        samples: size,
        milliseconds,
        ...(result.correct === undefined ? {} : { accuracy: result.correct / size }),
      };
      if (probeBatch && (step % probeEvery === 0 || step === totalSteps)) yield probe(session, probeBatch);
      if (now() - lastTurn > turnMilliseconds) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        lastTurn = now();
      }
      if (step >= totalSteps) break;
    }
    if (epochSamples > 0) {
      yield {
        type: 'epoch',
        epoch,
        loss: epochLoss / epochSamples,
        seconds: (now() - epochBegan) / 1000,
        imagesPerSecond: (epochSamples / epochStepTime) * 1000,
        ...(epochRight === undefined ? {} : { accuracy: epochRight / epochSamples }),
      };
    }
    if (test && (step >= totalSteps || (epoch + 1) % evaluateEvery === 0)) {
      const evaluation = await evaluate(session, test, signal ? { signal } : {});
      // An evaluation that was cut short says nothing of the whole set.
      if (evaluation.samples < test.count) {
        reason = 'aborted';
        break;
      }
      latest = { type: 'evaluation', step, epoch, ...evaluation };
      yield latest;
      if (latest.loss < best) {
        best = latest.loss;
        waited = 0;
      } else if (patience !== undefined && ++waited >= patience && step < totalSteps) {
        reason = 'early-stop';
        break;
      }
    }
  }
  if (reason === 'aborted' && test && latest?.step !== step) latest = undefined;
  yield {
    type: 'done',
    reason,
    steps: step,
    seconds: (now() - began) / 1000,
    imagesPerSecond: stepTime === 0 ? 0 : (samples / stepTime) * 1000,
    ...(latest ? { testLoss: latest.loss } : {}),
    ...(latest?.accuracy === undefined ? {} : { testAccuracy: latest.accuracy }),
  };
}

function firstSamples(dataset: Dataset, count: number): Batch {
  const loader = new BatchLoader(dataset, { batchSize: count, shuffle: false });
  const [first] = loader.epoch(0);
  return heldBatch(first);
}

export interface Evaluation {
  readonly loss: number;
  readonly accuracy?: number;
  readonly samples: number;
}

/** Mean loss and share of right predictions on a data set, under running statistics, in batches of the session's size. */
export async function evaluate(
  session: Session,
  dataset: Dataset,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Evaluation> {
  const loader = new BatchLoader(dataset, { batchSize: session.batchSize, shuffle: false });
  let loss = 0;
  let right: number | undefined;
  let samples = 0;
  let lastTurn = now();
  for (const batch of loader.epoch(0)) {
    const result = session.evaluate(sessionBatch(batch));
    loss += result.loss * batch.size;
    samples += batch.size;
    if (result.correct !== undefined) right = (right ?? 0) + result.correct;
    if (now() - lastTurn > turnMilliseconds) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      lastTurn = now();
    }
    if (options.signal?.aborted) break;
  }
  return { loss: loss / samples, samples, ...(right === undefined ? {} : { accuracy: right / samples }) };
}
