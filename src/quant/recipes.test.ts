import { describe, expect, it } from 'vitest';
import { RecipeError } from '../core/errors.js';
import { describeProducts } from './print-recipe.js';
import type { Recipe } from './recipe.js';
import { getRecipe, recipes } from './recipes.js';
import { parseRecipe } from './validate.js';

/** Dotted paths of the fields in which two recipes differ, but for name and description. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    return Object.keys(a).flatMap((key) =>
      differences((a as never)[key], (b as never)[key], path ? `${path}.${key}` : key),
    );
  }
  return a === b || path === 'name' || path === 'description' ? [] : [path];
}

const kinds = (recipe: Recipe) => describeProducts(recipe).map(({ kind }) => kind);

describe('the built-in recipes', () => {
  it.each(Object.entries(recipes))(
    '%s is sound, complete, frozen, described and called by its name',
    (name, recipe) => {
      expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
      expect(recipe.name).toBe(name);
      expect(recipe.description).not.toBe('');
      expect(recipe.description).not.toContain('\n');
      expect(Object.isFrozen(recipe.products.gradLeft)).toBe(true);
    },
  );

  it('run on integer kernels unless they are float, have no exact zero or small floats, and say so', () => {
    for (const recipe of Object.values(recipes)) {
      const { name, description } = recipe;
      const simulated = name.endsWith('no-exact-zero') || name === 'fp8';
      const kind = name.startsWith('fp32') ? 'float' : simulated ? 'simulated' : 'integer';
      const gradLeft = name === 'int8-log4-gradients' ? 'simulated' : kind;
      expect([name, ...kinds(recipe)]).toEqual([name, kind, gradLeft, kind]);
      expect([name, description.includes('simulated')]).toEqual([name, gradLeft === 'simulated']);
    }
  });

  it('paper is what the paper says', () => {
    const { products, norm } = recipes.paper;
    const activation = {
      format: 'uint8',
      scheme: 'affine',
      granularity: 'tensor',
      range: 'mean',
      chunks: 'sample',
    };
    expect(products.forward.left).toMatchObject({ ...activation, rounding: 'nearest' });
    expect(products.forward.right).toMatchObject({ format: 'uint8', scheme: 'affine', range: 'minmax' });
    const stochastic = { format: 'int8', scheme: 'symmetric', range: 'minmax', rounding: 'stochastic' };
    expect(products.gradLeft).toMatchObject({ gradOutput: stochastic, right: 'forward' });
    expect(products.gradRight).toMatchObject({
      gradOutput: { format: 'int16', scheme: 'symmetric', rounding: 'nearest' },
      left: 'forward',
    });
    expect(norm).toMatchObject({
      kind: 'range',
      chunks: 16,
      constant: 'd2',
      input: activation,
      coefficientBits: 8,
      gradOutput: stochastic,
      eps: 1e-5,
    });
  });

  const everyScheme = [
    'products.forward.left.scheme',
    'products.forward.right.scheme',
    'products.gradLeft.gradOutput.scheme',
    'products.gradRight.gradOutput.scheme',
    'norm.input.scheme',
    'norm.gradOutput.scheme',
  ];
  it.each([
    ['fp32', 'fp32-range', ['norm.kind']],
    ['int8', 'int8-nearest-gradients', ['products.gradLeft.gradOutput.rounding']],
    ['int8', 'int8-norm-gradients-8bit', ['norm.gradOutput']],
    [
      'int8',
      'int8-no-exact-zero',
      [
        ...everyScheme.filter((field) => field !== 'norm.gradOutput.scheme'),
        'overrides.0.products.gradLeft.gradOutput.scheme',
        'overrides.0.norm.input.scheme',
      ],
    ],
    ['paper', 'paper-no-exact-zero', everyScheme],
    ['int8', 'int8-no-master', ['masterWeights']],
    ['int8', 'int8-no-master-stochastic', ['masterWeights']],
    ['paper', 'paper-no-master', ['masterWeights']],
    ['int8', 'int8-channel-weights', ['products.forward.right.granularity']],
    ['int8', 'int8-channel-norm', ['norm.input.granularity']],
    ['int8', 'int8-sample-gradients', ['products.gradLeft.gradOutput.granularity']],
    ['int8-no-bifurcation', 'int8-channel-gradients', ['products.gradRight.gradOutput.granularity']],
    [
      'int8',
      'int8-previous-ranges',
      [
        'products.gradLeft.gradOutput.range',
        'products.gradRight.gradOutput.range',
        'overrides.0.products.gradLeft.gradOutput.range',
      ],
    ],
    ['int8', 'int8-cosine-clip', ['products.gradLeft.gradOutput.clip']],
    ['int8', 'int8-log4-gradients', ['products.gradLeft.gradOutput.format']],
    ['int8', 'int8-range-norm', ['norm.kind']],
    ['int8', 'int8-float-norm', ['norm.input', 'overrides.0.norm.input']],
    ['int8', 'int8-plain-depthwise', ['overrides.0']],
    [
      'paper',
      'paper-nearest-gradients',
      ['products.gradLeft.gradOutput.rounding', 'norm.gradOutput.rounding'],
    ],
    ['paper', 'paper-batch-norm', ['norm.kind']],
    ['paper', 'paper-float-norm', ['norm.input', 'norm.coefficientBits', 'norm.gradOutput']],
    [
      'paper',
      'paper-no-bifurcation',
      ['products.gradRight.gradOutput.format', 'products.gradRight.gradOutput.rounding'],
    ],
    ['paper', 'paper-gradients-4bit', ['products.gradLeft.gradOutput.format', 'norm.gradOutput.format']],
    ['paper', 'paper-gradients-6bit', ['products.gradLeft.gradOutput.format', 'norm.gradOutput.format']],
    ['paper', 'paper-constant-paper', ['norm.constant']],
    ['paper', 'paper-minmax-activations', ['products.forward.left.range', 'norm.input.range']],
  ])('%s and %s differ in one thing', (base, name, fields) => {
    expect(differences(recipes[base], recipes[name])).toEqual(fields);
  });

  it('int8-no-bifurcation has one gradient, which nothing folds a scale into', () => {
    const { products } = recipes['int8-no-bifurcation'];
    expect(products.gradRight.gradOutput).toEqual(products.gradLeft.gradOutput);
    expect(products.gradLeft.gradOutput).toMatchObject({
      format: 'int8',
      rounding: 'stochastic',
      granularity: 'tensor',
    });
    expect(products.forward.right).toMatchObject({ granularity: 'tensor' });
  });
});

describe('getRecipe', () => {
  it('takes a name or a recipe', () => {
    expect(getRecipe('paper')).toBe(recipes.paper);
    expect(getRecipe(recipes.int8)).toEqual(recipes.int8);
  });

  it('refuses an unknown name and a recipe that does not hold up', () => {
    expect(() => getRecipe('int88')).toThrow('Did you mean "int8"?');
    expect(() => getRecipe('constructor')).toThrow(RecipeError);
    const wrong = { ...recipes.fp32, norm: { ...recipes.fp32.norm, coefficientBits: 8 } };
    expect(() => getRecipe(wrong)).toThrow('quantised norm.input');
  });
});
