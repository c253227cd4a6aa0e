/** Recipes by name. */
import { RecipeError } from '../core/errors.js';
import { didYouMean } from '../core/text.js';
import { builtInRecipes } from './built-in-recipes.js';
import type { Recipe } from './recipe.js';
import { listed } from './recipe-schema.js';
import { parseRecipe } from './validate.js';

/** The built-in recipes by name: `fp32`, `paper`, `int8` and their ablations. Frozen. */
export const recipes: Readonly<Record<string, Recipe>> = builtInRecipes;

/**
 * A built-in recipe by its name, or a recipe of one's own checked and frozen.
 * @throws RecipeError for an unknown name or a recipe that does not hold up.
 */
export function getRecipe(nameOrRecipe: string | Recipe): Recipe {
  if (typeof nameOrRecipe !== 'string') return parseRecipe(nameOrRecipe);
  if (Object.hasOwn(recipes, nameOrRecipe)) return recipes[nameOrRecipe];
  const names = Object.keys(recipes);
  const near = didYouMean(nameOrRecipe, names);
  // Where one is near, the list of all would hide it.
  throw new RecipeError(
    `there is no recipe "${nameOrRecipe}".${near === '' ? ` Built-in ones are ${listed(names)}` : `${near} The command octograd recipes lists all`}`,
  );
}
