/**
 * A plan as data and as text: every kernel call with its module, operands and bytes, which products run on integer kernels, and
 * memory by category. Pure: the same plan gives the same text, so that plans can be compared line by line.
 */
import type { Call } from '../backend/backend.js';
import { type BufferRef, kernelSpecs } from '../backend/kernels.js';
import type { Storage } from '../core/dtype.js';
import { type Shape, shapeText } from '../core/shape.js';
import { bytesText, countText } from '../core/text.js';
import type { LoweredCall } from './lower.js';
import type { ArenaCategory, PersistentBuffer, PersistentKind, Plan, PlannedBuffer } from './plan.js';

/** One buffer of a call. */
export interface ListedOperand {
  /** Its part in the kernel, such as `input`. */
  readonly role: string;
  readonly use: 'read' | 'written' | 'read and written';
  /** What lies there: `layer1.0.conv1/conv2d.output`, or the name of a parameter. */
  readonly name: string;
  readonly storage: Storage;
  readonly shape: Shape;
  readonly bytes: number;
  readonly offset: number;
  readonly category: ArenaCategory | PersistentKind;
}

/** One kernel call. */
export interface ListedCall {
  readonly phase: 'forward' | 'backward' | 'update';
  /** Path of the module; empty for what belongs to none. */
  readonly path: string;
  readonly kernel: string;
  /** Multiply-accumulates and how they are done, for products. */
  readonly product?: LoweredCall['product'];
  readonly operands: readonly ListedOperand[];
}

/** Bytes by category; `peakBytes` is what the plan needs in all. */
export interface PlanMemory {
  readonly parameterBytes: number;
  readonly gradientBytes: number;
  readonly optimizerBytes: number;
  readonly otherBytes: number;
  /** At the fullest moment; buffers whose lives do not meet share their bytes. */
  readonly arenaBytes: number;
  readonly savedForBackwardBytes: number;
  readonly scratchBytes: number;
  readonly peakBytes: number;
}

/** Multiply-accumulates of a plan by how they are done. */
export interface PlanWork {
  readonly macs: number;
  readonly integerMacs: number;
  readonly simulatedMacs: number;
  readonly integerMacShare: number;
}

/** What the plan is of; not to be read from its calls. */
export interface PlanFacts {
  readonly model: string;
  readonly recipe: string;
  readonly inputShape: Shape;
  readonly batchSize: number;
  readonly kind: 'train' | 'eval' | 'trace';
  readonly backend: string;
}

/** A plan as plain data. */
export interface PlanListing extends PlanFacts {
  readonly formatVersion: 1;
  readonly calls: readonly ListedCall[];
  readonly work: PlanWork;
  /** Bytes of all buffers of the arena by what they are for, without sharing. */
  readonly arena: Readonly<Record<ArenaCategory, number>>;
  readonly memory: PlanMemory;
}

const uses = {
  in: 'read',
  'in?': 'read',
  out: 'written',
  'out?': 'written',
  inout: 'read and written',
  'inout?': 'read and written',
} as const;

/** A buffer as the plan made it: the references of calls are those very objects. */
type KnownBuffer = BufferRef & Partial<PlannedBuffer> & Partial<PersistentBuffer>;

function listedOperand(
  role: string,
  use: ListedOperand['use'],
  buffer: KnownBuffer,
  shapes: ReadonlyMap<string, Shape>,
): ListedOperand | undefined {
  const { offset, storage, length, bytes } = buffer;
  const category = buffer.category ?? buffer.kind;
  // Counters, hyper-parameters and status words are the same in every call.
  if (category === undefined || category === 'control' || bytes === undefined) return undefined;
  const name = buffer.name ?? [buffer.path, buffer.role].filter(Boolean).join('/');
  // Gradients and optimiser state are named after their parameter: `fc.weight/velocity`.
  const owner = name.replace(/\/[^/]*$/, '');
  const shape = buffer.shape ?? shapes.get(name) ?? (buffer.name ? shapes.get(owner) : undefined) ?? [length];
  return { role, use, name, storage, shape, bytes, offset, category };
}

function operandsOf(call: Call, shapes: ReadonlyMap<string, Shape>): ListedOperand[] {
  const listed: (ListedOperand | undefined)[] = [];
  if (call.kernel === 'host') {
    call.inputs.forEach((buffer, i) => {
      listed.push(listedOperand(`input${i}`, 'read', buffer, shapes));
    });
    call.outputs.forEach((buffer, i) => {
      listed.push(listedOperand(`output${i}`, 'written', buffer, shapes));
    });
  } else {
    const buffers = call.buffers as Readonly<Record<string, BufferRef | undefined>>;
    for (const [role, use] of Object.entries(kernelSpecs[call.kernel].buffers)) {
      const buffer = buffers[role];
      if (buffer) listed.push(listedOperand(role, uses[use], buffer, shapes));
    }
  }
  return listed.filter((operand) => operand !== undefined);
}

const kernelName = (call: Call): string => (call.kernel === 'host' ? `host:${call.name}` : call.kernel);

/** Path of the parameter that an update call changes, or whose codes it makes; '' where it is about no single one. */
export function updatedPath(call: Call): string {
  if (call.kernel === 'host') return '';
  const buffers: (KnownBuffer | undefined)[] = Object.values(call.buffers);
  const kinds = ['parameter', 'gradient', 'derived'];
  const changed = buffers.find((buffer) => buffer && kinds.includes(buffer.kind ?? ''));
  return changed?.name?.replace(/\/(gradient|codes|qparams)$/, '') ?? '';
}

/** The listing of a plan, with the calls of the update where it trains. `shapes`: of parameters, by path. */
export function listPlan(options: {
  readonly plan: Plan;
  readonly update: readonly Call[];
  readonly memory: PlanMemory;
  readonly facts: PlanFacts;
  readonly shapes: ReadonlyMap<string, Shape>;
}): PlanListing {
  const { plan, update, memory, facts, shapes } = options;
  const calls = plan.calls.map(
    ({ call, path, phase, product }): ListedCall => ({
      phase,
      path,
      kernel: kernelName(call),
      ...(product ? { product } : {}),
      operands: operandsOf(call, shapes),
    }),
  );
  const updates = update.map(
    (call): ListedCall => ({
      phase: 'update',
      path: updatedPath(call),
      kernel: kernelName(call),
      operands: operandsOf(call, shapes),
    }),
  );
  const macsOf = (kind?: string): number =>
    calls.reduce(
      (sum, { product }) => sum + (product && (!kind || product.kind === kind) ? product.macs : 0),
      0,
    );
  const [macs, integerMacs, simulatedMacs] = [macsOf(), macsOf('integer'), macsOf('simulated')];
  const arena: Record<ArenaCategory, number> = { input: 0, saved: 0, weight: 0, transient: 0, output: 0 };
  for (const { category, bytes } of plan.buffers) arena[category] += bytes;
  return {
    formatVersion: 1,
    ...facts,
    calls: [...calls, ...updates],
    work: { macs, integerMacs, simulatedMacs, integerMacShare: macs === 0 ? 0 : integerMacs / macs },
    arena,
    memory,
  };
}

const storageNames: Readonly<Record<Storage, string>> = {
  float: 'f32',
  int8: 'i8',
  uint8: 'u8',
  int16: 'i16',
  int32: 'i32',
};

function operandText({ role, storage, shape, bytes }: ListedOperand): string {
  return `${role} ${storageNames[storage]}${shapeText(shape)} ${bytesText(bytes)}`;
}

function callCells({ path, kernel, product, operands }: ListedCall): string[] {
  const read = operands.filter(({ use }) => use !== 'written').map(operandText);
  const written = operands.filter(({ use }) => use !== 'read').map(operandText);
  return [
    path || '-',
    kernel,
    product ? `${product.kind} ${product.role}` : '',
    product ? countText(product.macs) : '',
    `${read.join(', ')} -> ${written.join(', ')}`.trimStart(),
  ];
}

/** Rows as lines: columns as wide as their longest cell, the last one ragged; `right` are the columns of numbers. */
function lines(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        if (i === row.length - 1 && !right.includes(i)) return cell;
        return right.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
      })
      .join('  ')
      .trimEnd(),
  );
}

const percent = (part: number, all: number): string =>
  all === 0 ? '0.0 %' : `${((100 * part) / all).toFixed(1)} %`;

function workLines({ work }: PlanListing): string[] {
  const { macs, integerMacs, simulatedMacs } = work;
  const floatMacs = macs - integerMacs - simulatedMacs;
  const rows = [
    ['  integer kernels', countText(integerMacs), percent(integerMacs, macs)],
    ['  simulated in float', countText(simulatedMacs), percent(simulatedMacs, macs)],
    ['  float', countText(floatMacs), percent(floatMacs, macs)],
    ['  all', countText(macs), percent(macs, macs)],
  ];
  return ['multiply-accumulates of a batch', ...lines(rows, [1, 2])];
}

function memoryLines({ memory, arena }: PlanListing): string[] {
  const row = (name: string, bytes: number): string[] => [`  ${name}`, countText(bytes), bytesText(bytes)];
  const rows = [
    row('parameters', memory.parameterBytes),
    row('gradients', memory.gradientBytes),
    row('optimiser state', memory.optimizerBytes),
    row('running state and constants', memory.otherBytes),
    row('arena at its peak', memory.arenaBytes),
    row('scratch of the kernels', memory.scratchBytes),
    row('peak', memory.peakBytes),
    row('saved for the backward pass', memory.savedForBackwardBytes),
  ];
  const parts = (Object.keys(arena) as ArenaCategory[])
    .map((category) => `${category} ${bytesText(arena[category])}`)
    .join(', ');
  return ['memory in bytes', ...lines(rows, [1, 2]), `  buffers of the arena before sharing: ${parts}`];
}

/** The listing as text without a final line end. */
export function printPlan(listing: PlanListing): string {
  const { model, recipe, inputShape, batchSize, kind, backend, calls } = listing;
  const names = { train: 'training', eval: 'evaluation', trace: 'trace (unfused, every value kept)' };
  const rows = [
    ['#', 'module', 'kernel', 'product', 'MACs', 'operands read -> written'],
    ...calls.map((call, i) => [String(i), ...callCells(call)]),
  ];
  const text = lines(rows, [0, 4]);
  const phases: string[] = [text[0]];
  calls.forEach((call, i) => {
    if (i === 0 || calls[i - 1].phase !== call.phase) phases.push(call.phase);
    phases.push(text[i + 1]);
  });
  return [
    `${model}, input ${shapeText(inputShape)}, batch ${batchSize}, recipe ${recipe}: ${names[kind]} plan, ${calls.length} kernel calls`,
    `backend: ${backend}`,
    '',
    ...phases,
    '',
    ...workLines(listing),
    '',
    ...memoryLines(listing),
  ].join('\n');
}
