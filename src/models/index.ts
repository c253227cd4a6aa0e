/** The models that come with octograd, by name. */
import { UsageError } from '../core/errors.js';
import { isShape, type Shape } from '../core/shape.js';
import { didYouMean, shown } from '../core/text.js';
import type { Module } from '../nn/index.js';
import { Cnn } from './cnn.js';
import { LeNet } from './lenet.js';
import { Mlp } from './mlp.js';
import { MobileNet } from './mobilenet.js';
import { ResNet } from './resnet.js';
import { ResNetCifar } from './resnet-cifar.js';
import { Transformer } from './transformer.js';

export { Cnn, type CnnOptions } from './cnn.js';
export { LeNet, type LeNetOptions } from './lenet.js';
export { Mlp, type MlpOptions } from './mlp.js';
export { MobileNet, type MobileNetOptions, SeparableBlock } from './mobilenet.js';
export { ResNet, type ResNetOptions } from './resnet.js';
export { ResNetCifar, type ResNetCifarOptions } from './resnet-cifar.js';
export { CausalAttention, Transformer, TransformerBlock, type TransformerOptions } from './transformer.js';

/** What every model must know of its data. */
export interface ModelOptions {
  /** Shape of one sample: images as [height, width, channels], text as [context]. */
  readonly inputShape: Shape;
  /** Of images; for text the size of the vocabulary. */
  readonly classes: number;
}

const resnetCifar =
  (depth: number) =>
  (options: ModelOptions): Module =>
    new ResNetCifar({ ...options, depth });

/** Makers by name. */
export const models = {
  mlp: (options: ModelOptions): Module => new Mlp(options),
  lenet: (options: ModelOptions): Module => new LeNet(options),
  cnn: (options: ModelOptions): Module => new Cnn(options),
  mobilenet: (options: ModelOptions): Module => new MobileNet(options),
  resnet8: resnetCifar(8),
  resnet20: resnetCifar(20),
  resnet32: resnetCifar(32),
  resnet56: resnetCifar(56),
  resnet18: (options: ModelOptions): Module => new ResNet({ ...options, depth: 18 }),
  transformer: (options: ModelOptions): Module => new Transformer(options),
} as const satisfies Record<string, (options: ModelOptions) => Module>;

/** Name of a model, a key of {@link models}. */
export type ModelName = keyof typeof models;

/** Names that {@link createModel} takes. */
export const modelNames = Object.keys(models) as ModelName[];

/** Whether a model of that name takes rows of tokens, int32 [context], and predicts one at every place. All others take bytes or floats. */
export function takesTokens(name: string): boolean {
  return name === 'transformer';
}

/** A model by name. Throws UsageError for an unknown name, sizes that are no counts, or data that the model cannot take. */
export function createModel(name: string, options: ModelOptions): Module {
  if (!Object.hasOwn(models, name)) {
    throw new UsageError(
      `there is no model "${name}".${didYouMean(name, modelNames)} Known: ${modelNames.join(', ')}.`,
    );
  }
  const { inputShape, classes } = (options ?? {}) as Partial<ModelOptions>;
  const isCount = Number.isInteger(classes) && (classes as number) > 0;
  if (!isShape(inputShape) || inputShape.length === 0 || !isCount) {
    throw new UsageError(
      `model "${name}": inputShape and classes must be positive integers, got ${shown(inputShape)} and ${shown(classes)}`,
    );
  }
  return models[name as ModelName](options);
}
