/** What the validator says of quantisers without an exact zero and of master weights. */
import { describe, expect, it } from 'vitest';
import { RecipeError } from '../core/errors.js';
import { parseRecipe } from './validate.js';

function refusal(recipe: unknown): RecipeError {
  try {
    parseRecipe(recipe);
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a quantiser without an exact zero', () => {
  it('may round a gradient stochastically, and a norm of 16 bits is read decoded', () => {
    const floatZero = { scheme: 'affine-float-zero' };
    const recipe = parseRecipe({
      extends: 'int8',
      products: { gradLeft: { gradOutput: floatZero }, gradRight: { gradOutput: floatZero } },
      norm: { input: { format: 'int16', scheme: 'symmetric' }, gradOutput: { format: 'int16' } },
    });
    expect(recipe.products.gradLeft.gradOutput).toMatchObject({ ...floatZero, rounding: 'stochastic' });
    expect(recipe.products.gradRight.gradOutput).toMatchObject({ ...floatZero, format: 'int16' });
    expect(recipe.norm.input).toMatchObject({ format: 'int16' });
  });
});

describe('master weights', () => {
  it('quantised ones need a quantised weight, somewhere', () => {
    const error = refusal({ extends: 'fp32', masterWeights: 'quantized' });
    expect(error.message).toMatch(
      /"quantized" needs quantised weights.*"float32"; use "float32", or quantise/,
    );
    expect(error.field).toBe('masterWeights');
    const mostly = {
      extends: 'fp32',
      masterWeights: 'quantized',
      overrides: [{ modules: 'fc', products: { forward: { right: { format: 'int8' } } } }],
    };
    expect(parseRecipe(mostly).masterWeights).toBe('quantized');
    expect(parseRecipe({ extends: 'paper-no-master', name: 'x' }).masterWeights).toBe('quantized');
  });

  it('16 bits without an exact zero are not rounded stochastically', () => {
    const right = { format: 'int16', scheme: 'affine-float-zero' };
    const recipe = (masterWeights: string) => ({
      extends: 'int8',
      masterWeights,
      products: { forward: { right } },
    });
    expect(parseRecipe(recipe('quantized')).masterWeights).toBe('quantized');
    expect(refusal(recipe('quantized-stochastic')).message).toMatch(/no bits; use "quantized"/);
  });

  it('and another word is refused', () => {
    expect(refusal({ extends: 'int8', masterWeights: 'int8' }).message).toMatch(
      /must be "float32", "quantized" or "quantized-stochastic", not "int8"/,
    );
  });
});
