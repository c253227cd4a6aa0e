import { describe, expect, it } from 'vitest';
import { RecipeError } from '../core/errors.js';
import { recipes } from './recipes.js';
import { resolveForModule, unmatchedOverrides } from './resolve.js';
import { parseRecipe } from './validate.js';

const recipe = parseRecipe({
  extends: 'paper',
  overrides: [
    { modules: 'layer1.**', products: { gradRight: { gradOutput: 'float32' } }, norm: { chunks: 4 } },
    { modules: 'layer1.*.conv1', products: { forward: { left: 'float32' } } },
    { modules: '**.bn1', norm: { chunks: 2, kind: 'batch' } },
  ],
});

describe('resolveForModule', () => {
  it('leaves modules alone that no override matches', () => {
    const { products, norm } = resolveForModule(recipe, 'conv1');
    expect(products).toEqual(recipes.paper.products);
    expect(norm).toEqual(recipes.paper.norm);
  });

  it('applies those that match in order, the last one winning', () => {
    const conv = resolveForModule(recipe, 'layer1.0.conv1');
    const { paper } = recipes;
    expect(conv.products.gradRight).toEqual({ gradOutput: 'float32', left: 'forward' });
    expect(conv.products.forward).toEqual({ left: 'float32', right: paper.products.forward.right });
    expect(conv.products.gradLeft).toEqual(paper.products.gradLeft);
    expect(resolveForModule(recipe, 'layer1.0.bn1').norm).toEqual({
      ...paper.norm,
      chunks: 2,
      kind: 'batch',
    });
    expect(resolveForModule(recipe, 'layer1.0.bn2').norm.chunks).toBe(4);
  });

  it('applies an override for a kind of module to such alone', () => {
    const own = parseRecipe({
      extends: 'fp32',
      overrides: [
        { modules: 'a.**', kind: 'depthwise', products: { forward: { left: { format: 'uint8' } } } },
      ],
    });
    const leftOf = (path: string, kind?: 'depthwise') =>
      resolveForModule(own, path, kind).products.forward.left;
    expect(leftOf('a.conv', 'depthwise')).toMatchObject({ format: 'uint8' });
    expect([leftOf('a.conv'), leftOf('b.conv', 'depthwise')]).toEqual(['float32', 'float32']);
    // Most models have none of them, which is no misspelling.
    expect(unmatchedOverrides(own, ['a.conv'])).toEqual([]);
  });

  it('gives frozen settings', () => {
    expect(Object.isFrozen(resolveForModule(recipe, 'layer1.0.bn1').norm)).toBe(true);
  });

  it('refuses overrides that contradict each other at one module', () => {
    const clashing = parseRecipe({
      extends: 'fp32',
      overrides: [
        { modules: 'a.*', norm: { input: { format: 'uint8' }, coefficientBits: 8 } },
        { modules: '*.b', norm: { input: 'float32' } },
      ],
    });
    expect(resolveForModule(clashing, 'a.c').norm.coefficientBits).toBe(8);
    expect(() => resolveForModule(clashing, 'a.b')).toThrow(RecipeError);
    expect(() => resolveForModule(clashing, 'a.b')).toThrow('(module a.b, overrides "a.*", "*.b")');
  });
});

describe('unmatchedOverrides', () => {
  it('finds patterns that no module has', () => {
    expect(unmatchedOverrides(recipe, ['conv1', 'layer1.0.conv1', 'layer1.0.bn1'])).toEqual([]);
    expect(unmatchedOverrides(recipe, ['conv1', 'layer1.0.conv2'])).toEqual(['layer1.*.conv1', '**.bn1']);
  });
});
