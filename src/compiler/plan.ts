/**
 * The plan: a flat list of kernel calls on buffers at fixed offsets, made before the first step and run unchanged at
 * every step. This file lays lowered calls out in memory; plan-print.ts shows the result.
 */
import type { Call } from '../backend/backend.js';
import { type BufferRef, type KernelCall, kernelSpecs } from '../backend/kernels.js';
import { bytesOf, type FloatBytes } from '../core/dtype.js';
import { type Shape, sizeOf } from '../core/shape.js';
import type { SourceKind, Value } from '../graph/graph.js';
import { type Lowered, type LoweredCall, type PlanBuffer, planBuffers, rootOf } from './lower.js';
import { align, placeBuffers } from './memory.js';

/**
 * What a buffer of the arena is for. `saved`: written in the forward pass (or the batch itself), read in the backward pass;
 * `weight`: codes and scales of parameters; `input`: the batch, where the backward pass does not read it; `transient`: everything else.
 */
export type ArenaCategory = 'input' | 'saved' | 'weight' | 'transient' | 'output';

export interface PlannedBuffer extends BufferRef {
  /** Module path and role of the value. */
  readonly path: string;
  readonly role: string;
  readonly shape: Shape;
  readonly bytes: number;
  readonly category: ArenaCategory;
  readonly first: number;
  readonly last: number;
}

export interface PlannedCall extends Omit<LoweredCall, 'call'> {
  readonly call: Call;
}

/** Buffers that outlive a step, by name: parameters, state, gradients, optimiser state, counters. */
export type PersistentKind = SourceKind | 'gradient' | 'optimizer' | 'control';

export interface PersistentBuffer extends BufferRef {
  readonly name: string;
  readonly kind: PersistentKind;
  readonly bytes: number;
  /** Initial fill of constants and state. */
  readonly data?: ArrayLike<number>;
}

/** One region for all plans of a session: what persists lies at the start of memory, the arena after it. */
export class PersistentRegion {
  private readonly byName = new Map<string, PersistentBuffer>();
  private end = 0;
  private sealed = false;

  constructor(readonly floatBytes: FloatBytes) {}

  /** The buffer of that name, made when first asked for. */
  buffer(
    kind: PersistentKind,
    name: string,
    length: number,
    storage: BufferRef['storage'],
    data?: ArrayLike<number>,
  ): PersistentBuffer {
    const known = this.byName.get(name);
    if (known) return known;
    if (this.sealed) throw new Error(`persistent buffer ${name} was asked for after the region was sealed`);
    const bytes = length * bytesOf(storage, this.floatBytes);
    const made: PersistentBuffer = {
      kind,
      name,
      offset: this.end,
      length,
      storage,
      bytes,
      ...(data ? { data } : {}),
    };
    this.end = align(this.end + bytes);
    this.byName.set(name, made);
    return made;
  }

  get(name: string): PersistentBuffer | undefined {
    return this.byName.get(name);
  }

  all(): PersistentBuffer[] {
    return [...this.byName.values()];
  }

  /** No more buffers from here on: arenas start at the returned offset. */
  seal(): number {
    this.sealed = true;
    return this.end;
  }

  get bytes(): number {
    return this.end;
  }
}

export interface Plan {
  readonly calls: readonly PlannedCall[];
  readonly sites: Lowered['sites'];
  readonly buffers: readonly PlannedBuffer[];
  /** Where the arena starts in memory, and its bytes at the peak. */
  readonly arenaOffset: number;
  readonly arenaBytes: number;
  /** Named buffers to write before a run and to read after it. */
  readonly inputs: Readonly<Record<string, BufferRef>>;
  readonly outputs: Readonly<Record<string, BufferRef>>;
  readonly status: BufferRef;
  /** Any value's buffer, by value id (trace plans: every value stays readable). */
  readonly locate: (value: Value) => BufferRef;
}

export interface LayoutOptions {
  readonly region: PersistentRegion;
  readonly outputs: Readonly<Record<string, Value>>;
  /** Values that go to persistent buffers instead of the arena (gradients). */
  readonly placed?: ReadonlyMap<Value, BufferRef>;
  /** Every value keeps a buffer of its own. */
  readonly trace?: boolean;
}

interface Use {
  readonly value: Value;
  first: number;
  last: number;
  readInBackward: boolean;
  writtenInForward: boolean;
}

/** Registers in the region whatever sources a graph's calls touch; call for every plan of the set before sealing. */
export function registerSources(lowered: Lowered, region: PersistentRegion): void {
  region.buffer('control', 'counters', 4, 'int32');
  region.buffer('control', 'hyper', 8, 'float');
  for (const { call } of lowered.calls) {
    for (const value of valuesOf(call)) persistent(rootOf(value), region);
  }
}

function valuesOf(call: LoweredCall['call']): Value[] {
  if (call.kernel === 'host') return [...call.inputs, ...call.outputs];
  return Object.values(call.buffers).filter((value): value is Value => value !== undefined);
}

function persistent(value: Value, region: PersistentRegion): PersistentBuffer | undefined {
  const { source } = value;
  if (!source || source.kind === 'input') return undefined;
  return region.buffer(source.kind, source.name, sizeOf(value.shape), value.storage, source.data);
}

/** Lays lowered calls out: persistent values in the region, all others in the arena by lifetime. */
export function layOut(lowered: Lowered, options: LayoutOptions): Plan {
  const { region, placed, trace = false } = options;
  const { floatBytes } = region;
  registerSources(lowered, region);
  const fixed = new Map<Value, BufferRef>();
  const uses = new Map<Value, Use>();
  const end = lowered.calls.length;
  for (const [value, buffer] of placed ?? []) fixed.set(rootOf(value), buffer);
  lowered.calls.forEach((lowered_, at) => {
    for (const value of valuesOf(lowered_.call)) {
      const root = rootOf(value);
      if (fixed.has(root)) continue;
      const ref = persistent(root, region);
      if (ref) {
        fixed.set(root, ref);
        continue;
      }
      const use = uses.get(root);
      const backward = lowered_.phase === 'backward';
      if (use) {
        use.last = at;
        use.readInBackward ||= backward;
      } else {
        uses.set(root, {
          value: root,
          first: root.source ? 0 : at,
          last: at,
          readInBackward: false,
          writtenInForward: !backward,
        });
      }
    }
  });
  for (const value of Object.values(options.outputs)) {
    const root = rootOf(value);
    const use = uses.get(root);
    if (use) use.last = end;
    else if (root.source?.kind === 'input' && !fixed.has(root)) {
      // A model that only views its input: no call touches it.
      uses.set(root, { value: root, first: 0, last: end, readInBackward: false, writtenInForward: false });
    }
  }
  const list = [...uses.values()];
  const lifetimes = list.map((use) => ({
    bytes: sizeOf(use.value.shape) * bytesOf(use.value.storage, floatBytes),
    first: use.first,
    last: trace ? end : use.last,
  }));
  const statusBytes = Math.max(1, lowered.sites.length) * 4;
  const { offsets, peak } = placeBuffers([...lifetimes, { bytes: statusBytes, first: 0, last: end }], !trace);
  const arenaOffset = region.bytes;
  const buffers: PlannedBuffer[] = list.map((use, i) => ({
    offset: arenaOffset + offsets[i],
    length: sizeOf(use.value.shape),
    storage: use.value.storage,
    path: use.value.path,
    role: use.value.source?.name ?? `${use.value.node?.op.name ?? ''}.${use.value.role}`,
    shape: use.value.shape,
    bytes: lifetimes[i].bytes,
    category: categoryOf(use, end),
    first: use.first,
    last: use.last,
  }));
  list.forEach((use, i) => {
    fixed.set(use.value, buffers[i]);
  });
  const status: BufferRef = {
    offset: arenaOffset + offsets[list.length],
    length: statusBytes / 4,
    storage: 'int32',
  };
  const locate = (value: Value): BufferRef => {
    const buffer = fixed.get(rootOf(value));
    if (!buffer) throw new Error(`value ${value.path}/${value.role} is not in this plan`);
    return buffer;
  };
  const special: Record<PlanBuffer, BufferRef> = {
    counters: region.buffer('control', 'counters', 4, 'int32'),
    hyper: region.buffer('control', 'hyper', 8, 'float'),
    status,
  };
  const named = (values: Iterable<[string, Value]>): Record<string, BufferRef> =>
    Object.fromEntries([...values].map(([name, value]) => [name, locate(value)]));
  const inputs = list.filter((use) => use.value.source?.kind === 'input');
  return {
    calls: lowered.calls.map((lowered_) => ({ ...lowered_, call: resolve(lowered_.call, locate, special) })),
    sites: lowered.sites,
    buffers,
    arenaOffset,
    arenaBytes: peak,
    inputs: named(inputs.map((use) => [use.value.source?.name ?? '', use.value])),
    outputs: named(Object.entries(options.outputs)),
    status,
    locate,
  };
}

/** Codes and scales of a parameter: kept too, but they follow from the parameter and do not grow with the batch. */
function isWeightCode(value: Value): boolean {
  const attrs = value.node?.attrs as { role?: string } | undefined;
  const of = value.node?.op.name === 'qparams' ? value.node.inputs.cells?.node?.attrs : attrs;
  return (of as { role?: string } | undefined)?.role === 'weight';
}

function categoryOf(use: Use, end: number): ArenaCategory {
  if (use.value.source) return use.readInBackward ? 'saved' : 'input';
  if (use.last === end) return 'output';
  if (isWeightCode(use.value)) return 'weight';
  return use.writtenInForward && use.readInBackward ? 'saved' : 'transient';
}

function resolve(
  call: LoweredCall['call'],
  locate: (value: Value) => BufferRef,
  special: Record<PlanBuffer, BufferRef>,
): Call {
  if (call.kernel === 'host') {
    return { ...call, inputs: call.inputs.map(locate), outputs: call.outputs.map(locate) };
  }
  const buffers: Record<string, BufferRef> = {};
  for (const name of Object.keys(kernelSpecs[call.kernel].buffers)) {
    const value = call.buffers[name];
    if (value) buffers[name] = locate(value);
    else if ((planBuffers as readonly string[]).includes(name)) buffers[name] = special[name as PlanBuffer];
  }
  return { kernel: call.kernel, buffers, params: call.params } as unknown as KernelCall;
}
