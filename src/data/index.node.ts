/** Data sets and batches for Node: everything of `index.ts`, and the loaders that read files. */

export { type CifarOptions, loadCifar10, loadCifar100 } from './cifar.node.js';
export {
  type DatasetDescription,
  type DatasetOptions,
  datasetNames,
  describeDatasets,
  loadDataset,
} from './datasets.node.js';
export { type FsddOptions, fsddTestSpeakers, loadFsdd } from './fsdd.node.js';
export * from './index.js';
export { loadImageFolder } from './jpeg.node.js';
export { logMelImage, melBands, melFrames } from './log-mel.js';
export {
  fashionMnistClasses,
  type LoadOptions,
  loadFashionMnist,
  loadIdxSplit,
  loadMnist,
  mnistClasses,
} from './mnist.node.js';
export { type LoadTextOptions, loadShakespeare, loadText } from './text.node.js';
