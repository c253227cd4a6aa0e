/** The tables of docs/theory.md on Gaussian vectors: theory beside simulation with 95 % intervals. */
import { rangeConstant } from '../dist/quant/index.js';
import {
  angleDegrees,
  bestTernary,
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
import {
  bitCounts,
  correlation,
  digits,
  factor,
  grids,
  measureDraw,
  percent,
  power,
  roundings,
  shortRatios,
  small,
  summary,
  within,
} from './theory-draws.mjs';
import { plots } from './theory-plots.mjs';

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
