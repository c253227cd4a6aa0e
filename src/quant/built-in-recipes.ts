/**
 * The built-in recipes as data. An ablation is its base with one thing taken away, a remedy one thing that later papers put in
 * its place, so a difference in accuracy has one cause.
 */
import {
  ablation,
  affineMean,
  affineTensor,
  type Changes,
  depthwise,
  floatNorm,
  fp32,
  gradient8,
  int8,
  nearest8,
  paper,
} from './base-recipes.js';
import { freezeRecipe } from './freeze.js';
import type { Operand, OperandSpec, Recipe } from './recipe.js';
import { remedyRecipes } from './remedy-recipes.js';

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
    {
      products: { gradRight: { gradOutput: gradient8 } },
      overrides: [{ ...depthwise, products: {} }],
    },
  ),
  ablation(int8, 'nearest-gradients', 'int8 without stochastic rounding: gradients to nearest', {
    products: { gradLeft: { gradOutput: nearest8 } },
  }),
  ablation(
    int8,
    'no-exact-zero',
    "int8 with the published code's quantiser: zero need not be a code (simulated)",
    {
      ...noExactZero(int8),
      overrides: [
        {
          ...depthwise,
          products: { gradLeft: { gradOutput: floatZero(depthwise.products.gradLeft.gradOutput) } },
          norm: { input: floatZero(depthwise.norm.input) },
        },
      ],
    },
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
    // A mean over samples is of the whole tensor.
    overrides: [{ ...depthwise, norm: {} }],
  }),
  ablation(int8, 'range-norm', 'int8 with Range BN in place of batch norm', {
    norm: { ...int8.norm, kind: 'range' },
  }),
  ablation(int8, 'norm-gradients-8bit', "int8 with the norm's gradient in 8 bits, too, as paper has it", {
    norm: { ...int8.norm, gradOutput: gradient8 },
  }),
  ablation(int8, 'float-norm', "int8 with the norm's input in float32 as well as its gradient", {
    norm: floatNorm,
    overrides: [{ ...depthwise, norm: {} }],
  }),
  ablation(
    int8,
    'plain-depthwise',
    'int8 with depthwise convolutions, and the norms behind them, as all others',
    { overrides: [] },
  ),
  ...remedyRecipes,

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
