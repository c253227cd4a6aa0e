/**
 * The reference backend: every kernel in plain TypeScript on one ArrayBuffer. It is what other backends are compared
 * with, and in float64 mode what gradients are checked with. It knows neither graphs nor recipes.
 */
import { bytesOf, type FloatBytes, type NumericArray, storages } from '../../core/dtype.js';
import { BackendError, MemoryLimitError } from '../../core/errors.js';
import type { Backend, Call, HostCall, Program } from '../backend.js';
import {
  type BufferRef,
  type KernelCall,
  type KernelName,
  type KernelSpec,
  kernelSpecs,
} from '../kernels.js';
import { neededOperands, operandLengths } from '../operand-lengths.js';
import { clipKernels } from './clip.js';
import { elementwiseKernels } from './elementwise.js';
import { integerProductKernels } from './integer-products.js';
import type { KernelContext, KernelTable } from './kernel.js';
import { minifloatKernels } from './minifloat.js';
import { normKernels } from './norm.js';
import { normGradKernels } from './norm-grad.js';
import { optimiserKernels } from './optimiser.js';
import { poolingKernels } from './pooling.js';
import { productKernels } from './products.js';
import { quantizeKernels } from './quantize.js';
import { softmaxKernels } from './softmax.js';

/** Options of {@link createReferenceBackend}. */
export interface ReferenceBackendOptions {
  /** Keep floats as float64 and round nothing: for gradient checks. Default false. */
  readonly float64?: boolean;
}

const table: KernelTable = {
  ...elementwiseKernels,
  ...poolingKernels,
  ...softmaxKernels,
  ...quantizeKernels,
  ...minifloatKernels,
  ...clipKernels,
  ...normKernels,
  ...normGradKernels,
  ...productKernels,
  ...integerProductKernels,
  ...optimiserKernels,
};

type AnyKernel = (
  buffers: Readonly<Record<string, NumericArray | undefined>>,
  params: Readonly<Record<string, number>>,
  context: KernelContext,
) => void;

const ALIGNMENT = 16;

class ReferenceBackend implements Backend {
  readonly name = 'reference';
  readonly threads = 1;
  readonly floatBytes: FloatBytes;
  readonly description: string;
  private readonly context: KernelContext;
  private memory: ArrayBuffer | undefined = new ArrayBuffer(0);

  constructor(float64: boolean) {
    this.floatBytes = float64 ? 8 : 4;
    this.description = `reference, plain TypeScript, ${float64 ? 'float64' : 'float32'}`;
    this.context = { round: float64 ? (x) => x : Math.fround, float64 };
  }

  reserve(bytes: number): void {
    const memory = this.liveMemory();
    if (!Number.isInteger(bytes) || bytes < 0) {
      throw new BackendError(`reserve: ${bytes} is not a number of bytes`);
    }
    if (bytes <= memory.byteLength) return;
    let grown: ArrayBuffer;
    try {
      grown = new ArrayBuffer(bytes);
    } catch {
      throw new MemoryLimitError(
        `${bytes} bytes are more than this machine gives one array: use a smaller batch, gradient accumulation or recomputation`,
        bytes,
      );
    }
    new Uint8Array(grown).set(new Uint8Array(memory));
    this.memory = grown;
  }

  view(buffer: BufferRef): NumericArray {
    return this.viewOf(buffer, 'view');
  }

  compile(calls: readonly Call[]): Program {
    let memory = this.liveMemory();
    let steps = calls.map((call) => this.prepare(call));
    return {
      run: () => {
        const now = this.liveMemory();
        if (now !== memory) {
          // reserve has replaced the memory, and with it every view.
          steps = calls.map((call) => this.prepare(call));
          memory = now;
        }
        for (const step of steps) step();
      },
      release: () => undefined,
    };
  }

  scratchBytes(): number {
    return 0;
  }

  async dispose(): Promise<void> {
    this.memory = undefined;
  }

  private liveMemory(): ArrayBuffer {
    if (!this.memory) throw new BackendError('the reference backend was disposed of: make a new one');
    return this.memory;
  }

  /** @param what opens the message of a BackendError */
  private viewOf({ offset, length, storage }: BufferRef, what: string): NumericArray {
    const memory = this.liveMemory();
    if (!storages.includes(storage)) throw new BackendError(`${what}: unknown storage "${storage}"`);
    if (!Number.isInteger(offset) || offset < 0 || offset % ALIGNMENT !== 0) {
      throw new BackendError(`${what}: offset ${offset} is not a multiple of ${ALIGNMENT}`);
    }
    if (!Number.isInteger(length) || length < 0) throw new BackendError(`${what}: length ${length}`);
    const end = offset + length * bytesOf(storage, this.floatBytes);
    if (end > memory.byteLength) {
      throw new BackendError(
        `${what}: bytes ${offset}..${end} lie beyond the ${memory.byteLength} reserved; call reserve first`,
      );
    }
    switch (storage) {
      case 'float':
        return this.floatBytes === 8
          ? new Float64Array(memory, offset, length)
          : new Float32Array(memory, offset, length);
      case 'int8':
        return new Int8Array(memory, offset, length);
      case 'uint8':
        return new Uint8Array(memory, offset, length);
      case 'int16':
        return new Int16Array(memory, offset, length);
      case 'int32':
        return new Int32Array(memory, offset, length);
    }
  }

  private prepare(call: Call): () => void {
    return call.kernel === 'host' ? this.prepareHost(call) : this.prepareKernel(call);
  }

  private prepareHost(call: HostCall): () => void {
    const what = `host call "${call.name}"`;
    const inputs = call.inputs.map((buffer, i) => this.viewOf(buffer, `${what}, input ${i}`));
    const outputs = call.outputs.map((buffer, i) => this.viewOf(buffer, `${what}, output ${i}`));
    return () => call.run(inputs, outputs);
  }

  private prepareKernel(call: KernelCall): () => void {
    const spec: KernelSpec | undefined = kernelSpecs[call.kernel as KernelName];
    if (!spec) throw new BackendError(`unknown kernel "${call.kernel}"`);
    const params = this.checkedParams(call, spec);
    const least = operandLengths(call);
    const given = call.buffers as Readonly<Record<string, BufferRef | undefined>>;
    for (const name of Object.keys(given)) {
      if (!(name in spec.buffers)) throw new BackendError(`${call.kernel}: it has no buffer "${name}"`);
    }
    const views: Record<string, NumericArray | undefined> = {};
    for (const [name, use] of Object.entries(spec.buffers)) {
      const buffer = given[name];
      if (!buffer) {
        if (!use.endsWith('?')) throw new BackendError(`${call.kernel}: buffer "${name}" is missing`);
        continue;
      }
      if (buffer.length < least[name]) {
        throw new BackendError(
          `${call.kernel}: buffer "${name}" has ${buffer.length} elements, its parameters ask for ${least[name]}`,
        );
      }
      views[name] = this.viewOf(buffer, `${call.kernel}, buffer "${name}"`);
    }
    for (const name of neededOperands(call)) {
      if (!given[name]) throw new BackendError(`${call.kernel}: its parameters ask for buffer "${name}"`);
    }
    const kernel = table[call.kernel] as unknown as AnyKernel;
    const { context } = this;
    return () => kernel(views, params, context);
  }

  /** Parameters as a kernel gets them: floats rounded to the mode's width. */
  private checkedParams(call: KernelCall, spec: KernelSpec): Record<string, number> {
    const given = call.params as Readonly<Record<string, number>>;
    for (const name of Object.keys(given)) {
      if (!(name in spec.params)) throw new BackendError(`${call.kernel}: it has no parameter "${name}"`);
    }
    const params: Record<string, number> = {};
    for (const [name, type] of Object.entries(spec.params)) {
      const value = given[name];
      if (typeof value !== 'number') {
        throw new BackendError(`${call.kernel}: parameter "${name}" is missing`);
      }
      if (type === 'int' && (value | 0) !== value) {
        throw new BackendError(`${call.kernel}: parameter "${name}" is ${value}, not a 32-bit integer`);
      }
      params[name] = type === 'float' ? this.context.round(value) : value;
    }
    return params;
  }
}

/** Makes a reference backend. Its memory is limited by what the engine gives one ArrayBuffer. */
export function createReferenceBackend(options: ReferenceBackendOptions = {}): Backend {
  return new ReferenceBackend(options.float64 ?? false);
}
