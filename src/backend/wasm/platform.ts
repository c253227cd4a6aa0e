/**
 * What the WASM backend needs of its surroundings; platform.node.ts and platform.browser.ts provide it. Knows nothing
 * of kernels.
 */

/** What a worker is born with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** Value of the START word when it was made. */
  readonly start: number;
}

export interface WorkerHandle {
  /** Resolves when the worker is gone. It must have been told to leave its loop; it is terminated otherwise. */
  stop(): Promise<void>;
}

export interface Platform {
  readonly cores: number;
  /** Whether the calling thread may sleep in Atomics.wait (a browser's page may not). */
  readonly mayBlock: boolean;
  /** Turns relaxed SIMD on where it is behind a flag. */
  enableRelaxed(): Promise<void>;
  /**
   * Compiles with the engine's 256-bit vectoriser on, and all code optimised at once, so that what a check runs is what runs later.
   * Throws UsageError where the engine has none.
   */
  compileWide(bytes: Uint8Array): WebAssembly.Module;
  /** Bytes of octograd.wasm or octograd-relaxed.wasm. Throws BackendError naming the file when it cannot be had. */
  readWasm(relaxed: boolean): Promise<Uint8Array>;
  /** Resolves when the worker has its instance and is about to enter its loop. */
  startWorker(start: WorkerStart): Promise<WorkerHandle>;
}
