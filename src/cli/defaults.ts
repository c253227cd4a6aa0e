/** The numbers that a run takes when it is not told: tuned so that the main job stays below three minutes on two cores. */
import { takesTokens } from '../models/index.js';

export const defaultModel = 'resnet8';
export const defaultDataset = 'mnist';
export const defaultCompareRecipes: readonly string[] = ['fp32', 'paper', 'int8'];
export const defaultTrainRecipe = 'int8';
export const defaultBatch = 64;
export const defaultMomentum = 0.9;
/** Probes of a run, spread evenly. */
export const defaultProbes = 4;

/** Passes over the training set. */
export function defaultEpochs(dataset: string, command: 'compare' | 'train' = 'train'): number {
  // Of a million characters an epoch is some 245 steps.
  if (dataset === 'text' || dataset === 'shakespeare') return 4;
  // Of 2,000 recordings an epoch is 32 steps.
  if (dataset === 'fsdd') return 10;
  // Three runs of a third of MNIST each: about 99 % right, and below three minutes together.
  if (command === 'compare' && !dataset.startsWith('cifar')) return 0.35;
  return dataset.startsWith('cifar') ? 10 : 1;
}

/** Transformers train badly with sgd: the gradients of their parts differ by orders of magnitude. */
export function defaultOptimizer(model: string): 'sgd' | 'adamw' {
  return takesTokens(model) ? 'adamw' : 'sgd';
}

/** Highest rate of the schedule. Adam's steps do not scale with the gradient, so its rate is of another order. */
export function defaultLearningRate(optimizer: 'sgd' | 'adam' | 'adamw', model: string): number {
  if (optimizer !== 'sgd') return 0.002;
  return model.startsWith('resnet') ? 0.1 : 0.05;
}

/** Decay of weights; biases and norms never decay. */
export function defaultWeightDecay(optimizer: 'sgd' | 'adam' | 'adamw', dataset: string): number {
  if (optimizer === 'adam') return 0;
  if (optimizer === 'adamw') return 0.01;
  return dataset.startsWith('cifar') ? 5e-4 : 1e-4;
}

/** Small photographs are cropped and flipped, as is usual; what else there is stays as it is. */
export const defaultAugment = (dataset: string): 'crop-flip' | 'none' =>
  dataset.startsWith('cifar') ? 'crop-flip' : 'none';
