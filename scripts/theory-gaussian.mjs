/** The tables and plots of docs/theory.md on Gaussian vectors: theory beside simulation with 95 % intervals. */
import { chartStyle } from '../dist/cli/report-style.js';
import { lineChart, standaloneSvg } from '../dist/cli/report-svg.js';
import { log } from '../dist/core/math.js';
import { hashText, noise16, noiseKey, RandomStream } from '../dist/core/rng.js';
import { rangeConstant } from '../dist/quant/index.js';
import {
  angleDegrees,
  bestTernary,
  cosineGivenExtremes,
  cosineLaw,
  expectedCosine,
  expectedMaxAbs,
  expectedNormRatio,
  expectedRange,
  expectedSignCosine,
  finiteLengthTerm,
  fixedGridCosine,
  jensenGap,
  maxAbsMoment,
  noiseFactor,
  printedBound,
  rangeScale,
  rangeScaleVariation,
  roundingNoise,
  signCosineLimit,
  stepMoment,
  uniformNoiseCosine,
} from '../dist/theory/index.js';

const grids = ['minmax', 'symmetric'];
const roundings = ['nearest', 'stochastic'];
const bitCounts = [2, 3, 4, 6, 8];
/** 97.5 % points of Student's t by degrees of freedom (tables); in between, the next smaller's. */
const tPoints = [
  [999, 1.962],
  [199, 1.972],
  [99, 1.984],
  [59, 2.001],
  [29, 2.045],
  [19, 2.093],
  [9, 2.262],
  [4, 2.776],
  [1, 12.71],
];

/** Mean, half width of its 95 % t-interval and standard deviation. */
export function summary(values) {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const [, t] = tPoints.find(([freedom]) => freedom <= n - 1);
  return { mean, half: (t * sd) / Math.sqrt(n), sd };
}

function correlation(a, b) {
  const [meanA, meanB] = [summary(a).mean, summary(b).mean];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i] - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

/** What one drawn vector of n values says. */
function measureDraw(n, draw) {
  const stream = new RandomStream(2018, hashText(`theory:${n}`), draw);
  const w = new Float64Array(n);
  let [min, max, first, second] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = stream.normal(log);
    w[i] = x;
    if (x < min) min = x;
    if (x > max) max = x;
    first += Math.abs(x);
    second += x * x;
  }
  const maxAbs = Math.max(max, -min);
  const result = {
    maxAbs,
    range: max - min,
    square: second / n,
    ratio: first / Math.sqrt(second),
    cos: {},
    given: {},
    /** By the law at the vector's own step, and that step in root mean squares. */
    own: {},
    step: {},
    /** W.e, |e| and |W + e|, |W| being 1. */
    parallel: {},
    noise: {},
    length: {},
  };
  const key = noiseKey(2018, draw, hashText(`noise:${n}`), 0, 0);
  for (const grid of grids) {
    for (const bits of bitCounts) {
      const low = grid === 'minmax' ? min : -maxAbs;
      const steps = grid === 'minmax' ? 2 ** bits - 1 : 2 ** bits - 2;
      const step = (grid === 'minmax' ? max - min : 2 * maxAbs) / steps;
      for (const rounding of roundings) {
        const nearest = rounding === 'nearest';
        let [cross, square] = [0, 0];
        for (let i = 0; i < n; i++) {
          const u = nearest ? 0.5 : (noise16(i, key) + 0.5) / 65536;
          const q = low + step * Math.min(steps, Math.floor((w[i] - low) / step + u));
          cross += w[i] * q;
          square += q * q;
        }
        const name = `${grid} ${bits} ${rounding}`;
        result.cos[name] = cross / Math.sqrt(square * second);
        result.step[name] = step / Math.sqrt(second / n);
        result.own[name] = uniformNoiseCosine(result.step[name], rounding);
        result.parallel[name] = cross / second - 1;
        result.noise[name] = Math.sqrt(Math.max(0, square - 2 * cross + second) / second);
        result.length[name] = Math.sqrt(square / second);
        result.given[name] = cosineGivenExtremes(
          { grid, bits, n, rounding },
          low,
          grid === 'minmax' ? max : maxAbs,
        );
      }
    }
  }
  return result;
}

/** |w|_1/|w|_2 of drawn vectors too short for a grid. */
function shortRatios(n) {
  return Array.from({ length: 1000 }, (_, draw) => {
    const stream = new RandomStream(2018, hashText(`short:${n}`), draw);
    const w = Array.from({ length: n }, () => stream.normal(log));
    return w.reduce((sum, x) => sum + Math.abs(x), 0) / Math.hypot(...w);
  });
}

/** A number that rounds to 0 has no sign. */
const digits = (value, count) => value.toFixed(count).replace(/^-(0\.0*)$/, '$1');
const factor = (value) => value.toFixed(value < 10 ? 1 : 0);
const percent = (value) => `${value >= 0 ? '+' : ''}${(100 * value).toPrecision(3)} %`;
const small = (value) => (value === 0 ? '0' : value.toExponential(1));
const power = (n) => (n >= 1e4 ? `1e${Math.round(Math.log10(n))}` : String(n));
const within = ({ mean, half }, count) => `${digits(mean, count)} ± ${digits(half, count)}`;

export function gaussianTables(output, { draws, largest }) {
  const lengths = [16, 100, 1000, 1e4, 1e5, 1e6].filter((n) => n <= largest);
  const measured = new Map();
  for (const n of lengths) {
    // Short vectors are cheap, and their means scatter most.
    const count = n <= 1000 ? 1000 : draws;
    measured.set(
      n,
      Array.from({ length: count }, (_, draw) => measureDraw(n, draw)),
    );
    console.error(`${n} values, ${count} draws`);
  }
  const of = (n, pick) => summary(measured.get(n).map(pick));

  output.table(
    'extremes',
    [
      'N',
      'E max abs W',
      'simulated',
      'sqrt(2 ln N)',
      'its error',
      'E range',
      'simulated',
      '2 sqrt(2 ln N)',
      'its error',
    ],
    lengths.map((n) => {
      const [max, range, limit] = [expectedMaxAbs(n), expectedRange(n), Math.sqrt(2 * Math.log(n))];
      return [
        power(n),
        digits(max, 4),
        within(
          of(n, (d) => d.maxAbs),
          4,
        ),
        digits(limit, 3),
        percent(limit / max - 1),
        digits(range, 4),
        within(
          of(n, (d) => d.range),
          4,
        ),
        digits(2 * limit, 3),
        percent((2 * limit) / range - 1),
      ];
    }),
  );

  for (const rounding of roundings) {
    for (const grid of grids) {
      const rows = [1e4, 1e6]
        .filter((n) => measured.has(n))
        .flatMap((n) =>
          bitCounts.map((bits) => {
            const one = { grid, bits, n, rounding };
            const found = of(n, (d) => d.cos[`${grid} ${bits} ${rounding}`]);
            const count = bits >= 6 ? 6 : 4;
            const bound = printedBound(bits, n);
            return [
              power(n),
              bits,
              within(found, count),
              digits(angleDegrees(found.mean), 2),
              digits(expectedCosine(one), count),
              digits(cosineLaw(one), count),
              small(jensenGap(one)),
              digits(bound, 4),
              found.mean + found.half < bound
                ? 'fails'
                : `holds, ${factor((1 - bound) / (1 - found.mean))} times`,
            ];
          }),
        );
      output.table(
        `cosine-${grid}-${rounding}`,
        ['N', 'bits', 'measured', 'degrees', 'exact', 'law', 'gap term', 'printed bound', 'as a bound'],
        rows,
      );
    }
  }

  const few = [2, 3, 4, 8];
  for (const [grid, rounding] of [
    ['symmetric', 'stochastic'],
    ['minmax', 'nearest'],
  ]) {
    output.table(
      `error-${grid}`,
      [
        'N',
        ...few.map((bits) => `${bits} bits: law`),
        ...few.map((bits) => `${bits} bits: exact, given the extremes`),
      ],
      lengths.map((n) => {
        const name = (bits) => `${grid} ${bits} ${rounding}`;
        const mean = (pick) => {
          const { mean: off, half } = of(n, pick);
          return `${small(off)} ± ${small(half)}`;
        };
        return [
          power(n),
          ...few.map((bits) => {
            const law = cosineLaw({ grid, bits, n, rounding });
            return mean((d) => law - d.cos[name(bits)]);
          }),
          ...few.map((bits) => mean((d) => d.given[name(bits)] - d.cos[name(bits)])),
        ];
      }),
    );
  }

  const short = lengths.filter((n) => n <= 1000);
  output.table(
    'terms',
    [
      'N',
      'grid, rounding',
      'bits',
      'E c(X) - c(E X), measured',
      'gap term',
      'E cos - E c(X), measured',
      '1/N term',
      'of 1 - cos',
    ],
    short.flatMap((n) =>
      [
        ['symmetric', 'stochastic'],
        ['minmax', 'nearest'],
      ].flatMap(([grid, rounding]) =>
        [2, 4, 8].map((bits) => {
          const one = { grid, bits, n, rounding };
          const name = `${grid} ${bits} ${rounding}`;
          const k = noiseFactor(rounding);
          const mean = k * stepMoment(grid, bits, n, 2);
          // X less its mean has mean 0, so its multiple takes the scatter of the step away and nothing else.
          const slope = -0.5 * (1 + mean) ** -1.5;
          const gap = of(n, (d) => d.own[name] - cosineLaw(one) - slope * (k * d.step[name] ** 2 - mean));
          const rest = of(n, (d) => d.cos[name] - d.own[name]);
          const term = finiteLengthTerm(one);
          const pm = (found) => `${small(found.mean)} ± ${small(found.half)}`;
          return [
            power(n),
            `${grid}, ${rounding}`,
            bits,
            pm(gap),
            small(jensenGap(one)),
            ...(bits === 2
              ? ['-', '-', '-']
              : [pm(rest), small(term), percent(term / of(n, (d) => 1 - d.cos[name]).mean)]),
          ];
        }),
      ),
    ),
  );

  output.table(
    'levels',
    ['N', ...roundings.flatMap((r) => [`${r}, exact`, `${r}, measured`])],
    lengths.map((n) => [
      power(n),
      ...roundings.flatMap((rounding) => [
        digits(expectedCosine({ grid: 'symmetric', bits: 2, n, rounding }), 3),
        within(
          of(n, (d) => d.cos[`symmetric 2 ${rounding}`]),
          3,
        ),
      ]),
    ]),
  );

  output.table(
    'bound-steps',
    [
      'N',
      'bits',
      '\\|W.e\\|/\\|W\\|^2',
      '(\\|W\\| + \\|e\\|)/\\|W + e\\| - 1',
      '\\|e\\|/(D sqrt(N/12)) - 1',
      'D printed/D - 1',
    ],
    lengths.flatMap((n) =>
      [2, 4, 8].map((bits) => {
        const name = `minmax ${bits} nearest`;
        const printed = Math.sqrt(2 * Math.log(n)) / 2 ** bits;
        const pm = (found) => `${small(found.mean)} ± ${small(found.half)}`;
        return [
          power(n),
          bits,
          pm(of(n, (d) => Math.abs(d.parallel[name]))),
          pm(of(n, (d) => (1 + d.noise[name]) / d.length[name] - 1)),
          pm(of(n, (d) => (d.noise[name] * Math.sqrt(12)) / d.step[name] - 1)),
          percent(printed / stepMoment('minmax', bits, n, 1) - 1),
        ];
      }),
    ),
  );

  output.table(
    'dependence',
    [
      'N',
      'correlation of max abs W and the norm',
      'of max abs W/norm and the norm',
      'mean of max abs W^2/mean square',
      'E max abs W^2',
    ],
    lengths.map((n) => {
      const all = measured.get(n);
      const norms = all.map((d) => Math.sqrt(d.square));
      const maxima = all.map((d) => d.maxAbs);
      const relative = maxima.map((max, i) => max / norms[i]);
      const reach = 1.96 / Math.sqrt(all.length - 3);
      const interval = (r) =>
        `${digits(r, 2)} (${digits(Math.tanh(Math.atanh(r) - reach), 2)} to ${digits(Math.tanh(Math.atanh(r) + reach), 2)})`;
      const squares = summary(relative.map((x) => x * x));
      return [
        power(n),
        interval(correlation(maxima, norms)),
        interval(correlation(relative, norms)),
        within(squares, 3),
        digits(maxAbsMoment(n, 2), 3),
      ];
    }),
  );

  output.table(
    'noise',
    [
      'step/sigma',
      'exp(-2 pi^2/step^2)',
      'noise power over step^2/12',
      'correlation of noise and value',
      'cosine, exact',
      'law',
    ],
    [0.5, 1, 1.5, 2, 2.5, 3, 4, 5].map((step) => {
      const grid = { low: -40 * step, step, levels: 81, rounding: 'nearest' };
      const noise = roundingNoise(grid);
      return [
        step,
        small(Math.exp((-2 * Math.PI ** 2) / step ** 2)),
        digits(noise.power, 5),
        digits(noise.correlation, 5),
        digits(fixedGridCosine(grid), 5),
        digits(uniformNoiseCosine(step, 'nearest'), 5),
      ];
    }),
  );

  output.table(
    'norms',
    [
      'N',
      'E ratio of norms',
      'simulated',
      'sqrt(2N/pi)',
      'its error',
      'E cos(w, sign w)',
      'degrees',
      '1/(4N)',
    ],
    [1, 2, 3, 5, ...lengths].map((n) => [
      power(n),
      digits(expectedNormRatio(n), 4),
      within(measured.has(n) ? of(n, (d) => d.ratio) : summary(shortRatios(n)), 4),
      digits(signCosineLimit * Math.sqrt(n), 4),
      percent((signCosineLimit * Math.sqrt(n)) / expectedNormRatio(n) - 1),
      digits(expectedSignCosine(n), 6),
      digits(angleDegrees(Math.min(1, expectedSignCosine(n))), 3),
      small(1 / (4 * n)),
    ]),
  );

  output.table(
    'range-norm',
    [
      'n',
      'd2(n)',
      '1/d2(n)',
      'paper 1/sqrt(2 ln n)',
      'scale it gives, in sigma',
      'published code',
      'scale it gives, in sigma',
      'variation, 16 chunks',
      'batch norm',
    ],
    [16, 64, 512, 1024, 4096, 8192, 25088, 65536, 1048576].map((n) => [
      n,
      digits(expectedRange(n), 3),
      digits(rangeConstant('d2', n), 4),
      digits(rangeConstant('paper', n), 4),
      digits(rangeScale('paper', n), 3),
      digits(rangeConstant('published-code', n), 4),
      digits(rangeScale('published-code', n), 3),
      digits(rangeScaleVariation(n, 16), 4),
      digits(1 / Math.sqrt(32 * n), 4),
    ]),
  );
  const { threshold, scale, cosine, degrees } = bestTernary();
  output.table(
    'ternary',
    ['threshold', 'scale', 'cosine', 'degrees'],
    [[digits(threshold, 4), digits(scale, 4), digits(cosine, 5), digits(degrees, 3)]],
  );
  plots(output, measured, lengths);
}

function plots(output, measured, lengths) {
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
          name: `${rounding}, law`,
          color: r,
          dashed: true,
          points: sweep.map((bits) => [bits, lost(cosineLaw({ grid, bits, n, rounding }))]),
        },
        {
          name: `${rounding}, exact`,
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
          title: `1 - cos(W, Q(W)), ${grid} grid, N = ${power(n)}: points measured`,
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
  output.plot(
    'length',
    standaloneSvg(
      lineChart({
        title: 'cos(W, Q(W)) by the number of values, minmax grid: points measured',
        xLabel: 'N',
        yLabel: 'cosine',
        yLow: 0.55,
        yHigh: 1,
        xLog: true,
        xText: power,
        series: shown.flatMap(([bits, rounding, color]) => {
          const found = lengths.map((m) => [
            m,
            summary(measured.get(m).map((d) => d.cos[`minmax ${bits} ${rounding}`])),
          ]);
          const one = (m) => ({ grid: 'minmax', bits, n: m, rounding });
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
  const ratio = [2, 3, 5, ...lengths.filter((m) => m <= 1000)].map((m) => [
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
        series: [
          {
            name: 'exact',
            color: 0,
            points: Array.from({ length: 41 }, (_, i) => Math.round(2 * 500 ** (i / 40))).map((m) => [
              m,
              expectedSignCosine(m),
            ]),
          },
          { name: 'limit', color: 6, dashed: true, points: [2, 1000].map((m) => [m, signCosineLimit]) },
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
