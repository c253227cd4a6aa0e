/** What a training plan needs and does, in numbers: bytes by purpose, multiply-accumulates by arithmetic. */
import type { PersistentRegion, Plan } from '../compiler/plan.js';

/** Byte counts of a session's plan, by what they are for. */
export interface MemorySummary {
  readonly parameterBytes: number;
  readonly gradientBytes: number;
  readonly optimizerBytes: number;
  /** Running statistics, constants, counters, and the codes and scales of parameters. */
  readonly otherBytes: number;
  readonly arenaBytes: number;
  /** Arena bytes written in the forward pass and read in the backward pass. */
  readonly savedForBackwardBytes: number;
  /** Kernels' scratch (packing, exact sums). */
  readonly scratchBytes: number;
  /** All of the above together. */
  readonly peakBytes: number;
}

/** Bytes of a plan over its region, with the backend's scratch for its calls. */
export function memorySummary(plan: Plan, region: PersistentRegion, scratchBytes: number): MemorySummary {
  const of = (kinds: readonly string[]): number =>
    region.all().reduce((bytes, buffer) => bytes + (kinds.includes(buffer.kind) ? buffer.bytes : 0), 0);
  return {
    parameterBytes: of(['parameter']),
    gradientBytes: of(['gradient']),
    optimizerBytes: of(['optimizer']),
    otherBytes: of(['state', 'constant', 'control', 'derived']),
    arenaBytes: plan.arenaBytes,
    savedForBackwardBytes: plan.buffers.reduce(
      (bytes, buffer) => bytes + (buffer.category === 'saved' ? buffer.bytes : 0),
      0,
    ),
    scratchBytes,
    peakBytes: plan.arenaOffset + plan.arenaBytes + scratchBytes,
  };
}

/** Multiply-accumulates of a plan's products: all of them, and how many are done in integers. */
export interface WorkSummary {
  readonly macs: number;
  readonly integerMacs: number;
  /** Quantised, decoded and multiplied in float: no integer kernel serves the pair of formats. */
  readonly simulatedMacs: number;
  /** integerMacs / macs, 0 for a model without products. */
  readonly integerMacShare: number;
}

/** Multiply-accumulates of a plan. */
export function workSummary(plan: Plan): WorkSummary {
  const totals = { macs: 0, integerMacs: 0, simulatedMacs: 0 };
  for (const { product } of plan.calls) {
    if (!product) continue;
    totals.macs += product.macs;
    if (product.kind === 'integer') totals.integerMacs += product.macs;
    if (product.kind === 'simulated') totals.simulatedMacs += product.macs;
  }
  return { ...totals, integerMacShare: totals.macs === 0 ? 0 : totals.integerMacs / totals.macs };
}
