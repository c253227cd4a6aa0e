/** The training runs of training.json on a session, and what the file says of them. */
import type { Backend } from '../../src/backend/backend.js';
import { Mlp } from '../../src/models/mlp.js';
import { ResNetCifar } from '../../src/models/resnet-cifar.js';
import type { Module } from '../../src/nn/module.js';
import { createOptimizer, type OptimizerSettings } from '../../src/optim/index.js';
import { getRecipe } from '../../src/quant/recipes.js';
import { type Batch, crossEntropyLoss, Session } from '../../src/train/index.js';
import { type DrawnInput, drawIntegers, drawNumbers, type GoldenTensor } from './golden.case.js';

export interface TrainingCase {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly batch: number;
  readonly classes: number;
  /** Of a ResNet's first stage. */
  readonly width?: number;
  /** Of an MLP. */
  readonly hidden?: readonly number[];
  readonly optimizer: OptimizerSettings;
  readonly learningRate: number;
  readonly labelSmoothing?: number;
  readonly clipNorm?: number;
  readonly parameters: Readonly<Record<string, DrawnInput>>;
  /** Of the first step. */
  readonly logits: GoldenTensor;
  /** Of the first step, before any clipping. */
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  readonly losses: readonly number[];
  /** After the last step. */
  readonly final: Readonly<Record<string, GoldenTensor>>;
  /** Running statistics after the last step. */
  readonly states: Readonly<Record<string, GoldenTensor>>;
  /** Prediction for one more batch under the running statistics. */
  readonly predicted: GoldenTensor;
}

export interface TrainingFile {
  readonly seed: number;
  readonly resnets: readonly TrainingCase[];
  readonly mlps: readonly TrainingCase[];
}

function modelOf({ inputShape, classes, width, hidden }: TrainingCase): Module {
  return width === undefined
    ? new Mlp({ inputShape, classes, hidden })
    : new ResNetCifar({ inputShape, classes, width, depth: 8 });
}

/** A session with the case's parameters. */
export function sessionOf(backend: Backend, seed: number, run: TrainingCase): Session {
  const session = new Session({
    model: modelOf(run),
    input: { shape: run.inputShape, storage: 'float' },
    loss: crossEntropyLoss({ labelSmoothing: run.labelSmoothing ?? 0 }),
    recipe: getRecipe('fp32'),
    backend,
    optimizer: createOptimizer(run.optimizer),
    batchSize: run.batch,
    ...(run.clipNorm === undefined ? {} : { clipNorm: run.clipNorm }),
  });
  for (const [path, spec] of Object.entries(run.parameters)) {
    session.write(path, drawNumbers(seed, `${run.name}/${path}`, spec));
  }
  return session;
}

/** The batch of one step. */
export function batchOf(
  seed: number,
  { name, batch, inputShape, classes }: TrainingCase,
  step: number,
): Batch {
  return {
    inputs: drawNumbers(seed, `${name}/inputs/${step}`, { shape: [batch, ...inputShape] }),
    targets: drawIntegers(seed, `${name}/labels/${step}`, batch, classes),
    size: batch,
  };
}

/** The model's output in the last step. */
export function lastLogits(session: Session): Float64Array {
  const { plan } = session.planFor('train', session.batchSize);
  return Float64Array.from(session.backend.view(plan.outputs.output));
}
