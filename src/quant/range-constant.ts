/**
 * c(n): what turns the range of n values into an estimate of their standard deviation in Range BN, with the expected
 * range of a Gaussian sample by numerical integration. Knows numbers only.
 */
import { UsageError } from '../core/errors.js';
import { erf, exp, log } from '../core/math.js';
import type { NormSpec } from './recipe.js';

const cache = new Map<number, number>();

function checkCount(n: number): void {
  if (!Number.isInteger(n) || n < 2) {
    throw new UsageError(
      `the range of ${n} values says nothing of their spread: n must be a whole number from 2`,
    );
  }
}

/** Where the distribution function's distance from 1 has too few digits for the power n. */
const mostValues = 1e9;

/**
 * d2(n) = E[max - min] / sigma of n independent normal values = integral of 1 - F(x)^n - (1 - F(x))^n over the real line
 * (L. H. C. Tippett, Biometrika 17, 1925), F the normal distribution function. Accurate to 1e-9 up to n = 1e7, to 1e-6 up to 1e9.
 * @throws UsageError unless n is a whole number from 2 to 1e9.
 */
export function d2(n: number): number {
  checkCount(n);
  if (n > mostValues) {
    throw new UsageError(`the expected range is there for up to 1e9 values, got ${n}`);
  }
  const known = cache.get(n);
  if (known !== undefined) return known;
  // The integrand is even, smooth and below 1e-9 beyond 9: the trapezoid rule converges faster than any power of the step.
  const step = 1 / 32;
  let sum = 0;
  for (let x = 9; x >= 0; x -= step) {
    const above = 0.5 * (1 - erf(x * Math.SQRT1_2));
    const outside = exp(n * log(1 - above)) + exp(n * log(above));
    sum += (x === 0 ? 1 : 2) * (1 - outside);
  }
  const value = sum * step;
  cache.set(n, value);
  return value;
}

/** Factor on the paper's constant in the authors' published code: 0.35 * 0.5 * (1 + sqrt(pi ln 4)) = 0.5402. */
const publishedFactor = 0.35 * 0.5 * (1 + Math.sqrt(Math.PI * log(4)));

/**
 * c(n) of Range BN, so that sigma is about c(n) * (max - min) of n values: `d2` 1/d2(n), exact for a Gaussian; `paper`
 * 1/sqrt(2 ln n) as printed; `published-code` 0.5402 of that.
 * @throws UsageError unless n is a whole number from 2 (`d2`: to 1e9), or for another name.
 */
export function rangeConstant(kind: NormSpec['constant'], n: number): number {
  checkCount(n);
  if (kind === 'd2') return 1 / d2(n);
  const asPrinted = 1 / Math.sqrt(2 * log(n));
  if (kind === 'paper') return asPrinted;
  if (kind === 'published-code') return publishedFactor * asPrinted;
  throw new UsageError(
    `there is no constant "${String(kind)}" of Range BN; use "d2", "paper" or "published-code"`,
  );
}
