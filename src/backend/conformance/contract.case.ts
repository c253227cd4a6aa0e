/**
 * The rules of the backend contract that are not about one kernel: memory that grows and stays, programs of several
 * calls and host calls, runs that repeat themselves, refusals.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../core/errors.js';
import type { Backend, Call } from '../backend.js';
import type { BufferRef, KernelCall } from '../kernels.js';

const COUNT = 1003;
const BYTES = 4096;

/** The k-th buffer of COUNT floats. */
const buffer = (k: number): BufferRef => ({ offset: k * BYTES, length: COUNT, storage: 'float' });

const fill = (output: BufferRef, value: number): KernelCall => ({
  kernel: 'fill',
  buffers: { output },
  params: { count: COUNT, value },
});

const add = (left: BufferRef, right: BufferRef, output: BufferRef): KernelCall => ({
  kernel: 'binary',
  buffers: { left, right, output },
  params: { kind: 0, count: COUNT },
});

/** A sum to one number: every element of its input must be there before it starts. */
const sum = (input: BufferRef, output: BufferRef): KernelCall => ({
  kernel: 'reduce_sum',
  buffers: { input, output: { ...output, length: 1 } },
  params: { outer: 1, axis: COUNT, inner: 1, scale: 1 },
});

const spread = (input: BufferRef, output: BufferRef): KernelCall => ({
  kernel: 'copy_strided',
  buffers: { input: { ...input, length: 1 }, output },
  params: {
    rank: 1,
    shape0: COUNT,
    shape1: 1,
    shape2: 1,
    shape3: 1,
    shape4: 1,
    shape5: 1,
    inStride0: 0,
    inStride1: 0,
    inStride2: 0,
    inStride3: 0,
    inStride4: 0,
    inStride5: 0,
    outStride0: 1,
    outStride1: 0,
    outStride2: 0,
    outStride3: 0,
    outStride4: 0,
    outStride5: 0,
    inOffset: 0,
    outOffset: 0,
  },
});

/** Declares the tests on a backend of their own. */
export function declareContractTests(create: () => Promise<Backend> | Backend): void {
  describe('backend contract', () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await create();
      backend.reserve(4 * BYTES);
    });
    afterAll(() => backend.dispose());

    it('describes itself', () => {
      expect(backend.name).not.toBe('');
      expect(backend.description).toContain(backend.name);
      expect(backend.threads).toBeGreaterThanOrEqual(1);
      expect(backend.floatBytes).toBe(4);
    });

    it('starts with zeros and keeps its content when it grows', async () => {
      const fresh = await create();
      fresh.reserve(2 * BYTES);
      expect([...fresh.view(buffer(1))].every((x) => x === 0)).toBe(true);
      fresh.view(buffer(0)).fill(7);
      // A compiled program may use memory beyond the plan's: growing over it must leave zeros there.
      fresh.compile([fill(buffer(1), 3)]).run();
      fresh.reserve(64 * BYTES);
      expect([...fresh.view(buffer(0))].every((x) => x === 7)).toBe(true);
      expect([...fresh.view(buffer(1))].every((x) => x === 3)).toBe(true);
      expect(
        [...fresh.view({ offset: 2 * BYTES, length: 62 * 1024, storage: 'float' })].every((x) => x === 0),
      ).toBe(true);
      await fresh.dispose();
    });

    it('views of different storages share the bytes', () => {
      const view = backend.view({ offset: 0, length: 1, storage: 'float' });
      view[0] = 1;
      expect(backend.view({ offset: 0, length: 1, storage: 'int32' })[0]).toBe(0x3f800000);
      expect([...backend.view({ offset: 0, length: 4, storage: 'uint8' })]).toEqual([0, 0, 0x80, 0x3f]);
      expect(backend.view({ offset: 0, length: 2, storage: 'int16' })[1]).toBe(0x3f80);
      expect(backend.view({ offset: 0, length: 4, storage: 'int8' })[2]).toBe(-128);
    });

    it('runs a list in order, each call on the finished results of the one before', () => {
      const [a, b, c] = [buffer(0), buffer(1), buffer(2)];
      const round = [sum(a, b), spread(b, c), add(a, c, a)];
      const program = backend.compile([fill(a, 1), ...round, ...round, ...round]);
      for (let i = 0; i < 25; i++) {
        program.run();
        // Each round adds the sum of COUNT equal numbers: x becomes (COUNT + 1) x, exact while below 2^24 units.
        const expected = [1, 1, 1].reduce((x) => Math.fround(x + sumOfEqual(x)), 1);
        expect([...backend.view(a)].every((x) => x === expected)).toBe(true);
      }
    });

    it('runs host calls between kernels, on views of their buffers', () => {
      const [a, b] = [buffer(0), buffer(1)];
      const host: Call = {
        kernel: 'host',
        name: 'double',
        inputs: [a],
        outputs: [b],
        run: ([input], [output]) => {
          for (let i = 0; i < input.length; i++) output[i] = 2 * input[i];
        },
      };
      backend.compile([fill(a, 4), host, add(a, b, a), host]).run();
      expect(backend.view(a)[COUNT - 1]).toBe(12);
      expect(backend.view(b)[0]).toBe(24);
    });

    it('runs programs compiled before memory grew, and several in turn', async () => {
      const fresh = await create();
      fresh.reserve(2 * BYTES);
      const first = fresh.compile([fill(buffer(0), 5)]);
      const second = fresh.compile([add(buffer(0), buffer(0), buffer(1))]);
      first.run();
      fresh.reserve(128 * BYTES);
      const third = fresh.compile([add(buffer(0), buffer(1), buffer(100))]);
      second.run();
      third.run();
      fresh.reserve(1024 * BYTES);
      first.run();
      second.run();
      third.run();
      expect([...fresh.view(buffer(100))].every((x) => x === 15)).toBe(true);
      await fresh.dispose();
    });

    it('compiles and runs an empty list', () => {
      backend.compile([]).run();
      expect(backend.scratchBytes([])).toBe(0);
    });

    it('states its scratch memory without reserved memory', async () => {
      const fresh = await create();
      expect(fresh.scratchBytes([add(buffer(0), buffer(1), buffer(2))])).toBeGreaterThanOrEqual(0);
      await fresh.dispose();
    });

    const bad: [string, Call, RegExp][] = [
      ['a buffer beyond the reserved bytes', fill({ ...buffer(0), offset: 1 << 24 }, 1), /fill.*output/s],
      ['an offset that is no multiple of 16', fill({ ...buffer(0), offset: 8 }, 1), /fill.*output/s],
      [
        'a missing buffer',
        { kernel: 'fill', buffers: {}, params: { count: 1, value: 1 } } as unknown as KernelCall,
        /fill.*output/s,
      ],
      [
        'a buffer that the kernel does not have',
        {
          kernel: 'fill',
          buffers: { output: buffer(0), input: buffer(1) },
          params: { count: 1, value: 1 },
        } as unknown as KernelCall,
        /fill.*input/s,
      ],
      [
        'a missing parameter',
        { kernel: 'fill', buffers: { output: buffer(0) }, params: { count: 1 } } as unknown as KernelCall,
        /fill.*value/s,
      ],
      [
        'an integer parameter that is none',
        { kernel: 'fill', buffers: { output: buffer(0) }, params: { count: 1.5, value: 0 } },
        /fill.*count/s,
      ],
      [
        'a buffer that is too short for the parameters',
        { kernel: 'fill', buffers: { output: { ...buffer(0), length: 5 } }, params: { count: 6, value: 0 } },
        /fill.*output/s,
      ],
      [
        'an unknown kernel',
        { kernel: 'nothing', buffers: {}, params: {} } as unknown as KernelCall,
        /nothing/,
      ],
    ];
    it.each(bad)('refuses %s, naming it', (_, call, message) => {
      expect(() => backend.compile([call])).toThrow(BackendError);
      expect(() => backend.compile([call])).toThrow(message);
    });

    it('refuses everything after dispose', async () => {
      const fresh = await create();
      fresh.reserve(BYTES);
      const program = fresh.compile([fill(buffer(0), 1)]);
      await fresh.dispose();
      expect(() => fresh.view(buffer(0))).toThrow(BackendError);
      expect(() => fresh.reserve(2 * BYTES)).toThrow(BackendError);
      expect(() => fresh.compile([fill(buffer(0), 1)])).toThrow(BackendError);
      expect(() => program.run()).toThrow(BackendError);
      await fresh.dispose();
    });
  });
}

/** Sum of COUNT equal numbers as the contract adds them: blocks of 128 in order, then the blocks' sums. */
function sumOfEqual(x: number): number {
  let total = 0;
  for (let first = 0; first < COUNT; first += 128) {
    let block = 0;
    for (let i = first; i < Math.min(first + 128, COUNT); i++) block = Math.fround(block + x);
    total = Math.fround(total + block);
  }
  return total;
}
