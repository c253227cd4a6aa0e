/** Recipes from files. */
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { DataError } from '../core/errors.js';
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
  let text: string;
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new DataError('is a folder; name the recipe file in it', path);
    // A pipe or device may never end.
    if (!found.isFile()) throw new DataError('is not a file; name a recipe file', path);
    if (found.size > largestRecipe) {
      throw new DataError(`has ${found.size} bytes; a recipe has at most ${largestRecipe}`, path);
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new DataError('there is no such recipe file; check the path', path);
    if (code === 'EACCES') throw new DataError('may not be read; change its permissions', path);
    throw new DataError(`cannot be read: ${message}`, path);
  }
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
