/** Means over the joint distribution of the extremes of n Gaussian values. Knows nothing of quantisation but which extremes a grid has. */
import type { Grid } from './cosine-law.js';
import { normalDensity, normalTail, normalTailInverse, quadrature } from './gaussian.js';

/** Probability that is left out at each end of the distribution of an extreme value. */
const leftOut = 1e-10;

/** Nodes for the maximum of n values of which each exceeds x with probability factor*Q(x): [P near 0, P near 1]. */
function extremeNodes(n: number, factor: number): { x: number; weight: number }[] {
  // P(max <= x) = (1 - factor Q(x))^n = p.
  const quantile = (p: number): number =>
    -Math.expm1(Math.log(p) / n) / factor >= 0.5
      ? factor === 2
        ? 0
        : -normalTailInverse(Math.exp(Math.log(p) / n))
      : normalTailInverse(-Math.expm1(Math.log(p) / n) / factor);
  return quadrature(quantile(leftOut), quantile(1 - leftOut), 3);
}

/**
 * The mean of something over the exact joint distribution of the extremes of n Gaussian values: `low` and `high` are the smallest
 * and the largest value (`symmetric`: -max|W| and max|W|). n from 16 to 1e9, which the caller checks. `what` must be the same for
 * low, high and for -high, -low. By 48 nodes an extreme: error below 1e-8 for what is as smooth as the cosines of this folder.
 */
export function overExtremes(grid: Grid, n: number, what: (low: number, high: number) => number): number {
  let [total, weights] = [0, 0];
  const add = (weight: number, low: number, high: number): void => {
    total += weight * what(low, high);
    weights += weight;
  };
  if (grid === 'symmetric') {
    for (const { x: max, weight } of extremeNodes(n, 2)) {
      add(weight * normalDensity(max) * Math.exp((n - 1) * Math.log1p(-2 * normalTail(max))), -max, max);
    }
    return total / weights;
  }
  // The minimum's distribution is the maximum's mirrored; together they have the density n(n-1) phi phi (F - F)^(n-2).
  const nodes = extremeNodes(n, 1);
  nodes.forEach((one, i) => {
    // A pair and its mirror image are alike: each pair once.
    for (const other of nodes.slice(0, i + 1)) {
      if (-other.x >= one.x) continue;
      const inside = Math.exp((n - 2) * Math.log1p(-normalTail(one.x) - normalTail(other.x)));
      const weight = one.weight * other.weight * normalDensity(one.x) * normalDensity(other.x) * inside;
      add(other === one ? weight : 2 * weight, -other.x, one.x);
    }
  });
  return total / weights;
}
