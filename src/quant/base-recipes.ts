/**
 * What the built-in recipes are made of: operands, the norm in float, and the recipes that others differ from, each field with
 * where it comes from. "Paper" is R. Banner, I. Hubara, E. Hoffer, D. Soudry, "Scalable Methods for 8-bit Training of Neural
 * Networks", NeurIPS 2018.
 */
import type { NormSpec, OperandSpec, ProductSpecs, Recipe, RecipeOverride } from './recipe.js';

/** Weights of `paper`: absolute minimum and maximum of the tensor, round to nearest (paper, section 3). */
export const affineTensor: OperandSpec = {
  format: 'uint8',
  // GEMMLOWP's scheme, which the paper quantises with; with 0 in the range, which the published code lacks.
  scheme: 'affine',
  granularity: 'tensor',
  range: 'minmax',
  chunks: 'sample',
  rounding: 'nearest',
  clip: 1,
};

/**
 * Activations of `paper`: mean over K chunks of the batch of each chunk's minimum and maximum, values outside clamped;
 * K = batch size, so a chunk is a sample (paper, section 3; published code).
 */
export const affineMean: OperandSpec = { ...affineTensor, range: 'mean' };

/** Gradient for gradInput: 8 bits, absolute range, stochastic so that it is unbiased (paper, section 5). */
export const gradient8: OperandSpec = {
  format: 'int8',
  // Ours: rounding an affine zero point would clip one end of the range and bias the gradient.
  scheme: 'symmetric',
  granularity: 'tensor',
  range: 'minmax',
  chunks: 'sample',
  rounding: 'stochastic',
  clip: 1,
};

/** Gradient for gradWeight: 16 bits (paper, section 5); its quantisation error is too small to need noise. */
const gradient16: OperandSpec = { ...gradient8, format: 'int16', rounding: 'nearest' };

export const nearest8: OperandSpec = { ...gradient8, rounding: 'nearest' };

/** Symmetric, because gradInput folds the channels' scales into gradOutput. */
export const weightPerChannel: OperandSpec = { ...nearest8, granularity: 'channel' };

export const floatNorm: NormSpec = {
  // Standard batch norm.
  kind: 'batch',
  // Published code: 16 chunks of the batch (Range BN alone reads this and the constant).
  chunks: 16,
  // Ours: exact for a Gaussian, where the paper's 1/sqrt(2 ln n) leaves a standard deviation near 0.55.
  constant: 'd2',
  input: 'float32',
  coefficientBits: 0,
  gradOutput: 'float32',
  eps: 1e-5,
  // running = 0.9 running + 0.1 batch, as every framework's batch norm.
  momentum: 0.1,
};

const float: ProductSpecs = {
  forward: { left: 'float32', right: 'float32' },
  gradLeft: { gradOutput: 'float32', right: 'forward' },
  gradRight: { gradOutput: 'float32', left: 'forward' },
};

export const fp32: Recipe = {
  formatVersion: 1,
  name: 'fp32',
  description: 'everything in float32, standard batch norm',
  products: float,
  norm: floatNorm,
  // Paper, section 3: the update is of float32 weights.
  masterWeights: 'float32',
  rangeMomentum: 0.1,
  overrides: [],
};

export const paper: Recipe = {
  ...fp32,
  name: 'paper',
  description: 'Banner et al. 2018: 8 bits, bifurcated gradients (8 and 16 bits), Range BN',
  products: {
    forward: { left: affineMean, right: affineTensor },
    gradLeft: { gradOutput: gradient8, right: 'forward' },
    // Bifurcation: the second copy of the gradient is off the critical path and has 16 bits.
    gradRight: { gradOutput: gradient16, left: 'forward' },
  },
  norm: {
    ...floatNorm,
    // Paper, section 2: Range BN, its input, gamma, beta, 1/range and output gradient in 8 bits.
    kind: 'range',
    input: affineMean,
    coefficientBits: 8,
    gradOutput: gradient8,
  },
  // Running average of the ranges for inference, at the rate of the norm's.
  rangeMomentum: 0.1,
};

/**
 * Of a depthwise convolution and the norm behind it. A channel's scale before the convolution changes nothing behind that norm, which
 * divides by it, so the gradient along it is 0: the norm's gradient is orthogonal to its input. Rounding the one or the other afterwards
 * puts noise in its place, which nothing opposes, and scales wander (docs/recipes.md has figures). So the 16-bit copy of the gradient
 * serves both products, and the norm's input has a scale per channel; these convolutions have few multiply-accumulates.
 */
export const depthwise = {
  modules: '**',
  kind: 'depthwise',
  products: { gradLeft: { gradOutput: gradient16 } },
  norm: { input: { ...affineTensor, granularity: 'channel' } },
} as const satisfies RecipeOverride;

/**
 * One scale a tensor, but for {@link depthwise}. Measured on ResNet-20, CIFAR-10 (JPEG copy), after 100 and 300 steps, as the mean cosine of the
 * products' weight gradients with those of float32 at the same weights: this 0.994 and 0.988; weights per output channel
 * 0.993 and 0.988, gradients per sample 0.994 and 0.988, for more passes over memory; activations by `paper`'s mean ranges, which
 * clamp, with batch norm 0.914 and 0.955.
 */
export const int8: Recipe = {
  ...fp32,
  name: 'int8',
  description:
    'ours: nothing clamped, bifurcated gradients, batch norm of 8-bit codes, its gradient in float32',
  products: {
    forward: { left: affineTensor, right: nearest8 },
    gradLeft: { gradOutput: gradient8, right: 'forward' },
    gradRight: { gradOutput: gradient16, left: 'forward' },
  },
  // The gradient stays in float32: it enters no product, so that codes would save no time, and with 8 bits in one scale for all channels
  // some runs of a depthwise network lose points of accuracy (experiments/depthwise).
  norm: { ...floatNorm, input: affineTensor },
  overrides: [depthwise],
};

/** What a recipe has in place of its base's. */
export type Changes = Partial<Pick<Recipe, 'norm' | 'masterWeights' | 'overrides'>> & {
  readonly products?: { readonly [P in keyof ProductSpecs]?: Partial<ProductSpecs[P]> };
};

/** `base` under another name with these operands and fields of the norm in place of its own. */
export function ablation(base: Recipe, suffix: string, description: string, changes: Changes): Recipe {
  const { forward, gradLeft, gradRight } = base.products;
  return {
    ...base,
    name: `${base.name}-${suffix}`,
    description,
    products: {
      forward: { ...forward, ...changes.products?.forward },
      gradLeft: { ...gradLeft, ...changes.products?.gradLeft },
      gradRight: { ...gradRight, ...changes.products?.gradRight },
    },
    norm: changes.norm ?? base.norm,
    masterWeights: changes.masterWeights ?? base.masterWeights,
    overrides: changes.overrides ?? base.overrides,
  };
}
