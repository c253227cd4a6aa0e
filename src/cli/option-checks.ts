/** Options that do not go together, each refused with a UsageError that names them and the remedy, before data are read. */
import { UsageError } from '../core/errors.js';
import { modelNames, takesTokens } from '../models/index.js';
import { defaultOptimizer } from './defaults.js';
import { type RunOptions, type TrainingOptions, textNames } from './options.js';

/** Checks that concern two options together. */
export function checkRunOptions({ backend, threads, wide }: RunOptions): void {
  if (backend === 'reference' && wide) {
    throw new UsageError('--wide is for the WASM kernels; leave it out with --backend reference');
  }
  if (backend === 'reference' && threads !== undefined && threads > 1) {
    throw new UsageError('--threads is for the WASM kernels; leave it out with --backend reference');
  }
}

/** Refuses a model of images for texts, and one of texts for images. */
export function checkModelFits(model: string, dataset: string): void {
  const tokens = takesTokens(model);
  if (tokens === textNames.includes(dataset)) return;
  const of = modelNames.filter((name) => takesTokens(name) !== tokens);
  throw new UsageError(
    tokens
      ? `--model ${model} takes texts, which ${dataset} is none of; use --dataset ${textNames.join(' or ')}, or for ${dataset} another model: ${of.join(', ')}`
      : `--model ${model} takes images, and --dataset ${dataset} is a text; use --model ${of.join(' or ')} with it`,
  );
}

/** Checks of a training command that concern several options together. */
export function checkTrainingOptions(options: TrainingOptions): void {
  checkRunOptions(options);
  checkModelFits(options.model, options.dataset);
  const { nesterov, optimizer = defaultOptimizer(options.model), momentum } = options;
  if (!nesterov) return;
  if (optimizer !== 'sgd') {
    throw new UsageError(`--nesterov is for --optimizer sgd; leave it out with ${optimizer}`);
  }
  if (momentum === 0) {
    throw new UsageError('--nesterov looks ahead by the momentum; give --momentum a number above 0');
  }
}
