/** Modules, parameters and initial values. */
export {
  filled,
  type Initializer,
  kaimingNormalFanOut,
  kaimingUniform,
  normal,
  ones,
  uniform,
  zeros,
} from './init.js';
export {
  Conv2d,
  type Conv2dModuleOptions,
  Embedding,
  LayerNorm,
  Linear,
  type LinearOptions,
  Norm,
  type NormOptions,
} from './layers.js';
export {
  type BoundModel,
  bind,
  buffersOf,
  type Child,
  Module,
  Parameter,
  parameterCount,
  parametersOf,
  StateBuffer,
} from './module.js';
export {
  AvgPool2d,
  Dropout,
  Flatten,
  GELU,
  GlobalAvgPool2d,
  LeakyReLU,
  MaxPool2d,
  ReLU,
  Sequential,
  Tanh,
} from './plain.js';
