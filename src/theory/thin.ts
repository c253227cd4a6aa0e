/**
 * Which values of a tensor are fitted: those other than 0, and of many a part that is spread over the whole tensor. Knows numbers only.
 */
import { DataError, UsageError } from '../core/errors.js';

/** Most values that are fitted, unless the caller says otherwise. */
export const usuallyFitted = 50_000;

/** The values other than 0, in their order. @throws DataError for a value that is not finite. */
export function nonZeroValues(values: ArrayLike<number>): Float64Array {
  const kept = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DataError(`value ${i} is ${values[i]}; there is nothing to fit`);
    }
    if (values[i] !== 0) kept[count++] = values[i];
  }
  return kept.subarray(0, count);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/**
 * Distance of the values that are taken. The strides of a tensor's layout (channels, the positions of a kernel, rows of an image) divide
 * the number of its values, and a stride that shares a factor with one of them would see a part of that dimension only. One without a
 * divisor in common with the number of values has none in common with any of them. It is odd, too: where zeros were dropped, the number
 * says less of the layout, and halves are the commonest part of one.
 */
function strideOf(count: number, limit: number): number {
  let stride = Math.ceil(count / limit);
  if (stride <= 1) return 1;
  while (stride % 2 === 0 || commonDivisor(count, stride) !== 1) stride += 1;
  return stride;
}

/**
 * How many values `describeDistribution` fits of so many other than 0: at most `limit`, and fewer where the strides of a layout have to be
 * passed by. What the chance of a distance depends on.
 * @param nonZero a whole number from 0. @param limit one from 2; default 50,000.
 * @throws UsageError for other arguments.
 */
export function fittedCount(nonZero: number, limit = usuallyFitted): number {
  if (!Number.isSafeInteger(nonZero) || nonZero < 0) {
    throw new UsageError(`the number of values other than 0 must be a whole number from 0, got ${nonZero}`);
  }
  requireLimit(limit);
  return Math.ceil(nonZero / strideOf(nonZero, limit));
}

/** @throws UsageError unless `limit` is a whole number from 2. */
export function requireLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 2) {
    throw new UsageError(`fitted must be a whole number from 2, got ${limit}`);
  }
}

/** {@link fittedCount} of the values, evenly taken. */
export function thinned(values: Float64Array, limit: number): Float64Array {
  const stride = strideOf(values.length, limit);
  if (stride === 1) return values;
  return Float64Array.from({ length: fittedCount(values.length, limit) }, (_, i) => values[i * stride]);
}
