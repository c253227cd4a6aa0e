/** The WASM backend's threads, memory, checks and failures; the kernels are tested in files of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BackendError, UsageError } from '../../core/errors.js';
import type { Backend, HostCall } from '../backend.js';
import { type BufferRef, type KernelCall, kernelNames } from '../kernels.js';
import { createReferenceBackend } from '../reference/index.js';
import { differenceOf } from '../self-check.js';
import { FAILED, FAILED_AT, GENERATION, MESSAGE, MESSAGE_LENGTH } from './control.js';
import { createWasmBackend, type WasmBackendOptions } from './index.js';
import { Machine } from './machine.js';
import { packageBackend } from './packaged.case.js';
import { platform } from './platform.node.js';
import { browserWorkerText } from './worker.js';

const open: Backend[] = [];
async function create(options: WasmBackendOptions): Promise<Backend> {
  const backend = await createWasmBackend({ spreadSmall: true, ...options });
  open.push(backend);
  return backend;
}
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const backend of open.splice(0)) await backend.dispose();
});

const float = (offset: number, length: number): BufferRef => ({ offset, length, storage: 'float' });

/** output [n][n] = left . right. */
function multiply(left: BufferRef, right: BufferRef, output: BufferRef, n: number): KernelCall {
  const params = { batch: 1, rows: n, cols: n, inner: n, transposeLeft: 0, transposeRight: 0 };
  return { kernel: 'matmul', buffers: { left, right, output }, params };
}

describe('wide', () => {
  const [major] = process.versions.node.split('.');
  const able = Number(major) >= 24 && process.arch === 'x64';
  it.runIf(able)("has the reference backend's bits in the products, and says that it is wide", async () => {
    const backend = await create({ threads: 2, wide: true });
    expect(backend.description).toMatch(/^wasm, 2 threads, 256-bit SIMD/);
    expect(differenceOf(backend, createReferenceBackend())).toBeUndefined();
  });

  it.runIf(able)('starts in a bare process, and ends by itself', () => {
    const backend = new URL('../../../dist/backend/index.js', import.meta.url).href;
    const program = `const { createWasmBackend } = await import(${JSON.stringify(backend)});
      console.log((await createWasmBackend({ threads: 2, wide: true })).description);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(out).toMatch(/^wasm, 2 threads, 256-bit SIMD/);
  });

  it.runIf(!able)('is refused with the remedy where the engine has no 256-bit vectoriser', async () => {
    const wide = createWasmBackend({ threads: 2, wide: true });
    await expect(wide).rejects.toThrow(UsageError);
    await expect(wide).rejects.toThrow(/Node 24/);
  });

  it('is refused where the twin computes something else, and the difference is named', async () => {
    const backend = await create({ threads: 1 });
    const right = backend.view.bind(backend);
    backend.view = (buffer) => {
      const view = right(buffer);
      // The output of the first convolution, as it is read back.
      return buffer.storage === 'float' && view.length === 3 * 81 * 24 ? view.slice().fill(1) : view;
    };
    expect(differenceOf(backend, createReferenceBackend())).toMatch(
      /^conv2d_int: output\[0\] is 1, expected /,
    );
  });
});

describe('threads', () => {
  it.each([1, 2, 3])('runs lists on %i', async (threads) => {
    const backend = await create({ threads, relaxed: false });
    expect(backend.threads).toBe(threads);
    expect(backend.description).toBe(`wasm, ${threads} thread${threads > 1 ? 's' : ''}, SIMD`);
    backend.reserve(4096);
    const [a, b, c] = [float(0, 64), float(256, 64), float(512, 64)];
    // Multiplying by twice the identity ten times: each call needs the one before to be whole.
    backend.view(b).set(Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 2 : 0)));
    const calls = Array.from({ length: 10 }, (_, i) => multiply(i % 2 ? c : a, b, i % 2 ? a : c, 8));
    const program = backend.compile(calls);
    for (let run = 0; run < 200; run++) {
      backend.view(a).set(Array.from({ length: 64 }, (_, i) => i + run));
      program.run();
      expect(Array.from(backend.view(a))).toEqual(Array.from({ length: 64 }, (_, i) => 1024 * (i + run)));
    }
  });

  it.each([0, -1, 1.5, 65])('refuses %d of them', async (threads) => {
    await expect(createWasmBackend({ threads })).rejects.toThrow(UsageError);
  });

  it('names fused multiply-add, and has it on every supported Node', async () => {
    const backend = await create({ threads: 1, relaxed: true });
    expect(backend.description).toMatch(
      /^wasm, 1 thread, SIMD(, 8-bit dot products)?, fused multiply-add in float products$/,
    );
  });
});

describe('memory', () => {
  it('of released programs serves others, and those that are left run on', async () => {
    const backend = await create({ threads: 2, relaxed: false });
    backend.reserve(4096);
    const [a, b, c] = [float(0, 64), float(256, 64), float(512, 64)];
    backend.view(a).set(Array.from({ length: 64 }, (_, i) => i));
    backend.view(b).set(Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 2 : 0)));
    const kept = backend.compile([multiply(a, b, c, 8)]);
    const many = Array.from({ length: 100 }, () => multiply(a, b, c, 8));
    const first = backend.compile(many);
    first.release();
    const before = backend.view(a).buffer.byteLength;
    // Records of about 10 KB each: 30 MB if none were given back.
    for (let i = 0; i < 3000; i++) {
      const program = backend.compile(many);
      program.release();
      program.release();
    }
    expect(backend.view(a).buffer.byteLength - before).toBeLessThan(4 << 20);
    const doubled = Array.from({ length: 64 }, (_, i) => 2 * i);
    for (const program of [kept, first]) {
      backend.view(c).fill(0);
      program.run();
      expect(Array.from(backend.view(c))).toEqual(doubled);
    }
  });

  it('is unshared with one thread, shared with more', async () => {
    const one = await create({ threads: 1 });
    const two = await create({ threads: 2 });
    one.reserve(16);
    two.reserve(16);
    expect(one.view(float(0, 4)).buffer).toBeInstanceOf(ArrayBuffer);
    expect(two.view(float(0, 4)).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('falls back to one thread without SharedArrayBuffer', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const backend = await create({ threads: 4 });
    expect(backend.threads).toBe(1);
  });

  it.each([1, 2])('keeps what was there and adds zeros when it grows (%i threads)', async (threads) => {
    const backend = await create({ threads, relaxed: false });
    backend.reserve(1024);
    backend.view(float(0, 256)).forEach((_, i, all) => {
      all[i] = i;
    });
    const [left, right, output] = [float(0, 4), float(16, 4), float(512, 4)];
    const program = backend.compile([multiply(left, right, output, 2)]);
    program.run();
    const first = Array.from(backend.view(output));
    expect(first).toEqual([6, 7, 26, 31]);
    for (const bytes of [5000, 3_000_000]) {
      // Records and scratch of the program lay where the plan grows to.
      backend.reserve(bytes);
      const all = backend.view({ offset: 0, length: bytes, storage: 'uint8' });
      expect(all.subarray(1024).every((byte) => byte === 0)).toBe(true);
      expect(Array.from(backend.view(float(0, 4)))).toEqual([0, 1, 2, 3]);
      backend.view(output).fill(0);
      program.run();
      expect(Array.from(backend.view(output))).toEqual(first);
    }
  });

  it('says how much scratch a list needs', async () => {
    const backend = await create({ threads: 2 });
    const small = multiply(float(0, 64), float(256, 64), float(512, 64), 8);
    const large = multiply(float(0, 4096), float(16384, 4096), float(32768, 4096), 64);
    expect(backend.scratchBytes([])).toBe(0);
    expect(backend.scratchBytes([small])).toBeGreaterThan(0);
    expect(backend.scratchBytes([small, large, small])).toBe(backend.scratchBytes([large]));
    // All of the right side as panels, and a band of the left.
    expect(backend.scratchBytes([large])).toBeGreaterThan(64 * 64 * 4);
  });

  it('ends at 4 GiB', async () => {
    const backend = await create({ threads: 1 });
    expect(() => backend.reserve(2 ** 32)).toThrow(BackendError);
    expect(() => backend.reserve(2 ** 32)).toThrow('4 GiB');
  });

  it('takes the bytes of the module where it is told to', async () => {
    const file = fileURLToPath(new URL('../../../dist/backend/wasm/octograd.wasm', import.meta.url));
    const backend = await create({ threads: 2, wasmBytes: readFileSync(file) });
    backend.reserve(256);
    backend.view(float(0, 5)).set([3, 0, 0, 0, 5]);
    backend.compile([multiply(float(0, 1), float(16, 1), float(32, 1), 1)]).run();
    expect(backend.view(float(32, 1))[0]).toBe(15);
    await expect(createWasmBackend({ threads: 1, wasmBytes: Uint8Array.of(1, 2, 3) })).rejects.toThrow(
      BackendError,
    );
  });
});

describe('host calls', () => {
  it('run in their place of the list, on views', async () => {
    const backend = await create({ threads: 2, relaxed: false });
    backend.reserve(1024);
    const [a, b, c] = [float(0, 4), float(64, 4), float(128, 4)];
    backend.view(a).set([1, 2, 3, 4]);
    backend.view(b).set([1, 0, 0, 1]);
    const addTen: HostCall = {
      kernel: 'host',
      name: 'add ten',
      inputs: [c],
      outputs: [a],
      run: ([from], [to]) => to.set(from.map((x) => x + 10)),
    };
    const program = backend.compile([addTen, multiply(a, b, c, 2), addTen, multiply(a, b, c, 2)]);
    program.run();
    expect(Array.from(backend.view(c))).toEqual([20, 20, 20, 20]);
    program.run();
    expect(Array.from(backend.view(c))).toEqual([40, 40, 40, 40]);
  });
});

describe('checks', () => {
  const good = multiply(float(0, 4), float(16, 4), float(32, 4), 2);
  it.each([
    [
      'a missing buffer',
      { ...good, buffers: { left: float(0, 4), output: float(32, 4) } },
      'matmul: buffer "right"',
    ],
    [
      'an unknown buffer',
      { ...good, buffers: { ...good.buffers, extra: float(0, 4) } },
      'matmul: it has no buffer',
    ],
    ['an unknown kernel', { ...good, kernel: 'matmull' }, 'unknown kernel "matmull"'],
    ['a missing parameter', { ...good, params: {} }, 'matmul: parameter "batch" is missing'],
    ['a fraction', { ...good, params: { ...good.params, rows: 1.5 } }, 'parameter "rows" is 1.5'],
    [
      'a crooked offset',
      { ...good, buffers: { ...good.buffers, left: float(4, 4) } },
      'buffer "left": offset 4',
    ],
    [
      'a buffer too far',
      { ...good, buffers: { ...good.buffers, left: float(1024, 4) } },
      'buffer "left": bytes 1024',
    ],
  ])('find %s', async (_what, call, message) => {
    const backend = await create({ threads: 1 });
    backend.reserve(1024);
    const compile = (): unknown => backend.compile([call as unknown as KernelCall]);
    expect(compile).toThrow(BackendError);
    expect(compile).toThrow(message);
  });

  it('refuse everything after dispose', async () => {
    const backend = await createWasmBackend({ threads: 2, spreadSmall: true });
    backend.reserve(64);
    const program = backend.compile([good]);
    await backend.dispose();
    await backend.dispose();
    expect(() => program.run()).toThrow(BackendError);
    expect(() => backend.reserve(128)).toThrow(BackendError);
    expect(() => backend.view(float(0, 1))).toThrow(BackendError);
  });
});

describe('a trap', () => {
  /** A list of one record, written by hand: the backend itself compiles no call that could trap. */
  async function start(threads: number, kernel: number, record: number[]): Promise<[Machine, () => void]> {
    const machine = await Machine.start(platform, { threads, relaxed: false, byteDot: false, wide: false });
    machine.grow(2 ** 20);
    new Int32Array(machine.buffer, 65536, 2).set([kernel, 65600]);
    new Int32Array(machine.buffer, 65600, record.length).set(record);
    return [machine, () => machine.run({ list: 65536, spread: 'all' }, 1, 131072, () => 'named')];
  }

  it.each([
    // fill of 2^18 floats from the middle of a MiB on: the second thread's half lies beyond it.
    ['a worker', 2, kernelNames.indexOf('fill'), [2 ** 19, 0, 2 ** 18, 0], /out of bounds/],
    ['the only thread', 1, kernelNames.indexOf('fill'), [2 ** 19, 0, 2 ** 18, 0], /out of bounds/],
    ['every thread', 3, 10_000, [], /unreachable/],
  ])('in %s becomes an error and does not hang', async (_where, threads, kernel, record, reason) => {
    const [machine, run] = await start(threads, kernel, record);
    try {
      expect(run).toThrow(BackendError);
      // Still the same error, and no hang, at the next run.
      expect(run).toThrow(/kernel named \(call 0 of its list\) failed/);
      expect(run).toThrow(reason);
    } finally {
      await machine.dispose();
    }
  });
});

describe('a worker that meets a trap', () => {
  it('says what happened before anyone may read it, and only if it is the first', () => {
    const words = new Int32Array(256);
    const seen: number[] = [];
    class Encoder extends TextEncoder {
      override encode(text: string): Uint8Array<ArrayBuffer> {
        seen.push(words[FAILED / 4]!, words[GENERATION / 4]!);
        return super.encode(text);
      }
    }
    class Instance {
      exports = {
        position: { value: 7 },
        serve: () => {
          throw new Error('a trap');
        },
      };
    }
    const self: { onmessage?: (event: object) => void; postMessage(): void; close(): void } = {
      postMessage: () => undefined,
      close: () => undefined,
    };
    new Function('self', 'WebAssembly', 'TextEncoder', browserWorkerText)(self, { Instance }, Encoder);
    const serve = (): void => self.onmessage!({ data: { memory: { buffer: words.buffer } } });
    serve();
    expect(seen).toEqual([0, 0]);
    expect([words[FAILED / 4], words[FAILED_AT / 4], words[GENERATION / 4]]).toEqual([1, 7, 1]);
    const message = new Uint8Array(words.buffer, MESSAGE, words[MESSAGE_LENGTH / 4]);
    expect(new TextDecoder().decode(message)).toBe('a trap');
    serve();
    expect(seen).toHaveLength(2);
    expect(words[GENERATION / 4]).toBe(1);
  });
});

describe('a process', () => {
  it.each([true, false])('ends by itself, dispose called: %s', (dispose) => {
    const folder = mkdtempSync(join(tmpdir(), 'octograd-'));
    try {
      packageBackend(folder);
      const module = pathToFileURL(join(folder, 'backend/wasm/index.js')).href;
      const script = `
        import { createWasmBackend } from ${JSON.stringify(module)};
        const backend = await createWasmBackend({ threads: 3, spreadSmall: true });
        const float = (offset, length) => ({ offset, length, storage: 'float' });
        backend.reserve(256);
        backend.view(float(0, 1))[0] = 6;
        backend.view(float(16, 1))[0] = 7;
        const params = { batch: 1, rows: 1, cols: 1, inner: 1, transposeLeft: 0, transposeRight: 0 };
        const buffers = { left: float(0, 1), right: float(16, 1), output: float(32, 1) };
        backend.compile([{ kernel: 'matmul', buffers, params }]).run();
        console.log(backend.view(float(32, 1))[0]);
        ${dispose ? 'await backend.dispose();' : ''}
      `;
      const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
        encoding: 'utf8',
        timeout: 30_000,
      });
      expect(output.trim()).toBe('42');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
