/** The quantiser's acceptance numbers (method of Banner et al. 2018; the figures by simulation). Takes a few seconds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonFiniteError, UsageError } from '../core/errors.js';
import { exp, log } from '../core/math.js';
import { noise16, noiseKey, RandomStream } from '../core/rng.js';
import { codeRange, type FormatName, formats } from './format.js';
import { cosine } from './measure.js';
import {
  dequantizeArray,
  type Noise,
  type QuantizerSpec,
  quantizeArray,
  roundToEven,
} from './quantize-array.js';

function spec(format: Exclude<FormatName, 'float32'>, changes: Partial<QuantizerSpec> = {}): QuantizerSpec {
  return {
    format,
    scheme: format.startsWith('u') ? 'affine' : 'symmetric',
    rounding: 'nearest',
    clip: 1,
    ...changes,
  };
}

const stochastic = (format: Exclude<FormatName, 'float32'>) => spec(format, { rounding: 'stochastic' });

function noiseOf(draw: number): Noise {
  const key = noiseKey(7, 0, 3, draw, 0);
  return (index) => noise16(index, key);
}

function gaussian(count: number, draw: number): Float32Array {
  const stream = new RandomStream(11, 1, draw);
  return Float32Array.from({ length: count }, () => stream.normal(log));
}

function decoded(values: ArrayLike<number>, how: QuantizerSpec, noise?: Noise): Float32Array {
  return dequantizeArray(quantizeArray(values, how, noise));
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('roundToEven', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [2.4999998, 2],
    [-2.6, -3],
    [7, 7],
  ])('of %f is %i', (x, rounded) => {
    expect(roundToEven(x) + 0).toBe(rounded);
  });
});

describe('exact zero and constants', () => {
  const everySpec = [
    spec('uint8'),
    spec('int8'),
    spec('int8', { scheme: 'affine' }),
    stochastic('int8'),
    spec('uint2'),
    spec('int2'),
    spec('int16'),
  ];
  const value = fc.float({ min: -1000, max: 1000, noNaN: true });

  it.each(everySpec)('zero decodes to exact zero: $format $scheme $rounding', (how) => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (others) => {
        expect(decoded([...others, 0], how, noiseOf(1)).at(-1)).toBe(0);
      }),
    );
  });

  it.each(everySpec)('all zeros stay zeros with scale 1: $format $scheme $rounding', (how) => {
    const quantised = quantizeArray(new Float32Array(9), how, noiseOf(2));
    expect(quantised.scales[0].scale).toBe(1);
    expect([...dequantizeArray(quantised)]).toEqual(new Array(9).fill(0));
  });

  it.each(everySpec)('a constant decodes to within half a step: $format $scheme $rounding', (how) => {
    fc.assert(
      fc.property(value, (c) => {
        const quantised = quantizeArray([c, c, c], how, noiseOf(3));
        const { scale } = quantised.scales[0];
        for (const x of dequantizeArray(quantised)) {
          expect(Math.abs(x - c)).toBeLessThanOrEqual(scale / 2 + Math.abs(c) * 1e-6);
        }
      }),
    );
  });

  it('keeps gamma in [0.9, 1.1] apart, which a range without 0 would decode to 0.195', () => {
    const gamma = [0.9, 1, 1.1];
    decoded(gamma, spec('uint8')).forEach((x, i) => {
      expect(Math.abs(x - gamma[i])).toBeLessThan(1.1 / 255);
    });
  });

  it('a log-normal gradient, half of it zeros, keeps its direction with an exact zero, and only with one', () => {
    // Simulated, 20 draws of a million values: mean cosine 0.93 and, with ends alike, 0.62; 0.89 to 0.97 and 0.42 to 0.80 over draws.
    const stream = new RandomStream(5);
    const gradient = Float32Array.from({ length: 400_000 }, (_, i) => {
      const size = exp(2 * stream.normal(log));
      return i % 2 === 0 ? 0 : stream.uniform() < 0.5 ? -size : size;
    });
    // Where zero falls on the grid is the ends' affair: with ends alike it lies half-way between two codes, the worst place.
    const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    gradient[1] = -largest;
    gradient[3] = largest;
    const rounded = decoded(gradient, stochastic('int8'), noiseOf(4));
    expect(cosine(gradient, rounded)).toBeGreaterThan(0.92);
    expect(rounded.every((x, i) => gradient[i] !== 0 || x === 0)).toBe(true);
    const without = spec('int8', { scheme: 'affine-float-zero', rounding: 'stochastic' });
    const moved = decoded(gradient, without, noiseOf(4));
    expect(cosine(gradient, moved)).toBeGreaterThan(0.4);
    expect(cosine(gradient, moved)).toBeLessThan(0.8);
    expect(cosine(gradient, moved)).toBeLessThan(cosine(gradient, rounded) - 0.1);
    expect(moved.some((x) => x === 0)).toBe(false);
  });

  it('no exact zero: zeros do not come back as zeros, the ends of the range and a constant do', () => {
    for (const format of ['uint8', 'int8', 'int4', 'int16'] as const) {
      const without = spec(format, { scheme: 'affine-float-zero' });
      const values = Float32Array.of(-0.37, 0, 0.9);
      const { codes, scales } = quantizeArray(values, without);
      expect(scales[0].offset).toBe(values[0]);
      const { qmin, qmax } = codeRange(formats[format], false);
      expect([codes[0], codes[2]]).toEqual([qmin, qmax]);
      const [low, zero] = decoded(values, without);
      expect(low).toBe(values[0]);
      expect(zero).not.toBe(0);
      expect(Math.abs(zero)).toBeLessThanOrEqual(0.501 * scales[0].scale);
      expect([...decoded([2.5, 2.5], without)]).toEqual([2.5, 2.5]);
      expect([...decoded([0, 0], without)]).toEqual([0, 0]);
    }
  });

  it('no exact zero: gamma in [0.9, 1.1] has all codes to itself', () => {
    const gamma = Float32Array.of(0.9, 0.95, 1.1);
    decoded(gamma, spec('uint8', { scheme: 'affine-float-zero' })).forEach((x, i) => {
      expect(Math.abs(x - gamma[i])).toBeLessThan(0.2 / 500);
    });
  });
});

describe('round to nearest on a Gaussian (cosine between W and Q(W), min-max grid of 2^M levels)', () => {
  const rows: [FormatName & `uint${number}`, small: number, large: number][] = [
    ['uint4', 0.99, 0.983],
    ['uint6', 0.9994, 0.999],
    ['uint8', 0.99996, 0.99994],
  ];

  it('is as tabulated for N = 1e4, the mean of 30 draws within 0.002', () => {
    const draws = Array.from({ length: 30 }, (_, draw) => gaussian(1e4, draw));
    for (const [format, expected] of rows) {
      const cosines = draws.map((values) => cosine(values, decoded(values, spec(format))));
      expect(Math.abs(mean(cosines) - expected)).toBeLessThan(0.002);
    }
  });

  // Two draws in place of 30 keep the file quick: at 1e6 values one draw strays by 0.001 at 4 bits, less above.
  it('is as tabulated for N = 1e6, nearest and (as an angle) stochastic', () => {
    const draws = [gaussian(1e6, 100), gaussian(1e6, 101)];
    const angles: Record<string, number> = { uint4: 14.7, uint6: 3.6, uint8: 0.89 };
    for (const [format, , expected] of rows) {
      const nearest = draws.map((values) => cosine(values, decoded(values, spec(format))));
      expect(Math.abs(mean(nearest) - expected)).toBeLessThan(0.002);
      const noisy = draws.map((values, i) => cosine(values, decoded(values, stochastic(format), noiseOf(i))));
      const angle = (Math.acos(mean(noisy)) * 180) / Math.PI;
      // The step follows the largest of the values, which varies by 2 % or so between draws.
      expect(Math.abs(angle / angles[format] - 1)).toBeLessThan(0.04);
    }
  });
});

describe('stochastic rounding', () => {
  it.each(['symmetric', 'affine-float-zero'] as const)(
    'is unbiased (%s): the mean of 1,000 draws lies within 4 standard errors, at the ends of the range too',
    (scheme) => {
      // Every fraction of a step, and both ends; the largest sets the scale to 1/8 exactly (127/8 = 15.875).
      const values = Float32Array.of(
        -15.875,
        -15.87,
        -7.3,
        -0.06,
        0,
        0.01,
        0.0625,
        0.115,
        3.3333,
        15.8125,
        15.86,
        15.875,
      );
      const sums = new Float64Array(values.length);
      const draws = 1000;
      for (let draw = 0; draw < draws; draw++) {
        decoded(values, spec('int8', { scheme, rounding: 'stochastic' }), noiseOf(draw)).forEach((x, i) => {
          sums[i] += x;
        });
      }
      const step = scheme === 'symmetric' ? 1 / 8 : 31.75 / 255;
      values.forEach((x, i) => {
        const steps = (scheme === 'symmetric' ? x : x - values[0]) / step;
        const fraction = steps - Math.floor(steps);
        const standardError = step * Math.sqrt((fraction * (1 - fraction)) / draws);
        // 2^-17 of a step: the noise has 16 bits.
        expect(Math.abs(sums[i] / draws - x)).toBeLessThanOrEqual(4 * standardError + step * 2 ** -17);
      });
    },
  );

  it('needs noise', () => {
    expect(() => quantizeArray([1], stochastic('int8'))).toThrow(UsageError);
  });
});

describe('ranges and groups', () => {
  it('never leaves the code range, int16 included', () => {
    const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 30,
    });
    const specs = fc.constantFrom(
      spec('int16'),
      stochastic('int16'),
      spec('uint8'),
      stochastic('int4'),
      spec('int3'),
    );
    const clip = fc.constantFrom(1, 0.7, 0.01);
    fc.assert(
      fc.property(values, specs, clip, (input, how, factor) => {
        const { codes, qmin, qmax, scales } = quantizeArray(input, { ...how, clip: factor }, noiseOf(5));
        expect(codes.every((code) => code >= qmin && code <= qmax)).toBe(true);
        expect(Number.isFinite(scales[0].scale) && Number.isFinite(scales[0].inv)).toBe(true);
      }),
    );
  });

  it('gives each group a scale of its own', () => {
    const quantised = quantizeArray([1, -2, 100, 50], spec('int8'), undefined, { groups: 2, groupStride: 2 });
    expect([...quantised.codes]).toEqual([64, -127, 127, 64]);
    expect([...dequantizeArray(quantised)].map((x) => Math.round(x))).toEqual([1, -2, 100, 50]);
  });

  it('clamps to ranges that come from elsewhere', () => {
    const quantised = quantizeArray([5, -5, 0.5], spec('uint8'), undefined, undefined, [[-1, 1.55]]);
    expect([...quantised.codes]).toEqual([255, 0, 150]);
  });

  it('refuses what has no range', () => {
    expect(() => quantizeArray([1, Number.NaN], spec('int8'))).toThrow(NonFiniteError);
    expect(() => quantizeArray([Infinity], spec('int8'))).toThrow('value 0 is Infinity');
    // Beyond float32.
    expect(() => quantizeArray([1e39], spec('int8'))).toThrow(NonFiniteError);
  });
});
