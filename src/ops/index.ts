/**
 * The operations, as functions on values, and the list of their definitions, which the gradient check, the backends'
 * agreement and the exporters walk. A new op needs a file here and a line in the list.
 */
import type { OpDef } from '../graph/op.js';
import { addOp, affineOp, divOp, expOp, geluOp, logOp, mulOp, sqrtOp, subOp, tanhOp } from './arithmetic.js';
import { conv2dOp } from './conv2d.js';
import { broadcastOp, concatOp, sliceOp, transposeOp } from './copy.js';
import { dropoutOp } from './dropout.js';
import { embeddingOp } from './embedding.js';
import { featureNormOp } from './layer-norm.js';
import { crossEntropyOp } from './losses.js';
import { matmulOp } from './matmul.js';
import { normOp } from './norm.js';
import { avgPoolOp, maxPoolOp } from './pooling.js';
import { reduceSumOp } from './reduce.js';
import { leakyReluOp, reluOp } from './relu.js';
import { reshapeOp } from './reshape.js';
import { logSoftmaxOp, softmaxOp } from './softmax.js';

export { add, affine, div, exp, gelu, log, mul, sqrt, sub, tanh } from './arithmetic.js';
export { type Conv2dOptions, conv2d } from './conv2d.js';
export { broadcastTo, concat, constantLike, slice, transpose } from './copy.js';
export { dropout } from './dropout.js';
export { embedding } from './embedding.js';
export { featureNorm, layerNorm, rangeLayerNorm } from './layer-norm.js';
export { type CrossEntropyOptions, crossEntropy, crossEntropyParts, mse } from './losses.js';
export { linear, type MatmulOptions, matmul } from './matmul.js';
export { norm } from './norm.js';
export { avgPool2d, maxPool2d, type PoolOptions } from './pooling.js';
export { globalAvgPool2d, mean, sum } from './reduce.js';
export { leakyRelu, relu } from './relu.js';
export { flatten, reshape } from './reshape.js';
export { logSoftmax, softmax } from './softmax.js';

/** Every operation that a model can contain. */
export const allOps: readonly OpDef[] = [
  addOp,
  subOp,
  mulOp,
  divOp,
  affineOp,
  expOp,
  logOp,
  sqrtOp,
  tanhOp,
  geluOp,
  reluOp,
  leakyReluOp,
  reshapeOp,
  broadcastOp,
  transposeOp,
  sliceOp,
  concatOp,
  reduceSumOp,
  matmulOp,
  conv2dOp,
  maxPoolOp,
  avgPoolOp,
  normOp,
  featureNormOp,
  softmaxOp,
  logSoftmaxOp,
  crossEntropyOp,
  embeddingOp,
  dropoutOp,
];
