/** What tells one data set from another of the same shape, as MNIST from Fashion-MNIST: a hash of counts and of some of the values. */
import { createHash } from 'node:crypto';
import type { DataSplit, Dataset } from '../data/index.node.js';

/** At most so many values of an array are looked at, evenly spaced: a bound on the time, which stays below that of a step or two. */
const mostValues = 1 << 16;
/**
 * Of floats fewer, in quarters: they are computed (spectrograms), and sines and cosines may differ by their last bit between versions of
 * Node. That one of so few lies within 1e-6 of where a quarter is rounded has a chance of one in a thousand.
 */
const mostFloats = 1 << 8;
const quarters = 4;

function sampled(values: ArrayLike<number>): string {
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const stride = Math.max(1, Math.ceil(values.length / (isFloat ? mostFloats : mostValues)));
  const picked: number[] = [];
  for (let i = 0; i < values.length; i += stride)
    picked.push(isFloat ? Math.round(values[i] * quarters) : values[i]);
  return picked.join();
}

/** Sixteen hexadecimal digits; equal for the same training and test sets, read in whatever way. */
export function dataFingerprint({ train, test }: DataSplit<Dataset>): string {
  const hash = createHash('sha256');
  for (const { count, inputShape, classes, inputs, labels } of [train, test]) {
    hash.update(`${count};${inputShape.join()};${classes.length};${sampled(inputs)};${sampled(labels)};`);
  }
  return hash.digest('hex').slice(0, 16);
}
