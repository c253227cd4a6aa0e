/** How far the axis of a chart of differences reaches, and how little of it arms get that fail. Numbers in, numbers out. */
import type { Estimate } from '../findings/statistics.js';

/** Margins from 0 beyond which a difference is a failure: how large it is matters less than that the others are told apart. */
export const FAR = 10;

/**
 * Ends of an axis with 0, the margin and all means, and their intervals as far as it may reach. An arm that fails, or an interval of two
 * seeds, would press all others into one point: what is far from 0 by {@link FAR} and by what is usual among the arms lies beyond it.
 * @param bad the margin with the sign of what is worse.
 */
export function differenceAxis(differences: readonly Estimate[], bad: number): readonly [number, number] {
  const margin = Math.abs(bad);
  const sizes = differences.map(({ mean }) => Math.abs(mean)).sort((a, b) => a - b);
  const usual = sizes.length === 0 ? 0 : 4 * sizes[Math.floor((sizes.length - 1) / 2)];
  const reach = Math.max(usual, FAR * margin);
  const values = differences
    .filter(({ mean }) => Math.abs(mean) <= reach)
    .flatMap(({ mean, low, high }) => [mean, low, high])
    .filter((value) => Number.isFinite(value))
    .map((value) => Math.min(Math.max(value, -reach), reach));
  const all = [...values, 1.5 * bad, -bad];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low) / 40;
  return [low - room, high + room];
}
