/** From what a command line names to a recipe: a built-in one, a JSON file, or that of an experiment's arm. */
import { existsSync } from 'node:fs';
import { DataError, RecipeError, UsageError } from '../core/errors.js';
import { didYouMean } from '../core/text.js';
import type { Recipe } from '../quant/recipe.js';
import { getRecipe, recipes } from '../quant/recipes.js';
import { loadRecipeFile } from '../quant/recipes.node.js';
import { experimentNames, findExperiments, placeOf } from './reproduce/experiment/find.js';
import { armRecipe } from './reproduce/experiment/tasks.js';
import { checkFolderNames } from './run-folder.js';

/** `fashion-cnn/int8-gradients-4bit`: an experiment of ./experiments, else of the package, and one of its arms. */
async function armRecipeOf(text: string): Promise<Recipe | undefined> {
  const [, name, armName] = /^([^\\/]+)\/([^\\/]+)$/.exec(text) ?? [];
  const { folder } = placeOf();
  if (name === undefined || !existsSync(folder) || !(await experimentNames(folder)).includes(name))
    return undefined;
  const [experiment] = await findExperiments(folder, [name]);
  const arms = experiment.arms.map((arm) => arm.name);
  const arm = experiment.arms.find((one) => one.name === armName);
  if (!arm) {
    throw new UsageError(
      `the experiment ${name} has no arm "${armName}".${didYouMean(armName, arms)} Its arms: ${arms.join(', ')}.`,
    );
  }
  return armRecipe(arm).recipe;
}

/** Where the arms of experiments have recipes that are asked for without the experiment: `fashion-cnn/int8-gradients-4bit`. */
async function armsNamed(text: string): Promise<string[]> {
  const { folder } = placeOf();
  if (!existsSync(folder)) return [];
  const found: string[] = [];
  for (const name of await experimentNames(folder)) {
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
  if (/\.json$/i.test(text) || existsSync(text)) return loadRecipeFile(text);
  if (/[\\/]/.test(text)) return (await armRecipeOf(text)) ?? loadRecipeFile(text);
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
