import { describe, expect, it } from 'vitest';
import { RecipeError } from '../core/errors.js';
import { recipeToJson } from './freeze.js';
import type { OperandSpec, Recipe } from './recipe.js';
import { recipes } from './recipes.js';
import { parseRecipe } from './validate.js';

/** A recipe in which everything is float, but for what `changes` says of it. */
function json(changes: Record<string, unknown> = {}) {
  return {
    name: 'mine',
    products: {
      forward: { left: 'float32', right: 'float32' },
      gradLeft: { gradOutput: 'float32' },
      gradRight: { gradOutput: 'float32' },
    },
    ...changes,
  };
}

function refusal(recipe: unknown, source?: string): RecipeError {
  try {
    parseRecipe(recipe, source);
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('parseRecipe fills in defaults', () => {
  it('for a signed and an unsigned operand, and the norm', () => {
    const products = {
      forward: { left: { format: 'uint8' }, right: { format: 'int4' } },
      gradLeft: { gradOutput: 'float32' },
      gradRight: { gradOutput: 'float32' },
    };
    const recipe = parseRecipe({ products });
    const operand = {
      granularity: 'tensor',
      range: 'minmax',
      chunks: 'sample',
      rounding: 'nearest',
      clip: 1,
    };
    expect(recipe).toEqual({
      formatVersion: 1,
      name: 'custom',
      description: '',
      products: {
        forward: {
          left: { format: 'uint8', scheme: 'affine', ...operand },
          right: { format: 'int4', scheme: 'symmetric', ...operand },
        },
        gradLeft: { gradOutput: 'float32', right: 'forward' },
        gradRight: { gradOutput: 'float32', left: 'forward' },
      },
      norm: {
        kind: 'batch',
        chunks: 16,
        constant: 'd2',
        input: 'float32',
        coefficientBits: 0,
        gradOutput: 'float32',
        eps: 1e-5,
        momentum: 0.1,
      },
      masterWeights: 'float32',
      rangeMomentum: 0.1,
      overrides: [],
    });
  });

  it('but not in overrides, which change only what they name', () => {
    const overrides = [
      { modules: 'fc', norm: { kind: 'range' }, products: { forward: { left: 'float32' } } },
    ];
    expect(parseRecipe(json({ overrides })).overrides).toEqual(overrides);
  });

  it('and freezes all of it', () => {
    const recipe = parseRecipe(json({ overrides: [{ modules: 'fc', norm: { eps: 1e-3 } }] }));
    expect(Object.isFrozen(recipe)).toBe(true);
    expect(Object.isFrozen(recipe.products.forward)).toBe(true);
    expect(Object.isFrozen(recipe.overrides[0].norm)).toBe(true);
  });

  it('leaves the input as it was', () => {
    const input = json();
    const before = structuredClone(input);
    parseRecipe(input);
    expect(input).toEqual(before);
    expect(Object.isFrozen(input)).toBe(false);
  });
});

describe('"extends"', () => {
  it('changes a part of a built-in recipe', () => {
    const recipe = parseRecipe({
      extends: 'paper',
      name: 'paper-clipped',
      products: { forward: { left: { clip: 0.9 } } },
      norm: { chunks: 4 },
    });
    const { paper } = recipes;
    expect(recipe).toEqual({
      ...paper,
      name: 'paper-clipped',
      description: 'paper with changes',
      products: {
        ...paper.products,
        forward: {
          ...paper.products.forward,
          left: { ...(paper.products.forward.left as OperandSpec), clip: 0.9 },
        },
      },
      norm: { ...paper.norm, chunks: 4 },
    } satisfies Recipe);
  });

  it('replaces a quantised operand by float32 and names the recipe after its base', () => {
    const recipe = parseRecipe({ extends: 'int8', products: { gradRight: { gradOutput: 'float32' } } });
    expect(recipe.products.gradRight).toEqual({ gradOutput: 'float32', left: 'forward' });
    expect(recipe.name).toBe('int8-changed');
  });

  it('refuses an unknown base', () => {
    expect(refusal({ extends: 'papper' }).message).toMatch(
      /^recipe field "extends": must name a built-in recipe: "fp32", .*Did you mean "paper"\?$/,
    );
    expect(refusal({ extends: 'toString' }).field).toBe('extends');
    expect(refusal({ extends: 8 }).field).toBe('extends');
  });

  it('cannot reach into prototypes', () => {
    const attack = JSON.parse('{"extends":"paper","products":{"__proto__":{"polluted":1}}}');
    expect(refusal(attack).message).toContain('__proto__');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

const uint8 = { format: 'uint8' };

describe('what is misspelt or has the wrong value', () => {
  it.each<[string, unknown, string, RegExp]>([
    ['an unknown field', json({ prodcts: {} }), 'prodcts', /is not a field .*Did you mean "products"\?/],
    ['a field left out', { products: {} }, 'products.forward', /is missing/],
    [
      'an unknown field of an operand',
      json({ norm: { input: { format: 'uint8', granularty: 'tensor' } } }),
      'norm.input.granularty',
      /Did you mean "granularity"\?/,
    ],
    [
      'an unknown format',
      json({ norm: { input: { format: 'uint9' } } }),
      'norm.input.format',
      /must be "int2" to "int8", "uint2" to "uint8", "int16", "fp8-e4m3", "fp8-e5m2" or "fp4-e3m0", not "uint9"$/,
    ],
    ['a format as a word', json({ norm: { input: 'uint8' } }), 'norm.input', /Write \{ "format": "uint8" \}/],
    ['a misspelt word', json({ norm: { input: 'flaot32' } }), 'norm.input', /Did you mean "float32"\?/],
    ['a list for an operand', json({ norm: { input: [] } }), 'norm.input.format', /is missing/],
    [
      'a number for an operand',
      json({ norm: { input: 8 } }),
      'norm.input',
      /must be "float32", or an object.*not 8/,
    ],
    [
      'a misspelt choice',
      json({ norm: { kind: 'rnage' } }),
      'norm.kind',
      /"batch" or "range", not "rnage"\. Did you mean "range"/,
    ],
    ['null', json({ norm: null }), 'norm', /must be an object, not null/],
    [
      'an unknown rounding',
      json({ norm: { input: { ...uint8, rounding: 'up' } } }),
      'norm.input.rounding',
      /"nearest" or "stochastic"/,
    ],
    [
      'clip 0',
      json({ norm: { input: { ...uint8, clip: 0 } } }),
      'norm.input.clip',
      /above 0 and at most 1, or "cosine", not 0/,
    ],
    ['clip over 1', json({ norm: { input: { ...uint8, clip: 1.1 } } }), 'norm.input.clip', /not 1.1/],
    ['no chunks', json({ norm: { chunks: 0 } }), 'norm.chunks', /whole number of at least 1, not 0/],
    [
      'half a chunk',
      json({ norm: { input: { ...uint8, chunks: 1.5 } } }),
      'norm.input.chunks',
      /or "sample", not 1.5/,
    ],
    ['one bit', json({ norm: { coefficientBits: 1 } }), 'norm.coefficientBits', /from 2 to 8, not 1/],
    ['nine bits', json({ norm: { coefficientBits: 9 } }), 'norm.coefficientBits', /0 \(float32\)/],
    ['eps 0', json({ norm: { eps: 0 } }), 'norm.eps', /above 0/],
    ['NaN', json({ rangeMomentum: Number.NaN }), 'rangeMomentum', /not NaN/],
    [
      'another version',
      json({ formatVersion: 2 }),
      'formatVersion',
      /must be 1, the version that this octograd reads, not 2/,
    ],
    ['an empty name', json({ name: ' ' }), 'name', /must be a name/],
    [
      'an empty pattern',
      json({ overrides: [{ modules: '' }] }),
      'overrides.0.modules',
      /a pattern of module paths/,
    ],
    ['an override without a pattern', json({ overrides: [{}] }), 'overrides.0.modules', /is missing/],
    [
      'a kind of module that there is not',
      json({ overrides: [{ modules: '**', kind: 'depthwize' }] }),
      'overrides.0.kind',
      /must be "depthwise"/,
    ],
    [
      'another norm for a kind of module',
      json({ overrides: [{ modules: '**', kind: 'depthwise', norm: { kind: 'range' } }] }),
      'overrides.0.norm.kind',
      /leave out "kind" and name the norms in "modules"/,
    ],
    [
      'an override behind those of the recipe that is extended',
      { extends: 'int8', overrides: [{ modules: 'a' }, { modules: '**', kind: null }] },
      'overrides.1.kind',
      /must be "depthwise"/,
    ],
    [
      'a change that contradicts an override of the recipe that is extended',
      {
        extends: 'int8',
        products: { forward: { right: { granularity: 'channel', scheme: 'affine', format: 'uint8' } } },
      },
      'products.forward.right.scheme',
      /must be "symmetric"/,
    ],
    ['overrides that are no list', json({ overrides: {} }), 'overrides', /must be a list/],
    [
      'a misspelt product in an override',
      json({ overrides: [{ modules: 'a', products: { forwrd: {} } }] }),
      'overrides.0.products.forwrd',
      /Did you mean "forward"\?/,
    ],
  ])('%s', (_, recipe, field, message) => {
    const error = refusal(recipe);
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
  });

  it('that is no object', () => {
    expect(refusal([]).message).toBe('a recipe is a JSON object, not []');
    expect(refusal('paper', 'a.json').message).toBe('a recipe is a JSON object, not "paper" (in a.json)');
  });

  it('names the file, and all that is wrong', () => {
    expect(refusal(json({ rangeMomentum: 2, norm: { eps: -1 } }), 'mine.json').message).toBe(
      'recipe field "norm.eps": must be a number above 0, not -1 (in mine.json)\n' +
        'also "rangeMomentum": must be a number above 0 and at most 1, not 2',
    );
  });
});

describe('contradictions', () => {
  const gradient = { format: 'int8', rounding: 'stochastic' };
  /** A sound recipe of 8 bits, with one operand of one product replaced. */
  function product(name: string, role: string, operand: unknown, changes: Record<string, unknown> = {}) {
    const products: Record<string, Record<string, unknown>> = {
      forward: { left: uint8, right: { format: 'int8' } },
      gradLeft: { gradOutput: gradient },
      gradRight: { gradOutput: { format: 'int16' } },
    };
    products[name] = { ...products[name], [role]: operand };
    return { products, ...changes };
  }

  it('are not there in the recipe that the cases start from', () => {
    expect(parseRecipe(product('forward', 'left', uint8)).products.forward.left).toMatchObject(uint8);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'unsigned and symmetric',
      product('forward', 'left', { ...uint8, scheme: 'symmetric' }),
      'products.forward.left.scheme',
      /uint8 is unsigned; use "affine", or format "int8"/,
    ],
    [
      'int16 affine',
      product('gradRight', 'gradOutput', { format: 'int16', scheme: 'affine' }),
      'products.gradRight.gradOutput.scheme',
      /int16 must be "symmetric"/,
    ],
    [
      'a scale per channel of an activation',
      product('forward', 'left', { ...uint8, granularity: 'channel' }),
      'products.forward.left.granularity',
      /sums over the channels of an activation; use "tensor" or "sample"/,
    ],
    [
      'a scale per channel of the gradient of gradInput',
      product('gradLeft', 'gradOutput', { ...gradient, granularity: 'channel' }),
      'products.gradLeft.gradOutput.granularity',
      /gradInput sums over the output channels/,
    ],
    [
      'a scale per sample of weights',
      product('forward', 'right', { format: 'int8', granularity: 'sample' }),
      'products.forward.right.granularity',
      /weights have no samples; use "tensor" or "channel"/,
    ],
    [
      'a scale per sample of weights of gradInput',
      product('gradLeft', 'right', { format: 'int8', granularity: 'sample' }),
      'products.gradLeft.right.granularity',
      /weights have no samples/,
    ],
    [
      'a scale per sample of the gradient of gradWeight',
      product('gradRight', 'gradOutput', { format: 'int8', granularity: 'sample' }),
      'products.gradRight.gradOutput.granularity',
      /gradWeight sums over the samples; use "tensor" or "channel"/,
    ],
    [
      'a scale per sample of the activations of gradWeight',
      product('gradRight', 'left', { ...uint8, granularity: 'sample' }),
      'products.gradRight.left.granularity',
      /gradWeight sums over the samples; use "tensor"/,
    ],
    [
      'a scale per sample of codes that serve gradWeight too',
      product('forward', 'left', { ...uint8, granularity: 'sample' }),
      'products.forward.left.granularity',
      /the same codes serve gradWeight.*give gradRight.left a format of its own or "float32"/,
    ],
    [
      'weights affine per channel',
      product('forward', 'right', { ...uint8, granularity: 'channel' }),
      'products.forward.right.scheme',
      /per channel must be "symmetric": gradInput folds their scales/,
    ],
    [
      'a stochastic affine gradient',
      product('gradLeft', 'gradOutput', { ...gradient, scheme: 'affine' }),
      'products.gradLeft.gradOutput.scheme',
      /must be "symmetric": rounding an affine zero point clips one end/,
    ],
    [
      'a running range per channel',
      product('gradRight', 'gradOutput', { format: 'int16', granularity: 'channel', range: 'running' }),
      'products.gradRight.gradOutput.range',
      /"running" keeps one range for the whole tensor and granularity is "channel"/,
    ],
    [
      'a mean over chunks of weights',
      product('forward', 'right', { format: 'int8', range: 'mean' }),
      'products.forward.right.range',
      /weights have no batch; use "minmax"/,
    ],
    [
      'a running range of weights',
      product('forward', 'right', { format: 'int8', range: 'running' }),
      'products.forward.right.range',
      /"running" is over the batches of earlier steps, .*use "minmax"$/,
    ],
    [
      "a previous step's range of weights of gradInput, per channel",
      product('gradLeft', 'right', { format: 'int8', granularity: 'channel', range: 'previous' }),
      'products.gradLeft.right.range',
      /"previous" is over .*weights are quantised by their own extremes; use "minmax"$/,
    ],
    [
      'chunks of a range that has none',
      product('forward', 'left', { ...uint8, chunks: 4 }),
      'products.forward.left.chunks',
      /4 has no effect: only range "mean" has chunks, and range is "minmax"; leave chunks out, or use range "mean"$/,
    ],
    [
      'chunks of weights',
      product('forward', 'right', { format: 'int8', chunks: 4 }),
      'products.forward.right.chunks',
      /4 has no effect: .*leave chunks out$/,
    ],
    [
      'coefficients without a quantised input',
      json({ norm: { coefficientBits: 8 } }),
      'norm.coefficientBits',
      /8 bit coefficients need a quantised norm.input.*set coefficientBits to 0/,
    ],
    [
      "a norm's gradient without a quantised input",
      json({ norm: { gradOutput: gradient } }),
      'norm.gradOutput',
      /needs a quantised norm.input.*set gradOutput to "float32"/,
    ],
    [
      "a norm's input per sample",
      json({ norm: { input: { ...uint8, granularity: 'sample' } } }),
      'norm.input.granularity',
      /sums over the samples; use "tensor" or "channel"/,
    ],
    [
      "a norm's input rounded stochastically",
      json({ norm: { input: { ...uint8, rounding: 'stochastic' } } }),
      'norm.input.rounding',
      /use "nearest"/,
    ],
    [
      '16 bits without an exact zero, stochastic',
      json({
        norm: {
          input: uint8,
          gradOutput: { format: 'int16', scheme: 'affine-float-zero', rounding: 'stochastic' },
        },
      }),
      'norm.gradOutput.rounding',
      /leave the noise no bits; use "nearest"/,
    ],
    [
      'a clipped range that need not hold zero',
      json({ norm: { input: { ...uint8, scheme: 'affine-float-zero', clip: 0.9 } } }),
      'norm.input.clip',
      /0.9 would draw the range towards zero.*leave clip out/,
    ],
    [
      "a norm's affine gradient",
      json({ norm: { input: uint8, gradOutput: uint8 } }),
      'norm.gradOutput.scheme',
      /zero must be code 0; use "symmetric"/,
    ],
    [
      "a norm's gradient per sample",
      json({ norm: { input: uint8, gradOutput: { ...gradient, granularity: 'sample' } } }),
      'norm.gradOutput.granularity',
      /codes of one scale/,
    ],
    [
      'an override that contradicts the recipe',
      json({ overrides: [{ modules: 'bn1', norm: { coefficientBits: 8 } }] }),
      'overrides.0.norm.coefficientBits',
      /need a quantised norm.input/,
    ],
  ])('%s', (_, recipe, field, message) => {
    const error = refusal(recipe);
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
  });

  it.each<[string, unknown]>([
    [
      'samples on the left where gradWeight has codes of its own',
      {
        products: {
          forward: { left: { ...uint8, granularity: 'sample' }, right: { format: 'int8' } },
          gradLeft: { gradOutput: gradient },
          gradRight: { gradOutput: gradient, left: uint8 },
        },
      },
    ],
    [
      'channels in gradWeight',
      product('gradRight', 'gradOutput', { format: 'int16', granularity: 'channel' }),
    ],
    ['an affine gradient to nearest', product('gradLeft', 'gradOutput', { format: 'uint8' })],
    ['int16 on both sides', product('gradRight', 'left', { format: 'int16' })],
    ['stochastic activations', product('forward', 'left', { ...uint8, rounding: 'stochastic' })],
    [
      'an override that holds on top of the one before it',
      json({
        overrides: [
          { modules: 'layer1.**', norm: { input: uint8 } },
          { modules: 'layer1.0.bn', norm: { coefficientBits: 8 } },
        ],
      }),
    ],
  ])('do not include %s', (_, recipe) => {
    expect(() => parseRecipe(recipe)).not.toThrow();
  });
});

describe('recipeToJson', () => {
  it('is text that gives the recipe back', () => {
    const recipe = parseRecipe({
      extends: 'paper',
      overrides: [
        { modules: 'conv1', products: { gradRight: { gradOutput: 'float32' } }, norm: { chunks: 2 } },
      ],
    });
    const text = recipeToJson(recipe);
    expect(parseRecipe(JSON.parse(text))).toEqual(recipe);
    expect(recipeToJson(parseRecipe(JSON.parse(text)))).toBe(text);
  });
});
