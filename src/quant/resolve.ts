/** What a recipe says about one module: its settings with the overrides that match the module's path. */
import { RecipeError } from '../core/errors.js';
import { matchPath } from '../core/text.js';
import { freezeRecipe } from './freeze.js';
import type { ModuleKind, NormSpec, ProductSpecs, Recipe, RecipeOverride } from './recipe.js';
import { findProblems } from './recipe-rules.js';

/** The settings of one module. */
export interface ModuleSettings {
  readonly products: ProductSpecs;
  readonly norm: NormSpec;
}

/** `changes` over `base`, leaving out what is undefined. */
function withChanges<T extends object>(base: T, changes: Partial<T> | undefined): T {
  if (changes === undefined) return base;
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(given) };
}

/** `settings` with one override applied: whole operands are replaced, fields of the norm one by one. */
export function applyOverride({ products, norm }: ModuleSettings, override: RecipeOverride): ModuleSettings {
  return {
    products: {
      forward: withChanges(products.forward, override.products?.forward),
      gradLeft: withChanges(products.gradLeft, override.products?.gradLeft),
      gradRight: withChanges(products.gradRight, override.products?.gradRight),
    },
    norm: withChanges(norm, override.norm),
  };
}

/**
 * The settings of the module at `path`: the recipe's, then every override whose pattern matches, in order, but for those for a kind of
 * module that it is not.
 * @throws RecipeError when overrides that are sound one by one contradict each other at this module.
 */
export function resolveForModule(recipe: Recipe, path: string, kind?: ModuleKind): ModuleSettings {
  const matching = recipe.overrides.filter(
    (override) => (override.kind ?? kind) === kind && matchPath(override.modules, path),
  );
  const settings = matching.reduce(applyOverride, { products: recipe.products, norm: recipe.norm });
  const [problem] = findProblems(settings.products, settings.norm);
  if (problem) {
    const patterns = matching.map(({ modules }) => `"${modules}"`).join(', ');
    const where = patterns ? ` (module ${path}, overrides ${patterns})` : ` (module ${path})`;
    throw new RecipeError(`${problem.message}${where}`, problem.field);
  }
  return freezeRecipe(settings);
}

/** What the norm at `path` normalises by. Overrides for a kind of module cannot change it, so that the path is enough. */
export function normKindAt(recipe: Recipe, path: string): NormSpec['kind'] {
  const changes = recipe.overrides.filter(
    ({ modules, kind, norm }) => kind === undefined && norm?.kind !== undefined && matchPath(modules, path),
  );
  return changes.at(-1)?.norm?.kind ?? recipe.norm.kind;
}

/** Patterns of overrides that match none of the modules: most likely misspelt. That a model has none of an override's kind is no error. */
export function unmatchedOverrides(recipe: Recipe, paths: readonly string[]): string[] {
  return recipe.overrides
    .map(({ modules }) => modules)
    .filter((pattern) => !paths.some((path) => matchPath(pattern, path)));
}
