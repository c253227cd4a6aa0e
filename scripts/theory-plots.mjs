/** The plots of docs/theory.md on Gaussian vectors: theory in lines, what was measured in points with 95 % intervals. */
import { chartStyle } from '../dist/cli/report-style.js';
import { lineChart, standaloneSvg } from '../dist/cli/report-svg.js';
import {
  cosineLaw,
  expectedCosine,
  expectedSignCosine,
  printedBound,
  signCosineLimit,
} from '../dist/theory/index.js';
import { bitCounts, grids, lengths, power, roundings, shortRatios, summary } from './theory-draws.mjs';

/** `drawn` is drawVectors' result for every length. */
export function gaussianPlots(output, { measured }) {
  const n = lengths[lengths.length - 1];
  const lost = (mean) => Math.max(1e-12, 1 - mean);
  for (const grid of grids) {
    const series = roundings.flatMap((rounding, r) => {
      const found = bitCounts.map((bits) => [
        bits,
        summary(measured.get(n).map((d) => d.cos[`${grid} ${bits} ${rounding}`])),
      ]);
      const sweep = [2, 3, 4, 5, 6, 7, 8];
      return [
        {
          name: '',
          color: r,
          dashed: true,
          points: sweep.map((bits) => [bits, lost(cosineLaw({ grid, bits, n, rounding }))]),
        },
        {
          name: rounding,
          color: r,
          points: sweep.map((bits) => [bits, lost(expectedCosine({ grid, bits, n, rounding }))]),
        },
        {
          name: '',
          color: r,
          dots: true,
          points: found.map(([bits, { mean }]) => [bits, lost(mean)]),
          intervals: found.map(([bits, { mean, half }]) => [bits, lost(mean + half), lost(mean - half)]),
        },
      ];
    });
    series.push({
      name: 'printed bound',
      color: 6,
      dashed: true,
      points: [2, 3, 4, 5, 6, 7, 8].map((bits) => [bits, 1 - printedBound(bits, n)]),
    });
    output.plot(
      `bits-${grid}`,
      standaloneSvg(
        lineChart({
          title: `1 - cos(W, Q(W)), ${grid} grid, N = ${power(n)}: points measured, dashed the law`,
          xLabel: 'bits',
          yLabel: '1 - cosine',
          xLow: 2,
          xText: (bits) => (Number.isInteger(bits) ? String(bits) : ''),
          yText: (value) => value.toExponential(0),
          yLow: 1e-5,
          yHigh: 1,
          yLog: true,
          series,
        }),
        chartStyle,
      ),
    );
  }
  const curve = Array.from({ length: 41 }, (_, i) => Math.round(16 * (n / 16) ** (i / 40)));
  const shown = [
    [2, 'nearest', 0],
    [2, 'stochastic', 1],
    [3, 'nearest', 2],
    [3, 'stochastic', 3],
  ];
  for (const grid of grids) {
    output.plot(
      `length-${grid}`,
      standaloneSvg(
        lineChart({
          title: `cos(W, Q(W)) by N, ${grid} grid: points measured, dashed the law`,
          xLabel: 'N',
          yLabel: 'cosine',
          yLow: grid === 'minmax' ? 0.55 : 0.25,
          yHigh: 1,
          xLog: true,
          xText: power,
          series: shown.flatMap(([bits, rounding, color]) => {
            const found = lengths.map((m) => [
              m,
              summary(measured.get(m).map((d) => d.cos[`${grid} ${bits} ${rounding}`])),
            ]);
            const one = (m) => ({ grid, bits, n: m, rounding });
            return [
              {
                name: `${bits} bits, ${rounding}`,
                color,
                points: curve.map((m) => [m, expectedCosine(one(m))]),
              },
              { name: '', color, dashed: true, points: lengths.map((m) => [m, cosineLaw(one(m))]) },
              {
                name: '',
                color,
                dots: true,
                points: found.map(([m, { mean }]) => [m, mean]),
                intervals: found.map(([m, { mean, half }]) => [m, mean - half, mean + half]),
              },
            ];
          }),
        }),
        chartStyle,
      ),
    );
  }
  const ratio = [2, 3, 5, ...lengths].map((m) => [
    m,
    summary((measured.get(m)?.map((d) => d.ratio) ?? shortRatios(m)).map((x) => x / Math.sqrt(m))),
  ]);
  output.plot(
    'sign',
    standaloneSvg(
      lineChart({
        title: 'cos(w, sign w) by the number of values: points measured',
        xLabel: 'N',
        yLabel: 'cosine',
        yLow: 0.79,
        yHigh: 0.91,
        xLog: true,
        xText: power,
        series: [
          {
            name: 'exact',
            color: 0,
            points: Array.from({ length: 41 }, (_, i) => Math.round(2 * (n / 2) ** (i / 40))).map((m) => [
              m,
              expectedSignCosine(m),
            ]),
          },
          { name: 'limit', color: 6, dashed: true, points: [2, n].map((m) => [m, signCosineLimit]) },
          {
            name: '',
            color: 1,
            dots: true,
            points: ratio.map(([m, { mean }]) => [m, mean]),
            intervals: ratio.map(([m, { mean, half }]) => [m, mean - half, mean + half]),
          },
        ],
      }),
      chartStyle,
    ),
  );
}
