/** How the arms of an experiment are trained, the defaults of `octograd train` said with it. Experiment in, a sentence out; runs nothing. */
import { defaultAugment, defaultLearningRate, defaultOptimizer, defaultWeightDecay } from '../../defaults.js';
import { armOptions } from './arm-options.js';
import type { Experiment } from './experiment.js';

/** What the arms have in common as one, and what they differ in as `8 to 256 by arm`. */
function shared(values: readonly (number | string)[]): string {
  const own = [...new Set(values)];
  if (own.length === 1) return String(own[0]);
  const numbers = own.filter((value) => typeof value === 'number');
  if (numbers.length < own.length) return `${own.join(' or ')} by arm`;
  return `${Math.min(...numbers)} to ${Math.max(...numbers)} by arm`;
}

/** `sgd with momentum 0.9, a rate of 0.05 at most, weight decay 0.0001 (not of biases and norms), batches of 64, augmentation crop-flip`. */
export function trainingText(experiment: Experiment): string {
  const all = experiment.arms.map((arm) => {
    const options = armOptions(experiment, arm);
    const { model, dataset, batch, momentum, augment } = options;
    const optimizer = options.optimizer ?? defaultOptimizer(model);
    return {
      optimizer: optimizer === 'sgd' ? `sgd with momentum ${momentum}` : optimizer,
      rate: options.lr ?? defaultLearningRate(optimizer, model),
      decay: options.weightDecay ?? defaultWeightDecay(optimizer, dataset),
      batch,
      augment: augment === 'auto' ? defaultAugment(dataset) : augment,
    };
  });
  const of = (name: keyof (typeof all)[number]): string => shared(all.map((one) => one[name]));
  const augment = of('augment');
  return (
    `${of('optimizer')}, a rate of at most ${of('rate')}, weight decay ${of('decay')} (not of biases and norms), batches of ${of('batch')}` +
    `${augment === 'none' ? '' : `, augmentation ${augment}`}`
  );
}
