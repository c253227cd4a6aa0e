/**
 * From JSON to a frozen recipe: built-in recipes extended, defaults filled, misspellings and contradictions refused.
 * What a field may hold is in recipe-schema.ts, what contradicts what in recipe-rules.ts.
 */
import * as v from 'valibot';
import { RecipeError } from '../core/errors.js';
import { didYouMean, shown } from '../core/text.js';
import { builtInRecipes } from './built-in-recipes.js';
import { freezeRecipe } from './freeze.js';
import type { Recipe } from './recipe.js';
import { findProblems, masterProblems, type Problem } from './recipe-rules.js';
import { listed, recipeSchema } from './recipe-schema.js';
import { applyOverride, type ModuleSettings } from './resolve.js';

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Objects are merged field by field; anything else in `changes` takes the place of what was there. */
function merge(base: unknown, changes: unknown): unknown {
  if (!isObject(base) || !isObject(changes)) return changes;
  const merged = new Map(Object.entries(base));
  for (const [key, change] of Object.entries(changes)) {
    if (change !== undefined) merged.set(key, merge(merged.get(key), change));
  }
  return Object.fromEntries(merged);
}

/** How many overrides a file has from the recipe that it extends. */
const inheritedOverrides = ({ extends: name }: JsonObject): number =>
  typeof name === 'string' && Object.hasOwn(builtInRecipes, name) ? builtInRecipes[name].overrides.length : 0;

/** The recipe that `"extends"` names with the changes over it; its overrides come before those of the changes. */
function extended(json: JsonObject, where: string): JsonObject {
  const { extends: baseName, ...changes } = json;
  if (baseName === undefined) return json;
  const names = Object.keys(builtInRecipes);
  if (typeof baseName !== 'string' || !Object.hasOwn(builtInRecipes, baseName)) {
    const hint = typeof baseName === 'string' ? didYouMean(baseName, names) : '';
    throw new RecipeError(`must name a built-in recipe: ${listed(names)}.${hint}${where}`, 'extends');
  }
  const base = builtInRecipes[baseName];
  const merged = merge(base, changes) as JsonObject;
  if (Array.isArray(changes.overrides)) merged.overrides = [...base.overrides, ...changes.overrides];
  return {
    ...merged,
    name: changes.name ?? `${baseName}-changed`,
    description: changes.description ?? `${baseName} with changes`,
  };
}

/**
 * Problems with the places that the file's own overrides have in it: those that it has from its base stand before them.
 * @param inherited how many those are
 */
function asWritten(problems: readonly Problem[], inherited: number): Problem[] {
  return problems.map(({ field, message }) => {
    const [, index, rest] = /^overrides\.(\d+)(.*)$/.exec(field) ?? [];
    if (index === undefined || inherited === 0) return { field, message };
    const own = Number(index) - inherited;
    return own < 0
      ? {
          field: 'extends',
          message: `${message} (override ${index} of the recipe that it names, ${rest.slice(1)})`,
        }
      : { field: `overrides.${own}${rest}`, message };
  });
}

/** As many as a person mends at a time; a list of overrides may have any number. */
const problemsShown = 8;

function refuse(problems: readonly Problem[], where: string): never {
  const [first, ...others] = problems;
  const named = others.slice(0, problemsShown - 1);
  const more = named.map(({ field, message }) => `\nalso "${field}": ${message}`).join('');
  const left = others.length - named.length;
  throw new RecipeError(
    `${first.message}${where}${more}${left > 0 ? `\nand ${left} more` : ''}`,
    first.field,
  );
}

const normOfKind =
  'cannot be in an override for a kind of module, since files of models name what a norm keeps by its path; leave out "kind" and name the norms in "modules"';

/** Problems of each override, taken alone and on top of those before it: what is sound in one of the two may be meant. */
function overrideProblems(recipe: Recipe): Problem[] {
  const base: ModuleSettings = { products: recipe.products, norm: recipe.norm };
  let stacked = base;
  return recipe.overrides.flatMap((override, i) => {
    const prefix = `overrides.${i}.`;
    const alone = applyOverride(base, override);
    stacked = applyOverride(stacked, override);
    const problems = findProblems(alone.products, alone.norm, prefix);
    const stackedProblems = findProblems(stacked.products, stacked.norm, prefix);
    const kindProblems =
      override.kind !== undefined && override.norm?.kind !== undefined
        ? [{ field: `${prefix}norm.kind`, message: normOfKind }]
        : [];
    return [...kindProblems, ...(stackedProblems.length === 0 ? [] : problems)];
  });
}

/**
 * A frozen recipe from parsed JSON. Left out fields take their defaults: scheme `symmetric` for signed and `affine` for
 * unsigned formats, granularity `tensor`, range `minmax`, rounding `nearest`, clip 1, gradLeft.right and
 * gradRight.left `forward`, a norm in float32. `"extends": "paper"` starts from a built-in recipe and merges the
 * other fields into it. `source` (a file) stands in the messages.
 * @throws RecipeError naming the field and what is allowed, or the contradiction and what to write instead.
 */
export function parseRecipe(json: unknown, source = ''): Recipe {
  const where = source ? ` (in ${source})` : '';
  if (!isObject(json)) throw new RecipeError(`a recipe is a JSON object, not ${shown(json)}${where}`);
  const whole = extended(json, where);
  const inherited = Array.isArray(whole.overrides) ? inheritedOverrides(json) : 0;
  const parsed = v.safeParse(recipeSchema, whole);
  if (!parsed.success) {
    const issues = parsed.issues.map((issue) => ({
      field: v.getDotPath(issue) ?? '',
      message: issue.message,
    }));
    refuse(asWritten(issues, inherited), where);
  }
  const recipe: Recipe = parsed.output;
  const problems = [...findProblems(recipe.products, recipe.norm), ...masterProblems(recipe)];
  // An override inherits the recipe's own contradictions, so those are told first and alone.
  if (problems.length === 0) problems.push(...overrideProblems(recipe));
  if (problems.length > 0) refuse(asWritten(problems, inherited), where);
  return freezeRecipe(recipe);
}
