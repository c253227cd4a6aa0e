/**
 * Number formats: one entry each. Codes of 8 bits and fewer lie in 8-bit storage; products of integers run on integer kernels, those
 * of small floats are simulated.
 */
import type { Storage } from '../core/dtype.js';
import type { Minifloat } from '../core/minifloat.js';

/** A number format: its bits, and the storage its codes lie in. */
export interface Format {
  readonly name: FormatName;
  readonly bits: number;
  readonly signed: boolean;
  readonly storage: Storage;
  /** Layout of a float of 8 bits or fewer; absent for integers and float32. */
  readonly minifloat?: Minifloat;
}

const bitCounts = [2, 3, 4, 5, 6, 7, 8] as const;
type Bits = (typeof bitCounts)[number];

/** Name of a format, a key of {@link formats}. */
export type FormatName = 'float32' | `int${Bits}` | `uint${Bits}` | 'int16' | MinifloatName;

/** Name of a float of 8 bits or fewer, with its numbers of exponent and mantissa bits. */
export type MinifloatName = 'fp8-e4m3' | 'fp8-e5m2' | 'fp4-e3m0';

const entries: [FormatName, Format][] = [
  ['float32', { name: 'float32', bits: 32, signed: true, storage: 'float' }],
  ['int16', { name: 'int16', bits: 16, signed: true, storage: 'int16' }],
];
for (const bits of bitCounts) {
  entries.push([`int${bits}`, { name: `int${bits}`, bits, signed: true, storage: 'int8' }]);
  entries.push([`uint${bits}`, { name: `uint${bits}`, bits, signed: false, storage: 'uint8' }]);
}

const minifloats: readonly [MinifloatName, number, Minifloat][] = [
  // OCP 8-bit floating point specification, revision 1.0 (2023). Their codes of NaN and infinity are not used.
  ['fp8-e4m3', 8, { mantissaBits: 3, minExponent: -6, largest: 448, signBit: 0x80 }],
  ['fp8-e5m2', 8, { mantissaBits: 2, minExponent: -14, largest: 57344, signBit: 0x80 }],
  // Logarithmic: a sign and 0 or one of seven powers of two, the largest 64 times the least (FP4 1-3-0 of LUQ, Chmiel et al. 2021).
  ['fp4-e3m0', 4, { mantissaBits: 0, minExponent: -2, largest: 16, signBit: 8 }],
];
for (const [name, bits, minifloat] of minifloats) {
  entries.push([name, { name, bits, signed: true, storage: 'uint8', minifloat }]);
}

/** Every format by name: float32, int16, int2 to int8, uint2 to uint8, and the small floats. Frozen. */
export const formats = Object.freeze(Object.fromEntries(entries)) as Readonly<Record<FormatName, Format>>;

/**
 * The codes of a format. Symmetric: -(2^(bits-1)-1)..2^(bits-1)-1, zero is code 0. Affine: all 2^bits codes,
 * 0.. for unsigned, -2^(bits-1).. for signed. For a small float, whose codes are bit patterns, the least and the largest value
 * instead: what the ends of a range are scaled to.
 */
export function codeRange(format: Format, symmetric: boolean): { qmin: number; qmax: number } {
  if (format.minifloat) return { qmin: -format.minifloat.largest, qmax: format.minifloat.largest };
  const half = 2 ** (format.bits - 1);
  if (symmetric) return { qmin: -(half - 1), qmax: half - 1 };
  return format.signed ? { qmin: -half, qmax: half - 1 } : { qmin: 0, qmax: 2 * half - 1 };
}

/** The codes of a tensor under its recipe's format and scheme. */
export function codeRangeOf({ format, scheme }: { readonly format: FormatName; readonly scheme: string }): {
  qmin: number;
  qmax: number;
} {
  return codeRange(formats[format], scheme === 'symmetric');
}
