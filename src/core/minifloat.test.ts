import { describe, expect, it } from 'vitest';
import { decodeMinifloat, encodeMinifloat, type Minifloat } from './minifloat.js';
import { noise16, RandomStream } from './rng.js';

const e4m3: Minifloat = { mantissaBits: 3, minExponent: -6, largest: 448, signBit: 128 };
const e5m2: Minifloat = { mantissaBits: 2, minExponent: -14, largest: 57344, signBit: 128 };
const e3m0: Minifloat = { mantissaBits: 0, minExponent: -2, largest: 16, signBit: 8 };

/**
 * Values by the definition of the OCP specification, from the fields of the code: (-1)^S 2^(E-bias) (1 + M/2^m), or
 * (-1)^S 2^(1-bias) M/2^m where E = 0; undefined for NaN and infinity.
 */
function byDefinition(
  code: number,
  exponentBits: number,
  mantissaBits: number,
  special: 'nan' | 'ieee' | 'none',
) {
  const bias = 2 ** (exponentBits - 1) - 1;
  const fields = code.toString(2).padStart(1 + exponentBits + mantissaBits, '0');
  const sign = fields[0] === '1' ? -1 : 1;
  const exponentField = fields.slice(1, 1 + exponentBits);
  const mantissaField = fields.slice(1 + exponentBits);
  const exponent = Number.parseInt(exponentField, 2);
  const mantissa = mantissaBits === 0 ? 0 : Number.parseInt(mantissaField, 2);
  const full = !exponentField.includes('0');
  if (special === 'nan' && full && !mantissaField.includes('0')) return undefined;
  if (special === 'ieee' && full) return undefined;
  return exponent === 0
    ? sign * 2 ** (1 - bias) * (mantissa / 2 ** mantissaBits)
    : sign * 2 ** (exponent - bias) * (1 + mantissa / 2 ** mantissaBits);
}

const formats = [
  ['E4M3', e4m3, (code: number) => byDefinition(code, 4, 3, 'nan')],
  ['E5M2', e5m2, (code: number) => byDefinition(code, 5, 2, 'ieee')],
  ['E3M0', e3m0, (code: number) => byDefinition(code, 3, 0, 'none')],
] as const;

describe.each(formats)('%s', (_, format, definition) => {
  const codes = Array.from({ length: 2 * format.signBit }, (_, code) => code);
  const finite = codes.filter((code) => definition(code) !== undefined);
  /** Levels in order, with their codes; negative zero left out. */
  const levels = finite
    .filter((code) => code !== format.signBit)
    .map((code) => ({ code, value: definition(code) as number }))
    .sort((a, b) => a.value - b.value);

  it('decodes every finite code as defined', () => {
    for (const code of finite) expect(decodeMinifloat(code, format)).toBe(definition(code));
    expect(Math.max(...levels.map(({ value }) => value))).toBe(format.largest);
  });

  it('encodes every level as its code', () => {
    for (const { code, value } of levels) {
      expect(encodeMinifloat(value, format)).toBe(code);
      for (const noise of [0, 1, 65535]) expect(encodeMinifloat(value, format, noise)).toBe(code);
    }
    expect(encodeMinifloat(-0, format)).toBe(0);
    // Saturating: no code of infinity.
    expect(decodeMinifloat(encodeMinifloat(3e38, format), format)).toBe(format.largest);
    expect(decodeMinifloat(encodeMinifloat(-3e38, format, 65535), format)).toBe(-format.largest);
  });

  /** The nearest level; of two as near the one of even code, or, where codes are exponents, of the greater magnitude. */
  function nearest(x: number): number {
    const distance = ({ value }: { value: number }) => Math.abs(value - x);
    const least = Math.min(...levels.map(distance));
    const found = levels.filter((level) => distance(level) === least);
    if (found.length === 1) return found[0].code;
    const byMagnitude = [...found].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    const smallest = byMagnitude[1].value === 0;
    if (format.mantissaBits === 0) return smallest ? 0 : byMagnitude[0].code;
    return found.find(({ code }) => code % 2 === 0)?.code as number;
  }

  it('rounds to the nearest level, found by looking at all of them', () => {
    const random = new RandomStream(5);
    const near = levels.flatMap(({ value }, i) => {
      const next = levels[Math.min(i + 1, levels.length - 1)].value;
      const middle = (value + next) / 2;
      return [middle, middle * (1 + 2 ** -20), middle * (1 - 2 ** -20)];
    });
    const drawn = Array.from({ length: 2000 }, () => {
      const exponent = format.minExponent - 4 + random.below(20);
      return (random.below(2) ? 1 : -1) * (1 + random.below(1 << 20) / 2 ** 20) * 2 ** exponent;
    });
    const ends = [format.largest * 1.01, -format.largest * 3, 1e9, -1e9, 1e-45, -1e-45];
    for (const x of [...near, ...drawn, ...ends].map(Math.fround)) {
      expect([x, encodeMinifloat(x, format)]).toEqual([x, nearest(x)]);
    }
  });

  it('rounds stochastically to one of the two next levels, with the value as the mean', () => {
    const draws = 4000;
    const places = [0.03, 0.25, 0.5, 0.9];
    for (let i = 0; i + 1 < levels.length; i += Math.ceil(levels.length / 12)) {
      const [low, high] = [levels[i], levels[i + 1]];
      for (const [at, place] of places.entries()) {
        const x = Math.fround(low.value + place * (high.value - low.value));
        let sum = 0;
        for (let draw = 0; draw < draws; draw++) {
          const code = encodeMinifloat(x, format, noise16(draw, { k0: i, k1: at }));
          if (code !== low.code && code !== high.code) throw new Error(`${x} became ${code}`);
          sum += decodeMinifloat(code, format);
        }
        const step = high.value - low.value;
        const error = step * Math.sqrt((place * (1 - place)) / draws);
        expect(Math.abs(sum / draws - x)).toBeLessThan(4 * error);
      }
    }
  });
});

it('E3M0 is 0 and seven powers of two a side', () => {
  const values = Array.from({ length: 8 }, (_, code) => decodeMinifloat(code, e3m0));
  expect(values).toEqual([0, 0.25, 0.5, 1, 2, 4, 8, 16]);
});
