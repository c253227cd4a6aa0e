/**
 * How far the largest of n Gaussian values lies out: moments of max|W| and of the range max W - min W, for the n at hand,
 * by integration. sigma = 1 throughout; multiply by sigma^k. They give the step of a quantiser that covers all values.
 */
import { UsageError } from '../core/errors.js';
import { d2 } from '../quant/range-constant.js';
import { requireSampleSize } from './arguments.js';
import { integrate, normalDensity, normalTail, quadrature } from './gaussian.js';

/** Beyond 12 a Gaussian value has probability 4e-33, and n is at most 1e15. */
const far = 12;

/** Order k of a moment E[x^k]. */
export type MomentOrder = 1 | 2 | 4;

function checkOrder(order: number): void {
  if (order !== 1 && order !== 2 && order !== 4) {
    throw new UsageError(`moments are there for the orders 1, 2 and 4, got ${order}`);
  }
}

function remembered<Value>(compute: (n: number) => Value): (n: number) => Value {
  const known = new Map<number, Value>();
  return (n) => {
    let value = known.get(n);
    if (value === undefined) {
      value = compute(n);
      known.set(n, value);
    }
    return value;
  };
}

type Moments = Readonly<Record<MomentOrder, number>>;

/**
 * P(max|W| > t) = 1 - (1 - 2 Q(t))^n, without losing digits where it is small; 1 for a t below 0.
 * @throws UsageError unless n is a whole number from 1 to 1e15 and t a number.
 */
export function maxAbsTail(n: number, t: number): number {
  requireSampleSize(n);
  if (Number.isNaN(t)) throw new UsageError('t must be a number, got NaN');
  if (t <= 0) return 1;
  return -Math.expm1(n * Math.log1p(-2 * normalTail(t)));
}

/** Integrals of k t^(k-1) P(x > t) over t > 0, which are E[x^k]; the tails are the dear part. */
function momentsOf(tail: (t: number) => number, end: number, panels: number): Moments {
  const nodes = quadrature(0, end, panels).map(({ x: t, weight }) => ({ t, weight: weight * tail(t) }));
  const moment = (order: MomentOrder): number =>
    nodes.reduce((sum, { t, weight }) => sum + weight * order * t ** (order - 1), 0);
  return { 1: moment(1), 2: moment(2), 4: moment(4) };
}

const maxAbsMoments = remembered((n) => momentsOf((t) => maxAbsTail(n, t), far, 48));

/**
 * E[max|W|^k] of n independent standard normal values = integral over t > 0 of k t^(k-1) P(max|W| > t), relative error
 * below 1e-9.
 * @param n 1 to 1e15. @param order k: 1, 2 or 4.
 * @throws UsageError for another n or order.
 */
export function maxAbsMoment(n: number, order: MomentOrder): number {
  requireSampleSize(n);
  checkOrder(order);
  return maxAbsMoments(n)[order];
}

/**
 * E[max|W|] of n independent standard normal values. The often used sqrt(2 ln n) is its limit only: 6.8 % above at n =
 * 1e4, 5.2 % at 1e6 (docs/theory.md). Closed forms: sqrt(2/pi) for n = 1, 2/sqrt(pi) for n = 2.
 * @throws UsageError unless n is a whole number from 1 to 1e15.
 */
export function expectedMaxAbs(n: number): number {
  return maxAbsMoment(n, 1);
}

/**
 * E[max W - min W] of n independent standard normal values: {@link d2}, which Range BN uses. Relative error below 1e-6.
 * @throws UsageError unless n is a whole number from 2 to 1e9, where d2's own arithmetic ends.
 */
export function expectedRange(n: number): number {
  requireSampleSize(n, 2);
  return d2(n);
}

/** P(range > r) = 1 - n * integral of phi(x) (F(x + r) - F(x))^(n-1) dx, x being the minimum (Tippett 1925). */
function rangeTail(n: number, r: number): number {
  const inside = integrate(
    (x) => normalDensity(x) * Math.exp((n - 1) * Math.log1p(-(normalTail(-x) + normalTail(x + r)))),
    -far,
    far,
    32,
  );
  return 1 - n * inside;
}

const rangeMoments = remembered((n) => momentsOf((r) => rangeTail(n, r), 2 * far, 24));

/**
 * E[(max W - min W)^k] = integral over r > 0 of k r^(k-1) P(range > r), relative error below 1e-6. About half a second for a new n.
 * @param n 2 to 1e9. @param order k: 1, 2 or 4.
 * @throws UsageError for another n or order.
 */
export function rangeMoment(n: number, order: MomentOrder): number {
  requireSampleSize(n, 2);
  checkOrder(order);
  if (n > 1e9) throw new UsageError(`moments of the range are there for up to 1e9 values, got ${n}`);
  return rangeMoments(n)[order];
}
