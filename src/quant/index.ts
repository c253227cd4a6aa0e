/** Recipes, number formats and what quantisation does to a tensor. `index.node.ts` adds recipes from files. */
export { codeRange, type Format, type FormatName, formats, type MinifloatName } from './format.js';
export { recipeToJson } from './freeze.js';
export { cosine, saturationShare, sqnr } from './measure.js';
export { describeOperand, describeProducts, type ProductDescription, printRecipe } from './print-recipe.js';
export { normKind, type ProductKind, productKind } from './product-kind.js';
export {
  type Codes,
  cosineClip,
  dequantizeArray,
  type Grouping,
  type Noise,
  type QuantizedArray,
  type QuantizerSpec,
  quantizeArray,
  rangesOf,
  type ScaleAndZero,
  scaleOf,
} from './quantize-array.js';
export { d2, rangeConstant } from './range-constant.js';
export type {
  Granularity,
  MasterWeights,
  ModuleKind,
  NormSpec,
  Operand,
  OperandSpec,
  ProductSpecs,
  RangeSource,
  Recipe,
  RecipeOverride,
  Rounding,
  Scheme,
} from './recipe.js';
export { getRecipe, recipes } from './recipes.js';
export { type ModuleSettings, resolveForModule, unmatchedOverrides } from './resolve.js';
export { parseRecipe } from './validate.js';
export { type TensorBits, withBits } from './with-bits.js';
