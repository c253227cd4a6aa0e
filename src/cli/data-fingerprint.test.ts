import { expect, it } from 'vitest';
import { dataFingerprint } from './data-fingerprint.js';

type Split = Parameters<typeof dataFingerprint>[0];

const half = (inputs: Uint8Array | Float32Array, labels: number[], inputShape = [2, 2, 1]) => ({
  ...{ count: labels.length, inputShape, classes: ['a', 'b'], inputs, labels: Int32Array.from(labels) },
});
const split = (train: object, test: object = half(new Uint8Array(4), [0])): Split =>
  ({ train, test }) as unknown as Split;
const bytes = Uint8Array.from({ length: 8 }, (_, i) => i);

it('is the same for the same data, and another for other values, labels, shapes and counts', () => {
  const of = (...args: Parameters<typeof half>): string => dataFingerprint(split(half(...args)));
  const own = of(bytes, [0, 1]);
  expect(own).toMatch(/^[0-9a-f]{16}$/);
  expect(of(Uint8Array.from(bytes), [0, 1])).toBe(own);
  const others = [
    of(
      Uint8Array.from(bytes, (value) => value + 1),
      [0, 1],
    ),
    of(bytes, [1, 0]),
    of(bytes, [0, 1], [4, 1, 1]),
    of(bytes, [0]),
    dataFingerprint(split(half(bytes, [0, 1]), half(Uint8Array.of(0, 0, 0, 1), [0]))),
  ];
  expect(new Set([own, ...others]).size).toBe(others.length + 1);
});

it('of floats does not depend on their last bits', () => {
  const floats = Float32Array.from({ length: 8 }, (_, i) => Math.sin(i) * 3);
  const of = (values: Float32Array): string => dataFingerprint(split(half(values, [0, 1])));
  expect(of(floats.map((value) => value * (1 + 1e-7)))).toBe(of(floats));
  expect(of(floats.map((value) => value + 0.5))).not.toBe(of(floats));
});

it('looks at a bounded part of large arrays, from all of their length', () => {
  const large = new Uint8Array(1_000_000);
  const of = (): string => dataFingerprint(split(half(large, [0])));
  const before = of();
  large.fill(1, 500_000, 500_100);
  expect(of()).not.toBe(before);
});
