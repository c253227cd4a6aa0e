/**
 * Turns a kernel call into the record that its WASM function reads (assembly/args.ts), after checking that every
 * operand is there and fits. Knows the specs of kernels, not what they compute.
 */
import { bytesOf, storages } from '../../core/dtype.js';
import { BackendError } from '../../core/errors.js';
import { type BufferRef, type KernelCall, type KernelSpec, kernelNames, kernelSpecs } from '../kernels.js';
import { neededOperands, operandLengths } from '../operand-lengths.js';

const indexes = new Map<string, number>(kernelNames.map((name, index) => [name, index]));

/** Bytes of a buffer; throws BackendError, opening with `what`, if it does not lie whole in `limit` bytes. */
export function checkBuffer(buffer: BufferRef, limit: number, what: string): number {
  const { offset, length, storage } = buffer;
  if (!storages.includes(storage)) throw new BackendError(`${what}: unknown storage "${storage}"`);
  const bytes = length * bytesOf(storage);
  if (!Number.isInteger(offset) || offset < 0 || offset % 16 !== 0) {
    throw new BackendError(`${what}: offset ${offset} is not a multiple of 16`);
  }
  if (!Number.isInteger(length) || length < 0) throw new BackendError(`${what}: length ${length}`);
  if (offset + bytes > limit) {
    throw new BackendError(
      `${what}: bytes ${offset}..${offset + bytes} lie beyond the ${limit} reserved; call reserve first`,
    );
  }
  return bytes;
}

/** A call made ready: its kernel's index and the words of its record. */
export interface EncodedCall {
  readonly kernel: number;
  readonly words: Int32Array;
}

/** Throws BackendError for an operand that is shorter than the parameters ask for, or that they make necessary. */
function checkOperands(call: KernelCall, buffers: Readonly<Record<string, BufferRef | undefined>>): void {
  for (const [name, least] of Object.entries(operandLengths(call))) {
    const length = buffers[name]?.length ?? least;
    if (length < least) {
      throw new BackendError(
        `${call.kernel}: buffer "${name}" has ${length} elements, its parameters ask for ${least}`,
      );
    }
  }
  for (const name of neededOperands(call)) {
    if (!buffers[name]) throw new BackendError(`${call.kernel}: buffer "${name}" is missing`);
  }
}

/**
 * Encodes a call.
 * @param base byte of the memory where the plan's byte 0 lies
 * @param limit bytes of the plan; Infinity leaves places unchecked (to ask for scratch before memory is reserved)
 * @throws BackendError naming the kernel and the operand
 */
export function encode(call: KernelCall, base: number, limit: number): EncodedCall {
  const kernel = indexes.get(call.kernel);
  if (kernel === undefined) throw new BackendError(`unknown kernel "${call.kernel}"`);
  const spec: KernelSpec = kernelSpecs[call.kernel];
  const buffers = call.buffers as Readonly<Record<string, BufferRef | undefined>>;
  const params = call.params as Readonly<Record<string, number>>;
  for (const name of Object.keys(buffers)) {
    if (!(name in spec.buffers)) throw new BackendError(`${call.kernel}: it has no buffer "${name}"`);
  }
  for (const name of Object.keys(params)) {
    if (!(name in spec.params)) throw new BackendError(`${call.kernel}: it has no parameter "${name}"`);
  }
  const bufferNames = Object.keys(spec.buffers);
  const paramNames = Object.keys(spec.params);
  const words = new Int32Array(2 * bufferNames.length + paramNames.length);
  const floats = new Float32Array(words.buffer);
  let at = 0;
  for (const name of bufferNames) {
    const buffer = buffers[name];
    if (buffer) {
      checkBuffer(buffer, limit, `${call.kernel}, buffer "${name}"`);
      words[at] = limit === Infinity ? 0 : base + buffer.offset;
      words[at + 1] = storages.indexOf(buffer.storage);
    } else if (!spec.buffers[name].endsWith('?')) {
      throw new BackendError(`${call.kernel}: buffer "${name}" is missing`);
    }
    at += 2;
  }
  for (const name of paramNames) {
    const value = params[name];
    if (typeof value !== 'number') throw new BackendError(`${call.kernel}: parameter "${name}" is missing`);
    if (spec.params[name] === 'int') {
      if ((value | 0) !== value) {
        throw new BackendError(`${call.kernel}: parameter "${name}" is ${value}, not a 32-bit integer`);
      }
      words[at] = value;
    } else {
      floats[at] = value;
    }
    at += 1;
  }
  checkOperands(call, buffers);
  return { kernel, words };
}
