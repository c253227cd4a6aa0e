/** Formats of small floats: where recipes may have them, and what they make of a tensor. */
import { describe, expect, it } from 'vitest';
import { RecipeError, UsageError } from '../core/errors.js';
import { exp, log } from '../core/math.js';
import { noise16, RandomStream } from '../core/rng.js';
import { codeRange, formats } from './format.js';
import { cosine } from './measure.js';
import { printRecipe } from './print-recipe.js';
import { normKind, productKind } from './product-kind.js';
import { dequantizeArray, type QuantizerSpec, quantizeArray } from './quantize-array.js';
import type { OperandSpec } from './recipe.js';
import { recipes } from './recipes.js';
import { parseRecipe } from './validate.js';
import { withBits } from './with-bits.js';

const spec = (format: QuantizerSpec['format'], rounding: QuantizerSpec['rounding']): QuantizerSpec => ({
  format,
  scheme: 'symmetric',
  rounding,
  clip: 1,
});

/** Like a layer's gradient: log-normal magnitudes, sigma of the logarithm 2, half of them exact zeros. */
function gradient(count: number): Float32Array {
  const stream = new RandomStream(3);
  return Float32Array.from({ length: count }, () => {
    const size = exp(2 * stream.normal(log));
    return [0, 0, size, -size][stream.below(4)];
  });
}

describe('small floats as formats', () => {
  it('are as wide as they say, and simulated beside anything', () => {
    expect(codeRange(formats['fp8-e4m3'], true)).toEqual({ qmin: -448, qmax: 448 });
    expect(formats['fp4-e3m0']).toMatchObject({ bits: 4, signed: true, storage: 'uint8' });
    const int8 = recipes.int8.products.gradLeft.gradOutput as OperandSpec;
    for (const format of ['fp8-e4m3', 'fp8-e5m2', 'fp4-e3m0'] as const) {
      expect(productKind({ ...int8, format }, int8)).toBe('simulated');
      expect(productKind(int8, { ...int8, format })).toBe('simulated');
      expect(normKind({ ...int8, format })).toBe('simulated');
    }
    expect(printRecipe(recipes['int8-log4-gradients'])).toMatch(
      /gradLeft +gradOutput +fp4-e3m0 symmetric, tensor, minmax, stochastic +simulated/,
    );
  });

  it('are refused under a scheme with a zero point, and by withBits', () => {
    const refused = (scheme: string) => () =>
      parseRecipe({ extends: 'fp8', name: 'x', products: { forward: { left: { scheme } } } });
    expect(refused('affine')).toThrow(RecipeError);
    expect(refused('affine')).toThrow(
      /forward\.left\.scheme.*fp8-e4m3 has a zero and a sign of its own; use "symmetric", or an integer format/,
    );
    expect(refused('affine-float-zero')).toThrow(RecipeError);
    expect(() =>
      parseRecipe({ extends: 'fp8', name: 'x', products: { forward: { left: { format: 'fp8' } } } }),
    ).toThrow(/"uint8", "int16", "fp8-e4m3", "fp8-e5m2" or "fp4-e3m0", not "fp8"/);
    expect(() => withBits(recipes.fp8, { gradients: 4 })).toThrow('fp8-e5m2 has bits of its own');
  });

  it('scale the largest magnitude to their largest value', () => {
    const values = [0.003, -2, 0.5, 0, 1.1];
    for (const format of ['fp8-e4m3', 'fp8-e5m2', 'fp4-e3m0'] as const) {
      const coded = quantizeArray(values, spec(format, 'nearest'));
      const largest = formats[format].minifloat?.largest as number;
      expect(coded.scales[0].scale).toBe(Math.fround(2 / largest));
      const back = dequantizeArray(coded);
      expect(Math.abs(back[1] + 2)).toBeLessThan(2 ** -22);
      expect(Object.is(back[3], 0)).toBe(true);
    }
    expect([...quantizeArray([0, 0], spec('fp8-e4m3', 'nearest')).codes]).toEqual([0, 0]);
  });

  it('log4 keeps more of a gradient than four bits evenly spaced, and is unbiased', () => {
    const values = gradient(50_000);
    const key = { k0: 5, k1: 6 };
    const kept = (format: QuantizerSpec['format']) =>
      dequantizeArray(quantizeArray(values, spec(format, 'stochastic'), (i) => noise16(i, key)));
    const logarithmic = kept('fp4-e3m0');
    const alive = (x: Float32Array) => x.reduce((count, v) => count + Number(v !== 0), 0) / x.length;
    expect(cosine(values, logarithmic)).toBeGreaterThan(cosine(values, kept('int4')) + 0.05);
    expect(alive(logarithmic)).toBeGreaterThan(2 * alive(kept('int4')));
    // The mean over draws of a value far below the least level.
    const [draws, x] = [20_000, 0.001];
    const same = new Float32Array(draws).fill(x).with(0, 1);
    const back = dequantizeArray(
      quantizeArray(same, spec('fp4-e3m0', 'stochastic'), (i) => noise16(i, key)),
    ).subarray(1);
    const level = 1 / 64;
    const mean = back.reduce((sum, v) => sum + v, 0) / back.length;
    expect(new Set(back)).toEqual(new Set([0, Math.fround(level)]));
    expect(Math.abs(mean - x)).toBeLessThan(4 * Math.sqrt((x * level) / draws));
  });

  it('take no zero point', () => {
    expect(() => quantizeArray([1], { ...spec('fp8-e5m2', 'nearest'), scheme: 'affine' })).toThrow(
      UsageError,
    );
  });
});
