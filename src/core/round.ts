/** Rounding that every backend does alike. Knows nothing of what is rounded. */

/** Nearest integer, ties to even, for |x| < 2^52; NaN and infinities pass. */
export function roundHalfEven(x: number): number {
  // Math.round takes ties upwards; half of those results are odd and belong one lower.
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
