/** The tables of docs/theory.md on the cosine of Gaussian vectors and their quantised versions: theory beside simulation. */
import {
  angleDegrees,
  cosineGivenExtremes,
  cosineLaw,
  expectedCosine,
  finiteLengthTerm,
  fixedGridCosine,
  jensenGap,
  noiseFactor,
  printedBound,
  roundingNoise,
  stepMoment,
  uniformNoiseCosine,
} from '../dist/theory/index.js';
import { overExtremes } from '../dist/theory/over-extremes.js';
import {
  bitCounts,
  digits,
  factor,
  grids,
  lengths,
  percent,
  power,
  roundings,
  small,
  within,
  withinSmall,
} from './theory-draws.mjs';

const nameOf = ({ grid, bits, rounding }) => `${grid} ${bits} ${rounding}`;
const combinations = grids.flatMap((grid) => roundings.map((rounding) => ({ grid, rounding })));

/** The mean over the extremes of the cosine of expected sums: what cosineGivenExtremes of drawn vectors has as its mean. */
const cosineOfSums = (one) =>
  overExtremes(one.grid, one.n, (low, high) => cosineGivenExtremes(one, low, high));

/** A term as a share of a measured mean. */
const share = (term, found) => (found ? percent(term / found.mean) : null);

/** Counts how often exact means lie within measured intervals, and how far out the farthest is. */
function agreement() {
  let [rows, inside, farthest] = [0, 0, 0];
  let missing = false;
  return {
    note(found, exact) {
      if (!found) {
        missing = true;
        return;
      }
      const distance = Math.abs(found.mean - exact) / found.half;
      rows += 1;
      if (distance <= 1) inside += 1;
      farthest = Math.max(farthest, distance);
    },
    cells: () => (missing ? [null, null, null] : [rows, inside, digits(farthest, 2)]),
  };
}

/** `drawn` is drawVectors' result. */
export function cosineTables(output, { of }) {
  const agreed = { byBits: agreement(), levels: agreement(), errors: agreement() };
  const exact = remembered(expectedCosine);
  byBits(output, of, exact, agreed.byBits);
  errors(output, of, exact, agreed.errors);
  levels(output, of, exact, agreed.levels);
  output.table(
    'agreement',
    ['measured cosines', 'how many', 'with the exact mean in their interval', 'farthest, in half widths'],
    [
      ['tables by grid, rounding and bits', ...agreed.byBits.cells()],
      ['three levels by N', ...agreed.levels.cells()],
      ['tables of errors', ...agreed.errors.cells()],
    ],
  );
  terms(output, of);
  noise(output);
}

/** `compute` of a case, once for each. */
function remembered(compute) {
  const known = new Map();
  return (one) => {
    const key = `${nameOf(one)} ${one.n}`;
    if (!known.has(key)) known.set(key, compute(one));
    return known.get(key);
  };
}

function byBits(output, of, exact, agreed) {
  for (const { grid, rounding } of combinations) {
    output.table(
      `cosine-${grid}-${rounding}`,
      ['N', 'bits', 'measured', 'degrees', 'exact', 'law', 'gap term', 'printed bound', 'as a bound'],
      [1e4, 1e6].flatMap((n) =>
        bitCounts.map((bits) => {
          const one = { grid, bits, n, rounding };
          const found = of(n, (d) => d.cos[nameOf(one)]);
          const count = bits >= 6 ? 6 : 4;
          const bound = printedBound(bits, n);
          agreed.note(found, exact(one));
          return [
            power(n),
            bits,
            within(found, count),
            found ? digits(angleDegrees(found.mean), 2) : null,
            digits(exact(one), count),
            digits(cosineLaw(one), count),
            small(jensenGap(one)),
            digits(bound, 4),
            found ? verdict(found, bound) : null,
          ];
        }),
      ),
    );
  }
}

function verdict({ mean, half }, bound) {
  return mean + half < bound ? 'fails' : `holds, ${factor((1 - bound) / (1 - mean))} times`;
}

/**
 * What each prediction is off by. The measured mean is that of cos - cosineGivenExtremes, which the scatter of the extremes does not
 * enter, plus the latter's expectation by integration.
 */
function errors(output, of, exact, agreed) {
  const few = [2, 3, 4, 8];
  const sums = remembered(cosineOfSums);
  for (const { grid, rounding } of combinations) {
    output.table(
      `error-${grid}-${rounding}`,
      ['N', ...few.flatMap((bits) => [`${bits} bits: law`, `${bits}: exact`, `${bits}: ±`])],
      lengths.map((n) => [
        power(n),
        ...few.flatMap((bits) => {
          const one = { grid, bits, n, rounding };
          const name = nameOf(one);
          const found = of(n, (d) => d.cos[name] - d.given[name]);
          if (!found) {
            agreed.note();
            return [null, null, null];
          }
          const mean = found.mean + sums(one);
          agreed.note({ mean, half: found.half }, exact(one));
          return [small(cosineLaw(one) - mean), small(exact(one) - mean), small(found.half)];
        }),
      ]),
    );
  }
  output.table(
    'sums',
    ['grid, rounding', 'bits', ...lengths.map((n) => `N = ${power(n)}`)],
    combinations.flatMap(({ grid, rounding }) =>
      few.map((bits) => [
        `${grid}, ${rounding}`,
        bits,
        ...lengths.map((n) => {
          const one = { grid, bits, n, rounding };
          const apart = sums(one) - exact(one);
          // The quadrature tells no less.
          return Math.abs(apart) < 2e-8 ? '< 2e-8' : small(apart);
        }),
      ]),
    ),
  );
}

function levels(output, of, exact, agreed) {
  output.table(
    'levels',
    ['N', ...roundings.flatMap((r) => [`${r}, exact`, `${r}, measured`])],
    lengths.map((n) => [
      power(n),
      ...roundings.flatMap((rounding) => {
        const one = { grid: 'symmetric', bits: 2, n, rounding };
        const found = of(n, (d) => d.cos[nameOf(one)]);
        agreed.note(found, exact(one));
        return [digits(exact(one), 4), within(found, 4)];
      }),
    ]),
  );
}

function terms(output, of) {
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
    lengths
      .filter((n) => n <= 1000)
      .flatMap((n) =>
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
            return [
              power(n),
              `${grid}, ${rounding}`,
              bits,
              withinSmall(gap),
              small(jensenGap(one)),
              ...(bits === 2
                ? ['-', '-', '-']
                : [
                    withinSmall(rest),
                    small(term),
                    share(
                      term,
                      of(n, (d) => 1 - d.cos[name]),
                    ),
                  ]),
            ];
          }),
        ),
      ),
  );
}

function noise(output) {
  output.table(
    'noise',
    [
      'step/sigma',
      'exp(-2 pi^2/step^2)',
      'noise power over step^2/12',
      'correlation of noise and value',
      'cosine of a long vector',
      'law',
      'power, 0 half a step off',
      'correlation, off',
      'cosine, off',
    ],
    [0.5, 1, 1.5, 2, 2.5, 3, 4, 5].map((step) => {
      const grid = { low: -40 * step, step, levels: 81, rounding: 'nearest' };
      const { power: strength, correlation } = roundingNoise(grid);
      const off = { ...grid, low: -40.5 * step, levels: 82 };
      const noiseOff = roundingNoise(off);
      return [
        step,
        small(Math.exp((-2 * Math.PI ** 2) / step ** 2)),
        digits(strength, 5),
        digits(correlation, 5),
        digits(fixedGridCosine(grid), 5),
        digits(uniformNoiseCosine(step, 'nearest'), 5),
        digits(noiseOff.power, 5),
        digits(noiseOff.correlation, 5),
        digits(fixedGridCosine(off), 5),
      ];
    }),
  );
}
