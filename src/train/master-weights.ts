/**
 * Weights without a float32 master copy: the calls that replace a parameter, after its update, by its quantised value. They are the
 * quantisation kernels that products use, so a weight is what its product would have made of it.
 */
import type { Call } from '../backend/backend.js';
import type { BufferRef } from '../backend/kernels.js';
import type { PersistentRegion } from '../compiler/plan.js';
import { NonFiniteError } from '../core/errors.js';
import { hashText } from '../core/rng.js';
import { formats } from '../quant/format.js';
import type { MasterWeights } from '../quant/recipe.js';
import type { QuantizedWeight } from './program.js';
import { codeCalls, rangeCall, valueCall } from './weight-codes.js';

/** A parameter of an update segment and how its product quantises it. */
export interface MasterWeight extends QuantizedWeight {
  readonly path: string;
  readonly parameter: BufferRef;
}

export interface MasterSegment {
  readonly calls: readonly Call[];
  /** One word a weight, in order; not 0 where an update made it NaN or infinite. To be cleared before a run. */
  readonly status: BufferRef | undefined;
}

/** The calls for `weights`, in order, with their buffers in the region. */
export function masterSegment(
  region: PersistentRegion,
  weights: readonly MasterWeight[],
  master: MasterWeights,
): MasterSegment {
  if (master === 'float32' || weights.length === 0) return { calls: [], status: undefined };
  const status = region.buffer('control', 'master_status', weights.length, 'int32');
  const counters = region.buffer('control', 'counters', 4, 'int32');
  // One weight at a time, so they share what lies between its float values before and after.
  const longest = (storage: BufferRef['storage']): number =>
    Math.max(
      ...weights
        .filter(({ spec }) => formats[spec.format].storage === storage)
        .map(({ parameter }) => parameter.length),
    );
  const groups = Math.max(...weights.map(({ grouping }) => grouping.groups));
  const cells = region.buffer('control', 'master_cells', groups * 2, 'float');
  const qparams = region.buffer('control', 'master_qparams', groups * 4, 'float');
  const calls = weights.flatMap(({ path, parameter, spec, grouping }, site): Call[] => {
    const { storage } = formats[spec.format];
    const codes = region.buffer('control', `master_codes_${storage}`, longest(storage), storage);
    const noise = master === 'quantized-stochastic' ? hashText(`${path}/master`) | 0 : undefined;
    return [
      rangeCall(parameter, { cells, rows: grouping.groups, status, site }),
      ...codeCalls({ parameter, cells, qparams, codes, counters }, { spec, grouping }, noise),
      valueCall({ codes, qparams, output: parameter }, { spec, grouping }),
    ];
  });
  return { calls, status };
}

/** Throws NonFiniteError for the first weight whose status word is set; `step` is the update that broke it, if one did. */
export function refuseBrokenWeights(
  paths: readonly string[],
  status: ArrayLike<number>,
  step: number | undefined,
): void {
  const broken = paths.findIndex((_, i) => status[i] !== 0);
  if (broken < 0) return;
  const path = paths[broken];
  const what =
    step === undefined
      ? 'it holds a NaN or an infinity; load or write finite numbers'
      : `the update of step ${step} made it NaN or infinite; lower the learning rate, warm it up, or clip the gradient (clipNorm)`;
  throw new NonFiniteError(`${path} (weight): ${what}`, path, 'weight', step ?? 0);
}
