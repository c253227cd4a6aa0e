/**
 * In what arithmetic an arm trains, by its recipe and model: on integer kernels, simulated in float, or in float32 from the start. Plans
 * nothing; what integer kernels take is quant/product-kind.ts's affair.
 */
import { RecipeError } from '../../../core/errors.js';
import { Conv2d, LayerNorm, type Module, Norm } from '../../../nn/index.js';
import { describeProducts, normKind, type ProductKind, resolveForModule } from '../../../quant/index.js';
import type { Operand, Recipe } from '../../../quant/recipe.js';
import type { Arm, Experiment } from './experiment.js';
import { boundModel, hasDepthwise } from './model-modules.js';
import { armRecipe } from './tasks.js';

/** The products by the names that documents have for them. */
const productTitles = { forward: 'forward', gradLeft: 'gradInput', gradRight: 'gradWeight' } as const;

/** What a module normalises, and how that is called; undefined for other modules. */
const normTitle = (module: Module): string | undefined =>
  module instanceof LayerNorm ? 'layer norm' : module instanceof Norm ? 'norm' : undefined;

/**
 * What a norm reads, by recipe. Which norms stand behind a depthwise convolution only the graph knows, so in a model that has some both kinds
 * are asked; settings that contradict each other for one kind are then of the other.
 */
function normOperands(recipe: Recipe, path: string, both: boolean): Operand[] {
  if (!both) {
    const { input, gradOutput } = resolveForModule(recipe, path).norm;
    return [input, gradOutput];
  }
  return ([undefined, 'depthwise'] as const).flatMap((kind) => {
    try {
      const { input, gradOutput } = resolveForModule(recipe, path, kind).norm;
      return [input, gradOutput];
    } catch (error) {
      if (error instanceof RecipeError) return [];
      throw error;
    }
  });
}

/** Products and norms of a model, and how each runs somewhere in it. */
function kindsOf(recipe: Recipe, model: string): Map<string, Set<ProductKind>> {
  const kinds = new Map<string, Set<ProductKind>>();
  const add = (title: string, kind: ProductKind): void => {
    kinds.set(title, (kinds.get(title) ?? new Set()).add(kind));
  };
  for (const module of boundModel(model).modules) {
    const norm = normTitle(module);
    if (norm === undefined) {
      const kind = module instanceof Conv2d && module.depthwise ? 'depthwise' : undefined;
      const settings = resolveForModule(recipe, module.path, kind);
      for (const { product, kind } of describeProducts(settings)) add(productTitles[product], kind);
      continue;
    }
    for (const operand of normOperands(recipe, module.path, module instanceof Norm && hasDepthwise(model))) {
      const kind = normKind(operand);
      // A layer norm has no integer kernels at all.
      add(norm, kind === 'integer' && norm === 'layer norm' ? 'simulated' : kind);
    }
  }
  return kinds;
}

/**
 * Empty where all that is quantised runs on integer kernels; `simulated` where no product does, `simulated: gradInput, norm` where these
 * do not; `float32` where nothing is quantised. @throws UsageError for a recipe or a model that there is not.
 */
export function arithmeticOf(experiment: Experiment, arm: Arm): string {
  const kinds = kindsOf(armRecipe(arm).recipe, arm.settings.model ?? experiment.model);
  const all = [...kinds.values()].flatMap((found) => [...found]);
  if (all.every((kind) => kind === 'float')) return 'float32';
  const simulated = [...kinds].filter(([, found]) => found.has('simulated')).map(([title]) => title);
  const products = Object.values(productTitles);
  if (products.every((title) => simulated.includes(title))) return 'simulated';
  return simulated.length === 0 ? '' : `simulated: ${simulated.join(', ')}`;
}
