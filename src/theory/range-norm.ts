/**
 * Range BN's scale (quant/range-constant.ts) against the standard deviation it stands for: what each of the three constants
 * makes of Gaussian values, how much the estimate scatters, and what a sample at hand says.
 */
import { DataError, UsageError } from '../core/errors.js';
import { d2, rangeConstant } from '../quant/range-constant.js';
import type { NormSpec } from '../quant/recipe.js';
import { rangeMoment } from './extremes.js';

type Constant = NormSpec['constant'];

/**
 * Mean of Range BN's scale over sigma for chunks of n Gaussian values: c(n) d2(n). 1 for `d2` by definition; about 1.8 for
 * `paper` (outputs of standard deviation 0.55); 0.81 to 1.00 for `published-code`, as n goes from 16 to 1e6.
 * @throws UsageError unless n is a whole number from 2 to 1e9, or for another constant.
 */
export function rangeScale(constant: Constant, n: number): number {
  return rangeConstant(constant, n) * d2(n);
}

/**
 * Coefficient of variation of Range BN's scale, the mean over `chunks` chunks of n Gaussian values each:
 * sqrt(Var range)/(d2(n) sqrt(chunks)), the same for all three constants. Batch norm's is 1/sqrt(2 n chunks).
 * @throws UsageError unless n is a whole number from 2 to 1e9 and chunks one from 1.
 */
export function rangeScaleVariation(n: number, chunks: number): number {
  requireChunks(chunks);
  const mean = d2(n);
  return Math.sqrt((rangeMoment(n, 2) - mean * mean) / chunks) / mean;
}

function requireChunks(chunks: number): void {
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new UsageError(`chunks must be a whole number from 1, got ${chunks}`);
  }
}

/**
 * Range BN's scale of a sample over its standard deviation (divisor n): 1 where 1/d2 fits. The values fall in order into
 * `chunks` chunks as equal as can be, chunk k being floor(k*n/chunks) .. floor((k+1)*n/chunks)-1.
 * @throws UsageError for chunks that leave one less than two values, or another constant; DataError for values that are all equal or not finite.
 */
export function measuredRangeScale(values: ArrayLike<number>, chunks: number, constant: Constant): number {
  requireChunks(chunks);
  const n = values.length;
  if (Math.floor(n / chunks) < 2) {
    throw new UsageError(`${n} values in ${chunks} chunks leave a chunk less than two, which has no range`);
  }
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(values[i]));
  // In units of the largest, so that no square is beyond what a double holds.
  const unit = largest > 0 ? largest : 1;
  let [scale, sum] = [0, 0];
  for (let k = 0; k < chunks; k++) {
    const [first, last] = [Math.floor((k * n) / chunks), Math.floor(((k + 1) * n) / chunks)];
    let [min, max] = [Infinity, -Infinity];
    for (let i = first; i < last; i++) {
      const value = values[i] / unit;
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    scale += (rangeConstant(constant, last - first) * (max - min)) / chunks;
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] / unit - mean) ** 2;
  if (!(squares > 0) || !Number.isFinite(squares)) {
    throw new DataError('values that are all equal or not finite have no spread to compare with');
  }
  return scale / Math.sqrt(squares / n);
}
