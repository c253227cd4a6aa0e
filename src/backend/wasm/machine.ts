/**
 * The running WASM module: one memory, an instance on the calling thread and one in each worker. Runs lists of records
 * in lockstep; a trap anywhere becomes a BackendError here. Knows neither buffers nor what kernels compute.
 */
import { BackendError, MemoryLimitError, UsageError } from '../../core/errors.js';
import * as control from './control.js';
import { hasRelaxed, withUnsharedMemory } from './module.js';
import type { Platform, WorkerHandle } from './platform.js';
import type { Spread } from './spread.js';

interface Exports {
  readonly execute: () => void;
  readonly scratchBytes: (kernel: number, args: number, threads: number) => number;
  readonly staticEnd: () => number;
  readonly probeByteDot: (at: number) => number;
  readonly position: WebAssembly.Global;
}

export interface MachineOptions {
  readonly threads: number;
  readonly relaxed: boolean | 'auto';
  readonly byteDot: boolean | 'auto';
  /** Compile with the engine's 256-bit vectoriser. */
  readonly wide: boolean;
  /** Tiles for 256-bit vectors; default: with `wide`. */
  readonly pairPanels?: boolean | undefined;
  readonly wasmBytes?: Uint8Array | undefined;
}

const PAGE = 65536;
const PAGE_LIMIT = 65536;

/** The largest memory that this engine lets a module declare: phones refuse the full 4 GiB. */
function makeMemory(shared: boolean): WebAssembly.Memory {
  for (let maximum = PAGE_LIMIT; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared });
    } catch (error) {
      if (maximum <= 1024) {
        throw new BackendError(`no WebAssembly memory can be made here: ${(error as Error).message}`);
      }
    }
  }
}

export class Machine {
  private failure = '';
  private workers: WorkerHandle[] = [];
  private readonly exports: Exports;

  private constructor(
    readonly threads: number,
    readonly relaxed: boolean,
    readonly byteDot: boolean,
    readonly wide: boolean,
    private memory: WebAssembly.Memory | undefined,
    instance: WebAssembly.Instance,
  ) {
    this.exports = instance.exports as unknown as Exports;
  }

  /** Compiles the module and starts the workers; resolves when all of them are ready. */
  static async start(platform: Platform, options: MachineOptions): Promise<Machine> {
    const sharing = typeof SharedArrayBuffer !== 'undefined';
    const threads = sharing ? options.threads : 1;
    const shared = threads > 1;
    const able = options.relaxed !== false && (await hasRelaxed(platform));
    if (options.relaxed === true && !able && !options.wasmBytes) {
      throw new BackendError('relaxed SIMD is not to be had here: pass relaxed: "auto" or false');
    }
    let bytes = options.wasmBytes ?? (await platform.readWasm(able));
    if (!shared) bytes = withUnsharedMemory(bytes);
    let module: WebAssembly.Module;
    try {
      module = options.wide
        ? platform.compileWide(bytes)
        : await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new BackendError(`the WASM kernels do not compile here: ${(error as Error).message}`);
    }
    const memory = makeMemory(shared);
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    // Of bytes from elsewhere only the caller knows which build they are.
    const fused = options.wasmBytes ? options.relaxed === true : able;
    const exact = (instance.exports as unknown as Exports).probeByteDot(control.STAGING) === 1;
    if (options.byteDot === true && !exact) {
      throw new BackendError('products of bytes are not exact on this engine: pass byteDot: "auto" or false');
    }
    // The plain build has no instruction for them, only the same numbers by a longer way.
    const byteDot = options.byteDot === true || (options.byteDot === 'auto' && fused && exact);
    const machine = new Machine(threads, fused, byteDot, options.wide, memory, instance);
    if (machine.exports.staticEnd() > control.STAGING) {
      throw new BackendError('the static data of the WASM module runs into its control block');
    }
    const words = machine.words();
    words[control.MAY_SLEEP / 4] = platform.mayBlock ? 1 : 0;
    words[control.BYTE_DOT / 4] = byteDot ? 1 : 0;
    words[control.PAIR_PANELS / 4] = (options.pairPanels ?? options.wide) ? 1 : 0;
    const starts: Promise<WorkerHandle>[] = [];
    for (let thread = 1; thread < threads; thread++) {
      starts.push(platform.startWorker({ module, memory, thread, start: 0 }));
    }
    const settled = await Promise.allSettled(starts);
    for (const result of settled) if (result.status === 'fulfilled') machine.workers.push(result.value);
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) {
      await machine.dispose();
      throw failed.reason;
    }
    return machine;
  }

  /** The buffer as it is now: growth makes a new one. Throws after dispose. */
  get buffer(): ArrayBufferLike {
    if (!this.memory) throw new BackendError('this backend has been disposed of: make another');
    return this.memory.buffer;
  }

  private words(): Int32Array {
    return new Int32Array(this.buffer, 0, control.STATIC_DATA / 4);
  }

  /** Makes the memory at least `bytes` long; throws BackendError if it cannot. */
  grow(bytes: number): void {
    const missing = Math.ceil((bytes - this.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.memory!.grow(missing);
    } catch {
      throw new MemoryLimitError(
        `${bytes} bytes of WebAssembly memory cannot be had (the limit is 4 GiB, or what this machine has left): use a smaller batch, more gradient accumulation or recomputation`,
        bytes,
      );
    }
  }

  /** Bytes of scratch that the call with this record needs, so many threads together. */
  scratchBytes(kernel: number, record: Int32Array, threads: number): number {
    new Int32Array(this.buffer, control.STAGING, record.length).set(record);
    return this.exports.scratchBytes(kernel, control.STAGING, threads) >>> 0;
  }

  /**
   * Runs `count` records of the list at byte `list`. Workers that take no part are left as they are, asleep or awake.
   * @param nameOf name of the call at a position, for the message
   * @throws BackendError after a trap in any thread; the machine is then of no more use
   */
  run(
    { list, spread }: { list: number; spread: Spread },
    count: number,
    scratch: number,
    nameOf: (position: number) => string,
  ): void {
    const words = this.words();
    if (this.failure) throw new BackendError(this.failure);
    words[control.LIST / 4] = list;
    words[control.COUNT / 4] = count;
    words[control.SCRATCH / 4] = scratch;
    const all = spread === 'all' || (spread === 'awake' && Atomics.load(words, control.SLEEPERS / 4) === 0);
    words[control.THREADS / 4] = all ? this.threads : 1;
    try {
      this.exports.execute();
    } catch (error) {
      this.fail(words, error as Error, nameOf);
    }
  }

  private fail(words: Int32Array, error: Error, nameOf: (position: number) => string): never {
    let text = error.message;
    let position = this.exports.position.value as number;
    if (Atomics.compareExchange(words, control.CLAIMED / 4, 0, 1) === 0) {
      // This thread was the first: let the workers out of their barrier.
      Atomics.store(words, control.FAILED / 4, 1);
      Atomics.add(words, control.GENERATION / 4, 1);
      Atomics.notify(words, control.GENERATION / 4);
    } else {
      // A worker was, and may still be writing what it has to say: microseconds, unless it was killed meanwhile.
      const end = performance.now() + 1000;
      while (Atomics.load(words, control.FAILED / 4) === 0 && performance.now() < end);
      const length = words[control.MESSAGE_LENGTH / 4];
      text = new TextDecoder().decode(new Uint8Array(this.buffer, control.MESSAGE, length).slice());
      position = words[control.FAILED_AT / 4];
    }
    this.failure = `kernel ${nameOf(position)} (call ${position} of its list) failed: ${text}; this backend is of no more use: dispose of it and make another`;
    throw new BackendError(this.failure, { cause: error });
  }

  /** Lets the workers go and waits until they have. */
  async dispose(): Promise<void> {
    if (!this.memory) return;
    const words = this.words();
    words[control.STOP / 4] = 1;
    Atomics.add(words, control.START / 4, 1);
    Atomics.notify(words, control.START / 4);
    await Promise.all(this.workers.map((worker) => worker.stop()));
    this.workers = [];
    this.memory = undefined;
  }
}
