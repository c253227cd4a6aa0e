/**
 * Reads the golden files that make_golden.py writes, makes the inputs that they name, and measures how far an array is from a
 * golden tensor. Knows nothing of what the tensors mean.
 */
import { readFileSync } from 'node:fs';
import { hashText, RandomStream } from '../../src/core/rng.js';
import { type Shape, sizeOf } from '../../src/core/shape.js';

/** A tensor as rng.py's `golden` writes it. */
export interface GoldenTensor {
  readonly shape: Shape;
  /** Largest absolute value. */
  readonly largest: number;
  /** Dot product with the stream `projection`, its numbers pushed away from zero by 0.5. */
  readonly projection: number;
  /** All elements, or those at the places of the stream `samples`. */
  readonly values: readonly number[];
}

/** Integer codes, all of them, little-endian. */
export interface GoldenCodes {
  readonly shape: Shape;
  readonly storage: 'uint8' | 'int8' | 'int16';
  readonly base64: string;
}

/** Numbers that both sides draw from a named stream. */
export interface DrawnInput {
  readonly shape: Shape;
  readonly draw?: Draw;
  readonly scale?: number;
  readonly shift?: number;
}

/** int32 indices from a named stream. */
export interface IndexInput {
  readonly shape: Shape;
  readonly below: number;
}

type Draw = 'normal' | 'positive' | 'gradient';

const draws: Readonly<Record<Draw, (x: number) => number>> = {
  normal: (x) => x,
  positive: (x) => Math.abs(x) + 0.5,
  gradient: (x) => (Math.abs(x) < 0.5 ? 0 : x * x * x),
};

/** One golden file, from the committed ones or from another folder. */
export function readGolden<T>(name: string, folder = new URL('./', import.meta.url)): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T;
}

/** Mean 0 and variance 1 from four uniforms: no logarithm, so the same bits in Python and here. */
function bells(seed: number, name: string, count: number): Float64Array {
  const random = new RandomStream(seed, hashText(name));
  return Float64Array.from({ length: count }, () => {
    const sum = random.uniform() + random.uniform() + random.uniform() + random.uniform();
    return (sum - 2) * Math.sqrt(3);
  });
}

/** rng.py's `numbers`: float32 numbers as doubles. */
export function drawNumbers(seed: number, name: string, spec: DrawnInput): Float64Array {
  const { shape, draw = 'normal', scale = 1, shift = 0 } = spec;
  return bells(seed, name, sizeOf(shape)).map((x) => Math.fround(draws[draw](x) * scale + shift));
}

/** rng.py's `integers`. */
export function drawIntegers(seed: number, name: string, count: number, below: number): Int32Array {
  const random = new RandomStream(seed, hashText(name));
  return Int32Array.from({ length: count }, () => random.below(below));
}

/**
 * How far `actual` is from a golden tensor, relative to the tensor's largest absolute value: the largest difference of a kept
 * element, or the difference of the projections over the root of the size, whichever is larger. A NaN is infinitely far.
 */
export function distance(actual: ArrayLike<number>, expected: GoldenTensor): number {
  const size = sizeOf(expected.shape);
  if (actual.length !== size) return Number.POSITIVE_INFINITY;
  const { values } = expected;
  const places = values.length === size ? undefined : drawIntegers(0, 'samples', values.length, size);
  const differences = values.map((value, i) => Math.abs(actual[places?.[i] ?? i] - value));
  let projection = 0;
  bells(0, 'projection', size).forEach((x, i) => {
    projection += (x < 0 ? x - 0.5 : x + 0.5) * actual[i];
  });
  const projected = Math.abs(projection - expected.projection) / Math.sqrt(size);
  const largest = Math.max(...differences, projected) / expected.largest;
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest;
}

/** The distance of every tensor of a record, by name; a tensor that is missing is infinitely far. */
export function distances(
  actual: (name: string) => ArrayLike<number> | undefined,
  expected: Readonly<Record<string, GoldenTensor>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, tensor]) => [name, distance(actual(name) ?? [], tensor)]),
  );
}

/** The entry that is farthest, for messages: `name 1.2e-9`. */
export function farthest(found: Readonly<Record<string, number>>): { name: string; distance: number } {
  const entries = Object.entries(found).map(([name, value]) => ({ name, distance: value }));
  return entries.reduce((worst, entry) => (entry.distance <= worst.distance ? worst : entry));
}

/** Codes of a golden file as numbers. */
export function decodeCodes({ base64, storage }: GoldenCodes): number[] {
  const bytes = Buffer.from(base64, 'base64');
  if (storage === 'uint8') return [...bytes];
  if (storage === 'int8') return Array.from(bytes, (_, i) => bytes.readInt8(i));
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
}
