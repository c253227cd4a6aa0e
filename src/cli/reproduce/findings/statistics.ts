/**
 * Means with Student's t-intervals and the verdict by rule. Knows numbers alone: differences are those of an arm to its baseline
 * under the same seed.
 */

/** Share of Student's t distribution with `freedom` degrees (whole, from 1) within +-t: finite sums, Abramowitz and Stegun 26.7.3-4. */
export function studentCentralShare(t: number, freedom: number): number {
  const angle = Math.atan2(t, Math.sqrt(freedom));
  const [sine, cosineSquared] = [Math.sin(angle), Math.cos(angle) ** 2];
  let term = freedom % 2 === 0 ? 1 : Math.cos(angle);
  let sum = 0;
  for (let k = freedom % 2 === 0 ? 2 : 3; k <= freedom; k += 2) {
    sum += term;
    term *= (cosineSquared * (k - 1)) / k;
  }
  return freedom % 2 === 0 ? sine * sum : (2 / Math.PI) * (angle + sine * sum);
}

/** t with that share of the distribution within +-t, `share` in (0, 1), by bisection to the last bits. */
export function studentQuantile(share: number, freedom: number): number {
  if (!(share > 0 && share < 1) || !Number.isInteger(freedom) || freedom < 1) {
    throw new RangeError(
      `Student's t needs a share within 0 and 1 and whole degrees of freedom from 1, got ${share} and ${freedom}`,
    );
  }
  let [low, high] = [0, 1];
  while (studentCentralShare(high, freedom) < share) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentCentralShare(middle, freedom) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Mean of some numbers with its 95 % t-interval, infinitely wide for one number. */
export interface Estimate {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation; NaN for one number. */
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

/** Undefined for no numbers. */
export function estimate(values: readonly number[]): Estimate | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1)
    return {
      n,
      mean,
      deviation: Number.NaN,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const reach = (studentQuantile(0.95, n - 1) * deviation) / Math.sqrt(n);
  return { n, mean, deviation, low: mean - reach, high: mean + reach };
}

/** Two-sided p of the t-test that the mean is 0; undefined for one number, which has no spread. */
export function chanceOfZero({ n, mean, deviation }: Estimate): number | undefined {
  if (n < 2) return undefined;
  if (deviation === 0) return mean === 0 ? 1 : 0;
  return 1 - studentCentralShare((Math.abs(mean) * Math.sqrt(n)) / deviation, n - 1);
}

/** One-sided p of the t-test that the mean is at most `bound`; undefined for one number. */
export function chanceOfAtMost({ n, mean, deviation }: Estimate, bound: number): number | undefined {
  const chance = chanceOfZero({ n, mean: mean - bound, deviation, low: 0, high: 0 });
  return chance === undefined ? undefined : mean > bound ? chance / 2 : 1 - chance / 2;
}

/**
 * Which of some tests stand when all of them are judged together: with those marked true, the chance that one or more of them is
 * false is at most `level` (Holm 1979, "A simple sequentially rejective multiple test procedure").
 * @param chances their p. @returns in the order given.
 */
export function standTogether(chances: readonly number[], level = 0.05): boolean[] {
  const order = chances.map((_, i) => i).sort((a, b) => chances[a] - chances[b]);
  const fails = order.findIndex((at, i) => chances[at] > level / (chances.length - i));
  const stands = new Set(fails < 0 ? order : order.slice(0, fails));
  return chances.map((_, i) => stands.has(i));
}

/** What a difference says. */
export type VerdictKind = 'no loss' | 'loss' | 'not settled' | 'not run';

/** Seeds from which on a difference says anything: the interval of two that happen to agree is very narrow. */
export const enoughSeeds = 3;

/**
 * The rule, for differences of which more is better: "no loss" if the interval's lower end is above -margin, "loss" if its upper end
 * is below 0, else "not settled", as is what fewer than {@link enoughSeeds} seeds say.
 */
export function verdictOf(difference: Estimate | undefined, margin: number): VerdictKind {
  if (!difference) return 'not run';
  if (difference.n < enoughSeeds) return 'not settled';
  if (difference.low > -margin) return 'no loss';
  return difference.high < 0 ? 'loss' : 'not settled';
}
