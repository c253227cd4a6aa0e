/** Operands for tests of product kernels: seeded codes that reach their extremes, qparams, places in a plan. */

import { expect } from 'vitest';
import { bytesOf, type NumericArray, type Storage } from '../../core/dtype.js';
import type { Backend } from '../backend.js';
import type { BufferRef, KernelCall } from '../kernels.js';

/** A small seeded generator of [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) ^ (state >>> 20)) / 2 ** 24;
  };
}

const ranges: Partial<Record<Storage, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32767, 32767],
};

export interface Codes {
  readonly codes: NumericArray;
  /** qparams; int16 is symmetric. */
  readonly params: Float32Array;
}

/** Codes of which a third are at an end of the range, and `groups` qparams with zero points anywhere in it. */
export function codesOf(random: () => number, storage: Storage, count: number, groups: number): Codes {
  const [low, high] = ranges[storage]!;
  const array =
    storage === 'int8'
      ? new Int8Array(count)
      : storage === 'uint8'
        ? new Uint8Array(count)
        : new Int16Array(count);
  for (let i = 0; i < count; i++) {
    const r = random();
    array[i] = r < 1 / 6 ? low : r < 1 / 3 ? high : Math.floor(low + random() * (high - low + 1));
  }
  const params = new Float32Array(groups * 4);
  for (let g = 0; g < groups; g++) {
    const scale = Math.fround(0.001 + random());
    const zeroPoint = storage === 'int16' ? 0 : Math.floor(low + random() * (high - low + 1));
    params.set([scale, Math.fround(1 / scale), zeroPoint, 0], 4 * g);
  }
  return { codes: array, params };
}

export function floatsOf(random: () => number, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random() * 4 - 2);
}

/** Hands out places in a plan and remembers what belongs there. */
export function placer() {
  let next = 32;
  const contents: [BufferRef, NumericArray][] = [];
  const empty = (storage: Storage, length: number): BufferRef => {
    const buffer = { offset: next, length, storage };
    next += Math.ceil((length * bytesOf(storage)) / 16) * 16 + 32;
    return buffer;
  };
  const put = (storage: Storage, values: NumericArray): BufferRef => {
    const buffer = empty(storage, values.length);
    contents.push([buffer, values]);
    return buffer;
  };
  return { empty, put, contents, bytes: () => next };
}

/** Codes with their zero point taken off; element i belongs to group floor(i / groupStride) % groups. */
export function valuesOf(codes: Codes, groups: number, groupStride: number): Float64Array {
  return Float64Array.from(
    codes.codes,
    (code, i) => code - codes.params[4 * (Math.floor(i / groupStride) % groups) + 2],
  );
}

/** Runs the call that `make` describes on every backend; all must give `expected`, to the bit. */
export function expectBits(
  backends: readonly Backend[],
  make: (place: ReturnType<typeof placer>) => { call: KernelCall; output: BufferRef },
  expected: ArrayLike<number>,
): void {
  for (const backend of backends) {
    const place = placer();
    const { call, output } = make(place);
    backend.reserve(place.bytes());
    for (const [buffer, values] of place.contents) backend.view(buffer).set(values);
    // Guards on both sides: a kernel must write its output and nothing else.
    const around = backend.view({ offset: output.offset - 16, length: output.length + 8, storage: 'float' });
    around.fill(Number.NaN);
    backend.compile([call]).run();
    const actual = backend.view(output);
    expect(actual.length).toBe(expected.length);
    const after = backend.view({ offset: output.offset - 16, length: output.length + 8, storage: 'float' });
    expect([...after.slice(0, 4), ...after.slice(-4)].every(Number.isNaN)).toBe(true);
    for (let i = 0; i < actual.length; i++) {
      if (actual[i] !== expected[i]) {
        expect.fail(`${backend.description}, element ${i}: ${actual[i]} instead of ${expected[i]}`);
      }
    }
  }
}
