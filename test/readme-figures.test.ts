/** Accuracies that are typed by hand in README.md are those of the runs in docs/accuracy.json; its other figures of trainings are written. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Estimate, estimate } from '../src/cli/reproduce/findings/statistics.js';

interface Run {
  readonly data: string;
  readonly model: string;
  readonly epochs: number;
  readonly recipe: string;
  readonly seed: number;
  readonly testAccuracy: number;
}

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8');
const readme = read('README.md');
const { runs } = JSON.parse(read('docs/accuracy.json')) as { runs: readonly Run[] };

/** Per cent by seed. */
function accuracies(epochs: number, recipe: string): number[] {
  const own = runs.filter(
    (run) =>
      run.data === 'MNIST' && run.model === 'resnet8' && run.epochs === epochs && run.recipe === recipe,
  );
  return own.sort((a, b) => a.seed - b.seed).map(({ testAccuracy }) => 100 * testAccuracy);
}

const meanOf = (values: readonly number[]): Estimate => estimate(values) as Estimate;
const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`;
const less = (epochs: number, recipe: string): Estimate => {
  const float = accuracies(epochs, 'fp32');
  return meanOf(accuracies(epochs, recipe).map((value, i) => value - float[i]));
};

it.each([
  ['the job above', 0.35],
  ['3 epochs', 3],
])('the row of ResNet-8 on MNIST, %s', (name, epochs) => {
  const cells = ['fp32', 'paper', 'int8'].map((recipe) => {
    const { n, mean, deviation } = meanOf(accuracies(epochs, recipe));
    expect(n).toBe(3);
    return `${mean.toFixed(2)} (${deviation.toFixed(2)})`;
  });
  const { mean, low, high } = less(epochs, 'int8');
  expect(readme).toContain(
    `| ResNet-8, MNIST, ${name}, seeds 0, 1, 2 | ${cells.join(' | ')} | ${signed(mean)}, ${signed(low)} to ${signed(high)} |`,
  );
});

it.each([
  ['paper', 0.35, 'points below', 'not settled'],
  ['fp32-range', 0.35, 'below', 'not settled'],
  ['paper', 3, 'below', 'no loss'],
])('what %s loses in %d epochs', (recipe, epochs, words, verdict) => {
  const { mean, low, high } = less(epochs, recipe);
  const text = readme.replace(/\s+/g, ' ');
  expect(text).toContain(`${(-mean).toFixed(2)} ${words}`);
  expect(text).toMatch(new RegExp(`${signed(low)} to \\${signed(high)}: ${verdict}`));
});
