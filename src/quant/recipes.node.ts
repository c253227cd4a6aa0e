/** Recipes from files. */
import { basename, extname } from 'node:path';
import { DataError } from '../core/errors.js';
import { textOf } from '../core/read.node.js';
import { parseJson } from '../core/text.js';
import type { Recipe } from './recipe.js';
import { parseRecipe } from './validate.js';

/** Bytes; the longest built-in recipe has some 2,000. */
const largestRecipe = 1 << 20;

/** Where JSON broke off, from the engine's message: `at position 12` or `Unexpected end`. */
function lineOf(text: string, message: string): number {
  const position = /position (\d+)/.exec(message);
  const end = text.trimEnd().length;
  const at = position ? Math.min(Number(position[1]), end) : end;
  return text.slice(0, at).split('\n').length;
}

/**
 * Reads and checks a recipe in JSON. One without a name is called after its file.
 * @throws DataError when the file cannot be read or is not JSON (naming the line), RecipeError when the recipe is wrong.
 */
export async function loadRecipeFile(path: string): Promise<Recipe> {
  const text = await textOf(path, 'recipe file', largestRecipe);
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    throw new DataError(`is not JSON, see line ${lineOf(text, message)}: ${message}`, path);
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    json = { name: basename(path, extname(path)), ...json };
  }
  return parseRecipe(json, path);
}
