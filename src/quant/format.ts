/**
 * Number formats: one entry each. Codes of 8 bits and fewer lie in 8-bit storage; products of them run on integer kernels.
 */
import type { Storage } from '../core/dtype.js';

/** A number format: its bits, and the storage its codes lie in. */
export interface Format {
  readonly name: FormatName;
  readonly bits: number;
  readonly signed: boolean;
  readonly storage: Storage;
}

const bitCounts = [2, 3, 4, 5, 6, 7, 8] as const;
type Bits = (typeof bitCounts)[number];

/** Name of a format, a key of {@link formats}. */
export type FormatName = 'float32' | `int${Bits}` | `uint${Bits}` | 'int16';

const entries: [FormatName, Format][] = [
  ['float32', { name: 'float32', bits: 32, signed: true, storage: 'float' }],
  ['int16', { name: 'int16', bits: 16, signed: true, storage: 'int16' }],
];
for (const bits of bitCounts) {
  entries.push([`int${bits}`, { name: `int${bits}`, bits, signed: true, storage: 'int8' }]);
  entries.push([`uint${bits}`, { name: `uint${bits}`, bits, signed: false, storage: 'uint8' }]);
}

/** Every format by name: float32, int16, int2 to int8 and uint2 to uint8. Frozen. */
export const formats = Object.freeze(Object.fromEntries(entries)) as Readonly<Record<FormatName, Format>>;

/**
 * The codes of a format. Symmetric: -(2^(bits-1)-1)..2^(bits-1)-1, zero is code 0. Affine: all 2^bits codes,
 * 0.. for unsigned, -2^(bits-1).. for signed.
 */
export function codeRange(format: Format, symmetric: boolean): { qmin: number; qmax: number } {
  const half = 2 ** (format.bits - 1);
  if (symmetric) return { qmin: -(half - 1), qmax: half - 1 };
  return format.signed ? { qmin: -half, qmax: half - 1 } : { qmin: 0, qmax: 2 * half - 1 };
}
