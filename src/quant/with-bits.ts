/** Recipes of a sweep over bits: another recipe with its weights, activations or gradients in fewer or more bits. */
import { UsageError } from '../core/errors.js';
import { type FormatName, formats } from './format.js';
import type { NormSpec, Operand, OperandSpec, ProductSpecs, Recipe, RecipeOverride } from './recipe.js';
import { parseRecipe } from './validate.js';

/** Bits of each kind of tensor: 2 to 8, or 16. What is left out stays as it is. */
export interface TensorBits {
  /** Weights, and the norm's coefficients (gamma, beta, 1/spread), which 16 bits leave in float32. */
  readonly weights?: number;
  /** Inputs of products and of the norm. */
  readonly activations?: number;
  /** Gradients of at most 8 bits: gradInput's, and the norm's where it is quantised. The 16-bit copy for gradWeight stays. */
  readonly gradients?: number;
}

const kinds = ['weights', 'activations', 'gradients'] as const;

type Change = (operand: Operand) => Operand;
interface Changes {
  readonly weights: Change;
  readonly activations: Change;
  readonly gradients: Change;
}

/**
 * The operand in `bits` bits; signed formats stay signed. 16 bits have no zero point, so they are symmetric.
 * @throws UsageError for a small float, whose bits are its format's.
 */
function inBits(spec: OperandSpec, bits: number): OperandSpec {
  if (formats[spec.format].minifloat) {
    throw new UsageError(
      `${spec.format} has bits of its own; give an integer format in a recipe of your own`,
    );
  }
  if (bits === 16) {
    return { ...spec, format: 'int16', scheme: spec.scheme === 'affine' ? 'symmetric' : spec.scheme };
  }
  const format = `${formats[spec.format].signed ? 'int' : 'uint'}${bits}` as Exclude<FormatName, 'float32'>;
  return { ...spec, format };
}

/** `part` with each of the named operands changed that it has. */
function changed<T extends object>(part: T, change: Change, ...names: (keyof T)[]): T {
  const made = names
    .filter((name) => typeof part[name] === 'object')
    .map((name) => [name, change(part[name] as Operand)]);
  return { ...part, ...Object.fromEntries(made) };
}

function changedProducts<P extends NonNullable<RecipeOverride['products']> | ProductSpecs>(
  products: P,
  { weights, activations, gradients }: Changes,
): P {
  const { forward = {}, gradLeft = {}, gradRight = {} } = products as Partial<ProductSpecs>;
  const all = {
    forward: changed(changed(forward as ProductSpecs['forward'], activations, 'left'), weights, 'right'),
    gradLeft: changed(
      changed(gradLeft as ProductSpecs['gradLeft'], gradients, 'gradOutput'),
      weights,
      'right',
    ),
    gradRight: changed(
      changed(gradRight as ProductSpecs['gradRight'], gradients, 'gradOutput'),
      activations,
      'left',
    ),
  };
  return Object.fromEntries(Object.keys(products).map((name) => [name, all[name as keyof typeof all]])) as P;
}

function changedNorm<N extends Partial<NormSpec>>(
  norm: N,
  changes: Changes,
  weightBits: number | undefined,
): N {
  const operands = changed(changed(norm, changes.activations, 'input'), changes.gradients, 'gradOutput');
  if (weightBits === undefined || !norm.coefficientBits) return operands;
  return { ...operands, coefficientBits: weightBits === 16 ? 0 : weightBits };
}

/**
 * `recipe` with other numbers of bits, its overrides included, named after what differs: `paper-gradients-4bit`, `int8-4bit` where
 * all three kinds have 4. Schemes, ranges and rounding stay, but 16 bits are symmetric where the recipe is affine.
 * Up to 8 bits all products stay on integer kernels; with 16 on both sides, and in a norm, they are simulated.
 * @throws UsageError for bits that no format has, for an operand in a small float, and for a kind that the recipe keeps in float32; RecipeError where
 * the result contradicts itself.
 */
export function withBits(recipe: Recipe, bits: TensorBits): Recipe {
  const given = kinds.flatMap((kind) => {
    const count = bits[kind];
    return count === undefined ? [] : [{ kind, count }];
  });
  for (const { kind, count } of given) {
    if (!Number.isInteger(count) || ((count < 2 || count > 8) && count !== 16)) {
      throw new UsageError(`${kind} can have 2 to 8 or 16 bits, not ${count}`);
    }
  }
  const met = new Set<keyof TensorBits>();
  const change =
    (kind: keyof TensorBits): Change =>
    (operand) => {
      const count = bits[kind];
      if (operand === 'float32' || count === undefined) return operand;
      met.add(kind);
      const isCopy = kind === 'gradients' && operand.format === 'int16';
      return isCopy ? operand : inBits(operand, count);
    };
  const changes: Changes = {
    weights: change('weights'),
    activations: change('activations'),
    gradients: change('gradients'),
  };
  const { products, norm, overrides } = recipe;
  const made = {
    products: changedProducts(products, changes),
    norm: changedNorm(norm, changes, bits.weights),
    overrides: overrides.map((override) => ({
      ...override,
      ...(override.products ? { products: changedProducts(override.products, changes) } : {}),
      ...(override.norm ? { norm: changedNorm(override.norm, changes, bits.weights) } : {}),
    })),
  };
  for (const { kind } of given) {
    if (!met.has(kind)) throw new UsageError(`recipe "${recipe.name}" keeps its ${kind} in float32`);
  }
  if (given.length === 0) return recipe;
  const alike = given.length === kinds.length && new Set(given.map(({ count }) => count)).size === 1;
  const suffix = alike
    ? `${given[0].count}bit`
    : given.map(({ kind, count }) => `${kind}-${count}bit`).join('-');
  const what = given.map(({ kind, count }) => `${kind} of ${count} bits`).join(', ');
  return parseRecipe({
    ...recipe,
    ...made,
    name: `${recipe.name}-${suffix}`,
    description: `${recipe.name} with ${what}`,
  });
}
