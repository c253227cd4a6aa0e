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
const CALLS = 586;
const MEGABYTES = 757.2;
const SCRATCH = 380_032;

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
    for (const name of [
      'Uint8Array',
      'Int8Array',
      'Int16Array',
      'Int32Array',
      'Float32Array',
      'Float64Array',
    ] as const) {
      vi.stubGlobal(
        name,
        new Proxy(globalThis[name] as Float32ArrayConstructor, {
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
    for (let step = 0; step < 3; step++) session.step(batch, 0.01);
    expect(made).toBe(0);
    expect(grow).not.toHaveBeenCalled();
    // The counters see what they are there for.
    new Float32Array(3);
    session.backend.reserve(1e9);
    expect(made).toBe(1);
    expect(grow).toHaveBeenCalled();
    vi.unstubAllGlobals();
    await session.dispose();
  });
});
