/**
 * Figures of experiments/claims.json are those of docs/theory.md: each decimal from the row of the table that has it, whole numbers
 * from the section that the claim names.
 */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readClaims } from '../src/cli/reproduce/findings/claims.js';
import { cell, column, least, most, number, preface, section } from './support/theory-page.js';

const { elsewhere } = await readClaims(fileURLToPath(new URL('../experiments', import.meta.url)));

const end = { N: '1e6' };
const range = (cells: readonly string[], count?: number): string =>
  [least(cells), most(cells)].map((one) => (count === undefined ? one : one.toFixed(count))).join(' to ');
const ofCosine = (table: string, bits: number, name = 'measured'): string =>
  cell(`cosine-${table}`, { ...end, bits }, name);
const looser = ['minmax-nearest', 'minmax-stochastic', 'symmetric-nearest', 'symmetric-stochastic'].flatMap(
  (table) => column(`cosine-${table}`, 'as a bound', ({ bits }) => bits === '8'),
);
const lengthTerm = (n: number): string =>
  cell('terms', { N: n, 'grid, rounding': 'minmax, nearest', bits: 8 }, 'of 1 - cos').slice(1);
const power = (step: number): string => cell('noise', { 'step/sigma': step }, 'noise power over step^2/12');
const correlated = (name: string): string => cell('dependence', { N: 16 }, name);
const rangeNorm = (n: number, name: string): string => cell('range-norm', { n }, name);
const gradients = ({ tensor }: Record<string, string>): boolean => tensor.endsWith('layer gradient');
const ofGradients = (table: string, name: string): string[] => column(table, name, gradients);
const agreed = (): string => {
  const what = { 'measured cosines': 'tables by grid, rounding and bits' };
  return cell('agreement', what, 'how many') ===
    cell('agreement', what, 'with the exact mean in their interval')
    ? 'the exact expectation agrees with the mean within its interval'
    : 'the exact expectation is not in all intervals';
};
const withinInterval = (row: Record<string, string>): boolean => {
  const [mean, half] = row.simulated.split(' ± ').map(Number);
  return Math.abs(mean - Number(row['E ratio of norms'])) <= half + 5e-5;
};

const words = ['none', 'one', 'two', 'three', 'four', 'five', 'six'];
const ofKind =
  (kind: string) =>
  (row: Record<string, string>): boolean =>
    new RegExp(`^[\\w.]+ ${kind}$`).test(row.tensor);
/** How many of a kind there are if each is nearest to `family`; otherwise how many of how many. */
const nearest = (kind: string, family: string): string => {
  const found = column('real-fits', 'nearest by A²/n', ofKind(kind));
  const so = found.filter((one) => one === family).length;
  return so === found.length ? words[so] : `${so} of ${found.length}`;
};
/** Families of the activations behind the first layer. */
const inside = [
  ...new Set(
    column('real-fits', 'nearest by A²/n', (row) => ofKind('activation')(row) && !/^conv1 /.test(row.tensor)),
  ),
]
  .map((one) => one.replace('laplace', 'Laplace'))
  .sort();

/** Parts of the claims, with figures from their rows. */
const parts: readonly string[] = [
  `${ofCosine('minmax-nearest', 8, 'degrees')} degrees (minmax grid, nearest) and ${ofCosine('symmetric-stochastic', 8, 'degrees')} degrees (symmetric grid, stochastic)`,
  agreed(),
  `at 8 bits 1 - cos is ${looser.map((one) => number(one.replace('holds, ', ''))).reduce((a, b) => Math.min(a, b))} to ${most(looser)} times`,
  `(${ofCosine('symmetric-nearest', 2)} and ${ofCosine('symmetric-stochastic', 2)} measured, ${ofCosine('symmetric-nearest', 2, 'printed bound')} printed, N = 1e6)`,
  `on the minmax grid with stochastic rounding (${ofCosine('minmax-stochastic', 2)})`,
  `(${ofCosine('symmetric-stochastic', 3)}, ${ofCosine('symmetric-stochastic', 3, 'printed bound')} printed)`,
  `of max|W|/norm and norm ${correlated('of max abs W/norm and the norm')} at N = 16, of max|W| and norm ${correlated('correlation of max abs W and the norm').split(' ')[0]})`,
  `(${lengthTerm(16)} of 1 - cos at N = 16, minmax, 8 bits; ${lengthTerm(1000)} at 1000)`,
  `${power(2)} of the power at a step of 2 sigma, ${power(5)} at 5`,
  `${cell('extremes', end, 'its error')} and ${cell('extremes', end, 'error of twice')} too large at N = 1e6 against the exact expectations ${cell('extremes', end, 'E max abs W')} and ${cell('extremes', end, 'E range')}`,
  `${column('norms', 'N', withinInterval).length} of ${column('norms', 'N').length} simulated lengths agree`,
  `${cell('norms', { N: 100 }, 'degrees')} degrees at N = 100, ${cell('norms', end, 'degrees')} at 1e6`,
  `${rangeNorm(8192, 'paper: scale')} sigma at n = 8192 (${rangeNorm(16, 'paper: scale')} at 16); the published code's ${rangeNorm(8192, 'code: scale')} (${rangeNorm(16, 'code: scale')})`,
  `${range(column('real-range-norm', 'scale/standard deviation: mean over channels'), 3)} on the norms of a ResNet-8`,
  `channel by channel ${least(column('real-range-norm', 'least')).toFixed(3)} to ${most(column('real-range-norm', 'most')).toFixed(3)}`,
  `for all ${nearest('layer gradient', 'log-normal')} layer gradients`,
  `all ${nearest('weight', 'gaussian')} weights are nearest to Gaussian, after 200 steps, ${words[column('real-fits', 'tensor', (row) => ofKind('weight')(row) && row['Gaussian at 5 %'] === 'rejected').length]} of them told from it`,
  `activations inside the network are nearest to ${inside.join(' or ')} with up to ${Math.round(100 * most(column('real-angles', 'zeros', ofKind('activation'))))} % exact zeros, weight gradients to Laplace in ${nearest('weight gradient', 'laplace').replace(/^\D+$/, 'all $&')} layers`,
  `(${range(ofGradients('real-fits', 'A²/n log-normal'))}, a Gaussian ${range(ofGradients('real-fits', 'A²/n Gaussian'), 2)})`,
  `(KS ${range(ofGradients('real-fits', 'KS log-normal'))})`,
  `${range(ofGradients('real-angles', 'max abs/rms'))} times the rms, a Gaussian's would be ${range(ofGradients('real-angles', 'Gaussian'), 1)}`,
];

it.each(parts)('a claim says: %s', (part) => {
  expect(elsewhere.filter(({ measured }) => measured.includes(part))).toHaveLength(1);
});

it.each(elsewhere.map((one) => [one.claim, one.measured]))('%s', (_claim, measured) => {
  expect(measured, 'a document whose tables are known here').toContain('](docs/theory.md)');
  const [, sections] = /sections? ([\d, and]+)/.exec(measured) ?? [];
  expect(sections, 'the sections that have the figures').toBeDefined();
  const source = [preface, ...sections.match(/\d+/g)!.map(section)].join(' ').replace(/\s+/g, ' ');
  const left = parts
    .reduce((text, part) => text.replace(part, ''), measured)
    .replace(/\]\([^)]*\)|sections? [\d, and]+/g, '');
  expect(left.match(/\d+\.\d+/g) ?? [], 'decimals that no row above has').toEqual([]);
  // A whole number with what it counts, as "4 bits" and "5 % level": the number alone would be found anywhere.
  const whole = left.match(/(?<![\w.])\d+(?:e\d+)?(?![\w.]\d)(?: %)?(?: (?:bits|draws|steps|level))?/g) ?? [];
  expect(
    whole.filter((one) => !new RegExp(`(?<![\\w.])${one}(?![\\w.]\\d)`).test(source)),
    'whole numbers that the sections do not have',
  ).toEqual([]);
});
