/** Figures that are typed by hand, in the list of claims and in README.md, are those of the documents that have them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readClaims } from '../src/cli/reproduce/claims.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { elsewhere } = await readClaims(`${root}experiments`);

it('there are such claims', () => {
  expect(elsewhere.length).toBeGreaterThan(0);
});

it.each(elsewhere.map((one) => [one.claim, one.measured]))('%s', (_claim, measured) => {
  const [, link] = /\]\(([^)]+\.md)\)/.exec(measured) ?? [];
  expect(link, 'a link to the document').toBeDefined();
  const document = new Set(readFileSync(`${root}${link}`, 'utf8').match(/\d+\.\d+/g));
  const figures = measured.replace(/\]\([^)]*\)/, '').match(/\d+\.\d+/g) ?? [];
  expect(figures.filter((figure) => !document.has(figure))).toEqual([]);
});

it('intervals in README.md are those of RESULTS.md, which its test holds against the runs', () => {
  const [readme, results] = ['README.md', 'RESULTS.md'].map((file) =>
    readFileSync(`${root}${file}`, 'utf8').replace(/\s+/g, ' '),
  );
  const intervals = readme.match(/[+-][\d.]+ \[[+-][\d.]+, [+-][\d.]+\]/g) ?? [];
  expect(intervals.length).toBeGreaterThan(5);
  const [top] = results.split('## Claim by claim');
  expect(intervals.filter((interval) => !top.includes(interval))).toEqual([]);
});

it('the row of README.md about CIFAR-10 has the figures of the experiment', () => {
  const [row] = readFileSync(`${root}README.md`, 'utf8').match(/^\| ResNet-20, CIFAR-10 .*$/m) ?? [''];
  const experiment = readFileSync(`${root}experiments/cifar10-resnet20/README.md`, 'utf8');
  const figures = row.match(/\d+\.\d\d/g) ?? [];
  expect(figures).toHaveLength(8);
  expect(figures.filter((figure) => !experiment.includes(figure))).toEqual([]);
});
