import { describe, expect, it } from 'vitest';
import { RecipeError, UsageError } from '../core/errors.js';
import { describeProducts } from './print-recipe.js';
import { normKind } from './product-kind.js';
import type { OperandSpec } from './recipe.js';
import { recipes } from './recipes.js';
import { parseRecipe } from './validate.js';
import { withBits } from './with-bits.js';

const { int8, paper } = recipes;
const kindsOf = (recipe: typeof int8) => describeProducts(recipe).map(({ kind }) => kind);

describe('withBits', () => {
  it('of gradients is the built-in ablation', () => {
    const { description, ...rest } = withBits(paper, { gradients: 4 });
    expect({ ...recipes['paper-gradients-4bit'], description }).toEqual({ description, ...rest });
    expect(description).toBe('paper with gradients of 4 bits');
  });

  it.each([2, 3, 4, 5, 6, 7, 8])('%i bits everywhere is what a JSON recipe says', (bits) => {
    const [signed, unsigned] = [{ format: `int${bits}` }, { format: `uint${bits}` }];
    const base = 'int8-norm-gradients-8bit';
    const made = withBits(recipes[base], { weights: bits, activations: bits, gradients: bits });
    const written = parseRecipe({
      extends: base,
      name: `${base}-${bits}bit`,
      description: `${base} with weights of ${bits} bits, activations of ${bits} bits, gradients of ${bits} bits`,
      products: { forward: { left: unsigned, right: signed }, gradLeft: { gradOutput: signed } },
      norm: { input: unsigned, gradOutput: signed },
    });
    const [depthwise] = written.overrides;
    const input = { ...(depthwise.norm?.input as OperandSpec), ...unsigned };
    // The 16-bit copy stays there, too.
    expect(made).toEqual({ ...written, overrides: [{ ...depthwise, norm: { input } }] });
    expect(kindsOf(made)).toEqual(['integer', 'integer', 'integer']);
    expect(withBits(int8, { gradients: bits }).norm.gradOutput).toBe('float32');
    const ofPaper = withBits(paper, { weights: bits });
    expect(ofPaper.norm.coefficientBits).toBe(bits);
    expect((ofPaper.products.forward.right as OperandSpec).format).toBe(`uint${bits}`);
    expect(ofPaper.products.forward.left).toEqual(paper.products.forward.left);
  });

  it('16 bits are symmetric, and simulated where both sides have them', () => {
    const all = withBits(paper, { weights: 16, activations: 16, gradients: 16 });
    expect(all.name).toBe('paper-16bit');
    expect(kindsOf(all)).toEqual(['simulated', 'simulated', 'simulated']);
    expect([normKind(all.norm.input), normKind(all.norm.gradOutput)]).toEqual(['simulated', 'simulated']);
    expect(all.norm.coefficientBits).toBe(0);
    expect(all.products.forward.left).toMatchObject({ format: 'int16', scheme: 'symmetric', range: 'mean' });
    expect(kindsOf(withBits(paper, { activations: 16 }))).toEqual(['integer', 'integer', 'simulated']);
    expect(kindsOf(withBits(int8, { weights: 16 }))).toEqual(['integer', 'integer', 'integer']);
    expect(kindsOf(withBits(int8, { gradients: 16 }))).toEqual(['integer', 'integer', 'integer']);
  });

  it('reaches overrides, and names what differs', () => {
    const mixed = parseRecipe({
      extends: 'int8',
      name: 'mixed',
      overrides: [
        {
          modules: 'fc',
          products: { forward: { right: { format: 'int8' } } },
          norm: { input: { format: 'uint8' } },
        },
        { modules: 'conv1', products: { forward: { left: 'float32' } } },
      ],
    });
    const { name, overrides } = withBits(mixed, { weights: 4, activations: 6 });
    expect(name).toBe('mixed-weights-4bit-activations-6bit');
    expect(overrides.at(-2)).toMatchObject({
      products: { forward: { right: { format: 'int4' } } },
      norm: { input: { format: 'uint6' } },
    });
    expect(overrides.at(-1)).toEqual(mixed.overrides.at(-1));
  });

  it('without bits it is the recipe', () => {
    expect(withBits(int8, {})).toBe(int8);
  });

  it('refuses bits without a format, kinds in float32 and contradictions', () => {
    expect(() => withBits(int8, { weights: 9 })).toThrow(UsageError);
    expect(() => withBits(int8, { gradients: 1 })).toThrow('gradients can have 2 to 8 or 16 bits, not 1');
    expect(() => withBits(int8, { activations: 4.5 })).toThrow(/not 4.5/);
    expect(() => withBits(recipes.fp32, { weights: 4 })).toThrow(
      'recipe "fp32" keeps its weights in float32',
    );
    expect(() => withBits(recipes['int8-no-exact-zero'], { gradients: 16 })).toThrow(RecipeError);
  });
});
