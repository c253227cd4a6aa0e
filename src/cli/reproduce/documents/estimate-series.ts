/** Means with their intervals as a curve of a chart. Estimates in, series out. */
import type { Series } from '../../report-svg.js';
import type { Estimate } from '../findings/statistics.js';

/** A named line through the means, and dots with the intervals that there are; none without an estimate. */
export function estimateSeries(
  name: string,
  color: number,
  found: readonly { readonly x: number; readonly value: Estimate }[],
): Series[] {
  if (found.length === 0) return [];
  const points = found.map(({ x, value }) => [x, value.mean] as const);
  const intervals = found
    .filter(({ value }) => value.n > 1)
    .map(({ x, value }) => [x, value.low, value.high] as const);
  return [
    { name, color, points },
    { name: '', color, points, dots: true, intervals },
  ];
}
