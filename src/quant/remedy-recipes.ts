/**
 * Remedies of papers after Banner et al. 2018, each on top of `int8`, so that one thing differs. Some are unbuilt on integer
 * kernels; their descriptions say that they are simulated.
 */
import {
  ablation,
  affineTensor,
  depthwise,
  gradient8,
  int8,
  nearest8,
  weightPerChannel,
} from './base-recipes.js';
import type { Operand, OperandSpec, Recipe } from './recipe.js';

const { gradLeft, gradRight } = int8.products;

/** The range of a gradient by that of the step before, so that no pass over the tensor comes before its quantisation. */
function previous(operand: Operand): Operand {
  return operand === 'float32' ? operand : { ...operand, range: 'previous' };
}

/**
 * Logarithmic 4-bit gradients, unbiased (LUQ): a sign and 0 or one of seven powers of two up to the tensor's largest magnitude,
 * stochastic between two of them and below the least.
 */
const logarithmic4: OperandSpec = { ...gradient8, format: 'fp4-e3m0' };

/**
 * Micikevicius et al., "FP8 Formats for Deep Learning", 2022: E4M3 for weights and activations, E5M2 for gradients, to nearest. One
 * scale a tensor, by its largest magnitude.
 */
const e4m3: OperandSpec = { ...nearest8, format: 'fp8-e4m3' };
const e5m2: OperandSpec = { ...nearest8, format: 'fp8-e5m2' };

/** Remedies on top of `int8`, in the order in which lists show them. */
export const remedyRecipes: readonly Recipe[] = [
  ablation(int8, 'channel-weights', 'int8 with a scale per output channel of the weights', {
    products: { forward: { right: weightPerChannel } },
  }),
  ablation(int8, 'channel-norm', "int8 with a scale per channel for the norms' input", {
    norm: { ...int8.norm, input: { ...affineTensor, granularity: 'channel' } },
  }),
  ablation(
    int8,
    'sample-gradients',
    'int8 with a scale per sample for the gradient of gradInput (StatQuant)',
    {
      products: { gradLeft: { gradOutput: { ...gradient8, granularity: 'sample' } } },
    },
  ),
  // Zhao et al., "Distribution Adaptive INT8 Quantization for Training CNNs", AAAI 2021.
  ablation(int8, 'channel-gradients', "int8 with gradWeight's gradient in int8, a scale per channel (DAI8)", {
    products: { gradRight: { gradOutput: { ...gradient8, granularity: 'channel' } } },
  }),
  // Chmiel et al., "Accurate Neural Training with 4-bit Matrix Multiplications at Standard Formats" (LUQ), 2021.
  ablation(int8, 'previous-ranges', 'int8 with gradients by the ranges of the step before (LUQ)', {
    products: {
      gradLeft: { gradOutput: previous(gradLeft.gradOutput) },
      gradRight: { gradOutput: previous(gradRight.gradOutput) },
    },
    overrides: [
      {
        ...depthwise,
        products: { gradLeft: { gradOutput: previous(depthwise.products.gradLeft.gradOutput) } },
      },
    ],
  }),
  // Zhu et al., "Towards Unified INT8 Training for Convolutional Neural Network", CVPR 2020.
  ablation(
    int8,
    'cosine-clip',
    'int8 with int8 gradients clipped where 1 - cos(g, Q(g)) is least (Unified INT8)',
    { products: { gradLeft: { gradOutput: { ...gradient8, clip: 'cosine' } } } },
  ),
  ablation(
    int8,
    'log4-gradients',
    'int8 with logarithmic 4-bit gradients, unbiased (LUQ; simulated in float)',
    { products: { gradLeft: { gradOutput: logarithmic4 } } },
  ),
  {
    ...ablation(int8, '', 'fp8 in place of int8: E4M3, for gradients E5M2, to nearest (simulated in float)', {
      products: {
        forward: { left: e4m3, right: e4m3 },
        gradLeft: { gradOutput: e5m2 },
        gradRight: { gradOutput: e5m2 },
      },
      norm: { ...int8.norm, input: e4m3 },
      overrides: [],
    }),
    name: 'fp8',
  },
];
