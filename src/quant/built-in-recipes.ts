/**
 * The built-in recipes as data, each field with where it comes from. "Paper" is R. Banner, I. Hubara, E. Hoffer, D. Soudry,
 * "Scalable Methods for 8-bit Training of Neural Networks", NeurIPS 2018. An ablation is its base with one thing taken
 * away, so a difference in accuracy has one cause.
 */
import { freezeRecipe } from './freeze.js';
import type { NormSpec, Operand, OperandSpec, ProductSpecs, Recipe } from './recipe.js';

/** Weights of `paper`: absolute minimum and maximum of the tensor, round to nearest (paper, section 3). */
const affineTensor: OperandSpec = {
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
const affineMean: OperandSpec = { ...affineTensor, range: 'mean' };

/** Gradient for gradInput: 8 bits, absolute range, stochastic so that it is unbiased (paper, section 5). */
const gradient8: OperandSpec = {
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

const nearest8: OperandSpec = { ...gradient8, rounding: 'nearest' };

/** Symmetric, because gradInput folds the channels' scales into gradOutput. */
const weightPerChannel: OperandSpec = { ...nearest8, granularity: 'channel' };

const floatNorm: NormSpec = {
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

const fp32: Recipe = {
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

const paper: Recipe = {
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
 * Everything per tensor. Measured on ResNet-20, CIFAR-10 (JPEG copy), after 100 and 300 steps, as the mean cosine of the
 * products' weight gradients with those of float32 at the same weights: this 0.993 and 0.987; weights per output channel and
 * gradients per sample 0.993 and 0.988, for more passes over memory; activations by `paper`'s mean ranges, which
 * clamp, with batch norm 0.916 and 0.954, with Range BN 0.869 and 0.916.
 */
const int8: Recipe = {
  ...fp32,
  name: 'int8',
  description: 'ours: one scale a tensor, nothing clamped, bifurcated gradients, batch norm of 8-bit codes',
  products: {
    forward: { left: affineTensor, right: nearest8 },
    gradLeft: { gradOutput: gradient8, right: 'forward' },
    gradRight: { gradOutput: gradient16, left: 'forward' },
  },
  norm: { ...floatNorm, input: affineTensor, gradOutput: gradient8 },
};

type Changes = Partial<Pick<Recipe, 'norm' | 'masterWeights'>> & {
  readonly products?: { readonly [P in keyof ProductSpecs]?: Partial<ProductSpecs[P]> };
};

/** `base` under another name with these operands and fields of the norm in place of its own. */
function ablation(base: Recipe, suffix: string, description: string, changes: Changes): Recipe {
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
  };
}

/** Gradients of `bits` bits wherever `paper` has 8. */
function fewerGradientBits(format: 'int4' | 'int6'): Changes {
  const gradOutput: OperandSpec = { ...gradient8, format };
  return { products: { gradLeft: { gradOutput } }, norm: { ...paper.norm, gradOutput } };
}

/** The operand in the published code's quantiser, whose range need not hold zero and whose zero point is a float. */
function floatZero(operand: Operand): Operand {
  return operand === 'float32' ? operand : { ...operand, scheme: 'affine-float-zero' };
}

/** Every operand of `base` so; the norm's coefficients keep their exact zero. */
function noExactZero({ products, norm }: Recipe): Changes {
  return {
    products: {
      forward: { left: floatZero(products.forward.left), right: floatZero(products.forward.right) },
      gradLeft: { gradOutput: floatZero(products.gradLeft.gradOutput) },
      gradRight: { gradOutput: floatZero(products.gradRight.gradOutput) },
    },
    norm: { ...norm, input: floatZero(norm.input), gradOutput: floatZero(norm.gradOutput) },
  };
}

const all: readonly Recipe[] = [
  fp32,
  {
    ...fp32,
    name: 'fp32-range',
    description: 'everything in float32, Range BN in place of batch norm',
    norm: { ...floatNorm, kind: 'range' },
  },
  paper,
  int8,

  ablation(
    int8,
    'no-bifurcation',
    'int8 with one stochastic int8 copy of the gradient feeding both products',
    { products: { gradRight: { gradOutput: gradient8 } } },
  ),
  ablation(int8, 'nearest-gradients', 'int8 without stochastic rounding: gradients to nearest', {
    products: { gradLeft: { gradOutput: nearest8 } },
    norm: { ...int8.norm, gradOutput: nearest8 },
  }),
  ablation(
    int8,
    'no-exact-zero',
    "int8 with the published code's quantiser: zero need not be a code (simulated)",
    noExactZero(int8),
  ),
  ablation(int8, 'no-master', 'int8 without float32 master weights: each update is rounded to nearest', {
    masterWeights: 'quantized',
  }),
  ablation(
    int8,
    'no-master-stochastic',
    'int8 without float32 master weights: each update is rounded stochastically',
    { masterWeights: 'quantized-stochastic' },
  ),
  ablation(int8, 'mean-ranges', "int8 with paper's activation ranges, which clamp what lies outside", {
    products: { forward: { left: affineMean } },
    norm: { ...int8.norm, input: affineMean },
  }),
  ablation(int8, 'channel-weights', 'int8 with a scale per output channel of the weights', {
    products: { forward: { right: weightPerChannel } },
  }),
  ablation(
    int8,
    'sample-gradients',
    'int8 with a scale per sample for the gradient of gradInput (StatQuant)',
    {
      products: { gradLeft: { gradOutput: { ...gradient8, granularity: 'sample' } } },
    },
  ),
  ablation(int8, 'range-norm', 'int8 with Range BN in place of batch norm', {
    norm: { ...int8.norm, kind: 'range' },
  }),
  ablation(int8, 'float-norm', 'int8 with the norm and its gradient in float32', { norm: floatNorm }),

  ablation(paper, 'nearest-gradients', 'paper without stochastic rounding: gradients to nearest', {
    products: { gradLeft: { gradOutput: nearest8 } },
    norm: { ...paper.norm, gradOutput: nearest8 },
  }),
  ablation(
    paper,
    'no-exact-zero',
    "paper with the published code's quantiser: zero need not be a code (simulated)",
    noExactZero(paper),
  ),
  ablation(paper, 'no-master', 'paper without float32 master weights: each update is rounded to nearest', {
    masterWeights: 'quantized',
  }),
  ablation(paper, 'batch-norm', 'paper without Range BN: batch norm in the same formats', {
    norm: { ...paper.norm, kind: 'batch' },
  }),
  ablation(paper, 'float-norm', 'paper with Range BN and its gradient in float32', {
    norm: { ...floatNorm, kind: 'range' },
  }),
  ablation(
    paper,
    'no-bifurcation',
    'paper with one stochastic int8 copy of the gradient feeding both products',
    {
      products: { gradRight: { gradOutput: gradient8 } },
    },
  ),
  ablation(
    paper,
    'gradients-4bit',
    'paper with 4 bits in place of 8 for gradients (the 16-bit copy stays)',
    fewerGradientBits('int4'),
  ),
  ablation(
    paper,
    'gradients-6bit',
    'paper with 6 bits in place of 8 for gradients (the 16-bit copy stays)',
    fewerGradientBits('int6'),
  ),
  ablation(paper, 'constant-paper', "paper with the printed constant 1/sqrt(2 ln n) in Range BN's scale", {
    norm: { ...paper.norm, constant: 'paper' },
  }),
  ablation(
    paper,
    'minmax-activations',
    'paper without clamping: activations by absolute minimum and maximum',
    {
      products: { forward: { left: affineTensor } },
      norm: { ...paper.norm, input: affineTensor },
    },
  ),
];

/** The built-in recipes by name, frozen. */
export const builtInRecipes: Readonly<Record<string, Recipe>> = freezeRecipe(
  Object.fromEntries(all.map((recipe) => [recipe.name, recipe])),
);
