/** Recipes as values: frozen, and as JSON text. Knows nothing of what the fields mean. */
import type { Recipe } from './recipe.js';

/** Freezes a recipe (or a part of one) and all it holds, and returns it. */
export function freezeRecipe<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freezeRecipe(part);
  }
  return value;
}

/** The recipe as JSON text with a line end, every field written out; `parseRecipe(JSON.parse(text))` gives it back. */
export function recipeToJson(recipe: Recipe): string {
  return `${JSON.stringify(recipe, null, 2)}\n`;
}
