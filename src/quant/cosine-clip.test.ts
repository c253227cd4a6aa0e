/** Clips chosen by the cosine: what is chosen, that it is the best there is, and where recipes may ask for it. */
import { describe, expect, it } from 'vitest';
import { RecipeError, UsageError } from '../core/errors.js';
import { exp, log } from '../core/math.js';
import { noise16, RandomStream } from '../core/rng.js';
import { cosine } from './measure.js';
import { printRecipe } from './print-recipe.js';
import { cosineClip, dequantizeArray, type QuantizerSpec, quantizeArray, scaleOf } from './quantize-array.js';
import { recipes } from './recipes.js';
import { parseRecipe } from './validate.js';

const spec = (changes: Partial<QuantizerSpec> = {}): QuantizerSpec => ({
  format: 'int4',
  scheme: 'symmetric',
  rounding: 'nearest',
  clip: 'cosine',
  ...changes,
});
const noise = (index: number) => noise16(index, { k0: 1, k1: 2 });

function drawn(count: number, value: (stream: RandomStream) => number): Float32Array {
  const stream = new RandomStream(9);
  return Float32Array.from({ length: count }, () => value(stream));
}

const gaussian = drawn(6_000, (stream) => stream.normal(log));
const tailed = drawn(6_000, (stream) => (stream.below(2) ? 1 : -1) * exp(1.2 * stream.normal(log)));
const positive = gaussian.map((x) => Math.max(x, 0));

describe('cosineClip', () => {
  it.each([
    ['a Gaussian in 4 bits', gaussian, spec()],
    ['a Gaussian in 8 bits', gaussian, spec({ format: 'int8' })],
    ['stochastic rounding', gaussian, spec({ rounding: 'stochastic' })],
    ['a long tail', tailed, spec()],
    ['an affine format', positive, spec({ format: 'uint3', scheme: 'affine' })],
    ['an affine format about zero', gaussian, spec({ format: 'uint4', scheme: 'affine' })],
  ] as const)('is the best of all candidates, measured in full: %s', (_, values, how) => {
    const kept = (clip: number) =>
      cosine(values, dequantizeArray(quantizeArray(values, { ...how, clip }, noise)));
    const chosen = cosineClip(values, how, noise);
    const candidates = Array.from({ length: 16 }, (_, k) => (16 - k) / 16);
    expect(candidates).toContain(chosen);
    // The choice sees the values to 16 bits and the loss in float32.
    expect(kept(chosen)).toBeGreaterThan(Math.max(...candidates.map(kept)) - 1e-6);
    const own = quantizeArray(values, how, noise);
    expect(own.codes).toEqual(quantizeArray(values, { ...how, clip: chosen }, noise).codes);
  });

  it('clamps a Gaussian at 4 bits where steps count, and levels not at all', () => {
    const clip = cosineClip(gaussian, spec());
    expect(clip).toBeGreaterThan(0.4);
    expect(clip).toBeLessThan(0.9);
    const levels = drawn(500, (stream) => stream.below(15) - 7);
    expect(cosineClip(levels, spec())).toBe(1);
    expect(cosineClip(levels, spec({ rounding: 'stochastic' }), noise)).toBe(1);
    expect(cosineClip(new Float32Array(9), spec())).toBe(1);
    expect(cosineClip([], spec())).toBe(1);
  });

  it('is refused where there is no one range to draw in', () => {
    const groups = { groups: 2, groupStride: 2 };
    expect(() => quantizeArray([1, 2, 3, 4], spec(), undefined, groups)).toThrow(UsageError);
    expect(() => scaleOf(-1, 1, spec())).toThrow(UsageError);
  });
});

describe('"clip": "cosine" in a recipe', () => {
  it('is printed, and leaves products on integer kernels', () => {
    expect(printRecipe(recipes['int8-cosine-clip'])).toMatch(
      /gradLeft +gradOutput +int8 symmetric, tensor, minmax, stochastic, clip cosine +integer/,
    );
  });

  it.each([
    [
      { forward: { left: { granularity: 'sample' } } },
      'forward.left.clip',
      /granularity "tensor", or a number/,
    ],
    [{ forward: { left: { range: 'mean' } } }, 'forward.left.clip', /use range "minmax"/],
    [{ forward: { left: { scheme: 'affine-float-zero' } } }, 'forward.left.clip', /use scheme "affine"/],
    [
      { forward: { left: { format: 'int16' } } },
      'forward.left.clip',
      /nothing to gain at 16 bits; leave clip out/,
    ],
    [
      { forward: { left: { format: 'fp8-e4m3' } } },
      'forward.left.clip',
      /leave clip out, or use a format of int2/,
    ],
  ])('is refused with the remedy: %j', (changes, field, remedy) => {
    const { left } = changes.forward;
    const products = {
      forward: { left: { format: 'int8', clip: 'cosine', ...left } },
      gradRight: { left: 'float32' },
    };
    const parse = () => parseRecipe({ extends: 'int8', name: 'x', products: { ...products } });
    expect(parse).toThrow(RecipeError);
    expect(parse).toThrow(field);
    expect(parse).toThrow(remedy);
  });

  it('is refused for weights without a master copy, and misspelt', () => {
    const right = { format: 'int8', clip: 'cosine' };
    const forward = { forward: { right } };
    expect(() =>
      parseRecipe({ extends: 'int8', name: 'x', products: forward, masterWeights: 'quantized' }),
    ).toThrow(/masterWeights.*each update would clamp the weights for good; use "float32", or a clip of 1/);
    expect(() =>
      parseRecipe({ extends: 'int8', name: 'x', products: { forward: { right: { clip: 'cos' } } } }),
    ).toThrow(/clip.*must be a number above 0 and at most 1, or "cosine", not "cos"/);
  });
});
