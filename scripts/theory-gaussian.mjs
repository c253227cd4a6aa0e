/** The tables of docs/theory.md on the extremes, the printed bound's steps, norms and constants of Gaussian vectors. */
import { rangeConstant } from '../dist/quant/index.js';
import {
  angleDegrees,
  bestTernary,
  expectedMaxAbs,
  expectedNormRatio,
  expectedRange,
  expectedSignCosine,
  maxAbsMoment,
  rangeScale,
  rangeScaleVariation,
  signCosineLimit,
  stepMoment,
} from '../dist/theory/index.js';
import {
  correlation,
  digits,
  lengths,
  percent,
  power,
  shortRatios,
  small,
  summary,
  within,
  withinSmall,
} from './theory-draws.mjs';

/** `drawn` is drawVectors' result. */
export function gaussianTables(output, { measured, of }) {
  output.table(
    'extremes',
    [
      'N',
      'E max abs W',
      'max simulated',
      'sqrt(2 ln N)',
      'its error',
      'E range',
      'range simulated',
      '2 sqrt(2 ln N)',
      'error of twice',
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
        return [
          power(n),
          bits,
          withinSmall(of(n, (d) => Math.abs(d.parallel[name]))),
          withinSmall(of(n, (d) => (1 + d.noise[name]) / d.length[name] - 1)),
          withinSmall(of(n, (d) => (d.noise[name] * Math.sqrt(12)) / d.step[name] - 1)),
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
      if (!all) return [power(n), null, null, null, digits(maxAbsMoment(n, 2), 3)];
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
      within(n < 16 ? summary(shortRatios(n)) : of(n, (d) => d.ratio), 4),
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
      'paper: scale',
      'published code',
      'code: scale',
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
}
