/**
 * What is left of a Gaussian vector's direction in one bit (its signs) and in three levels (-1, 0, 1): exact for finite n,
 * where that is possible, and in the limit. Proofs: docs/theory.md.
 */
import { UsageError } from '../core/errors.js';
import { requirePositive, requireSampleSize } from './arguments.js';
import { normalDensity, normalTail } from './gaussian.js';

/**
 * Gamma(x + 1/2)/Gamma(x) for x > 0, relative error below 1e-13. Not by exp(lnGamma(x + 1/2) - lnGamma(x)): for x = 5e5 both
 * logarithms are 6e6 and their difference loses seven digits. Instead by its asymptotic series in 1/x (Tricomi & Erdelyi,
 * Pacific J. Math. 1, 1951) from x = 64 on, and below that by Gamma(x + 1) = x Gamma(x).
 * @throws UsageError unless x is finite and above 0.
 */
export function halfStepGammaRatio(x: number): number {
  requirePositive('x', x);
  let factor = 1;
  let at = x;
  while (at < 64) {
    factor *= at / (at + 0.5);
    at += 1;
  }
  const y = 1 / at;
  const series =
    1 +
    y *
      (-1 / 8 +
        y * (1 / 128 + y * (5 / 1024 + y * (-21 / 32768 + y * (-399 / 262144 + (y * 869) / 4194304)))));
  return factor * Math.sqrt(at) * series;
}

/**
 * E||w||_2 of n independent standard normal values, the mean of the chi distribution: sqrt 2 Gamma((n + 1)/2)/Gamma(n/2).
 * @throws UsageError unless n is a whole number from 1 to 1e15.
 */
export function expectedNorm(n: number): number {
  requireSampleSize(n);
  return Math.SQRT2 * halfStepGammaRatio(n / 2);
}

/**
 * E[||w||_1/||w||_2] for n independent Gaussian values of mean 0 and any common sigma, without approximation:
 * n/sqrt(pi) * Gamma(n/2)/Gamma((n + 1)/2). Direction w/||w||_2 and length ||w||_2 of such a vector are independent, so from
 * ||w||_1 = ||w||_2 * (||w||_1/||w||_2) the mean of the ratio is the ratio of the means: E||w||_1 = n sqrt(2/pi) and
 * E||w||_2 = sqrt 2 Gamma((n + 1)/2)/Gamma(n/2). No Jensen, and no limit.
 * @throws UsageError unless n is a whole number from 1 to 1e15.
 */
export function expectedNormRatio(n: number): number {
  requireSampleSize(n);
  return (n * signCosineLimit) / expectedNorm(n);
}

/**
 * E cos(w, sign w) = E[||w||_1/||w||_2]/sqrt n = sqrt(n/pi) Gamma(n/2)/Gamma((n + 1)/2): 1 for n = 1, 0.9003 for n = 2,
 * sqrt(2/pi) (1 + 1/(4n) + ...) for large n.
 * @throws UsageError unless n is a whole number from 1 to 1e15.
 */
export function expectedSignCosine(n: number): number {
  return expectedNormRatio(n) / Math.sqrt(n);
}

/** Limit of {@link expectedSignCosine}: sqrt(2/pi) = 0.7979, 37.07 degrees. */
export const signCosineLimit = Math.sqrt(2 / Math.PI);

/**
 * cos(w, t(w)) of a long Gaussian vector with t(w) = sign(w) where |w| > threshold (in sigma), else 0:
 * E[|w|; |w| > h]/sqrt(P(|w| > h)) = 2 phi(h)/sqrt(2 Q(h)). A limit: for finite n it is the ratio of the means.
 * @throws UsageError for a threshold below 0 or above 37, where doubles have nothing left.
 */
export function ternaryCosine(threshold: number): number {
  requirePositive('the threshold', threshold, true);
  if (threshold > 37) throw new UsageError(`the threshold must be at most 37 sigma, got ${threshold}`);
  return (2 * normalDensity(threshold)) / Math.sqrt(2 * normalTail(threshold));
}

/** The best three levels {-a, 0, a} for a long Gaussian vector; see {@link bestTernary}. */
export interface TernaryOptimum {
  /** In sigma: 0.6120. Values below it become 0. */
  readonly threshold: number;
  /** The scale a of a*{-1, 0, 1} that is nearest to w; twice the threshold. */
  readonly scale: number;
  /** 0.8999. */
  readonly cosine: number;
  /** 25.9 degrees. */
  readonly degrees: number;
}

/**
 * The best three levels for a long Gaussian vector. The derivative of ln(2 phi/sqrt(2 Q)) is -h + r(h)/2, r = phi/Q. It is 0.4 at 0
 * and falls everywhere, as r' = r (r - h) = 1 - Var(w given w > h) < 1, so that it has one zero, the only maximum: the optimum has
 * h = E[|w| given |w| > h]/2, half the mean of what is kept. So it is also where rounding to the nearest of {-a, 0, a} puts the
 * threshold (a/2) when a is chosen best: the two problems have one solution (Lloyd's conditions).
 */
export function bestTernary(): TernaryOptimum {
  let [low, high] = [0, 2];
  // h - phi/(2Q) rises everywhere, from -0.4 at 0 to 0.8 at 2.
  for (let i = 0; i < 60; i++) {
    const h = (low + high) / 2;
    if (h < normalDensity(h) / (2 * normalTail(h))) low = h;
    else high = h;
  }
  const threshold = (low + high) / 2;
  const cosine = ternaryCosine(threshold);
  return { threshold, scale: 2 * threshold, cosine, degrees: (Math.acos(cosine) * 180) / Math.PI };
}
