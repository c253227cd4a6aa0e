/** Figures that are typed by hand in README.md are those of the documents that have them; claims: claims-figures.test.ts. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readClaims } from '../src/cli/reproduce/claims.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { elsewhere } = await readClaims(`${root}experiments`);

it('there are such claims', () => {
  expect(elsewhere.length).toBeGreaterThan(0);
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
