import { describe, expect, it } from 'vitest';
import { barChart, escapeText, lineChart, type Point, smooth, standaloneSvg } from './report-svg.js';

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
    expect(svg).toContain('d="M303 200.5L303 89.5');
    for (const text of ['>0.0001<', '>0.01<', '>100<']) expect(svg).toContain(text);
    expect(svg.match(/<circle/g)).toHaveLength(3);
    const file = standaloneSvg(svg, '.f0{fill:red}');
    expect(file).toMatch(/^<svg xmlns="[^"]*" viewBox="[^>]*><style>.f0{fill:red}<\/style><rect /);
  });

  it('has arrows where an interval goes on beyond its axis, and triangles for values there', () => {
    const of = (y: number, low: number, high: number): string =>
      lineChart({
        ...chart,
        ...{ xHigh: 20, yLow: 1, yHigh: 100, yLog: true },
        series: [{ name: '', color: 0, dots: true, points: [[10, y]], intervals: [[10, low, high]] }],
      });
    // In the middle of the axes, 241 pixels of them and 111 from the edges.
    expect(of(10, 5, 20)).not.toContain('beyond');
    expect(of(10, 1, 100)).toContain('d="M303 256L303 34M299 256L307 256M299 34L307 34"');
    const cut = of(10, -1, 200);
    expect(cut).toContain('d="M303 256L303 34M299 250L303 256L307 250M299 40L303 34L307 40"');
    expect(cut).toContain('>arrows: beyond the axis</text>');
    const away = of(0.5, 0.25, 0.75);
    expect(away).not.toContain('<circle');
    expect(away).toContain('<path class="f0" d="M303 256L298 248L308 248Z"><title>0.5</title>');
    expect(away).not.toContain('class="c0"');
    expect(of(200, 150, 250)).toContain('<path class="f0" d="M303 34L298 42L308 42Z">');
  });

  it('leaves room for the longest name', () => {
    const name = 'Range BN, published code';
    const svg = lineChart({
      ...chart,
      series: [
        {
          name,
          color: 0,
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    });
    const [, x] = / end" x="([\d.]+)"/.exec(svg) ?? [];
    // Bold DejaVu Sans, the widest of the usual ones, has 7.7 pixels a letter.
    expect(Number(x) + 7.7 * name.length).toBeLessThan(640);
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
