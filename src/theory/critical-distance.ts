/**
 * What the distances of {@link fitDistributions} stay below by chance, where the sample does come from the family that was fitted to it.
 * A fit takes up part of what chance would leave, so these are smaller than for a distribution that was fixed beforehand (Kolmogorov's
 * 1.36/sqrt(n)). The one place of these constants.
 */
import { UsageError } from '../core/errors.js';
import { type FamilyName, requireFamily } from './fit.js';

/**
 * sqrt(n) times the KS distance that 95 of 100 samples of n stay below, for large n. In brackets what scripts/theory-ks.mjs finds for
 * n = 1000 in 10,000 draws, with its 95 % interval.
 * - `gaussian`, mean and deviation fitted: 0.895 (Stephens 1974; Lilliefors 1967 had 0.886) [0.906, 0.896 to 0.915].
 * - `laplace`, median and scale fitted by maximum likelihood: that simulation's, rounded [0.933, 0.924 to 0.944].
 * - `log-normal`: the logarithms of values of one sign are Gaussian [0.909, 0.901 to 0.916]. With both signs, whose shares are fitted
 *   too, it is 0.886 (0.877 to 0.895) at the least, where half are negative; the Gaussian's serves.
 */
const asymptotic: Readonly<Record<FamilyName, number>> = {
  gaussian: 0.895,
  laplace: 0.935,
  'log-normal': 0.895,
};

/**
 * The KS distance from a fitted distribution of the family that 95 of 100 samples of `n` independent values of it stay below. For
 * finite n by Stephens' correction for the Gaussian, divided by sqrt(n) - 0.01 + 0.85/sqrt(n), which serves the others, too: for n = 144 that
 * simulation is within 3 % of it for all three.
 * @param n values that were fitted, from 5. @throws UsageError for fewer, or an unknown family.
 */
export function ksCritical(family: FamilyName, n: number): number {
  requireFamily(family);
  return asymptotic[family] / (Math.sqrt(checked(n)) - 0.01 + 0.85 / Math.sqrt(n));
}

/**
 * Anderson and Darling's A^2/n from a fitted Gaussian that 95 of 100 samples of `n` independent Gaussian values stay below:
 * n A^2/n (1 + 0.75/n + 2.25/n^2) = 0.752 (Stephens 1974). @throws UsageError for n below 5.
 */
export function andersonDarlingCritical(n: number): number {
  return 0.752 / (checked(n) * (1 + 0.75 / n + 2.25 / n ** 2));
}

function checked(n: number): number {
  if (!(n >= 5)) throw new UsageError(`a critical distance is known for samples from 5 values, got ${n}`);
  return n;
}
