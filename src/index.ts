/**
 * octograd: trains neural networks in 8-bit integer arithmetic. The names that most programs need, flat; everything else
 * by subject, as a namespace here and as a sub-path of the package (`octograd/ops`). Runs in Node and in the browser; the
 * loaders that read files are in `octograd/data` under Node.
 */
export * as backend from './backend/index.js';
export * from './core/errors.js';
export type { Shape } from './core/shape.js';
export * as data from './data/index.js';
export { type Dataset, fromArrays, imageDataset } from './data/index.js';
export type {
  Graph,
  Mode,
  Node,
  OptionalValues,
  OutputType,
  ProductWork,
  Value,
  Values,
} from './graph/graph.js';
export {
  type BackwardContext,
  call,
  defineOp,
  type GradientExample,
  type HostValueCall,
  type LoweringNode,
  type OpDef,
  type Product,
  type ValueCall,
} from './graph/op.js';
export * as io from './io/index.js';
export * from './models/index.js';
export * as nn from './nn/index.js';
export { Module, Parameter } from './nn/index.js';
export * as ops from './ops/index.js';
export * as optim from './optim/index.js';
export { adam, adamw, type Optimizer, type Schedule, sgd } from './optim/index.js';
export * as quant from './quant/index.js';
export { getRecipe, parseRecipe, type Recipe, recipes } from './quant/index.js';
export * from './train/index.js';
