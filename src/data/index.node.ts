/** Data sets and batches for Node: everything of `index.ts`, and the loaders that read files. */

export { type CifarOptions, loadCifar10, loadCifar100 } from './cifar.node.js';
export { type DatasetDescription, datasetNames, describeDatasets, loadDataset } from './datasets.node.js';
export * from './index.js';
export { loadImageFolder } from './jpeg.node.js';
export {
  fashionMnistClasses,
  type LoadOptions,
  loadFashionMnist,
  loadIdxSplit,
  loadMnist,
  mnistClasses,
} from './mnist.node.js';
