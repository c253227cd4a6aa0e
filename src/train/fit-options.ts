/** What the training loop takes, and what is wrong with it: options and data sets are refused by name before the first step. */
import { DataError, UsageError } from '../core/errors.js';
import { requireKnown } from '../core/known.js';
import { shapeText } from '../core/shape.js';
import { shown } from '../core/text.js';
import type { Augmentation } from '../data/augment.js';
import type { Dataset } from '../data/dataset.js';
import type { Schedule } from '../optim/schedules.js';
import type { Session } from './session.js';
import { hasMethods } from './session-config.js';

/** Options of {@link fit}. */
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
  /** Applied to the training set in this order; needs byte images. Default none. */
  readonly augment?: readonly Augmentation[];
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
  /**
   * Make batches ahead of the step in a thread of their own (true), or in line between two steps (false): the same batches.
   * A thread copies what of the data set is not in shared memory. `auto` (default): ahead where the session's threads leave a core
   * free, the inputs lie in shared memory, as those that the file loaders read do, and the run is long enough.
   */
  readonly prefetch?: boolean | 'auto';
  /** Whole epochs between evaluations, at least 1. Default 1. */
  readonly evaluateEvery?: number;
  /** Whole steps between probes; 0 (default) for none, as a probe costs some steps' time. */
  readonly probeEvery?: number;
  /** Stop when the test loss has not fallen for so many evaluations, at least 1; needs `test`. Default: never. */
  readonly patience?: number;
  /** A loss whose magnitude is above this counts as diverged; above 0. Default 1e6. */
  readonly divergedAt?: number;
  /** Aborting it ends the run between two steps, with a `done` event. */
  readonly signal?: AbortSignal;
}

const fitOptionNames = Object.keys({
  train: true,
  test: true,
  epochs: true,
  learningRate: true,
  seed: true,
  augment: true,
  dropLast: true,
  prefetch: true,
  evaluateEvery: true,
  probeEvery: true,
  patience: true,
  divergedAt: true,
  signal: true,
} satisfies Record<keyof FitOptions, true>);

/** Throws UsageError that names what is no data set. */
function requireDataset(name: string, dataset: unknown): void {
  const { inputs, inputShape, count } = (dataset ?? {}) as Partial<Dataset>;
  if (ArrayBuffer.isView(inputs) && Array.isArray(inputShape) && typeof count === 'number') return;
  throw new UsageError(
    `${name} must be a data set such as fromArrays or loadMnist gives, got ${shown(dataset)}`,
  );
}

function requireLearningRate(rate: unknown): void {
  if (typeof rate === 'number' && Number.isFinite(rate) && rate >= 0) return;
  if (typeof rate === 'object' && rate !== null && typeof (rate as Partial<Schedule>).kind === 'string')
    return;
  throw new UsageError(
    `learningRate must be a number of at least 0 or a schedule such as oneCycle(0.1), got ${shown(rate)}`,
  );
}

/** Throws UsageError that names the option and what it may be. */
export function checkOptions(session: Session, options: FitOptions): void {
  if (!hasMethods(session, ['step', 'prepare', 'planFor'])) {
    throw new UsageError(
      `fit takes a session first, which await createSession(...) gives, got ${shown(session)}`,
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw new UsageError(`fit takes { train, epochs, learningRate, ... } second, got ${shown(options)}`);
  }
  requireKnown('fit', options, fitOptionNames);
  requireDataset('train', options.train);
  if (options.test !== undefined) requireDataset('test', options.test);
  requireLearningRate(options.learningRate);
  const { epochs, evaluateEvery = 1, probeEvery = 0, patience, divergedAt = 1e6, test } = options;
  const { prefetch = 'auto' } = options;
  const refuse = (name: string, value: unknown, remedy: string): never => {
    throw new UsageError(`${name} must be ${remedy}, got ${shown(value)}`);
  };
  if (!Number.isFinite(epochs) || epochs <= 0) {
    refuse('epochs', epochs, 'a number above 0 (0.5 for half a pass)');
  }
  if (!Number.isInteger(evaluateEvery) || evaluateEvery < 1) {
    refuse('evaluateEvery', evaluateEvery, 'a whole number of epochs from 1; leave out `test` for none');
  }
  if (!Number.isInteger(probeEvery) || probeEvery < 0) {
    refuse('probeEvery', probeEvery, 'a whole number of steps, or 0 for no probes');
  }
  if (typeof prefetch !== 'boolean' && prefetch !== 'auto')
    refuse('prefetch', prefetch, 'true, false or "auto"');
  if (!(divergedAt > 0)) {
    refuse('divergedAt', divergedAt, 'a loss above 0; Infinity lets every finite loss pass');
  }
  if (patience === undefined) return;
  if (!Number.isInteger(patience) || patience < 1) {
    refuse('patience', patience, 'a whole number of evaluations from 1; leave it out to train to the end');
  }
  if (!test) throw new UsageError('patience watches the test loss: give `test` too, or leave patience out');
}

/** Throws DataError naming the data set when it lacks what the loss is computed from, UsageError for what is no data set. */
export function checkTargets(session: Session, dataset: Dataset): void {
  requireDataset('dataset', dataset);
  const { name, labelsPerSample, targets, inputShape, classes } = dataset;
  const { inputShape: wanted, outputs } = session;
  if (inputShape.join() !== wanted.join()) {
    throw new DataError(
      `"${name}" has samples of ${shapeText(inputShape)}, this session's model was made for ${shapeText(wanted)}`,
    );
  }
  if (session.targetStorage === 'int32' && classes.length > outputs) {
    throw new DataError(
      `"${name}" has ${classes.length} classes, this session's model has ${outputs} outputs: make the model with classes: ${classes.length}`,
    );
  }
  if (session.targetStorage === 'int32' && labelsPerSample === 0) {
    throw new DataError(
      `"${name}" has no labels, which this session's loss takes; give it labels, or make the session with a loss for targets such as "mse"`,
    );
  }
  if (session.targetStorage === 'float' && !targets) {
    throw new DataError(
      `"${name}" has no targets, which this session's loss takes; give it targets, or make the session with a loss for labels such as "cross-entropy"`,
    );
  }
}
