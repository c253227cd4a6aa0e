/**
 * Runs a conformance case on a backend and compares what two backends wrote. Buffers lie between guard zones filled
 * with a pattern, so that a byte written outside the declared outputs is seen.
 */
import { bytesOf, type NumericArray, type Storage } from '../../core/dtype.js';
import type { Backend } from '../backend.js';
import { type BufferRef, type KernelCall, type KernelName, kernelSpecs } from '../kernels.js';
import { isWritten, type KernelCase } from './kernel-case.case.js';

/** Least bytes before, between and after buffers. */
const GUARD = 64;

/** Content of every byte that no input fills: as float32 a large odd number, as a code never 0. */
const patternByte = (at: number): number => 0x51 + ((at * 37) % 101);

/** Copies of the written buffers after the call, by name. */
export type Outputs = ReadonlyMap<string, NumericArray>;

/** Offsets of a case's buffers: multiples of 16 that are not all multiples of 64. */
function layOut(kase: KernelCase): { readonly refs: Map<string, BufferRef>; readonly bytes: number } {
  const refs = new Map<string, BufferRef>();
  let end = 0;
  let turn = 0;
  for (const [name, buffer] of Object.entries(kase.buffers)) {
    const offset = Math.ceil((end + GUARD) / 64) * 64 + 16 * (turn++ % 4);
    refs.set(name, { offset, length: buffer.length, storage: buffer.storage });
    end = offset + buffer.length * bytesOf(buffer.storage);
  }
  return { refs, bytes: Math.ceil((end + GUARD) / 16) * 16 };
}

/** Checks a case against its kernel's spec, so that a slip in a case is not taken for one of a backend. */
function checkCase(kase: KernelCase): void {
  const spec = kernelSpecs[kase.kernel];
  const say = (text: string): never => {
    throw new Error(`case "${kase.kernel}: ${kase.title}" ${text}`);
  };
  const known: Readonly<Record<string, string>> = spec.buffers;
  for (const [name, use] of Object.entries(known)) {
    const buffer = kase.buffers[name];
    if (!buffer) {
      if (!use.endsWith('?')) say(`lacks buffer "${name}"`);
      continue;
    }
    if (use.startsWith('in') && !buffer.data) say(`has no content for "${name}"`);
    if (buffer.data && buffer.data.length !== buffer.length) say(`has a wrong length for "${name}"`);
  }
  for (const name of Object.keys(kase.buffers)) if (!(name in known)) say(`has an unknown buffer "${name}"`);
  for (const name of Object.keys(spec.params)) if (!(name in kase.params)) say(`lacks parameter "${name}"`);
}

/**
 * Runs a case.
 * @returns copies of what the kernel wrote
 * @throws Error naming the first byte that changed outside the written buffers
 */
export function runCase(backend: Backend, kase: KernelCase): Outputs {
  checkCase(kase);
  const { refs, bytes } = layOut(kase);
  backend.reserve(bytes);
  const memory = backend.view({ offset: 0, length: bytes, storage: 'uint8' });
  for (let at = 0; at < bytes; at++) memory[at] = patternByte(at);
  for (const [name, ref] of refs) {
    const content = kase.buffers[name].data;
    if (content) backend.view(ref).set(content);
  }
  const before = (memory as Uint8Array).slice();
  const call = {
    kernel: kase.kernel,
    buffers: Object.fromEntries(refs),
    params: kase.params,
  } as unknown as KernelCall;
  backend.compile([call]).run();

  const outputs = new Map<string, NumericArray>();
  const written: BufferRef[] = [];
  for (const [name, ref] of refs) {
    if (!isWritten(kase.kernel, name)) continue;
    written.push(ref);
    outputs.set(name, backend.view(ref).slice());
  }
  checkGuards(
    kase.kernel,
    before,
    backend.view({ offset: 0, length: bytes, storage: 'uint8' }),
    refs,
    written,
  );
  return outputs;
}

/** The first byte of [start, end) that changed, or -1. */
function firstChange(before: Uint8Array, after: NumericArray, start: number, end: number): number {
  for (let at = start; at < end; at++) if (before[at] !== after[at]) return at;
  return -1;
}

function checkGuards(
  kernel: KernelName,
  before: Uint8Array,
  after: NumericArray,
  refs: ReadonlyMap<string, BufferRef>,
  written: readonly BufferRef[],
): void {
  let start = 0;
  const ends = [...written.map((ref) => [ref.offset, ref.offset + ref.length * bytesOf(ref.storage)])];
  for (const [from, to] of [...ends, [before.length, before.length]]) {
    const at = firstChange(before, after, start, from);
    if (at >= 0) {
      const places = [...refs].map(([name, ref]) => {
        const end = ref.offset + ref.length * bytesOf(ref.storage);
        return `${name} ${ref.offset}..${end}`;
      });
      throw new Error(
        `${kernel} changed byte ${at} from ${before[at]} to ${after[at]}, outside its outputs (${places.join(', ')})`,
      );
    }
    start = to;
  }
}

/** Bound on the difference of a float product, element by element. */
export interface ProductBound {
  /** Sum of |a||b| (and |bias|) of each element. */
  readonly magnitude: NumericArray;
  /** Allowed difference in units of 2^-23 of the magnitude. */
  readonly tolerance: number;
}

/** Denormal sums differ by whole units of the smallest float, however small they are. */
function allowed({ magnitude, tolerance }: ProductBound, at: number): number {
  return tolerance * Math.max(2 ** -23 * magnitude[at], 2 ** -149);
}

function describeValue(value: number, storage: Storage): string {
  if (storage !== 'float') return String(value);
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0].toString(16).padStart(8, '0');
  return `${Object.is(value, -0) ? '-0' : value} (0x${bits})`;
}

/**
 * Compares what two backends wrote for a case.
 * @returns a line about the first difference in each buffer, or '' where there is none
 */
export function compareOutputs(
  kase: KernelCase,
  expected: Outputs,
  actual: Outputs,
  bound?: ProductBound,
): string {
  const lines: string[] = [];
  for (const [name, reference] of expected) {
    const buffer = kase.buffers[name];
    const values = actual.get(name);
    if (buffer.unspecified === 'all') continue;
    if (!values) throw new Error(`no output "${name}" to compare`);
    const free = new Set(buffer.unspecified);
    let count = 0;
    let first = -1;
    for (let i = 0; i < reference.length; i++) {
      // Object.is takes all NaN for one: engines and instruction sets differ in their payload and sign.
      if (Object.is(reference[i], values[i]) || free.has(i)) continue;
      if (bound && Math.abs(reference[i] - values[i]) <= allowed(bound, i)) continue;
      if (first < 0) first = i;
      count += 1;
    }
    if (first < 0) continue;
    const want = describeValue(reference[first], buffer.storage);
    const got = describeValue(values[first], buffer.storage);
    lines.push(
      `${name}[${first}] is ${got}, expected ${want}; ${count} of ${reference.length} elements differ`,
    );
  }
  return lines.join('\n');
}
