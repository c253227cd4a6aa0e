/** What the samples of a data set are called where people read of them. */
import { textNames } from './options.js';

/** `images`; of texts `sequences`, of spoken digits `recordings`. @param dataset its name, as `--dataset` takes it. */
export function sampleNames(dataset: string): string {
  if (textNames.includes(dataset)) return 'sequences';
  return dataset === 'fsdd' ? 'recordings' : 'images';
}
