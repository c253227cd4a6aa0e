/**
 * What the module exports: the loop of a worker, the run of a list on the main thread, and the scratch that a call
 * needs. A list is `count` pairs of words: kernel index, pointer of its record. Knows no kernel: generated-dispatch.ts
 * does.
 */
import { COUNT, LIST, SLEEPERS, START, STOP, THREADS } from '../control';
import { exactByteDot } from './bytes';
import { dispatch, scratchOf } from './generated-dispatch';
import { barrier, SPINS, setOwnThread } from './threads';

/** Position in the list of the call that this thread runs, for the message of a trap. */
export let position: i32 = 0;

function runList(thread: i32): void {
  const list = <usize>load<u32>(LIST);
  const count = load<i32>(COUNT);
  const threads = load<i32>(THREADS);
  for (let i = 0; i < count; i++) {
    position = i;
    const entry = list + ((<usize>i) << 3);
    dispatch(load<i32>(entry), <usize>load<u32>(entry, 4), thread, threads);
    barrier();
  }
}

/** Runs the list that the control block names, as thread 0, with the workers. */
export function execute(): void {
  if (load<i32>(THREADS) > 1) {
    atomic.add<i32>(START, 1);
    if (atomic.load<i32>(SLEEPERS) != 0) atomic.notify(START, -1);
  }
  runList(0);
}

/** Life of a worker: wait for a start, run the list, until told to stop. `start` is the value of START it was born at. */
export function serve(thread: i32, start: i32): void {
  setOwnThread(thread);
  let last = start;
  while (true) {
    let spins = SPINS;
    while (atomic.load<i32>(START) == last) {
      if (--spins > 0) continue;
      atomic.add<i32>(SLEEPERS, 1);
      atomic.wait<i32>(START, last, -1);
      atomic.sub<i32>(SLEEPERS, 1);
    }
    last++;
    if (atomic.load<i32>(STOP) != 0) return;
    runList(thread);
  }
}

/** Bytes of scratch that the call with this record needs. */
export function scratchBytes(kernel: i32, args: usize, threads: i32): usize {
  return scratchOf(kernel, args, threads);
}

/** 1 if products of bytes by the engine's own instruction are exact here; writes 32 bytes at `at`. */
export function probeByteDot(at: usize): i32 {
  return exactByteDot(at);
}

/** First byte after the module's static data. */
export function staticEnd(): usize {
  return __heap_base;
}
