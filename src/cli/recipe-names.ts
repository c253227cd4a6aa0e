/** From what a command line names to a recipe: a built-in one, a JSON file, or that of an experiment's arm. */
import { existsSync, statSync } from 'node:fs';
import { DataError, OctogradError, RecipeError, UsageError } from '../core/errors.js';
import { textIfThere } from '../core/read.node.js';
import { didYouMean } from '../core/text.js';
import type { Recipe } from '../quant/recipe.js';
import { getRecipe, recipes } from '../quant/recipes.js';
import { loadRecipeFile } from '../quant/recipes.node.js';
import {
  experimentNames,
  findExperiments,
  packageExperiments,
  placeOf,
} from './reproduce/experiment/find.js';
import { armRecipe } from './reproduce/experiment/tasks.js';
import { checkFolderNames } from './run-folder.js';

/** Folders of the experiments whose arms have recipes, by name: those of ./experiments, then the package's. */
function knownExperiments(): Map<string, string> {
  const known = new Map<string, string>();
  for (const folder of [placeOf().folder, packageExperiments]) {
    try {
      for (const name of experimentNames(folder)) if (!known.has(name)) known.set(name, folder);
    } catch (error) {
      // A folder that cannot be listed has nothing to do with the name that was asked for.
      if (!(error instanceof DataError)) throw error;
    }
  }
  return known;
}

/** `fashion-cnn/int8-gradients-4bit`: an experiment of ./experiments, else of the package, and one of its arms. */
async function armRecipeOf(text: string): Promise<Recipe | undefined> {
  const [, name, armName] = /^([^\\/]+)\/([^\\/]+)$/.exec(text.trim()) ?? [];
  if (name === undefined) return undefined;
  const known = knownExperiments();
  const folder = known.get(name);
  if (folder === undefined) {
    const near = didYouMean(name, [...known.keys()]);
    if (near === '') {
      if (/^\.+$/.test(name)) return undefined;
      // What is there, and cannot be a recipe file, is told as that.
      await textIfThere(text);
      throw new DataError(
        `there is no such recipe file, and no experiment "${name}" in ./experiments or among the package's, which are all that arms are looked for in; check the path, or write the arm's recipe to a file`,
        text,
      );
    }
    throw new UsageError(`there is no recipe file ${text}, and no experiment "${name}".${near}`);
  }
  const [experiment] = await findExperiments(folder, [name]);
  const arms = experiment.arms.map((arm) => arm.name);
  const arm = experiment.arms.find((one) => one.name === armName);
  if (!arm) {
    throw new UsageError(
      `the experiment ${name} has no arm "${armName}".${didYouMean(armName, arms)} Its arms: ${arms.join(', ')}.`,
    );
  }
  try {
    return armRecipe(arm).recipe;
  } catch (error) {
    if (!(error instanceof OctogradError)) throw error;
    throw new DataError(`arm "${armName}": ${error.message}`, experiment.file);
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Not every name can be a path: it may be too long, or a link that leads back to itself.
    return false;
  }
}

/** Where the arms of experiments have recipes that are asked for without the experiment: `fashion-cnn/int8-gradients-4bit`. */
async function armsNamed(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const [name, folder] of knownExperiments()) {
    try {
      const [{ arms }] = await findExperiments(folder, [name]);
      if (arms.some((arm) => arm.name === text)) found.push(`${name}/${text}`);
    } catch (error) {
      // A folder of the user's with an error in it has nothing to do with the name that was asked for.
      if (!(error instanceof DataError)) throw error;
    }
  }
  return found;
}

/**
 * A recipe by built-in name, from a JSON file, or as `EXPERIMENT/ARM`.
 * @throws RecipeError with the nearest name, DataError for the file, UsageError for an arm that the experiment has not.
 */
export async function recipeOf(text: string): Promise<Recipe> {
  if (Object.hasOwn(recipes, text)) return recipes[text];
  if (/\.json$/i.test(text) || isFile(text)) return loadRecipeFile(text);
  if (text.trimStart().startsWith('{')) {
    throw new UsageError(
      'a recipe is given by its name or file, not in JSON; write the JSON to a file and name that',
    );
  }
  if (/[\\/]/.test(text) || existsSync(text)) return (await armRecipeOf(text)) ?? loadRecipeFile(text);
  try {
    return getRecipe(text);
  } catch (error) {
    const arms = error instanceof RecipeError ? await armsNamed(text) : [];
    if (arms.length === 0) throw error;
    throw new RecipeError(
      `there is no built-in recipe "${text}"; an experiment's arm of that name is ${arms.length === 1 ? arms[0] : `one of ${arms.join(', ')}`}`,
    );
  }
}

/** Recipes of a list such as `fp32,paper,mine.json`. Throws UsageError for an empty list and for two of one name or folder. */
export async function recipesOf(text: string): Promise<Recipe[]> {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new UsageError('--recipes needs at least one name, for instance fp32,int8');
  const recipes: Recipe[] = [];
  for (const name of names) {
    const recipe = await recipeOf(name);
    if (recipes.some((other) => other.name === recipe.name)) {
      throw new UsageError(`--recipes has two recipes named "${recipe.name}"; give one another name`);
    }
    recipes.push(recipe);
  }
  checkFolderNames(recipes.map(({ name }) => name));
  return recipes;
}
