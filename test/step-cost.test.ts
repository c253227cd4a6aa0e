/**
 * What a training step of ResNet-20 costs, counted instead of timed: kernel calls, bytes, allocations. A change that makes a
 * step dearer fails here whatever the machine. Where a change is meant, `npx vitest run test/step-cost.test.ts -u` writes the
 * plan anew, and the numbers below say what it brought.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesMoved } from '../src/backend/work.js';
import type { Session } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

/** As of the last change that lowered them; bytes are those of every operand, read and written. */
const CALLS = 539;
const MEGABYTES = 730.6;
const SCRATCH = 380_032;

/** Scratch of all calls together, in 10^6 bytes, on 1 and 2 threads: panels, bands and sums that products are packed into. */
const PACKED = [6.374, 11.604];
const OTHERS = { fp32: { calls: 353, megabytes: 896.8 }, paper: { calls: 628, megabytes: 900.2 } };

const images = stripes(64, 32, 3, 10);

/** W3 of the benchmarks: 64 images of 32x32x3. */
const open = (recipe: string, threads = 1): Promise<Session> =>
  tinySession(images, { recipe, threads, batchSize: 64, modelName: 'resnet20' });

function callsOf(session: Session): { kernel: string; path: string; bytes: number }[] {
  const { plan } = session.planFor('train', 64);
  return [...plan.calls, ...session.updateCalls.map((call) => ({ call, path: 'update' }))].map(
    ({ call, path }) => ({ kernel: call.kernel, path, bytes: bytesMoved(call, 4) }),
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('a training step of ResNet-20 under int8, batch 64', () => {
  it('runs the planned kernels in the planned order', async () => {
    const session = await open('int8');
    const text = callsOf(session).map(({ kernel, path }) => `${path} ${kernel}`);
    await session.dispose();
    await expect(`${text.join('\n')}\n`).toMatchFileSnapshot('golden/resnet20-int8.plan.txt');
  });

  it('needs no more calls, bytes and scratch than it did', async () => {
    const session = await open('int8');
    const calls = callsOf(session);
    const counts: Record<string, number> = {};
    for (const { kernel } of calls) counts[kernel] = (counts[kernel] ?? 0) + 1;
    const products = Object.entries(counts).filter(([kernel]) => kernel.endsWith('_int'));
    const megabytes = calls.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    const { scratchBytes } = session.memory();
    await session.dispose();
    // 19 convolutions of blocks, two shortcuts, the first layer has no gradInput; the last layer's three products.
    expect(Object.fromEntries(products)).toEqual({
      conv2d_int: 21,
      conv2d_grad_input_int: 20,
      conv2d_grad_weight_int: 21,
      matmul_int: 3,
    });
    // Of each gradient both copies come from one read; nothing but the last layer's is quantised alone.
    expect(counts.quantize_pair).toBe(21);
    expect(calls.length).toBeLessThanOrEqual(CALLS);
    expect(megabytes).toBeLessThanOrEqual(MEGABYTES);
    expect(scratchBytes).toBeLessThanOrEqual(SCRATCH);
  });

  it.each([
    [1, PACKED[0]],
    [2, PACKED[1]],
  ])('packs no more operands than it did (%i threads)', async (threads, limit) => {
    const session = await open('int8', threads);
    const { plan } = session.planFor('train', 64);
    const megabytes =
      plan.calls.reduce((sum, { call }) => sum + session.backend.scratchBytes([call]), 0) / 1e6;
    await session.dispose();
    expect(megabytes).toBeLessThanOrEqual(limit);
    expect(megabytes).toBeGreaterThan(0.9 * limit);
  });

  it.each(Object.entries(OTHERS))(
    'under %s needs no more calls and bytes than it did',
    async (recipe, limits) => {
      const session = await open(recipe);
      const calls = callsOf(session);
      await session.dispose();
      expect(calls.length).toBeLessThanOrEqual(limits.calls);
      expect(calls.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toBeLessThanOrEqual(limits.megabytes);
    },
  );

  it('makes no ArrayBuffer and grows no memory', async () => {
    const session = await open('int8', 2);
    const batch = firstBatch(images, 64);
    session.step(batch, 0.01);
    let made = 0;
    for (const name of ['ArrayBuffer', 'SharedArrayBuffer'] as const) {
      vi.stubGlobal(
        name,
        new Proxy(globalThis[name], {
          construct(target, args) {
            made += 1;
            return Reflect.construct(target, args);
          },
        }),
      );
    }
    const copying = ['slice', 'map', 'filter', 'toSorted', 'toReversed', 'with'] as const;
    const copies = copying.map((name) => vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype), name));
    for (const name of [
      ...(['Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array'] as const),
      ...(['Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array'] as const),
      ...(['BigInt64Array', 'BigUint64Array'] as const),
    ]) {
      vi.stubGlobal(
        name,
        new Proxy(globalThis[name] as unknown as Float32ArrayConstructor, {
          construct(target, args, newTarget) {
            // A view on memory that is there makes no buffer; a length, a list or another array does.
            const [first] = args as unknown[];
            if (!Object.prototype.toString.call(first).endsWith('ArrayBuffer]')) made += 1;
            return Reflect.construct(target, args, newTarget);
          },
        }),
      );
    }
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const memory = session.backend.view(session.planFor('train', 64).plan.status).buffer;
    const bytes = memory.byteLength;
    for (let step = 0; step < 3; step++) session.step(batch, 0.01);
    expect(made).toBe(0);
    for (const copy of copies) expect(copy).not.toHaveBeenCalled();
    expect(grow).not.toHaveBeenCalled();
    expect(memory.byteLength).toBe(bytes);
    // The counters see what they are there for.
    new Float32Array(3);
    new Uint32Array(3);
    session.backend.view(session.planFor('train', 64).plan.status).slice();
    session.backend.reserve(1e9);
    expect(made).toBe(2);
    expect(copies[0]).toHaveBeenCalled();
    expect(grow).toHaveBeenCalled();
    vi.unstubAllGlobals();
    await session.dispose();
  });
});
