/**
 * The WASM backend: kernels in WebAssembly SIMD, run by worker threads in lockstep on one memory.
 *
 * Memory: a control block below PLAN_BASE, then the plan's bytes, then the records of compiled lists and their scratch.
 * When the plan grows over the latter, every program is laid out anew at its next run.
 */
import type { NumericArray } from '../../core/dtype.js';
import { BackendError, MemoryLimitError, UsageError } from '../../core/errors.js';
import type { Backend, Call, HostCall, Program } from '../backend.js';
import type { BufferRef, KernelCall } from '../kernels.js';
import { PLAN_BASE } from './control.js';
import { Machine } from './machine.js';
import type { Platform } from './platform.js';
import { checkBuffer, encode } from './records.js';
import { type Spread, spreadOf } from './spread.js';

/** Options of {@link createWasmBackend}. */
export interface WasmBackendOptions {
  /** Threads, the calling one included. Default: the machine's cores, 16 at most. */
  readonly threads?: number;
  /**
   * Lists too small to gain from threads run on them nevertheless, for tests of the threads. Default false: the calling thread
   * runs such lists alone.
   */
  readonly spreadSmall?: boolean;
  /**
   * Fused multiply-add in float products: faster, not the reference's bits. `auto` (default): where the engine has it.
   */
  readonly relaxed?: boolean | 'auto';
  /**
   * Integer products of bytes by the engine's 8-bit dot product (VNNI): faster, the same bits. `auto` (default): where relaxed
   * SIMD is used and a trial at the start finds it exact. `true` without relaxed SIMD takes the same way with other instructions,
   * slowly, for tests.
   */
  readonly byteDot?: boolean | 'auto';
  /**
   * Compiles the kernels with V8's experimental 256-bit vectoriser (Node 24 and newer, x64): faster, the same bits. The package's
   * `createWasmBackend` (checked-wasm.ts) holds such a backend against the reference before it hands it out. Default false.
   */
  readonly wide?: boolean;
  /** Convolutions by the tiles that suit 256-bit vectors: the same bits, for tests. Default: with `wide`. */
  readonly pairPanels?: boolean;
  /**
   * Bytes of octograd.wasm, where they cannot be read from beside this module; with `relaxed: true`, those of
   * octograd-relaxed.wasm.
   */
  readonly wasmBytes?: Uint8Array;
}

const THREAD_LIMIT = 64;
const DEFAULT_THREAD_LIMIT = 16;
const MEMORY_LIMIT = 2 ** 32;
/** Records of a large plan take a few hundred KiB: growing by this much at once keeps growth rare. */
const RECORD_SLACK = 1 << 20;

const roundUp = (bytes: number, multiple: number): number => Math.ceil(bytes / multiple) * multiple;

async function loadPlatform(): Promise<Platform> {
  const node = typeof process !== 'undefined' && process.versions?.node !== undefined;
  const module = node ? await import('./platform.node.js') : await import('./platform.browser.js');
  return module.platform;
}

/** A run of kernel calls, or one host call. */
type Part =
  | {
      readonly kind: 'kernels';
      readonly calls: readonly KernelCall[];
      spread: Spread;
      list: number;
    }
  | { readonly kind: 'host'; readonly call: HostCall };

function splitParts(calls: readonly Call[]): Part[] {
  const parts: Part[] = [];
  let run: KernelCall[] = [];
  const endRun = (): void => {
    if (run.length > 0) parts.push({ kind: 'kernels', calls: run, spread: 'all', list: 0 });
    run = [];
  };
  for (const call of calls) {
    if (call.kernel === 'host') {
      endRun();
      parts.push({ kind: 'host', call });
    } else {
      run.push(call);
    }
  }
  endRun();
  return parts;
}

class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly floatBytes = 4;
  readonly threads: number;
  readonly description: string;
  /** Bytes of the plan. */
  private reserved = 0;
  /** First free byte after plan, scratch and records. */
  private end = PLAN_BASE;
  /** Bytes beyond this have never been written. */
  private used = PLAN_BASE;
  private scratchAt = 0;
  private scratchSize = 0;
  /** The most that scratchBytes has answered: `reserve` makes room for it, so that `compile` need not grow memory. */
  private scratchAsked = 0;
  /** Grows when records start anew, after a reserve or many releases: programs laid out before are stale. */
  private layout = 0;
  /** Bytes of records that released programs left behind. */
  private freed = 0;

  constructor(
    private readonly machine: Machine,
    private readonly spreadSmall: boolean,
  ) {
    this.threads = machine.threads;
    const simd = machine.wide ? '256-bit SIMD' : 'SIMD';
    const threads = `${machine.threads} thread${machine.threads === 1 ? '' : 's'}`;
    const fused = machine.relaxed ? ', fused multiply-add in float products' : '';
    const bytes = machine.byteDot && machine.relaxed ? ', 8-bit dot products' : '';
    this.description = `wasm, ${threads}, ${simd}${bytes}${fused}`;
  }

  reserve(bytes: number): void {
    if (!Number.isInteger(bytes) || bytes < 0)
      throw new BackendError(`reserve: ${bytes} is not a number of bytes`);
    if (bytes <= this.reserved) {
      this.machine.grow(0);
      return;
    }
    const planEnd = PLAN_BASE + roundUp(bytes, 64);
    if (planEnd > MEMORY_LIMIT) {
      throw new MemoryLimitError(
        `${bytes} bytes are more than the 4 GiB that WebAssembly memory can have: use a smaller batch, gradient accumulation or recomputation`,
        bytes,
      );
    }
    this.machine.grow(Math.min(planEnd + this.scratchAsked + RECORD_SLACK, MEMORY_LIMIT));
    const before = PLAN_BASE + roundUp(this.reserved, 64);
    // Records and scratch of older layouts lay here.
    new Uint8Array(this.machine.buffer, before, Math.max(0, Math.min(this.used, planEnd) - before)).fill(0);
    this.reserved = bytes;
    this.startAnew();
  }

  /** Forgets all records and the scratch: every program is laid out again at its next run. */
  private startAnew(): void {
    this.end = PLAN_BASE + roundUp(this.reserved, 64);
    this.scratchAt = 0;
    this.freed = 0;
    this.layout += 1;
  }

  view(buffer: BufferRef): NumericArray {
    const memory = this.machine.buffer;
    checkBuffer(buffer, this.reserved, 'view');
    const at = PLAN_BASE + buffer.offset;
    switch (buffer.storage) {
      case 'float':
        return new Float32Array(memory, at, buffer.length);
      case 'int8':
        return new Int8Array(memory, at, buffer.length);
      case 'uint8':
        return new Uint8Array(memory, at, buffer.length);
      case 'int16':
        return new Int16Array(memory, at, buffer.length);
      case 'int32':
        return new Int32Array(memory, at, buffer.length);
    }
  }

  scratchBytes(calls: readonly Call[]): number {
    const parts = splitParts(calls);
    return this.planParts(parts, parts);
  }

  /**
   * Checks the calls and says which threads run each part: those of the part of `whole` that its first call is in.
   * @returns bytes of scratch that they need
   */
  private planParts(parts: readonly Part[], whole: readonly Part[]): number {
    let most = 0;
    for (const part of parts) {
      if (part.kind === 'host') continue;
      const records = part.calls.map((call) => encode(call, PLAN_BASE, Infinity));
      const place = whole.find((other) => other.kind === 'kernels' && other.calls.includes(part.calls[0]));
      const list = place?.kind === 'kernels' ? place.calls : part.calls;
      part.spread = this.spreadSmall ? 'all' : spreadOf(list, this.threads);
      const counts = { one: [1], awake: [1, this.threads], all: [this.threads] }[part.spread];
      for (const { kernel, words } of records) {
        for (const threads of counts) {
          most = Math.max(most, this.machine.scratchBytes(kernel, words, threads));
        }
      }
    }
    this.scratchAsked = Math.max(this.scratchAsked, most);
    return most;
  }

  compile(calls: readonly Call[], partOf: readonly Call[] = calls): Program {
    const parts = splitParts(calls);
    const scratch = this.planParts(parts, partOf === calls ? parts : splitParts(partOf));
    let records = this.layOut(parts, scratch);
    let layout = this.layout;
    return {
      release: () => {
        if (layout !== this.layout) return;
        layout = -1;
        this.freed += records;
        // The bytes lie between those of other programs; laying these out again now and then is cheaper than a list of gaps.
        if (this.freed > RECORD_SLACK) this.startAnew();
      },
      run: () => {
        if (layout !== this.layout) {
          records = this.layOut(parts, scratch);
          layout = this.layout;
        }
        for (const part of parts) {
          if (part.kind === 'host') this.runHost(part.call);
          else {
            const nameOf = (i: number): string => part.calls[i]?.kernel ?? 'unknown';
            this.machine.run(part, part.calls.length, this.scratchAt, nameOf);
          }
        }
      },
    };
  }

  private runHost(call: HostCall): void {
    call.run(
      call.inputs.map((buffer) => this.view(buffer)),
      call.outputs.map((buffer) => this.view(buffer)),
    );
  }

  /** Takes bytes after everything else. */
  private take(bytes: number): number {
    const at = roundUp(this.end, 64);
    const end = at + bytes;
    if (end > MEMORY_LIMIT) {
      throw new MemoryLimitError(
        `the plan's ${this.reserved} bytes leave no room for ${bytes} bytes of scratch below 4 GiB: use a smaller batch`,
        this.reserved + bytes,
      );
    }
    // Vector kernels may read, not use, a few bytes past the end of an operand.
    this.machine.grow(Math.min(end + 64, MEMORY_LIMIT));
    this.end = end;
    this.used = Math.max(this.used, end);
    return at;
  }

  /** Writes the records of a program's kernel calls and makes sure of its scratch. @returns bytes of the records. */
  private layOut(parts: readonly Part[], scratch: number): number {
    const encoded = parts.map((part, at) => {
      if (part.kind === 'kernels') return part.calls.map((call) => encode(call, PLAN_BASE, this.reserved));
      for (const buffer of [...part.call.inputs, ...part.call.outputs]) {
        checkBuffer(buffer, this.reserved, `host call "${part.call.name}" (part ${at})`);
      }
      return [];
    });
    if (this.scratchAt === 0 || scratch > this.scratchSize) {
      this.scratchSize = Math.max(scratch, this.scratchSize);
      this.scratchAt = this.take(this.scratchSize);
    }
    let taken = 0;
    parts.forEach((part, i) => {
      if (part.kind !== 'kernels') return;
      const records = encoded[i];
      const headBytes = roundUp(records.length * 8, 16);
      const bytes = records.map((record) => roundUp(record.words.byteLength, 16));
      const before = this.end;
      part.list = this.take(headBytes + bytes.reduce((sum, n) => sum + n, 0));
      taken += this.end - before;
      const memory = this.machine.buffer;
      const head = new Int32Array(memory, part.list, records.length * 2);
      let at = part.list + headBytes;
      records.forEach((record, k) => {
        head[2 * k] = record.kernel;
        head[2 * k + 1] = at;
        new Int32Array(memory, at, record.words.length).set(record.words);
        at += bytes[k];
      });
    });
    return taken;
  }

  async dispose(): Promise<void> {
    await this.machine.dispose();
  }
}

/**
 * Makes a WASM backend and starts its threads. Without SharedArrayBuffer (a page that is not cross-origin isolated) it
 * has one thread.
 * @throws UsageError for a bad number of threads or `wide` where there is none, BackendError where WebAssembly SIMD cannot be had
 */
export async function createWasmBackend(options: WasmBackendOptions = {}): Promise<Backend> {
  const platform = await loadPlatform();
  const threads = options.threads ?? Math.max(1, Math.min(platform.cores, DEFAULT_THREAD_LIMIT));
  if (!Number.isInteger(threads) || threads < 1 || threads > THREAD_LIMIT) {
    throw new UsageError(`threads is ${threads}: give a whole number from 1 to ${THREAD_LIMIT}`);
  }
  const machine = await Machine.start(platform, {
    threads,
    relaxed: options.relaxed ?? 'auto',
    byteDot: options.byteDot ?? 'auto',
    wide: options.wide ?? false,
    pairPanels: options.pairPanels,
    wasmBytes: options.wasmBytes,
  });
  return new WasmBackend(machine, options.spreadSmall ?? false);
}
