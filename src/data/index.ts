/** Data sets and batches, the part that runs anywhere. `index.node.ts` adds the loaders that read files. */

export { type ArraySource, fromArrays, type ImageSource, imageDataset } from './arrays.js';
export {
  type Augmentation,
  type Cutout,
  checkAugmentations,
  cutout,
  type Flip,
  flip,
  type PadCrop,
  padCrop,
} from './augment.js';
export { type Batch, BatchLoader, batches, type LoaderOptions } from './batches.js';
export { type CifarVariant, cifarClasses, parseCifar } from './cifar.js';
export {
  channelStats,
  type DataSplit,
  type Dataset,
  datasetWarnings,
  type ImageDataset,
  type Normalization,
  normalizationOf,
  type SampleArray,
  subset,
  type Windows,
} from './dataset.js';
export { type IdxImages, parseIdxImages, parseIdxLabels } from './idx.js';
export { defaultContext, encodeText, type TextOptions, textSplit, vocabularyOf } from './text.js';
