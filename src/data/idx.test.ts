import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { idx } from './fixtures.node.case.js';
import { parseIdxImages, parseIdxLabels } from './idx.js';

const images = idx([2, 2, 3], [...Array(12).keys()]);
const labels = idx([3], [0, 9, 4]);

describe('IDX', () => {
  it('round-trips images and labels of any shape', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (count, height, width, stream) => {
          const pixels = Uint8Array.from(
            { length: count * height * width },
            () => stream.next().value as number,
          );
          expect(parseIdxImages(idx([count, height, width], pixels))).toEqual({
            count,
            height,
            width,
            pixels,
          });
          expect([...parseIdxLabels(idx([pixels.length], pixels), 256)]).toEqual([...pixels]);
        },
      ),
    );
  });

  it('reads from the middle of a buffer', () => {
    const shifted = new Uint8Array(images.length + 3);
    shifted.set(images, 3);
    expect(parseIdxImages(shifted.subarray(3)).pixels).toEqual(Uint8Array.from([...Array(12).keys()]));
  });

  it('refuses a file cut off at any byte, naming it', () => {
    for (let length = 0; length < images.length; length++) {
      expect(() => parseIdxImages(images.subarray(0, length), 'a.idx')).toThrow(DataError);
      expect(() => parseIdxImages(images.subarray(0, length), 'a.idx')).toThrow(
        /^a\.idx: .*get the file again/,
      );
    }
  });

  it('throws nothing but DataError for any bytes', () => {
    const damaged = fc
      .tuple(fc.constantFrom(images, labels), fc.nat(31), fc.nat(255))
      .map(([bytes, at, value]) => Uint8Array.from(bytes, (old, i) => (i === at ? value : old)));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        for (const parse of [parseIdxImages, (b: Uint8Array) => parseIdxLabels(b, 10)]) {
          try {
            parse(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, () => unknown, RegExp]>([
    ['labels for images', () => parseIdxImages(labels), /IDX file of labels .* where images .* exchanged/],
    [
      'images for labels',
      () => parseIdxLabels(images, 10),
      /IDX file of images .* where labels .* exchanged/,
    ],
    ['another magic', () => parseIdxImages(Uint8Array.of(0x89, 0x50, 0x4e, 0x47)), /begins with 0x89504e47/],
    ['floats', () => parseIdxImages(Uint8Array.of(0, 0, 0x0d, 3, 0, 0, 0, 0)), /0x00000d03/],
    ['something packed twice', () => parseIdxImages(Uint8Array.of(0x1f, 0x8b, 8, 0)), /compressed twice/],
    [
      'trailing bytes',
      () => parseIdxLabels(Uint8Array.from([...labels, 1, 2]), 10),
      /2 bytes more than the 11/,
    ],
    ['no images', () => parseIdxImages(idx([0, 28, 28], [])), /announces no images.*\[0, 28, 28\]/],
    [
      'an absurd shape',
      () => parseIdxImages(idx([0xffffffff, 0xffffffff, 0xffffffff], [])),
      /more than 2 GiB/,
    ],
    ['a label beyond the classes', () => parseIdxLabels(labels, 9), /label 1 is 9, but .* classes 0 to 8/],
  ])('refuses %s', (_, action, message) => {
    expect(action).toThrow(DataError);
    expect(action).toThrow(message);
  });
});
