/**
 * Remedies of papers after Banner et al. 2018, each on top of `int8`, so that one thing differs. Some are unbuilt on integer
 * kernels; their descriptions say that they are simulated.
 */
import { ablation, gradient8, int8, weightPerChannel } from './base-recipes.js';
import type { Operand, Recipe } from './recipe.js';

const { gradLeft, gradRight } = int8.products;

/** The range of a gradient by that of the step before, so that no pass over the tensor comes before its quantisation. */
function previous(operand: Operand): Operand {
  return operand === 'float32' ? operand : { ...operand, range: 'previous' };
}

/** Remedies on top of `int8`, in the order in which lists show them. */
export const remedyRecipes: readonly Recipe[] = [
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
    norm: { ...int8.norm, gradOutput: previous(int8.norm.gradOutput) },
  }),
];
