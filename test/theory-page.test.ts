/** docs/theory.md has what scripts/theory-tables.mjs computes, and its sentences what its tables have. Needs a build. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  cell,
  cellsOf,
  column,
  differences,
  least,
  most,
  number,
  rowsOf,
  summary,
  tableIn,
  theoryPage,
} from './support/theory-page.js';

describe('the tables of docs/theory.md', () => {
  it('are those that are computed, and what is measured up to N = 100 as well', async () => {
    const script = fileURLToPath(new URL('../scripts/theory-tables.mjs', import.meta.url));
    // Rejects with the differences unless the exit code is 0.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, '--gaussian-only', '--largest', '100', '--check'],
      { encoding: 'utf8' },
    );
    expect(stdout).toBe('docs/theory.md has what was computed.\n');
  }, 180_000);

  const rows = cellsOf(tableIn(theoryPage, 'norms').text);

  it('are refused with another figure, a row too many or a name of no table', () => {
    expect(differences(theoryPage, 'norms', rows)).toEqual([]);
    const changed = theoryPage.replace(rows[1][2], '1.0001 ± 0.0000');
    expect(differences(changed, 'norms', rows)).toEqual([
      `norms, 1, simulated: the page has "1.0001 ± 0.0000", computed is "${rows[1][2]}"`,
    ]);
    expect(differences(theoryPage, 'norms', rows.slice(0, -1))[0]).toContain('rows');
    expect(() => differences(theoryPage, 'normes', rows)).toThrow('no marks for the table normes');
  });

  it('may have anything where nothing was computed', () => {
    const some = rows.map((row, i) => row.map((one, j) => (i === 3 && j === 2 ? null : one)));
    const changed = theoryPage.replace(rows[3][2], '9 ± 9');
    expect(differences(changed, 'norms', some)).toEqual([]);
    expect(differences(changed, 'norms', rows)).toHaveLength(1);
  });
});

const tables = ['minmax-nearest', 'minmax-stochastic', 'symmetric-nearest', 'symmetric-stochastic'];
const range = (values: readonly number[], count: number): string =>
  `${Math.min(...values).toFixed(count)} to ${Math.max(...values).toFixed(count)}`;
const kind = (name: string) => (row: Record<string, string>) => row.tensor.endsWith(` ${name}`);
const weightGradients = kind('weight gradient');
const layerGradients = kind('layer gradient');
const inNetwork = (row: Record<string, string>): boolean =>
  kind('activation')(row) && !/^(conv1|fc) /.test(row.tensor);
const rows = (which: (row: Record<string, string>) => boolean) => rowsOf('real-angles').filter(which);
/** The angle by a law over the one measured. */
const ratios = (which: (row: Record<string, string>) => boolean, law: string): number[] =>
  rows(which).map((row) => number(row[law]) / number(row['angle measured']));
/** Largest relative distance from 1, in whole per cent rounded up. */
const within = (values: readonly number[]): number =>
  Math.ceil(100 * Math.max(...values.map((one) => Math.abs(one - 1))));
const measured = (tensor: string, name = 'angle measured'): number =>
  number(cell('real-angles', { tensor }, name));
const cosine = (table: string, bits: number, name = 'measured', n = '1e6'): number =>
  number(cell(`cosine-${table}`, { N: n, bits }, name));
const atEnd = (table: string, bits: number, name = 'measured', count = 2): string =>
  cosine(table, bits, name).toFixed(count);
/** Largest error of the law from 3 bits on, over both grids and roundings, at the lengths `which`. */
const lawError = (which: (n: number) => boolean): number =>
  Math.max(
    ...tables.flatMap((table) =>
      [3, 4, 8].flatMap((bits) =>
        column(`error-${table}`, `${bits} bits: law`, ({ N }) => which(Number(N))).map((one) =>
          Math.abs(number(one)),
        ),
      ),
    ),
  );
const terms = (n: number): string =>
  range(
    column('terms', 'of 1 - cos', (row) => row.N === String(n) && row.bits === '8').map(number),
    n === 16 ? 0 : 1,
  );
const printed = column('cosine-minmax-nearest', 'as a bound', ({ bits }) => bits === '8').concat(
  ...tables.slice(1).map((table) => column(`cosine-${table}`, 'as a bound', ({ bits }) => bits === '8')),
);
const norms = rowsOf('real-range-norm');
const scale = 'scale/standard deviation: mean over channels';
const above1 = norms.filter((row) => {
  const [mean, half] = row[scale].split(' ± ').map(Number);
  return mean - half > 1;
});
const words = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const failing = rows(layerGradients).filter((row) => {
  const [mean, half] = row['angle measured'].split(' ± ').map(Number);
  return Math.abs(number(row['by its step']) - mean) > half;
});
const highest = rows(layerGradients).reduce((a, b) =>
  number(a['by its step']) > number(b['by its step']) ? a : b,
);

describe('the sentences of docs/theory.md have the figures of its tables', () => {
  const text = theoryPage.replace(/\s+/g, ' ');
  it.each([
    `at N = 16 and 8 bits the law's 1 - cos is too large by ${terms(16)} %, at N = 1000 by ${terms(1000)} %`,
    `So it is ${cell('sums', { 'grid, rounding': 'symmetric, nearest', bits: 2 }, 'N = 16').replace(/\.\d/, '')} too high for 16 values on three levels`,
    `and 2 bits: ${number(cell('error-symmetric-nearest', { N: 100 }, '2 bits: law')).toFixed(3)} too high at N = 100, ${number(cell('error-symmetric-nearest', { N: '1e6' }, '2 bits: law')).toFixed(2)} at 1e6`,
    `From 3 bits on it is within ${lawError((n) => n === 16).toExponential(1)} at N = 16, and within ${lawError((n) => n >= 1000).toExponential(1)} from N = 1000 on`,
    `${(cosine('minmax-nearest', 2) - cosine('minmax-nearest', 2, 'law')).toFixed(2)} too low on the minmax grid with rounding to nearest at N = 1e6, ${(cosine('symmetric-nearest', 2, 'law') - cosine('symmetric-nearest', 2)).toFixed(2)} too high on the symmetric one`,
    `(${atEnd('symmetric-stochastic', 2)} against ${atEnd('symmetric-nearest', 2)} at N = 1e6)`,
    `${atEnd('symmetric-nearest', 2)} and ${atEnd('symmetric-stochastic', 2)} measured, ${atEnd('symmetric-nearest', 2, 'printed bound', 3)} printed (N = 1e6)`,
    `minmax grid, 2 bits, stochastic: ${atEnd('minmax-stochastic', 2)} against ${atEnd('minmax-stochastic', 2, 'printed bound', 3)}`,
    `symmetric grid, 3 bits, stochastic: ${atEnd('symmetric-stochastic', 3, 'measured', 3)} against ${atEnd('symmetric-stochastic', 3, 'printed bound', 3)} at N = 1e6`,
    `at 8 bits the printed 1 - cos is ${range(
      printed.map((one) => number(one.replace('holds, ', ''))),
      0,
    )} times the measured one`,
    `excess kurtosis ${cell('real-start', { weight: 'fc' }, 'excess kurtosis before the first step')} at the start, ${cell('real-start', { weight: 'fc' }, 'after 200')} after`,
    `its ${cell('real-angles', { tensor: 'conv1 weight' }, 'N')} values went from ${cell('real-start', { weight: 'conv1' }, 'excess kurtosis before the first step')} to ${cell('real-start', { weight: 'conv1' }, 'after 200')}`,
    `The Gaussian law gives their angle within ${within(ratios(kind('weight'), 'Gaussian law'))} %`,
    `has a largest value of ${range(
      rows(inNetwork).map((row) => number(row['max abs/rms'])),
      0,
    )} times the rms`,
    `up to ${Math.round(100 * most(column('real-angles', 'zeros', inNetwork)))} % of them are exact zeros`,
    `averaged over positions: ${measured('fc activation', 'max abs/rms')})`,
    `is within ${within(ratios((row) => kind('activation')(row) && row.tensor !== 'conv1 activation', 'and its zeros'))} % all the same`,
    `the exception (${Math.round(100 * (1 - ratios((row) => row.tensor === 'conv1 activation', 'and its zeros')[0]))} %)`,
    `with maxima of ${range(
      rows(layerGradients).map((row) => number(row['max abs/rms'])),
      0,
    )} rms`,
    `(KS ${range(column('real-fits', 'KS log-normal', layerGradients).map(number), 2)})`,
    `Their angle is ${range(
      ratios(layerGradients, 'Gaussian law').map((one) => 1 / one),
      1,
    )} times what a Gaussian`,
    `in ${words[failing.length]} of the ${words[rows(layerGradients).length]}: up to ${number(highest['by its step']).toFixed(1)} degrees by the step, ${number(highest['angle measured']).toFixed(1)} measured`,
    `Between ${range(
      rows(layerGradients).map((row) => 100 * number(row['below a step'])),
      0,
    ).replace('to', 'and')} % of their values`,
    `${cell('real-angles', { tensor: 'layer3.0.conv2 layer gradient' }, 'by its step')} degrees by its step where ${measured('layer3.0.conv2 layer gradient')} were measured`,
    `Their own step gives the angle within ${within(ratios(weightGradients, 'by its step'))} %; a Gaussian's is too small by a factor of ${range(
      ratios(weightGradients, 'Gaussian law').map((one) => 1 / one),
      1,
    )}`,
    `is ${range(
      norms.map((row) => number(row[scale])),
      3,
    )} standard deviations in the mean over a norm's channels, but ${least(column('real-range-norm', 'least')).toFixed(2)} to ${most(column('real-range-norm', 'most')).toFixed(2)} channel by channel`,
    `In ${words[above1.length]} of ${words[norms.length]} norms the interval of that mean lies above 1`,
    `the means are not smaller but larger, ${range(
      norms.map((row) => number(row['shuffled: mean over channels'])),
      2,
    )}`,
    `it takes ${range(
      norms.map((row) => number(row['shuffled: mean over channels']) - number(row[scale])),
      2,
    )} off`,
  ])('%s', (sentence) => {
    expect(text.includes(sentence), 'docs/theory.md says so').toBe(true);
  });
});

/** Rows at N = 1e6 of the tables of the printed bound. */
const bounds = tables.flatMap((table) => rowsOf(`cosine-${table}`)).filter(({ N }) => N === '1e6');
const fails = bounds.filter((row) => row['as a bound'] === 'fails');
const sumOf = (name: string): number => column('agreement', name).reduce((sum, one) => sum + number(one), 0);
const farthestOff = Math.max(...tables.map((table) => Math.abs(cosine(table, 2) - cosine(table, 2, 'law'))));

describe('the summary of docs/theory.md has the figures of its tables', () => {
  const text = summary.replace(/\s+/g, ' ');
  const normsCell = (N: string | number, name: string) => cell('norms', { N }, name);
  it.each([
    `its 1 - cos is ${terms(16)} % too large for 16 values, ${terms(1000)} % for 1000`,
    `up to ${farthestOff.toFixed(2)} off (N = 1e6); from 3 bits on it is within ${lawError((n) => n >= 1000).toExponential(1)} from N = 1000 on`,
    `${sumOf('with the exact mean in their interval')} of ${sumOf('how many')} measured cosines`,
    `${cell('extremes', { N: 16 }, 'its error').slice(1)} above the mean maximum at N = 16 and ${cell('extremes', { N: '1e6' }, 'its error').slice(1)} at 1e6`,
    `too small by ${cell('bound-steps', { N: '1e6', bits: 8 }, 'D printed/D - 1').slice(1)} there (8 bits)`,
    `fails in ${fails.length} of ${bounds.length} cases, all of ${Math.min(...fails.map(({ bits }) => Number(bits)))} or ${Math.max(...fails.map(({ bits }) => Number(bits)))} bits`,
    `is ${range(
      printed.map((one) => number(one.replace('holds, ', ''))),
      0,
    )} times the measured one`,
    `at 1e6 ${normsCell('1e6', 'E ratio of norms')} (simulated ${normsCell('1e6', 'simulated')})`,
    `quoted ${number(normsCell('1e6', 'degrees')).toFixed(2)} degrees of sign quantisation are its limit; at N = 16 it is ${normsCell(16, 'degrees')}`,
    `of weights within ${within(ratios(kind('weight'), 'Gaussian law'))} %; layer gradients turn ${range(
      ratios(layerGradients, 'Gaussian law').map((one) => 1 / one),
      1,
    )} times as far`,
    `the scale ${cell('range-norm', { n: 16 }, 'paper: scale')} (n = 16) to ${cell('range-norm', { n: 1048576 }, 'paper: scale')} (n = 1048576) standard deviations`,
    `and ${range(
      norms.map((row) => number(row[scale])),
      3,
    )} in the norms of that network`,
  ])('%s', (sentence) => {
    expect(text.includes(sentence), 'the summary says so').toBe(true);
  });
});
