import { describe, expect, it } from 'vitest';
import {
  barChart,
  decadeTicks,
  escapeText,
  lineChart,
  logTicks,
  niceTicks,
  type Point,
  smooth,
  standaloneSvg,
} from './report-svg.js';

describe('niceTicks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 938, [0, 200, 400, 600, 800]],
    [0.8, 1, [0.8, 0.85, 0.9, 0.95, 1]],
    [-3, 2, [-3, -2, -1, 0, 1, 2]],
    [5, 5, [5]],
    // Where floats have no round numbers between, and counting up by one stands still.
    [1e16, 1e16 + 2, [1e16, 1e16 + 2]],
    [1, 1 + 2 ** -50, [1, 1 + 2 ** -50]],
    [-1e308, 1e308, [-1e308, 1e308]],
    [0, Number.POSITIVE_INFINITY, [0, Number.POSITIVE_INFINITY]],
    [0, 5e-324, [0, 5e-324]],
  ])('%d to %d', (low, high, ticks) => {
    expect(niceTicks(low, high)).toEqual(ticks);
  });
});

describe('smooth', () => {
  const ramp: Point[] = Array.from({ length: 1000 }, (_, i) => [i, 2 * i]);

  it('keeps a straight line up to its last half window, thins it, and keeps both ends', () => {
    const smoothed = smooth(ramp, 20, 100);
    expect(smoothed.length).toBeLessThanOrEqual(102);
    expect(smoothed[0]).toEqual([0, 0]);
    for (const [x, y] of smoothed.filter(([x]) => x < 990)) expect(y).toBeCloseTo(2 * x, 9);
    // The mean of 989 to 999.
    expect(smoothed[smoothed.length - 1]).toEqual([999, 1988]);
  });

  it('does not end with the noise of the last point', () => {
    const noise: Point[] = Array.from({ length: 100 }, (_, i) => [i, i === 99 ? 12 : 1]);
    expect(smooth(noise, 20)[99]).toEqual([99, 2]);
  });

  it('is the mean over the window', () => {
    expect(
      smooth(
        [0, 3, 0, 3, 0].map((y, i): Point => [i, y]),
        2,
      ),
    ).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 1],
      [4, 1.5],
    ]);
    expect(smooth([], 5)).toEqual([]);
  });
});

describe('charts', () => {
  const chart = { title: 'a < b', xLabel: 'step', yLabel: 'loss' };

  it('escapes every text and labels axes and ends of lines', () => {
    const svg = lineChart({
      ...chart,
      series: [
        {
          name: '<i>"int8"',
          color: 2,
          points: [
            [0, 1],
            [10, 3],
          ],
        },
      ],
    });
    expect(svg).toContain('a &#60; b');
    expect(svg).toContain('&#60;i&#62;&#34;int8&#34;</text>');
    expect(svg).not.toContain('<i>');
    for (const text of ['>step<', '>loss<', '>10<', '>1.5<']) expect(svg).toContain(text);
    expect(svg).toMatch(/<path class="c2 line" [^>]*d="M62 256L544 34"/);
  });

  it('leaves out what is not finite, and says nothing without points', () => {
    const points: Point[] = [
      [0, 1],
      [1, Number.NaN],
      [2, 2],
    ];
    expect(lineChart({ ...chart, series: [{ name: 'x', color: 0, points }] })).not.toContain('NaN');
    expect(lineChart({ ...chart, series: [{ name: 'x', color: 0, points: [] }] })).toBe('');
  });

  it('has logarithmic axes, intervals and a form for files', () => {
    const points: Point[] = [
      [1, 1e-4],
      [10, 1e-2],
      [100, 1],
      [0, 1],
    ];
    const svg = lineChart({
      ...chart,
      xLog: true,
      yLog: true,
      series: [{ name: 'x', color: 0, points, dots: true, intervals: [[10, 1e-3, 1e-1]] }],
    });
    // The middle of both axes, with a bar over half of the height (222) about it.
    expect(svg).toContain('<circle class="f0 dot" cx="303" cy="145"');
    expect(svg).toContain('d="M303 200.5V89.5');
    for (const text of ['>0.0001<', '>0.01<', '>100<']) expect(svg).toContain(text);
    expect(svg.match(/<circle/g)).toHaveLength(3);
    const file = standaloneSvg(svg, '.f0{fill:red}');
    expect(file).toMatch(/^<svg xmlns="[^"]*" viewBox="[^>]*><style>.f0{fill:red}<\/style><rect /);
    expect(decadeTicks(1e-9, 1e9)).toEqual([1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9]);
  });

  it('has more ticks where a logarithmic axis has few powers of ten', () => {
    expect(logTicks(1, 100)).toEqual([1, 10, 100]);
    expect(logTicks(1.5, 90)).toEqual([2, 5, 10, 20, 50]);
    expect(logTicks(0.3, 0.45)).toEqual([]);
  });

  it('has its names at the edge where it is asked to, and a clip for each frame', () => {
    const ends = (namesAtEdge: boolean): string[] => {
      const series = [10, 5].map((end, color) => ({
        ...{ name: `to ${end}`, color },
        points: [0, end].map((x): Point => [x, x]),
      }));
      const svg = lineChart({ ...chart, series, namesAtEdge });
      return [...svg.matchAll(/ end" x="([\d.]+)"/g)].map(([, x]) => x);
    };
    expect(ends(false)).toEqual(['553', '312']);
    expect(ends(true)).toEqual(['553', '553']);
    const clipOf = (name: string): string | undefined => {
      const series = [{ name, color: 0, points: [0, 1].map((x): Point => [x, x]) }];
      const svg = lineChart({ ...chart, series });
      const [, id] = /<clipPath id="([^"]+)"/.exec(svg) ?? [];
      expect(svg).toContain(`clip-path="url(#${id})"`);
      return id;
    };
    expect(clipOf('short')).toBe(clipOf('shorter'));
    expect(clipOf('a name that takes more room')).not.toBe(clipOf('short'));
  });

  it('draws bars in proportion', () => {
    const part = (value: number) => ({ value, color: 1, title: `${value}` });
    const svg = barChart({
      title: 't',
      rows: [
        { name: 'a', parts: [part(100)], text: '100' },
        { name: 'b', parts: [part(50)], text: '50' },
      ],
    });
    const widths = [...svg.matchAll(/<rect class="f1" [^>]*width="([\d.]+)"/g)].map(
      ([, width]) => Number(width) + 1,
    );
    expect(widths[0] / widths[1]).toBeCloseTo(2, 2);
  });

  it('escapes quotes too', () => {
    expect(escapeText(`<a href="x">'&`)).toBe('&#60;a href=&#34;x&#34;&#62;&#39;&#38;');
  });
});
