/**
 * What kernels use of the threads: the barrier and the scratch memory. A barrier spins first (kernels follow each other
 * within microseconds) and sleeps only when that has not helped. Knows no kernel.
 */
import { ARRIVED, FAILED, GENERATION, MAY_SLEEP, SCRATCH, SIGN_WITHIN, THREADS, WAITERS } from '../control';

/** About 20 microseconds: two wake-ups of a sleeping thread cost as much. */
export const SPINS: i32 = 20000;

/**
 * A worker that was killed from outside must not hang its caller for ever: ten minutes without a sign end the wait. In two halves,
 * since the clock goes on while a process is stopped or its machine asleep: then the first is over, and the worker alive.
 */
const PATIENCE: i32 = 2;
const FIVE_MINUTES: i32 = 300000;

/** This instance's thread: WASM globals belong to one instance. */
export let ownThread: i32 = 0;

export function setOwnThread(thread: i32): void {
  ownThread = thread;
}

/** First byte of the scratch that `<kernel>_scratch` asked for: one area for all threads, contents unspecified. */
export function scratch(): usize {
  return <usize>load<u32>(SCRATCH);
}

/** Returns when every thread has called it. Traps if any thread has trapped. */
export function barrier(): void {
  const threads = load<i32>(THREADS);
  if (threads == 1) return;
  const generation = atomic.load<i32>(GENERATION);
  if (atomic.add<i32>(ARRIVED, 1) == threads - 1) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.add<i32>(GENERATION, 1);
    if (atomic.load<i32>(WAITERS) != 0) atomic.notify(GENERATION, -1);
  } else if (atomic.load<i32>(FAILED) == 0) {
    let spins = SPINS;
    let patience = PATIENCE;
    while (atomic.load<i32>(GENERATION) == generation) {
      if (--spins > 0) continue;
      if (ownThread == 0 && load<i32>(MAY_SLEEP) == 0) {
        spins = SPINS;
        continue;
      }
      atomic.add<i32>(WAITERS, 1);
      const within = load<i32>(SIGN_WITHIN);
      const nanoseconds = <i64>(within == 0 ? FIVE_MINUTES : within) * 1000000;
      const result = atomic.wait<i32>(GENERATION, generation, nanoseconds);
      atomic.sub<i32>(WAITERS, 1);
      if (result == 2 && --patience == 0) unreachable();
    }
  }
  if (atomic.load<i32>(FAILED) != 0) unreachable();
}
