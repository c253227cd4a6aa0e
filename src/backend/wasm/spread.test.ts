import { afterEach, expect, it, vi } from 'vitest';
import type { BufferRef, KernelCall } from '../kernels.js';
import { SLEEPERS, START } from './control.js';
import { createWasmBackend } from './index.js';
import { Machine } from './machine.js';
import { platform } from './platform.node.js';
import { encode } from './records.js';
import { type Spread, spreadOf } from './spread.js';

const opened: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.dispose();
});

const float = (offset: number, length: number): BufferRef => ({ offset, length, storage: 'float' });

const fill = (count: number): KernelCall => ({
  kernel: 'fill',
  buffers: { output: float(0, count) },
  params: { value: 3, count },
});

const product = (rows: number): KernelCall => ({
  kernel: 'matmul',
  buffers: { left: float(0, rows * 8), right: float(0, 64), output: float(0, rows * 8) },
  params: { batch: 1, rows, cols: 8, inner: 8, transposeLeft: 0, transposeRight: 0 },
});

it('lists of small calls gain nothing, whatever their number; large ones do; many threads more than few', () => {
  expect(spreadOf([fill(1000)], 2)).toBe('one');
  expect(spreadOf(Array<KernelCall>(5000).fill(product(16)), 2)).toBe('one');
  expect(spreadOf([fill(1e6)], 2)).toBe('all');
  expect(spreadOf([product(1e5), fill(10)], 2)).toBe('all');
  // One large call carries few small ones, not many.
  expect(spreadOf([fill(1e6), ...Array<KernelCall>(100).fill(fill(10))], 2)).toBe('one');
  expect(spreadOf([fill(1e6)], 1)).toBe('one');
  expect(spreadOf([fill(10_000)], 2)).toBe('one');
  expect(spreadOf([fill(10_000)], 8)).toBe('awake');
  // Half a list's 140 microseconds are worth having, not worth waking a thread for.
  expect(spreadOf([fill(280_000)], 2)).toBe('awake');
});

it('a list for one thread leaves the workers alone, and one for all is theirs again', async () => {
  const machine = await Machine.start(platform, { threads: 2, relaxed: false, byteDot: false, wide: false });
  opened.push(machine);
  machine.grow(2 ** 20);
  const { kernel, words } = encode(fill(1000), 2 ** 17, 2 ** 18);
  new Int32Array(machine.buffer, 65536, 2).set([kernel, 65600]);
  new Int32Array(machine.buffer, 65600, words.length).set(words);
  const output = new Float32Array(machine.buffer, 2 ** 17, 1000);
  const memory = new Int32Array(machine.buffer);
  const run = (spread: Spread): number => {
    output.fill(0);
    machine.run({ list: 65536, spread }, 1, 2 ** 19, () => 'fill');
    expect(output.every((value) => value === 3)).toBe(true);
    return memory[START / 4];
  };
  expect(run('one')).toBe(0);
  expect(run('all')).toBe(1);
  expect(run('one')).toBe(1);
  await vi.waitFor(() => expect(Atomics.load(memory, SLEEPERS / 4)).toBe(1), { interval: 1 });
  expect(run('awake')).toBe(1);
  expect(run('all')).toBe(2);
  // Right after a list the worker still looks out for the next: in some of so many turns, however busy the machine.
  let taken = 0;
  for (let i = 0; i < 1000 && taken === 0; i++) {
    const before = run('all');
    taken = run('awake') - before;
  }
  expect(taken).toBe(1);
});

it('a call is run as the list that it is a part of', async () => {
  const backend = await createWasmBackend({ threads: 3 });
  opened.push(backend);
  backend.reserve(2 ** 20);
  const [small, large] = [product(64), product(2 ** 14)];
  const run = vi.spyOn(Machine.prototype, 'run');
  const spreads = (): Spread[] => run.mock.calls.splice(0).map(([{ spread }]) => spread);
  backend.compile([small]).run();
  backend.compile([small], [small, large]).run();
  backend.compile([small, large]).run();
  backend.compile([large], [small, large]).run();
  expect(spreads()).toEqual(['one', 'all', 'all', 'all']);
  run.mockRestore();
});

it('a backend asks for the scratch of the threads that will run the list', async () => {
  const small = product(64);
  const scratch = async (threads: number, spreadSmall: boolean): Promise<number> => {
    const backend = await createWasmBackend({ threads, spreadSmall });
    opened.push(backend);
    return backend.scratchBytes([small]);
  };
  const one = await scratch(1, false);
  expect(await scratch(3, false)).toBe(one);
  expect(await scratch(3, true)).not.toBe(one);
});
