/** What can be wrong with a step's numbers, and the errors that say so: module, role and remedy. */
import type { BufferRef } from '../backend/kernels.js';
import type { Plan } from '../compiler/plan.js';
import type { NumericArray } from '../core/dtype.js';
import { DataError, NonFiniteError, UsageError } from '../core/errors.js';
import { inputName, targetName } from './program.js';
import type { Batch } from './session-config.js';

const remedy =
  'check the input data for NaN, lower the learning rate, warm it up, or clip the gradient (clipNorm)';

/** Throws for the first site of a plan whose status word is set: NonFiniteError, or DataError for a bad label or index. */
export function throwStatus(plan: Plan, status: NumericArray, step: number, batch: Partial<Batch>): void {
  for (let i = 0; i < plan.sites.length; i++) {
    if (status[i] === 0) continue;
    const { path, role, kernel } = plan.sites[i];
    const where = `${path || 'the model'}${role ? ` (${role})` : ''}`;
    if (status[i] & 2) {
      throw new DataError(`${where}: ${badIndex(plan, i, batch)}`);
    }
    throw new NonFiniteError(
      `${where}: ${kernel} met a NaN or an infinity at step ${step}, so nothing was changed by it; ${remedy}`,
      path,
      role,
      step,
      kernel,
    );
  }
}

/** The error of a trace that met its first non-finite number; `what` it is, for instance `matmul wrote NaN at element 3`. */
export function nonFiniteValue(
  what: string,
  place: { readonly path: string; readonly role: string; readonly kernel?: string },
  step: number,
): NonFiniteError {
  const { path, role, kernel = '' } = place;
  return new NonFiniteError(
    `${path || 'the model'} (${role}): ${what}, the first such number of the trace at step ${step}; nothing after it was run and nothing was changed; ${remedy}`,
    path,
    role,
    step,
    kernel,
  );
}

/** Which label or index of the batch is out of range. Numbers that a model made itself are gone from memory by now. */
function badIndex(plan: Plan, site: number, batch: Partial<Batch>): string {
  const found = plan.calls.find(({ call }) => {
    return (
      call.kernel !== 'host' && 'status' in call.buffers && 'site' in call.params && call.params.site === site
    );
  })?.call;
  const isTable = found?.kernel === 'embedding';
  const isLoss = found?.kernel === 'softmax_cross_entropy';
  const buffer = isTable ? found.buffers.indices : isLoss ? found.buffers.labels : undefined;
  const limit = isTable ? found.params.tableRows : isLoss ? found.params.cols : 0;
  const range = isTable ? `the table's rows 0 to ${limit - 1}` : `the classes 0 to ${limit - 1}`;
  for (const [name, numbers] of [
    [inputName, batch.inputs],
    [targetName, batch.targets],
  ] as const) {
    if (!numbers || !batch.size || plan.inputs[name] !== buffer) continue;
    const at = Array.prototype.findIndex.call(numbers, (x: number) => x < 0 || x >= limit);
    const sample = Math.floor((at * batch.size) / numbers.length);
    return `${isTable ? 'index' : 'label'} ${numbers[at]} of sample ${sample} of the batch is outside ${range}; check the ${isTable ? 'inputs' : 'labels'}, or make the model larger`;
  }
  return buffer
    ? `a label or index of the batch is outside ${range}; check inputs and targets`
    : 'a label or index of the batch is outside the classes or the table; check inputs and targets';
}

export function nonFiniteLoss(loss: number, step: number): NonFiniteError {
  return new NonFiniteError(
    `the loss is ${loss} at step ${step}, so nothing was changed by it; ${remedy}`,
    'loss',
    'output',
    step,
  );
}

/** Labels and indices are stored as int32, which would round 1.7 to 1 and NaN to 0. Throws DataError. */
export function refuseBadIntegers(data: ArrayLike<number>, what: string): void {
  if (data instanceof Int32Array || data instanceof Uint8Array) return;
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== (data[i] | 0)) {
      throw new DataError(`${what} must be whole numbers (classes or indices), got ${data[i]} at index ${i}`);
    }
  }
}

/** A byte array would take 0.5 for 0 and 300 for 44, silently. Throws DataError with the remedy. */
export function refuseBadBytes(data: ArrayLike<number>): void {
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return;
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== (data[i] & 255)) {
      throw new DataError(
        `inputs are bytes from 0 to 255 here (the session normalises them itself), got ${data[i]} at index ${i}: pass bytes, or make the session with float inputs`,
      );
    }
  }
}

/** Inference measures no ranges that would show a NaN, so its inputs are looked at. Throws NonFiniteError. */
export function refuseNonFinite(inputs: ArrayLike<number>, step: number): void {
  for (let i = 0; i < inputs.length; i++) {
    if (!Number.isFinite(inputs[i])) {
      throw new NonFiniteError(
        `the inputs hold ${inputs[i]} at index ${i}; take such samples out of the data`,
        '',
        'input',
        step,
      );
    }
  }
}

/** Inference takes activations' ranges from training. Throws UsageError where it has seen none. */
export function refuseUnseenRanges(
  plan: Plan,
  view: (buffer: BufferRef) => NumericArray,
  recipe: string,
): void {
  for (const { call, path } of plan.calls) {
    if (call.kernel !== 'qparams' || call.params.tracking !== 2 || !call.buffers.state) continue;
    if (view(call.buffers.state)[2] === 0) {
      throw new UsageError(
        `${path}: recipe "${recipe}" takes the ranges of activations from training, which has seen none; train a step or load a trained model first`,
      );
    }
  }
}
