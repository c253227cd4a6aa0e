import { describe, expect, it } from 'vitest';
import { BackendError } from '../../core/errors.js';
import type { Call } from '../backend.js';
import type { BufferRef } from '../kernels.js';
import { createReferenceBackend } from './index.js';

const float = (offset: number, length: number): BufferRef => ({ offset, length, storage: 'float' });

const add = (count: number): Call => ({
  kernel: 'binary',
  buffers: { left: float(0, 4), right: float(16, 4), output: float(32, 4) },
  params: { kind: 0, count },
});

describe('reference backend', () => {
  it('runs a list in order, host calls between kernels', () => {
    const backend = createReferenceBackend();
    backend.reserve(64);
    backend.view(float(0, 4)).set([1, 2, 3, 4]);
    const seen: number[][] = [];
    const program = backend.compile([
      { kernel: 'fill', buffers: { output: float(16, 4) }, params: { count: 4, value: 0.5 } },
      {
        kernel: 'host',
        name: 'double',
        inputs: [float(16, 4)],
        outputs: [float(16, 4)],
        run: ([input], [output]) => {
          seen.push([...input]);
          output.set(input.map((x) => 2 * x));
        },
      },
      add(4),
    ]);
    program.run();
    program.run();
    expect(seen).toEqual([
      [0.5, 0.5, 0.5, 0.5],
      [0.5, 0.5, 0.5, 0.5],
    ]);
    expect([...backend.view(float(32, 4))]).toEqual([2, 3, 4, 5]);
  });

  it('keeps contents when memory grows, and programs go on working on the new memory', () => {
    const backend = createReferenceBackend();
    backend.reserve(48);
    backend.view(float(0, 4)).set([1, 2, 3, 4]);
    const program = backend.compile([add(4)]);
    backend.reserve(4096);
    expect([...backend.view(float(0, 4))]).toEqual([1, 2, 3, 4]);
    backend.view(float(16, 4)).set([10, 20, 30, 40]);
    program.run();
    expect([...backend.view(float(32, 4))]).toEqual([11, 22, 33, 44]);
    backend.reserve(16);
    expect([...backend.view(float(32, 4))]).toEqual([11, 22, 33, 44]);
  });

  it('has floats of 8 bytes and rounds nothing in float64 mode', () => {
    const backend = createReferenceBackend({ float64: true });
    expect(backend.floatBytes).toBe(8);
    backend.reserve(64);
    backend
      .compile([{ kernel: 'fill', buffers: { output: float(0, 2) }, params: { count: 2, value: 0.1 } }])
      .run();
    expect([...backend.view(float(0, 2))]).toEqual([0.1, 0.1]);
    const single = createReferenceBackend();
    expect(single.floatBytes).toBe(4);
    single.reserve(64);
    single
      .compile([
        {
          kernel: 'affine',
          buffers: { input: float(0, 1), output: float(16, 1) },
          params: { count: 1, scale: 1, shift: 0.1 },
        },
      ])
      .run();
    expect(single.view(float(16, 1))[0]).toBe(Math.fround(0.1));
  });

  it('names the kernel and the buffer that does not fit', () => {
    const backend = createReferenceBackend();
    backend.reserve(64);
    expect(() => backend.compile([add(5)])).toThrow(/binary: buffer "left" has 4 elements.*5/);
    const noLeft = { kernel: 'binary', buffers: { right: float(0, 4), output: float(0, 4) } };
    expect(() => backend.compile([{ ...noLeft, params: { kind: 0, count: 4 } } as unknown as Call])).toThrow(
      'binary: buffer "left" is missing',
    );
    const far: Call = { kernel: 'fill', buffers: { output: float(64, 4) }, params: { count: 4, value: 0 } };
    expect(() => backend.compile([far])).toThrow(/fill, buffer "output": bytes 64\.\.80 lie beyond the 64/);
    const askew: Call = { kernel: 'fill', buffers: { output: float(8, 4) }, params: { count: 4, value: 0 } };
    expect(() => backend.compile([askew])).toThrow(/offset 8 is not a multiple of 16/);
    const blind: Call = {
      kernel: 'quantize',
      buffers: {
        input: float(0, 4),
        qparams: float(16, 4),
        codes: { offset: 32, length: 4, storage: 'int8' },
      },
      params: { count: 4, groups: 1, groupStride: 4, stochastic: 1, qmin: -127, qmax: 127, site: 0 },
    };
    expect(() => backend.compile([blind])).toThrow('quantize: its parameters ask for buffer "counters"');
    const half: Call = { kernel: 'fill', buffers: { output: float(0, 4) }, params: { count: 1.5, value: 0 } };
    expect(() => backend.compile([half])).toThrow(/fill: parameter "count" is 1.5/);
    expect(() => backend.reserve(1e30)).toThrow(BackendError);
  });

  it('refuses everything once disposed of', async () => {
    const backend = createReferenceBackend();
    backend.reserve(64);
    const program = backend.compile([add(4)]);
    await backend.dispose();
    expect(() => program.run()).toThrow(BackendError);
    expect(() => backend.view(float(0, 1))).toThrow(BackendError);
    expect(() => backend.compile([])).toThrow(BackendError);
    expect(() => backend.reserve(16)).toThrow(BackendError);
  });
});
