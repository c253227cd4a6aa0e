/** What the cosine law leaves out because a vector is short. Derivation: docs/theory.md, section 1a. Knows no tensor. */
import { UsageError } from '../core/errors.js';
import { requireSampleSize } from './arguments.js';
import { type CosineCase, noiseFactor, requireCase, stepMoment, stepsToEnd } from './cosine-law.js';
import { overExtremes } from './over-extremes.js';

/**
 * First-order term in 1/n of E[cos] less the law, for noise of power k step^2: the m values that define the step (`symmetric` 1,
 * `minmax` 2) are rounded without error, and noise along W does not turn it, so that
 *   E[1 - cos] ~ E[X/2 (1 - (m + 1 - ends^2/||W||^2)/n)],   X = k n D^2/||W||^2,
 * ends^2 the sum of those m values' squares; E[D^2 ends^2/||W||^4] = E[D^2 ends^2]/(n(n + 2)), as direction and length of a
 * Gaussian vector are independent. To first order in X: good from 4 bits on. Positive: short vectors are turned less.
 * @param options bits 2 to 16, n from 16 to 1e9.
 * @throws UsageError for other arguments.
 */
export function finiteLengthTerm(one: CosineCase): number {
  const { grid, bits, n, rounding } = requireCase(one);
  const k = noiseFactor(rounding);
  const steps = stepsToEnd(grid, bits);
  requireSampleSize(n, 16);
  if (n > 1e9)
    throw new UsageError(`the term is there for up to 1e9 values, got ${n}; it is below 1e-8 there`);
  const exact = grid === 'symmetric' ? 1 : 2;
  const weighted = overExtremes(grid, n, (low, high) => {
    const span = grid === 'symmetric' ? high : high - low;
    return (span / steps) ** 2 * (grid === 'symmetric' ? high * high : low * low + high * high);
  });
  return (k / (2 * n)) * ((exact + 1) * stepMoment(grid, bits, n, 2) - weighted / (n + 2));
}
