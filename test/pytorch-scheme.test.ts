/**
 * One convolution and Range BN under the recipe `paper` against the published scheme written out in PyTorch with
 * quantise-dequantise in float64: every code, the outputs and the gradients, with the same noise.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../src/backend/backend.js';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { hashText, noise16, noiseKey } from '../src/core/rng.js';
import { rangeConstant } from '../src/quant/range-constant.js';
import { decodeCodes, distances, farthest, readGolden } from './golden/golden.case.js';
import { runScheme, type SchemeFile, type SchemeNumbers } from './golden/scheme.case.js';

const { seed, cases } = readGolden<SchemeFile>('scheme');

/** Number of differing codes and the largest difference. */
function compareCodes(
  found: ArrayLike<number>,
  expected: readonly number[],
): { share: number; most: number } {
  let different = 0;
  let most = found.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  expected.forEach((code, i) => {
    const difference = Math.abs(code - found[i]);
    if (difference !== 0) different += 1;
    most = Math.max(most, difference);
  });
  return { share: different / expected.length, most };
}

const backends: [string, number, () => Promise<Backend>][] = [
  // The same codes throughout, so the rest is double against double.
  ['reference, float64', 1e-12, async () => createReferenceBackend({ float64: true })],
  // float32 scales and sums are right to 1e-7; an int16 code that falls the other way moves gradWeight by 1e-5.
  ['reference, float32', 1e-4, async () => createReferenceBackend()],
  ['wasm, float32', 1e-4, () => createWasmBackend({ threads: 2, spreadSmall: true })],
];

describe.each(backends)('%s', (_name, tolerance, create) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.dispose());

  describe.each(cases.map((run) => [run.title, run] as const))('%s', (_title, run) => {
    let found: SchemeNumbers;
    beforeAll(() => {
      found = runScheme(backend, seed, run);
    });

    it.each(Object.entries(run.codes))('codes of %s', (name, expected) => {
      const { share, most } = compareCodes(found.codes[name] ?? [], decodeCodes(expected));
      expect(most).toBeLessThanOrEqual(1);
      expect(share).toBeLessThan(0.001);
    });

    it('quantises nothing else', () => {
      expect(Object.keys(found.codes).sort()).toEqual(Object.keys(run.codes).sort());
    });

    it.each(['outputs', 'gradients'] as const)('%s', (kind) => {
      const worst = farthest(distances((name) => found[kind][name], run[kind]));
      expect(worst.distance, worst.name).toBeLessThan(tolerance);
    });
  });
});

describe('what both sides take for granted', () => {
  it('is the same noise', () => {
    for (const { noise } of cases) {
      for (const [site, numbers] of Object.entries(noise)) {
        const key = noiseKey(0, 0, hashText(site), 0, 0);
        expect(numbers.map((_, i) => noise16(i, key))).toEqual(numbers);
        expect(new Set(numbers).size).toBeGreaterThan(numbers.length / 2);
      }
    }
  });

  it('is the expected range of normal values', () => {
    for (const [n, constant] of Object.entries(cases[0].constants)) {
      expect(Math.abs(rangeConstant('d2', Number(n)) / constant - 1)).toBeLessThan(1e-8);
    }
  });
});
