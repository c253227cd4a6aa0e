/** matmul and matmul_int on the WASM backend, against plain loops, bit for bit, on 1, 2 and 3 threads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../core/dtype.js';
import type { Backend } from '../backend.js';
import { createWasmBackend } from './index.js';
import { type MatmulShape, multiply, rescale } from './naive.case.js';
import { type Codes, codesOf, expectBits, floatsOf, placer, randomOf, valuesOf } from './operands.case.js';

const backends: Backend[] = [];
beforeAll(async () => {
  for (const threads of [1, 2, 3])
    backends.push(await createWasmBackend({ threads, spreadSmall: true, relaxed: false }));
});
afterAll(async () => {
  for (const backend of backends) await backend.dispose();
});

const shape = (batch: number, rows: number, inner: number, cols: number, transposed = 0): MatmulShape => ({
  ...{ batch, rows, inner, cols, transposeLeft: transposed & 1, transposeRight: transposed >> 1 },
});

const shapes: [string, MatmulShape][] = [
  ['1 x 1 x 1', shape(1, 1, 1, 1)],
  ['row by column', shape(1, 1, 130, 1, 2)],
  ['more columns than a chunk of panels', shape(1, 3, 20000, 115)],
];
for (let transposed = 0; transposed < 4; transposed++) {
  const suffix = `${transposed & 1 ? ', left transposed' : ''}${transposed & 2 ? ', right transposed' : ''}`;
  shapes.push([`3 x 5 x 7${suffix}`, shape(1, 3, 5, 7, transposed)]);
  shapes.push([`17 x 9 x 33${suffix}`, shape(1, 17, 9, 33, transposed)]);
  shapes.push([`2 of 24 x 64 x 16${suffix}`, shape(2, 24, 64, 16, transposed)]);
  shapes.push([`7 of 6 x 3 x 10${suffix}`, shape(7, 6, 3, 10, transposed)]);
  shapes.push([`40 x 700 x 24${suffix}`, shape(1, 40, 700, 24, transposed)]);
}

describe.each(shapes)('%s', (_name, s) => {
  const random = randomOf(11);
  const lefts = s.batch * s.rows * s.inner;
  const rights = s.batch * s.inner * s.cols;
  const outs = s.batch * s.rows * s.cols;

  /** Values less zero points, where each row of the left side may have a group of its own. */
  function leftValues(left: Codes, leftGroups: number): Float64Array {
    const perGroup = (s.batch * s.rows) / leftGroups;
    return Float64Array.from(left.codes, (code, i) => {
      const product = Math.floor(i / (s.rows * s.inner));
      const row = s.transposeLeft ? i % s.rows : Math.floor(i / s.inner) % s.rows;
      return code - left.params[4 * Math.floor((product * s.rows + row) / perGroup) + 2];
    });
  }

  function rightGroupOf(i: number, rightBy: number): number {
    if (rightBy === 1) return s.transposeRight ? Math.floor(i / s.inner) % s.cols : i % s.cols;
    return rightBy === 2 ? Math.floor(i / (s.inner * s.cols)) : 0;
  }

  const kinds: [Storage, Storage, number, number, boolean][] = [
    ['uint8', 'int8', 1, 0, true],
    ['int8', 'uint8', s.batch * s.rows, 1, false],
    ['int8', 'int8', s.batch, 2, true],
    ['int16', 'int8', 1, 3, false],
    ['uint8', 'int16', s.batch * s.rows, 0, false],
  ];
  // One kind is enough of the shape whose codes take long to make.
  it.each(rights > 1e6 ? kinds.slice(1, 2) : kinds)(
    'matmul_int, %s by %s, %i left groups, rightBy %i',
    (leftStorage, rightStorage, leftGroups, rightBy, withBias) => {
      const left = codesOf(random, leftStorage, lefts, leftGroups);
      const rightGroups = [1, s.cols, s.batch, 1][rightBy];
      const right = codesOf(random, rightStorage, rights, rightGroups);
      const seen = rightBy === 3 ? Float32Array.of(1, 1, 0, 0) : right.params;
      const bias = floatsOf(random, s.cols);
      const rightValues = Float64Array.from(
        right.codes,
        (code, i) => code - seen[4 * rightGroupOf(i, rightBy) + 2],
      );
      const sums = multiply(s, leftValues(left, leftGroups), rightValues);
      const expected = Float32Array.from(sums, (acc, i) => {
        const row = Math.floor(i / s.cols);
        const col = i % s.cols;
        const product = Math.floor(row / s.rows);
        const group = rightBy === 1 ? col : rightBy === 2 ? product : 0;
        const scaleLeft = left.params[4 * Math.floor((row * leftGroups) / (s.batch * s.rows))];
        return rescale(acc, scaleLeft, seen[4 * group], withBias ? bias[col] : undefined);
      });
      expectBits(
        backends,
        (place) => {
          const output = place.empty('float', outs);
          const buffers = {
            left: place.put(leftStorage, left.codes),
            leftParams: place.put('float', left.params),
            right: place.put(rightStorage, right.codes),
            rightParams: place.put('float', right.params),
            bias: withBias ? place.put('float', bias) : undefined,
            output,
          };
          return { output, call: { kernel: 'matmul_int', buffers, params: { ...s, leftGroups, rightBy } } };
        },
        expected,
      );
    },
  );

  it('matmul, in the order of the contract', () => {
    const left = floatsOf(random, lefts);
    const right = floatsOf(random, rights);
    const bias = floatsOf(random, s.cols);
    const sums = multiply(s, left, right, Math.fround);
    for (const withBias of [false, true]) {
      expectBits(
        backends,
        (place) => {
          const output = place.empty('float', outs);
          const buffers = {
            left: place.put('float', left),
            right: place.put('float', right),
            bias: withBias ? place.put('float', bias) : undefined,
            output,
          };
          return { output, call: { kernel: 'matmul', buffers, params: { ...s } } };
        },
        Float32Array.from(sums, (sum, i) => (withBias ? Math.fround(sum + bias[i % s.cols]) : sum)),
      );
    }
  });
});

describe('sums far beyond int32', () => {
  const s = shape(1, 2, 200_000, 3);
  it.each([
    ['uint8', 255, 'uint8', 255],
    ['int8', -128, 'int8', -128],
    ['int16', -32767, 'uint8', 255],
    ['int8', 127, 'int16', 32767],
  ] as [Storage, number, Storage, number][])('%s %i times %s %i', (leftStorage, l, rightStorage, r) => {
    const random = randomOf(1);
    const left = codesOf(random, leftStorage, 2 * s.inner, 1);
    const right = codesOf(random, rightStorage, 3 * s.inner, 1);
    left.codes.fill(l);
    right.codes.fill(r);
    // The zero point at the other end makes each product as large as it can be.
    if (leftStorage !== 'int16') left.params[2] = leftStorage === 'uint8' ? 0 : l < 0 ? 127 : -128;
    if (rightStorage !== 'int16') right.params[2] = rightStorage === 'uint8' ? 0 : 127;
    const acc = s.inner * valuesOf(left, 1, 1)[0] * valuesOf(right, 1, 1)[0];
    expect(Math.abs(acc)).toBeGreaterThan(2 ** 33);
    const expected = new Float32Array(6).fill(rescale(acc, left.params[0], right.params[0]));
    expectBits(
      backends,
      (place) => {
        const output = place.empty('float', 6);
        const buffers = {
          left: place.put(leftStorage, left.codes),
          leftParams: place.put('float', left.params),
          right: place.put(rightStorage, right.codes),
          rightParams: place.put('float', right.params),
          output,
        };
        return {
          output,
          call: { kernel: 'matmul_int', buffers, params: { ...s, leftGroups: 1, rightBy: 0 } },
        };
      },
      expected,
    );
  });
});

it('stays within a rounding of each product with fused multiply-add', async () => {
  const backend = await createWasmBackend({ threads: 2, spreadSmall: true, relaxed: 'auto' });
  try {
    const s = shape(1, 9, 500, 17);
    const random = randomOf(5);
    const left = floatsOf(random, 9 * 500);
    const right = floatsOf(random, 500 * 17);
    const place = placer();
    const output = place.empty('float', 9 * 17);
    const buffers = { left: place.put('float', left), right: place.put('float', right), output };
    backend.reserve(place.bytes());
    for (const [buffer, values] of place.contents) backend.view(buffer).set(values);
    backend.compile([{ kernel: 'matmul', buffers, params: { ...s } }]).run();
    const exact = multiply(s, left, right);
    const size = multiply(s, left.map(Math.abs), right.map(Math.abs));
    backend.view(output).forEach((value, i) => {
      // 500 roundings of half a unit in the last place of at most the sum of magnitudes.
      expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(500 * 2 ** -24 * size[i]);
    });
  } finally {
    await backend.dispose();
  }
});
