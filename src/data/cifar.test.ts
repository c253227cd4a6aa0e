import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { cifarClasses, decodeCifar, parseCifar } from './cifar.js';
import { cifarRecords } from './fixtures.node.case.js';

describe('CIFAR', () => {
  it('turns planes into NHWC pixels', () => {
    const { count, pixels, labels } = parseCifar(cifarRecords([[3], [9]]), 'cifar10');
    expect(count).toBe(2);
    expect([...labels]).toEqual([3, 9]);
    for (let n = 0; n < 2; n++) {
      for (let place = 0; place < 1024; place++) {
        for (let c = 0; c < 3; c++) {
          // The record's plane c begins at 1024 c, and its byte i is (n + i) % 256.
          expect(pixels[(n * 1024 + place) * 3 + c]).toBe((n + 1024 * c + place) % 256);
        }
      }
    }
  });

  it('takes the fine label of CIFAR-100', () => {
    const records = cifarRecords([
      [19, 99],
      [2, 0],
    ]);
    expect([...parseCifar(records, 'cifar100').labels]).toEqual([99, 0]);
  });

  it('knows all classes, in alphabetical order', () => {
    expect(cifarClasses.cifar10).toHaveLength(10);
    expect(cifarClasses.cifar100).toHaveLength(100);
    for (const names of Object.values(cifarClasses)) expect([...new Set(names)].sort()).toEqual(names);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'nothing',
      () => parseCifar(new Uint8Array(0), 'cifar10', 'x.bin'),
      /^x\.bin: .*no record of 3073 bytes/,
    ],
    [
      'a cut file',
      () => parseCifar(cifarRecords([[1]]).subarray(1), 'cifar10', 'x.bin'),
      /truncated.*get the file again/,
    ],
    [
      'a label beyond the classes',
      () => parseCifar(cifarRecords([[1], [10]]), 'cifar10'),
      /label of image 1 is 10/,
    ],
    [
      'the other variant',
      () => parseCifar(cifarRecords([[1, 2]]), 'cifar10'),
      /a file of cifar100 by its length/,
    ],
    [
      'more than there is room for',
      () => decodeCifar(cifarRecords([[1], [2]]), 'cifar10', new Uint8Array(3072), new Int32Array(1)),
      /more than there is room for/,
    ],
  ])('refuses %s', (_, action, message) => {
    expect(action).toThrow(DataError);
    expect(action).toThrow(message);
  });

  it('refuses every cut of a file', () => {
    const records = cifarRecords([[1], [2]]);
    fc.assert(
      fc.property(fc.nat(records.length - 1), (length) => {
        fc.pre(length !== 3073);
        expect(() => parseCifar(records.subarray(0, length), 'cifar10')).toThrow(DataError);
      }),
    );
  });
});
