/** A recipe beside a model: its twin in float, for comparison, and whether its overrides mean anything there. */
import { RecipeError } from '../core/errors.js';
import { didYouMean } from '../core/text.js';
import type { BoundModel } from '../nn/module.js';
import type { Recipe } from '../quant/recipe.js';
import { unmatchedOverrides } from '../quant/resolve.js';

const floatNorm = { input: 'float32', gradOutput: 'float32', coefficientBits: 0 } as const;

/** Throws RecipeError for an override whose pattern matches no module. */
export function refuseUnmatched(recipe: Recipe, { modules }: BoundModel): void {
  const paths = modules.map(({ path }) => path).filter((path) => path !== '');
  const [unmatched] = unmatchedOverrides(recipe, paths);
  if (unmatched === undefined) return;
  throw new RecipeError(
    `"${unmatched}" matches no module of the model.${didYouMean(unmatched, paths)} Modules: ${paths.slice(0, 12).join(', ')}${paths.length > 12 ? ', ...' : ''}.`,
    'overrides.modules',
  );
}

/** The same normalisation, everything in float32: what a recipe's gradients are compared with. */
export function floatTwin(recipe: Recipe): Recipe {
  return {
    ...recipe,
    name: `${recipe.name} in float32`,
    products: {
      forward: { left: 'float32', right: 'float32' },
      gradLeft: { gradOutput: 'float32', right: 'forward' },
      gradRight: { gradOutput: 'float32', left: 'forward' },
    },
    norm: { ...recipe.norm, ...floatNorm },
    masterWeights: 'float32',
    // What overrides say of the norm beside formats (its kind, constant, eps) holds in the twin too.
    overrides: recipe.overrides
      .filter(({ norm }) => norm !== undefined)
      .map(({ products: _p, norm, ...which }) => ({ ...which, norm: { ...norm, ...floatNorm } })),
  };
}
