/** From options to the objects of a run: data, optimiser, schedule. Knows the layers below, not how results are shown. */
import { DataError, UsageError } from '../core/errors.js';
import {
  type Augmentation,
  cutout,
  type DataSplit,
  type Dataset,
  describeDatasets,
  flip,
  loadDataset,
  loadImageFolder,
  loadText,
  padCrop,
  subset,
} from '../data/index.node.js';
import { createModel } from '../models/index.js';
import { parametersOf } from '../nn/index.js';
import {
  adam,
  adamw,
  constant,
  cosine,
  multiStep,
  type Optimizer,
  oneCycle,
  type Schedule,
  sgd,
  step,
  warmup,
} from '../optim/index.js';
import type { SessionOptions } from '../train/index.js';
import {
  defaultAugment,
  defaultEpochs,
  defaultLearningRate,
  defaultOptimizer,
  defaultProbes,
  defaultWeightDecay,
} from './defaults.js';
import { snapshotSteps } from './distributions.js';
import { type DataOptions, type RunOptions, type TrainingOptions, textNames } from './options.js';

/**
 * Training and test set. Throws DataError with the remedy when they are not there, UsageError where an option is missing or
 * does not belong to the data.
 */
export async function loadData(
  { dataset, data, context }: DataOptions,
  onProgress?: (message: string) => void,
): Promise<DataSplit<Dataset>> {
  if (dataset === 'text') {
    if (data === undefined) {
      throw new UsageError('--dataset text needs --data <file>, a text file in UTF-8, plain or .gz');
    }
    return loadText({ file: data, ...(context === undefined ? {} : { context }) });
  }
  if (context !== undefined && !textNames.includes(dataset)) {
    throw new UsageError(`--context is for ${textNames.join(' and ')}; leave it out with ${dataset}`);
  }
  const options = {
    ...(data === undefined ? {} : { dir: data }),
    ...(context === undefined ? {} : { context }),
    ...(onProgress ? { onProgress } : {}),
  };
  if (dataset !== 'images') {
    try {
      return await loadDataset(dataset, options);
    } catch (error) {
      if (error instanceof DataError && data === undefined) throw await withOption(error, dataset);
      throw error;
    }
  }
  if (data === undefined) {
    throw new UsageError(
      '--dataset images needs --data <dir>, a folder with train/<class>/*.jpg and test/<class>/*.jpg',
    );
  }
  return loadImageFolder({ dir: data, ...(onProgress ? { onProgress } : {}) });
}

/** The library says what to give; where the data are not to be found at all, the command line says by which option. */
async function withOption(error: DataError, dataset: string): Promise<DataError> {
  const entry = (await describeDatasets()).find(({ name }) => name === dataset);
  if (entry?.found !== undefined) return error;
  return new DataError(`${error.message}; name the place with --data <path>`);
}

/** The first `limit` samples' worth of a data set, drawn by seed 0. */
export function limited<D extends Dataset>(dataset: D, limit: number | undefined): D {
  return limit === undefined || limit >= dataset.count ? dataset : subset(dataset, limit, 0);
}

/** What a training run does, every default filled in; stands in config.json. */
export interface TrainingSettings {
  readonly model: string;
  readonly dataset: string;
  readonly trainSamples: number;
  readonly testSamples: number;
  /** Characters of a sample, of texts. */
  readonly context?: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Batches averaged for one step. */
  readonly accumulate: number;
  readonly dropLast: boolean;
  readonly optimizer: object;
  readonly schedule: Schedule;
  readonly labelSmoothing: number;
  readonly clipNorm?: number;
  readonly patience?: number;
  readonly seeds: readonly number[];
  readonly augment: readonly Augmentation[];
  readonly probeEvery: number;
  /** Steps after which distributions are looked at; left out for none. */
  readonly distributions?: readonly number[];
  readonly backend: string;
  readonly threads?: number;
}

/** What the settings of a run depend on of its data; data sets themselves fit. */
export interface DataFacts {
  readonly train: Pick<Dataset, 'name' | 'count' | 'inputShape' | 'classes'>;
  readonly test: Pick<Dataset, 'count'>;
}

function scheduleOf({ schedule, warmup: share }: TrainingOptions, rate: number): Schedule {
  const followedBy = {
    'one-cycle': () => oneCycle(rate),
    cosine: () => cosine(rate),
    step: () => step(rate, 1 / 3),
    // Where CIFAR's ResNets have it (He et al. 2015: 64k steps, divided at 32k and 48k).
    'multi-step': () => multiStep(rate, [0.5, 0.75]),
    constant: () => constant(rate),
  }[schedule]();
  return share === undefined ? followedBy : warmup(share, followedBy);
}

function augmentationOf(
  { augment, dataset }: TrainingOptions,
  [side]: readonly number[],
): readonly Augmentation[] {
  const usual = [padCrop(4), flip()];
  switch (augment === 'auto' ? defaultAugment(dataset) : augment) {
    case 'none':
      return [];
    case 'crop-flip':
      return usual;
    case 'crop-flip-cutout':
      return [...usual, cutout(Math.max(1, Math.floor(side / 2)))];
  }
}

/** The optimiser; biases and norms (parameters with one axis) do not decay. */
export function optimizerOf(options: TrainingOptions, split: DataFacts): Optimizer {
  const { optimizer = defaultOptimizer(options.model), momentum, nesterov = false, dataset } = options;
  const { inputShape, classes } = split.train;
  const model = createModel(options.model, { inputShape, classes: classes.length });
  const exclude = parametersOf(model)
    .filter(({ shape }) => shape.length === 1)
    .map(({ path }) => path);
  const decay = {
    weightDecay: options.weightDecay ?? defaultWeightDecay(optimizer, dataset),
    exclude,
  };
  if (optimizer === 'sgd') return sgd({ momentum, nesterov, ...decay });
  return optimizer === 'adam' ? adam(decay) : adamw(decay);
}

/** What a session takes of these options. */
export function backendOptions({
  backend,
  threads,
  wide,
}: Pick<RunOptions, 'backend' | 'threads' | 'wide'>): Pick<SessionOptions, 'backend' | 'threads' | 'wide'> {
  return { backend, ...(threads === undefined ? {} : { threads }), ...(wide === undefined ? {} : { wide }) };
}

/** What `fit` takes of `--prefetch`. */
export function prefetchOf({ prefetch }: Pick<TrainingOptions, 'prefetch'>): boolean | 'auto' {
  return prefetch === 'auto' ? prefetch : prefetch === 'on';
}

/** All decisions of a run. Throws DataError for a data set without classes, UsageError for more steps than can be counted. */
export function settingsOf(options: TrainingOptions, { train, test }: DataFacts): TrainingSettings {
  if (train.classes.length === 0)
    throw new DataError(`${train.name} has no classes; octograd trains classifiers here`);
  const { accumulate, clipNorm, patience, threads, dropLast = false, labelSmoothing = 0 } = options;
  const { distributions } = options;
  const batchSize = Math.min(options.batch, train.count);
  const batches = dropLast ? Math.floor(train.count / batchSize) : Math.ceil(train.count / batchSize);
  const stepsPerEpoch = Math.ceil(batches / accumulate);
  const wanted = options.epochs ?? defaultEpochs(options.dataset);
  const epochs = Math.min(wanted, options.maxSteps === undefined ? wanted : options.maxSteps / stepsPerEpoch);
  const totalSteps = Math.max(1, Math.round(stepsPerEpoch * epochs));
  if (totalSteps > Number.MAX_SAFE_INTEGER)
    throw new UsageError(`--epochs ${epochs} comes to more steps than can be counted; give fewer`);
  const rate =
    options.lr ?? defaultLearningRate(options.optimizer ?? defaultOptimizer(options.model), options.model);
  return {
    model: options.model,
    dataset: options.dataset,
    trainSamples: train.count,
    testSamples: test.count,
    ...(textNames.includes(options.dataset) ? { context: train.inputShape[0] } : {}),
    epochs,
    batchSize,
    stepsPerEpoch,
    totalSteps,
    accumulate,
    dropLast,
    optimizer: optimizerOf(options, { train, test }).settings,
    schedule: scheduleOf(options, rate),
    labelSmoothing,
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(patience === undefined ? {} : { patience }),
    seeds: Array.from({ length: options.seeds }, (_, i) => options.seed + i),
    augment: augmentationOf(options, train.inputShape),
    probeEvery: options.probeEvery ?? Math.ceil(totalSteps / defaultProbes),
    ...(distributions ? { distributions: snapshotSteps(distributions, totalSteps) } : {}),
    backend: options.backend,
    ...(threads === undefined ? {} : { threads }),
  };
}
