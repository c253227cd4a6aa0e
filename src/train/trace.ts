/**
 * Runs a planned program call by call and stops at the first float that is a NaN or an infinity, whichever kernel wrote it.
 * Slower than a step by a look at every float; for traces, where the cause matters more than time.
 */
import type { Backend, Call } from '../backend/backend.js';
import { type BufferRef, kernelSpecs } from '../backend/kernels.js';
import type { NumericArray } from '../core/dtype.js';
import { nonFiniteValue } from './status.js';

/** One call with the module it belongs to. */
export interface TracedCall {
  readonly call: Call;
  readonly path: string;
}

/** A buffer that holds numbers before the first call: the batch, a parameter, a running statistic. */
export interface TracedSource {
  readonly buffer: BufferRef;
  readonly path: string;
  readonly role: string;
}

/** Position of the first NaN or infinity, -1 where all are finite. */
function firstNonFinite(values: NumericArray): number {
  // The difference is 0 for finite numbers and NaN for all others.
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] !== 0) return i;
  return -1;
}

/** What a call writes, by role. */
function outputsOf(call: Call): [string, BufferRef][] {
  if (call.kernel === 'host') return call.outputs.map((buffer, i) => [`output ${i}`, buffer]);
  const given = call.buffers as Readonly<Record<string, BufferRef | undefined>>;
  return Object.entries(kernelSpecs[call.kernel].buffers).flatMap(([role, use]): [string, BufferRef][] => {
    const buffer = given[role];
    return buffer && use !== 'in' && use !== 'in?' ? [[role, buffer]] : [];
  });
}

/** Runs `calls` in order; throws NonFiniteError naming module, role and kernel at the first non-finite float, before the next call. */
export function runUntilNonFinite(
  backend: Backend,
  sources: readonly TracedSource[],
  calls: readonly TracedCall[],
  step: number,
): void {
  for (const { buffer, path, role } of sources) {
    if (buffer.storage !== 'float') continue;
    const view = backend.view(buffer);
    const at = firstNonFinite(view);
    if (at >= 0) throw nonFiniteValue(`holds ${view[at]} at element ${at}`, { path, role }, step);
  }
  for (const { call, path } of calls) {
    const program = backend.compile([call]);
    try {
      program.run();
    } finally {
      program.release();
    }
    const kernel = call.kernel === 'host' ? call.name : call.kernel;
    for (const [role, buffer] of outputsOf(call)) {
      if (buffer.storage !== 'float') continue;
      const view = backend.view(buffer);
      const at = firstNonFinite(view);
      if (at >= 0) {
        throw nonFiniteValue(`${kernel} wrote ${view[at]} at element ${at}`, { path, role, kernel }, step);
      }
    }
  }
}
