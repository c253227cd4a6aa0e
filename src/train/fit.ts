/**
 * The training loop: an async generator of typed events. Leaving the loop, or aborting its signal, ends it between two steps. It
 * knows data sets and sessions; what happens to the events is their readers' affair.
 */
import { DivergenceError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import { BatchLoader, type Batch as DataBatch } from '../data/batches.js';
import { type Dataset, datasetWarnings } from '../data/dataset.js';
import { type BatchStream, openStream } from '../data/prefetch.js';
import { constant, learningRateAt, type Schedule } from '../optim/schedules.js';
import type { EvaluationEvent, TrainEvent } from './events.js';
import { checkOptions, checkTargets, type FitOptions } from './fit-options.js';
import { probe } from './probe.js';
import type { Session } from './session.js';
import type { Batch } from './session-config.js';
import type { MemorySummary } from './summary.js';

/** The loop gives the process's event loop a turn this often, so that signals and timers are heard. */
const turnMilliseconds = 30;
/** A probe's plan keeps every value, and its memory comes on top of training's: few samples. */
const probeSamples = 8;

const now = (): number => performance.now();

/** A loader's batch with what the loss takes of it, on the loader's own arrays. */
function sessionBatch(session: Session, { inputs, labels, targets, size }: DataBatch): Batch {
  // checkTargets has seen that there are some.
  return { inputs, targets: session.targetStorage === 'float' && targets ? targets : labels, size };
}

/** Copies what the loader will overwrite, for micro-batches that are held together. */
function heldBatch(session: Session, data: DataBatch): Batch {
  const { inputs, labels, targets } = data;
  return sessionBatch(session, {
    ...data,
    inputs: inputs.slice(),
    labels: labels.slice(),
    ...(targets ? { targets: targets.slice() } : {}),
  });
}

/** Memory of the plan that trains on batches of that size, which is below the session's where the data set is smaller. */
function memoryOf(session: Session, batchSize: number): MemorySummary {
  const usual = session.memory();
  if (batchSize === session.batchSize) return usual;
  const { plan } = session.planFor('train', batchSize);
  const scratchBytes = session.backend.scratchBytes([
    ...plan.calls.map(({ call }) => call),
    ...session.updateCalls,
  ]);
  return {
    ...usual,
    arenaBytes: plan.arenaBytes,
    savedForBackwardBytes: plan.buffers.reduce(
      (bytes, { category, bytes: own }) => bytes + (category === 'saved' ? own : 0),
      0,
    ),
    scratchBytes,
    peakBytes: plan.arenaOffset + plan.arenaBytes + scratchBytes,
  };
}

/**
 * Trains `session` as its events are read, with `for await`: a call alone, awaited or not, trains nothing. Events: start, warning, step, probe, epoch, evaluation, done. Before the first event it checks the
 * options (UsageError), that both data sets have what the loss takes, labels or targets (DataError), and every batch size that
 * will occur. Throws DivergenceError when the loss is no longer finite or exceeds `divergedAt`, NonFiniteError naming module and
 * role where a kernel met a NaN.
 */
export async function* fit(
  session: Session,
  options: FitOptions,
): AsyncGenerator<TrainEvent, void, undefined> {
  checkOptions(session, options);
  const { train, test, epochs, seed = 0, dropLast = false, prefetch = 'auto' } = options;
  checkTargets(session, train);
  if (test) checkTargets(session, test);
  const schedule =
    typeof options.learningRate === 'number' ? constant(options.learningRate) : options.learningRate;
  const loading = { batchSize: session.batchSize, seed, dropLast, augment: options.augment ?? [] };
  const loader = new BatchLoader(train, loading);
  const stepsPerEpoch = Math.ceil(loader.batchesPerEpoch / session.accumulate);
  const totalSteps = Math.max(1, Math.round(stepsPerEpoch * epochs));
  const ragged = train.count % loader.batchSize;
  session.prepare([loader.batchSize, ...(ragged > 0 && !dropLast ? [ragged] : [])]);
  const stream = await openStream(train, {
    ...loading,
    prefetch,
    threads: session.backend.threads,
    batches: loader.batchesPerEpoch * epochs,
  });
  try {
    yield* trainOn(session, options, { loader, stream, schedule, stepsPerEpoch, totalSteps });
  } finally {
    await stream.close();
  }
}

/** What {@link fit} has made ready. */
interface Ready {
  readonly loader: BatchLoader;
  readonly stream: BatchStream;
  readonly schedule: Schedule;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

async function* trainOn(
  session: Session,
  options: FitOptions,
  { loader, stream, schedule, stepsPerEpoch, totalSteps }: Ready,
): AsyncGenerator<TrainEvent, void, undefined> {
  const { train, test, epochs, seed = 0, probeEvery = 0, signal } = options;
  const { evaluateEvery = 1, divergedAt = 1e6, patience } = options;
  const { macs, integerMacShare, simulatedMacs } = session.work();
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
    prefetch: stream.ahead,
    memory: memoryOf(session, loader.batchSize),
    integerMacShare,
    simulatedMacShare: macs === 0 ? 0 : simulatedMacs / macs,
  };
  if (options.prefetch === true && !stream.ahead) {
    const message =
      'prefetch: batches are made in line, since there is no shared memory here (a page must be cross-origin isolated)';
    yield { type: 'warning', message };
  }
  for (const message of datasetWarnings(train)) yield { type: 'warning', message };

  const probeBatch =
    probeEvery > 0 ? firstSamples(session, train, Math.min(probeSamples, loader.batchSize)) : undefined;
  /** Labels of a sample: what a share of right predictions is a share of. */
  const predictions = Math.max(1, train.labelsPerSample);
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
    for (let taken = 1; taken <= loader.batchesPerEpoch; taken++) {
      const data = await stream.next();
      if (signal?.aborted) {
        reason = 'aborted';
        break training;
      }
      if (session.accumulate > 1) held.push(heldBatch(session, data));
      if (session.accumulate > 1 && held.length < session.accumulate && taken < loader.batchesPerEpoch)
        continue;
      const micro = session.accumulate > 1 ? held : [sessionBatch(session, data)];
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
          `the loss diverged to ${result.loss} at step ${step}; lower the learning rate (${rateText(schedule, learningRate, totalSteps)}), warm it up, or clip the gradient (clipNorm)`,
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
        ...(result.correct === undefined ? {} : { accuracy: result.correct / (size * predictions) }),
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
        ...(epochRight === undefined ? {} : { accuracy: epochRight / (epochSamples * predictions) }),
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

/** `0.02 at this step, 0.1 at its peak`; where the schedule has one rate, that. */
function rateText(schedule: Schedule, now: number, totalSteps: number): string {
  const short = (rate: number): string => String(Number(rate.toPrecision(4)));
  let peak = now;
  for (let step = 0; step < totalSteps; step++) {
    peak = Math.max(peak, learningRateAt(schedule, step, totalSteps));
  }
  return peak === now
    ? `${short(now)} at this step`
    : `${short(now)} at this step, ${short(peak)} at its peak`;
}

function firstSamples(session: Session, dataset: Dataset, count: number): Batch {
  const loader = new BatchLoader(dataset, { batchSize: count, shuffle: false });
  const [first] = loader.epoch(0);
  // The loader is this call's own, so nothing overwrites the batch.
  return sessionBatch(session, first);
}

/**
 * What {@link evaluate} gives: the mean loss, right predictions per sample where the loss counts them, and how many samples were
 * seen: fewer than the data set has where the signal ended it.
 */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy?: number;
  readonly samples: number;
}

/**
 * Mean loss and share of right predictions on a data set, under running statistics, in batches of the session's size.
 * Throws DataError when the data set lacks what the loss takes, labels or targets.
 */
export async function evaluate(
  session: Session,
  dataset: Dataset,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Evaluation> {
  checkTargets(session, dataset);
  const loader = new BatchLoader(dataset, { batchSize: session.batchSize, shuffle: false });
  let loss = 0;
  let right: number | undefined;
  let samples = 0;
  let lastTurn = now();
  for (const batch of loader.epoch(0)) {
    const result = session.evaluate(sessionBatch(session, batch));
    loss += result.loss * batch.size;
    samples += batch.size;
    if (result.correct !== undefined) right = (right ?? 0) + result.correct;
    if (now() - lastTurn > turnMilliseconds) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      lastTurn = now();
    }
    if (options.signal?.aborted) break;
  }
  // A sample of text, say, has a label for each place.
  const accuracy = right === undefined ? {} : { accuracy: right / (samples * dataset.labelsPerSample) };
  return { loss: loss / samples, samples, ...accuracy };
}
