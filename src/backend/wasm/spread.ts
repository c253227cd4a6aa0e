/**
 * Which lists are worth all threads. Each call of a list ends at a barrier: well below a microsecond while every thread has a
 * core, tens of them where another process takes one away. A list of small calls would win little and lose that.
 */
import type { KernelCall } from '../kernels.js';
import { bytesMoved, macsOf } from '../work.js';

/** Who runs a list: the calling thread, all threads if none of them sleeps, all in any case. */
export type Spread = 'one' | 'awake' | 'all';

/** Multiply-accumulates and bytes that one thread does in a nanosecond; of the products, the slow end. */
const MACS = 20;
const BYTES = 8;
/** Nanoseconds that every call takes anyhow. */
const CALL = 100;
/** Nanoseconds that threads must save in a call of the list, on average. */
const GAIN = 3000;
/** Nanoseconds that they must save beyond that, to be worth waking: a wake-up takes about half as much. */
const WAKE = 100_000;

/** Nanoseconds that one thread takes for a call, roughly. */
const estimate = (call: KernelCall): number => macsOf(call) / MACS + bytesMoved(call, 4) / BYTES + CALL;

/** Who can be expected to run the list fastest, of so many threads. */
export function spreadOf(calls: readonly KernelCall[], threads: number): Spread {
  const alone = calls.reduce((sum, call) => sum + estimate(call), 0);
  const gain = alone * (1 - 1 / threads) - calls.length * GAIN;
  if (gain <= 0) return 'one';
  return gain <= WAKE ? 'awake' : 'all';
}
