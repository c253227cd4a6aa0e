/**
 * THE contract between plans and what runs them. A backend owns one memory, runs lists of kernel calls on it, and
 * knows neither graphs nor recipes. What a kernel computes is written in kernels.ts; a backend that passes the shared
 * conformance suite (conformance.case.ts) computes just that.
 */
import type { FloatBytes, NumericArray } from '../core/dtype.js';
import type { BufferRef, KernelCall } from './kernels.js';

/** A user's kernel in TypeScript, run on the calling thread between two kernels of a list. */
export interface HostCall {
  readonly kernel: 'host';
  readonly name: string;
  readonly inputs: readonly BufferRef[];
  readonly outputs: readonly BufferRef[];
  run(inputs: NumericArray[], outputs: NumericArray[]): void;
}

/** One entry of a backend's list: a kernel of its own, or a function of the user's. */
export type Call = KernelCall | HostCall;

/** A list of calls made ready to run any number of times. */
export interface Program {
  run(): void;
  /** Gives back what the list holds in the backend's memory. A program that is run all the same takes it again. */
  release(): void;
}

/**
 * What runs plans: the interface of `createWasmBackend` and `createReferenceBackend`, and of a backend of one's own. Serves one
 * session, and is of no more use once disposed.
 */
export interface Backend {
  /** `reference` or `wasm`. */
  readonly name: string;
  /** Bytes of a `float` element: 8 only in the reference's double mode. */
  readonly floatBytes: FloatBytes;
  /** Threads that run kernels, the calling one included. */
  readonly threads: number;
  /** One line for people: `wasm, 2 threads, SIMD, fused multiply-add in float products`. */
  readonly description: string;
  /** Makes memory of at least `bytes`, zeroed; what was there is kept when it grows. Throws BackendError beyond its limit. */
  reserve(bytes: number): void;
  /** A typed view of a buffer, valid until the next `reserve` or `compile` (memory that is not shared moves when it grows). */
  view(buffer: BufferRef): NumericArray;
  /**
   * Checks and prepares a list; throws BackendError naming the call when an operand does not fit.
   * @param partOf the list that these calls are taken from, to be run as they are there (by how many threads), as a profile does
   */
  compile(calls: readonly Call[], partOf?: readonly Call[]): Program;
  /** Scratch memory that the backend needs beyond the plan's buffers for these calls, in bytes. */
  scratchBytes(calls: readonly Call[]): number;
  /** Ends workers and frees memory; later calls throw. */
  dispose(): Promise<void>;
}
