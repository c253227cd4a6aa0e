/**
 * Marks of single values on charts: intervals, and what lies beyond an axis. Places in, SVG text out; knows neither axes nor what is
 * measured.
 */

/** Half the width of a cap and of an arrow, and the length of an arrow, in pixels. */
const [HALF, LENGTH] = [4, 6];

const round = (value: number): string => String(Math.round(value * 100) / 100);

/** `x y` of a point of a line along one axis. */
const placed = (axis: 'x' | 'y', along: number, across: number): string =>
  axis === 'x' ? `${round(along)} ${round(across)}` : `${round(across)} ${round(along)}`;

/** The end of an interval: its place along the axis, and whether the interval goes on beyond it. */
export interface IntervalEnd {
  readonly at: number;
  readonly isCut: boolean;
}

/**
 * An interval's ends within an axis; undefined for one that is wholly beyond it, or is not known. @param low, high places of the ends,
 * in any order. @param edges the axis' ends, the smaller place first.
 */
export function endsWithin(
  low: number,
  high: number,
  [first, last]: readonly [number, number],
): readonly [IntervalEnd, IntervalEnd] | undefined {
  if (Number.isNaN(low) || Number.isNaN(high)) return undefined;
  if (Math.max(low, high) < first || Math.min(low, high) > last) return undefined;
  // What is beyond by less than half a pixel ends there.
  const end = (at: number): IntervalEnd => ({
    at: Math.min(Math.max(at, first), last),
    isCut: at < first - 0.5 || at > last + 0.5,
  });
  return [end(low), end(high)];
}

/** Path of an interval along an axis: a cap where it ends, an arrow where it goes on. @param across its place on the other axis. */
export function intervalPath(
  axis: 'x' | 'y',
  across: number,
  [from, to]: readonly [IntervalEnd, IntervalEnd],
): string {
  const mark = ({ at, isCut }: IntervalEnd, other: IntervalEnd): string => {
    const back = isCut ? at + Math.sign(other.at - at) * LENGTH : at;
    const [one, tip, two] = [
      placed(axis, back, across - HALF),
      isCut ? `L${placed(axis, at, across)}` : '',
      placed(axis, back, across + HALF),
    ];
    return `M${one}${tip}L${two}`;
  };
  const line = `M${placed(axis, from.at, across)}L${placed(axis, to.at, across)}`;
  return `${line}${mark(from, to)}${mark(to, from)}`;
}

/** Path of a filled triangle that points out of an axis at `edge`: the value itself lies beyond. @param direction -1 or 1, along the axis. */
export function beyondPath(axis: 'x' | 'y', edge: number, across: number, direction: number): string {
  const back = edge - direction * (LENGTH + 2);
  return `M${placed(axis, edge, across)}L${placed(axis, back, across - HALF - 1)}L${placed(axis, back, across + HALF + 1)}Z`;
}
