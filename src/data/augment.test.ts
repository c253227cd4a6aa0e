import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { type Augmentation, Augmenter, checkAugmentations, cutout, flip, padCrop } from './augment.js';

const shape = [5, 4, 2];
const size = 40;
const image = () => Uint8Array.from({ length: size }, (_, i) => i + 1);

function augmented(list: readonly Augmentation[], index = 0, epoch = 0, seed = 1): Uint8Array {
  const pixels = image();
  new Augmenter(list, shape, Uint8Array.of(200, 201)).apply(pixels, 0, index, Augmenter.key(seed, epoch));
  return pixels;
}

/** The crop at (down, right) of the image padded with zeros, the plain way. */
function cropped(down: number, right: number): Uint8Array {
  const from = image();
  const to = new Uint8Array(size);
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 4; x++) {
      const [v, u] = [y + down, x + right];
      if (v < 0 || v >= 5 || u < 0 || u >= 4) continue;
      for (let c = 0; c < 2; c++) to[(y * 4 + x) * 2 + c] = from[(v * 4 + u) * 2 + c];
    }
  }
  return to;
}

describe('augmentation', () => {
  it('padCrop gives every crop of the zero-padded image, about equally often, and nothing else', () => {
    const pad = 2;
    const counts = new Map<string, number>();
    for (let down = -pad; down <= pad; down++) {
      for (let right = -pad; right <= pad; right++) counts.set(cropped(down, right).join(), 0);
    }
    const draws = 5000;
    for (let index = 0; index < draws; index++) {
      const key = augmented([padCrop(pad)], index).join();
      expect(counts.has(key)).toBe(true);
      counts.set(key, (counts.get(key) as number) + 1);
    }
    // 25 places, 200 expected each, standard deviation 14: five of them on either side.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(70);
  });

  it('flip mirrors left and right, about every second time', () => {
    const mirrored = new Uint8Array(size);
    const from = image();
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 4; x++) {
        for (let c = 0; c < 2; c++) mirrored[(y * 4 + x) * 2 + c] = from[(y * 4 + 3 - x) * 2 + c];
      }
    }
    let flipped = 0;
    for (let index = 0; index < 2000; index++) {
      const result = augmented([flip()], index).join();
      if (result === mirrored.join()) flipped += 1;
      else expect(result).toBe(from.join());
    }
    // 1000 expected, standard deviation 22.
    expect(Math.abs(flipped - 1000)).toBeLessThan(112);
  });

  it('cutout paints one clipped square with the channel means', () => {
    let full = 0;
    for (let index = 0; index < 200; index++) {
      const result = augmented([cutout(2)], index);
      const from = image();
      const changed = [...Array(20).keys()].filter((p) => result[p * 2] !== from[p * 2]);
      for (const p of changed) expect([result[p * 2], result[p * 2 + 1]]).toEqual([200, 201]);
      const rows = new Set(changed.map((p) => Math.floor(p / 4)));
      const columns = new Set(changed.map((p) => p % 4));
      expect(changed.length).toBe(rows.size * columns.size);
      expect(changed.length).toBeGreaterThan(0);
      expect(changed.length).toBeLessThanOrEqual(4);
      if (changed.length === 4) full += 1;
    }
    expect(full).toBeGreaterThan(50);
  });

  it('depends on seed, epoch and index only, and touches only its own image', () => {
    const list = [padCrop(2), flip(), cutout(2)];
    const alone = augmented(list, 7, 3, 5);
    const batch = Uint8Array.from([...image(), ...image(), ...image()]);
    new Augmenter(list, shape, Uint8Array.of(200, 201)).apply(batch, size, 7, Augmenter.key(5, 3));
    expect(batch.subarray(size, 2 * size)).toEqual(alone);
    expect(batch.subarray(0, size)).toEqual(image());
    expect(batch.subarray(2 * size)).toEqual(image());
    const differs = (make: (n: number) => Uint8Array) =>
      new Set([...Array(20).keys()].map((n) => make(n).join())).size;
    expect(differs((n) => augmented(list, n, 3, 5))).toBeGreaterThan(10);
    expect(differs((n) => augmented(list, 7, n, 5))).toBeGreaterThan(10);
    expect(differs((n) => augmented(list, 7, 3, n))).toBeGreaterThan(10);
  });

  it('survives JSON', () => {
    const list = [padCrop(4), flip(), cutout(8)];
    expect(checkAugmentations(JSON.parse(JSON.stringify(list)), [32, 32, 3])).toEqual(list);
    expect(list[0]).toEqual({ kind: 'padCrop', pad: 4 });
  });

  it.each<[string, unknown, RegExp]>([
    ['no list', 'flip', /must be a list/],
    ['no object', [flip(), null], /augment\[1\] must be an object/],
    ['an unknown kind', [{ kind: 'padcrop', pad: 4 }], /augment\[0\]: unknown kind "padcrop".*"padCrop"/],
    ['a kind of Object.prototype', [{ kind: 'toString' }], /unknown kind "toString"/],
    ['an unknown field', [{ kind: 'flip', chance: 0.5 }], /flip has no field "chance"/],
    ['a missing extent', [{ kind: 'padCrop' }], /padCrop needs an integer "pad"/],
    ['a fractional extent', [{ kind: 'cutout', size: 2.5 }], /cutout needs an integer "size"/],
    ['a pad of zero', [padCrop(0)], /from 1 to 8/],
    ['an extent beyond the image', [padCrop(9)], /from 1 to 8 .*got 9/],
    ['too many', Array(9).fill(flip()), /at most 8/],
  ])('refuses %s', (_, list, message) => {
    expect(() => checkAugmentations(list, [8, 9, 1])).toThrow(UsageError);
    expect(() => checkAugmentations(list, [8, 9, 1])).toThrow(message);
  });

  it('refuses samples that are no images', () => {
    expect(() => checkAugmentations([flip()], [784])).toThrow(/these samples are \[784\]/);
    expect(checkAugmentations([], [784])).toEqual([]);
  });

  it('never throws anything but a UsageError for a list from outside', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          checkAugmentations(value, [8, 8, 3]);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
