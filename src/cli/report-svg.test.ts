import { describe, expect, it } from 'vitest';
import { barChart, escapeText, lineChart, niceTicks, type Point, smooth } from './report-svg.js';

describe('niceTicks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 938, [0, 200, 400, 600, 800]],
    [0.8, 1, [0.8, 0.85, 0.9, 0.95, 1]],
    [-3, 2, [-3, -2, -1, 0, 1, 2]],
    [5, 5, [5]],
  ])('%d to %d', (low, high, ticks) => {
    expect(niceTicks(low, high)).toEqual(ticks);
  });
});

describe('smooth', () => {
  const ramp: Point[] = Array.from({ length: 1000 }, (_, i) => [i, 2 * i]);

  it('keeps a straight line, thins it, and keeps both ends', () => {
    const smoothed = smooth(ramp, 20, 100);
    expect(smoothed.length).toBeLessThanOrEqual(102);
    expect(smoothed[0]).toEqual([0, 0]);
    expect(smoothed[smoothed.length - 1]).toEqual([999, 1998]);
    for (const [x, y] of smoothed) expect(y).toBeCloseTo(2 * x, 9);
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
      [4, 0],
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
