/**
 * The standard normal distribution with small tails, and integrals by Gauss and Legendre's rule. Knows nothing of
 * quantisation. `Math.log1p` and its like are the engine's here: no bit of a training run depends on this folder.
 */
import { UsageError } from '../core/errors.js';
import { erf } from '../core/math.js';

const sqrtTwoPi = Math.sqrt(2 * Math.PI);

/** phi(x) = exp(-x^2/2)/sqrt(2 pi). */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / sqrtTwoPi;
}

/**
 * Q(x) = P(W > x) of a standard normal W, with a relative error below 1e-12 for x <= 37, beyond which it is 0 in doubles.
 * By erf up to 2.8; above by the continued fraction Q(x) = phi(x)/(x + 1/(x + 2/(x + 3/...))) (Laplace 1805), since 1 - erf
 * has lost its digits there.
 */
export function normalTail(x: number): number {
  if (x < 2.8) return 0.5 * (1 - erf(x * Math.SQRT1_2));
  let fraction = x;
  // As many terms as doubles tell from thousands: 66 at 2.8, 12 at 12.
  for (let k = Math.ceil(8 + 450 / (x * x)); k >= 1; k--) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}

/**
 * x with Q(x) = p; by bisection to the last bits, as it is called a few times.
 * @param p 1e-299 (37 sigma) to 0.5; for a larger one take -normalTailInverse(1 - p).
 * @throws UsageError for another p.
 */
export function normalTailInverse(p: number): number {
  if (!(p >= 1e-299 && p <= 0.5)) {
    throw new UsageError(`the probability of a tail must be 1e-299 to 0.5, got ${p}`);
  }
  let low = 0;
  let high = 38;
  for (let i = 0; i < 60; i++) {
    const middle = 0.5 * (low + high);
    if (normalTail(middle) > p) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

export interface QuadratureNode {
  readonly x: number;
  readonly weight: number;
}

const order = 16;

/** Roots of the Legendre polynomial of degree 16 and their weights on [-1, 1], by Newton's method. */
const legendre: readonly QuadratureNode[] = Array.from({ length: order }, (_, i) => {
  let x = Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
  let slope = 1;
  for (let round = 0; round < 20; round++) {
    let [before, value] = [1, x];
    for (let k = 2; k <= order; k++)
      [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
    slope = (order * (before - x * value)) / (1 - x * x);
    x -= value / slope;
  }
  return { x, weight: 2 / ((1 - x * x) * slope * slope) };
});

/** Nodes and weights of Gauss and Legendre's rule with 16 nodes in each of `panels` equal parts of [low, high]. */
export function quadrature(low: number, high: number, panels: number): QuadratureNode[] {
  const half = (high - low) / (2 * panels);
  const nodes: QuadratureNode[] = [];
  for (let panel = 0; panel < panels; panel++) {
    const middle = low + (2 * panel + 1) * half;
    for (const { x, weight } of legendre) nodes.push({ x: middle + half * x, weight: half * weight });
  }
  return nodes;
}

/** Integral of `f` over [low, high] by {@link quadrature}. */
export function integrate(f: (x: number) => number, low: number, high: number, panels: number): number {
  return quadrature(low, high, panels).reduce((sum, { x, weight }) => sum + weight * f(x), 0);
}

/** A Gaussian's mass, first and second moment over [a, b], a <= b; either end may be infinite. */
export interface CellMoments {
  /** P(a < W < b). */
  readonly mass: number;
  /** E[W; a < W < b] = phi(a) - phi(b). */
  readonly first: number;
  /** E[W^2; a < W < b] = mass + a phi(a) - b phi(b). */
  readonly second: number;
}

/** Moments over a cell of how far W lies above its start: linear interpolation between the cell's ends is made of them. */
export interface RiseMoments {
  /** E[W - a; a < W < b]. */
  readonly rise: number;
  /** E[W (W - a); a < W < b]. */
  readonly riseFirst: number;
}

/**
 * Whether one panel of 16 nodes integrates the density over [a, b] to the last digits: it is near exp(-a x) there. Over wider cells the
 * closed forms do; over these they are differences of nearly equal numbers.
 */
function isNarrow(a: number, b: number): boolean {
  return (b - a) * Math.max(1, Math.abs(a), Math.abs(b)) <= 1;
}

function requireOrdered(a: number, b: number): void {
  if (!(a <= b)) throw new UsageError(`a cell goes from its lower to its upper end, got ${a} to ${b}`);
}

/** Integral of phi(x) f(x, x - a) over a narrow cell. */
function overNarrow(a: number, b: number, f: (x: number, rise: number) => number): number {
  const half = (b - a) / 2;
  let sum = 0;
  for (const { x: node, weight } of legendre) {
    const rise = half * (1 + node);
    sum += weight * normalDensity(a + rise) * f(a + rise, rise);
  }
  return half * sum;
}

/**
 * P(a < W < b) with its digits: of far cells from the nearer tail, of narrow ones as an integral.
 * @throws UsageError unless a <= b.
 */
export function normalMass(a: number, b: number): number {
  requireOrdered(a, b);
  if (isNarrow(a, b)) return overNarrow(a, b, () => 1);
  if (a > 0) return normalTail(a) - normalTail(b);
  if (b < 0) return normalTail(-b) - normalTail(-a);
  return 1 - normalTail(-a) - normalTail(b);
}

/** Moments of a standard normal over one cell (integration by parts: phi' = -x phi). @throws UsageError unless a <= b. */
export function cellMoments(a: number, b: number): CellMoments {
  const mass = normalMass(a, b);
  if (isNarrow(a, b)) {
    // Far out nothing is left, and a square that a double cannot hold is no reason to say otherwise.
    const second = mass === 0 ? 0 : overNarrow(a, b, (x) => x * x);
    return { mass, first: overNarrow(a, b, (x) => x), second };
  }
  const [atA, atB] = [normalDensity(a), normalDensity(b)];
  // 0 * infinity is 0 here: x phi(x) vanishes at both ends.
  const ends = (Number.isFinite(a) ? a * atA : 0) - (Number.isFinite(b) ? b * atB : 0);
  return { mass, first: atA - atB, second: mass + ends };
}

/** {@link RiseMoments} of [a, b], both finite, of which the caller has the other moments. */
export function riseMoments(a: number, b: number, { mass, first, second }: CellMoments): RiseMoments {
  return isNarrow(a, b)
    ? { rise: overNarrow(a, b, (_, rise) => rise), riseFirst: overNarrow(a, b, (x, rise) => x * rise) }
    : { rise: first - a * mass, riseFirst: second - a * first };
}
