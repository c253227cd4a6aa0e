/**
 * Initial values of parameters. Each is a function of a shape and a random stream, so a parameter's numbers depend on
 * the seed and its path alone, not on the order in which modules were made.
 */
import { log } from '../core/math.js';
import type { RandomStream } from '../core/rng.js';
import { type Shape, sizeOf } from '../core/shape.js';

/** Fills an array for a parameter of that shape. */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array;

/** Inputs that one output of a weight [out, ..., in] sees: all axes but the first. */
export function fanIn(shape: Shape): number {
  return sizeOf(shape.slice(1));
}

/** Outputs that one input of a weight [out, kernelH, kernelW, in] reaches: all axes but the last. */
export function fanOut(shape: Shape): number {
  return sizeOf(shape.slice(0, -1));
}

/** The same number everywhere. */
export function filled(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** All 0. */
export const zeros = filled(0);
/** All 1. */
export const ones = filled(1);

/** A loop, since Float32Array.from takes several times as long for the millions of weights of a large model. */
function drawn(shape: Shape, draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/** Uniform in [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (shape, random) => drawn(shape, () => (2 * random.uniform() - 1) * bound);
}

/** Normal with mean 0. */
export function normal(deviation: number): Initializer {
  return (shape, random) => drawn(shape, () => random.normal(log) * deviation);
}

/**
 * PyTorch's default for Linear and Conv2d weights: kaiming_uniform_ with a = sqrt 5, which is uniform within
 * 1/sqrt(fanIn) (He et al. 2015, with a gain of sqrt(1/3)).
 */
export const kaimingUniform: Initializer = (shape, random) =>
  uniform(1 / Math.sqrt(fanIn(shape)))(shape, random);

/** Normal of variance 2/fanOut: what torchvision's residual networks use for convolutions (He et al. 2015). */
export const kaimingNormalFanOut: Initializer = (shape, random) =>
  normal(Math.sqrt(2 / fanOut(shape)))(shape, random);
