/**
 * The kernels of every backend: their operands, their parameters and, in the comments, exactly what they compute. A
 * plan is a list of calls of these. Kernels know buffers and numbers; they know nothing of graphs, recipes or modules.
 *
 * Common rules
 * - A buffer is a run of elements of one storage at a byte offset (a multiple of 16) of one memory. Buffers named
 *   `X?` may be absent.
 * - f(x) is rounding to float32 (to nearest, ties to even). Where a formula shows f around each operation, float32
 *   backends compute just that, in that order, without fused multiply-add, so that the bits agree everywhere. The
 *   float64 mode of the reference backend drops f. "In double" means: double arithmetic, one f at the end.
 * - Float parameters are rounded to float32 before use by float32 backends, "in double" formulas included.
 * - rne is rounding to the nearest integer, ties to even.
 * - A sum "in blocks" over a long axis: blocks of 128 consecutive terms (the last may be shorter), each summed in
 *   order from 0 with f after each addition, then the block sums added in order from 0 likewise.
 * - Sums of codes are exact integers, so they have no order.
 * - A minimum or maximum in cells that is zero is +0, whichever zeros were met.
 * - qparams: float [groups][4] = { scale, inv, zeroPoint, offset }, inv = f(1/scale), zeroPoint an integer. A code stands for
 *   scale*(code - zeroPoint) + offset; only `quantize`, `quantize_pair` and `dequantize` know an offset, all others need it to be 0.
 * - counters: int32 [4] = { seedLow, seedHigh, step, microStep }: with a call's `site` they key its noise
 *   (core/rng.ts: noiseKey, noise16 of the element's index).
 * - hyper: float [8] = { learningRate, gradScale, biasCorrection1, biasCorrection2, clipScale, 0, 0, 0 }.
 * - status: int32 [sites]; a kernel ORs bits into status[site]: 1 = met a NaN or infinity, 2 = a label or index out
 *   of range.
 * - Images are NHWC; conv2d weights [outChannels, kernelH, kernelW, inChannels / groups]; linear weights [out, in].
 * - Bits of a mask: element i is bit (i & 7) of byte i >> 3.
 */
import type { Storage } from '../core/dtype.js';
import { clipSpecs } from './kernel-specs/clip.js';
import { elementwiseSpecs } from './kernel-specs/elementwise.js';
import { minifloatSpecs } from './kernel-specs/minifloat.js';
import { normSpecs } from './kernel-specs/norm.js';
import { optimiserSpecs } from './kernel-specs/optimiser.js';
import { poolingSpecs } from './kernel-specs/pooling.js';
import { integerProductSpecs, productSpecs } from './kernel-specs/products.js';
import { quantizeSpecs } from './kernel-specs/quantize.js';
import type { KernelSpec } from './kernel-specs/spec.js';

export type { KernelSpec } from './kernel-specs/spec.js';

/** Every kernel; the comments in kernel-specs/ say exactly what each computes. */
export const kernelSpecs = {
  ...elementwiseSpecs,
  ...poolingSpecs,
  ...quantizeSpecs,
  ...minifloatSpecs,
  ...clipSpecs,
  ...normSpecs,
  ...productSpecs,
  ...integerProductSpecs,
  ...optimiserSpecs,
} as const satisfies Record<string, KernelSpec>;

/** Name of a kernel, a key of {@link kernelSpecs}. */
export type KernelName = keyof typeof kernelSpecs;

/** Names in the order of their index, which compiled plans use. */
export const kernelNames = Object.keys(kernelSpecs) as KernelName[];

/** Where a buffer lies. */
export interface BufferRef {
  /** Bytes from the start of memory, a multiple of 16. */
  readonly offset: number;
  /** Elements. */
  readonly length: number;
  readonly storage: Storage;
}

type OptionalKeys<B> = { [K in keyof B]: B[K] extends `${string}?` ? K : never }[keyof B];
type Buffers<B> = { readonly [K in Exclude<keyof B, OptionalKeys<B>>]: BufferRef } & {
  readonly [K in OptionalKeys<B>]?: BufferRef | undefined;
};

/** One call of one kernel, with names for everything. */
export type CallOf<K extends KernelName> = {
  readonly kernel: K;
  readonly buffers: Buffers<(typeof kernelSpecs)[K]['buffers']>;
  readonly params: { readonly [P in keyof (typeof kernelSpecs)[K]['params']]: number };
};

/** One call of any kernel; `kernel` says which, and with it which operands and parameters there are. */
export type KernelCall = { [K in KernelName]: CallOf<K> }[KernelName];
