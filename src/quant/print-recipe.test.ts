import { describe, expect, it } from 'vitest';
import { describeProducts, printRecipe } from './print-recipe.js';
import { productKind } from './product-kind.js';
import type { OperandSpec } from './recipe.js';
import { recipes } from './recipes.js';
import { parseRecipe } from './validate.js';

const int8 = recipes.int8.products.gradLeft.gradOutput as OperandSpec;
const int16 = recipes.int8.products.gradRight.gradOutput as OperandSpec;

describe('productKind', () => {
  it.each([
    ['float32', 'float32', 'float'],
    ['float32', int8, 'simulated'],
    [int16, 'float32', 'simulated'],
    [int8, { ...int8, format: 'uint2', scheme: 'affine' }, 'integer'],
    [int16, int8, 'integer'],
    [int8, int16, 'integer'],
    [int16, int16, 'simulated'],
    [int8, { ...int8, scheme: 'affine-float-zero' }, 'simulated'],
    [{ ...int16, scheme: 'affine-float-zero' }, int8, 'simulated'],
  ] as const)('case %#', (left, right, kind) => {
    expect(productKind(left, right)).toBe(kind);
  });
});

describe('describeProducts', () => {
  it('looks through "forward" and says what is simulated', () => {
    const recipe = parseRecipe({
      extends: 'int8',
      products: { forward: { left: { format: 'int16', scheme: 'symmetric' } } },
    });
    expect(describeProducts(recipe).map(({ product, kind }) => [product, kind])).toEqual([
      ['forward', 'integer'],
      ['gradLeft', 'integer'],
      ['gradRight', 'simulated'],
    ]);
  });
});

describe('printRecipe', () => {
  it('prints a table', () => {
    expect(printRecipe(recipes.paper)).toBe(
      `
paper: Banner et al. 2018: 8 bits, bifurcated gradients (8 and 16 bits), Range BN
  forward    left            uint8 affine, tensor, mean/sample, nearest  integer
             right           uint8 affine, tensor, minmax, nearest
  gradLeft   gradOutput      int8 symmetric, tensor, minmax, stochastic  integer
             right           as forward
  gradRight  gradOutput      int16 symmetric, tensor, minmax, nearest    integer
             left            as forward
  norm       kind            Range BN, 16 chunks, c(n) = 1/d2(n)
             input           uint8 affine, tensor, mean/sample, nearest
             gradOutput      int8 symmetric, tensor, minmax, stochastic
             coefficients    8 bits (gamma, beta, 1/spread)
             running values  momentum 0.1, eps 0.00001
  running ranges: momentum 0.1`.trimStart(),
    );
  });

  it('says what of a norm is simulated', () => {
    const text = printRecipe(recipes['paper-no-exact-zero']);
    expect(text).toMatch(/^ +input +uint8 affine-float-zero, tensor, mean\/sample, nearest +simulated$/m);
    expect(text.match(/simulated$/gm)).toHaveLength(5);
    const wide = parseRecipe({
      extends: 'int8-norm-gradients-8bit',
      norm: { input: { format: 'int16', scheme: 'symmetric' } },
    });
    expect(printRecipe(wide)).toMatch(/input +int16 symmetric.*simulated\n.*gradOutput.*stochastic$/m);
  });

  it('says where there are no master weights', () => {
    expect(printRecipe(recipes['int8-no-master'])).toMatch(
      /^ {2}master weights: none; each update is rounded to nearest to the weights' codes$/m,
    );
    expect(printRecipe(recipes['int8-no-master-stochastic'])).toMatch(/update is rounded stochastically/);
  });

  it('prints overrides', () => {
    const recipe = parseRecipe({
      extends: 'fp32',
      name: 'mixed',
      overrides: [
        {
          modules: 'layer1.**',
          products: { forward: { left: { format: 'uint4', clip: 0.9 } }, gradLeft: { right: 'forward' } },
          norm: { input: { format: 'uint8', range: 'mean', chunks: 4 }, chunks: 8 },
        },
        { modules: 'fc', norm: { kind: 'range' } },
        { modules: '**', kind: 'depthwise', norm: { input: 'float32' } },
      ],
    });
    expect(printRecipe(recipe)).toContain(
      `
  overrides, the last that matches wins:
  layer1.**       forward.left    uint4 affine, tensor, minmax, nearest, clip 0.9
                  gradLeft.right  as forward
                  norm.chunks     8
                  norm.input      uint8 affine, tensor, mean/4, nearest
  fc              norm.kind       range
  ** (depthwise)  norm.input      float32`,
    );
  });

  it('fits a screen', () => {
    for (const recipe of Object.values(recipes)) {
      const lines = printRecipe(recipe).split('\n');
      expect(lines.length).toBeLessThan(20);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(110);
    }
  });
});
