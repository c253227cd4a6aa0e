/** What is in an experiment's README, and what is too long for it. */
import { expect, it } from 'vitest';
import { parseExperiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';
import { readmeText, tablesText } from './documents.js';

const swept = ['all', 'weights'].flatMap((series) =>
  [2, 4].map((x) => ({ name: `${series}-${x}`, recipe: 'int8', x, series })),
);
const json = {
  ...{ formatVersion: 1, title: 'Title', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
  ...{ seeds: 1, baseline: 'fp32', smoke: {}, settings: { probeEvery: 1 }, cosines: { series: 'all' } },
  ...{ plot: { kind: 'sweep', xLabel: 'bits' }, arms: [{ name: 'fp32', recipe: 'fp32' }, ...swept] },
};
const experiment = parseExperiment(json, 'test', 'file');

const run = (arm: string, changes: Partial<RunResult> = {}): RunResult => ({
  ...{ arm, seed: 0, testAccuracy: 0.9, recipe: arm, status: 'finished', settingsHash: '', epochs: 1 },
  ...{ steps: 1, testLoss: 1, trainLoss: 1, seconds: 5, threads: 1, octograd: '0.1.0', node: 'v20' },
  ...{ platform: 'linux-x64', cpu: 'a processor', startedAt: '2026-01-02T00:00:00Z' },
  ...changes,
});
const resultsOf = (runs: readonly RunResult[]): Results => ({
  ...{ formatVersion: 1, experiment: 'test', smoke: false, schedule: '1 epoch', runs },
});
const results = resultsOf([
  run('fp32', { cosines: {} }),
  run('all-2', {
    testAccuracy: 0.5,
    startedAt: '2026-01-04T00:00:00Z',
    cosines: { fc1: { weights: [0.5, 1], copies: [1, 1] }, fc2: { weights: [0.7, 1], copies: [1, 1] } },
  }),
  run('weights-2', {
    testAccuracy: null,
    status: 'diverged',
    cosines: { fc1: { weights: [0.25, 1], copies: [0.9999999, 1] } },
  }),
]);

it('a sweep is a table with a row for each place, and its arms stand in tables.md', () => {
  const readme = readmeText({ experiment, results });
  expect(readme).toContain('| bits | all | weights |');
  expect(readme).toContain(
    '| 2 | 50.00: -40.00 (one seed), not settled, n = 1 | no result, diverged (1 of 1) |',
  );
  expect(readme).toContain('| 4 | - | - |');
  expect(readme.replace(/\s+/g, ' ')).toContain('`fp32` has 90.00, n = 1.');
  expect(readme).not.toContain('| all-2 | 1 |');
  const tables = tablesText({ experiment, results });
  expect(tables).toContain('| all-2 | 1 | 50.00 | fp32 | -40.00 (one seed) | not settled, n = 1 |');
});

it('cosines in the README are of the series alone, and without what is 1 throughout', () => {
  const readme = readmeText({ experiment, results });
  expect(readme).toContain('| arm | weights | activations |');
  expect(readme).toContain('| all-2 | 0.6000 (fc1 0.5000) | - |');
  expect(readme).not.toContain('| weights-2 |');
  expect(readme).toContain('not shown: their copies for gradWeight.');
  const tables = tablesText({ experiment, results }) ?? '';
  expect(tables).toContain('| weights-2 | 0.2500 (fc1 0.2500) | - |');
  expect(tables).toContain('| weights | fc2 | 0.7000 |');
  expect(tables).not.toContain('| their copies for gradWeight |');
  // One layer that keeps less, and the column is there.
  const less = run('all-4', { cosines: { fc1: { copies: [0.99, 1] } } });
  const whole = readmeText({ experiment, results: resultsOf([...results.runs, less]) });
  expect(whole).toContain('| their copies for gradWeight |');
  expect(whole).not.toContain('not shown');
});

it('says when and where the runs were', () => {
  expect(readmeText({ experiment, results })).toContain(
    '3 runs from 2026-01-02 to 2026-01-04. octograd 0.1.0, Node v20, linux-x64, a processor, 1 thread.',
  );
});

it('says by which commits and kernels runs were made, of those that say so', () => {
  const newer = (commit: string, backend: string) =>
    run('fp32', { commit, backend, cores: 2, threads: null });
  const mixed = [
    run('fp32'),
    newer('abc', 'wasm, 2 threads, SIMD, 8-bit dot products'),
    newer('abc', 'wasm, 2 threads, 256-bit SIMD'),
    newer('def-dirty', 'wasm, 2 threads, 256-bit SIMD'),
  ];
  expect(readmeText({ experiment, results: resultsOf(mixed) }).replace(/\s+/g, ' ')).toContain(
    '4 runs from 2026-01-02. octograd 0.1.0, Node v20, linux-x64, a processor, 1 thread; ' +
      'octograd 0.1.0, Node v20, linux-x64, a processor, all 2 cores; commit: abc in 2 of 3, def-dirty in 1; ' +
      'kernels: SIMD, 8-bit dot products in 1 of 3, 256-bit SIMD in 2.',
  );
});

it('nothing is too long of an experiment without a sweep, nor of one that was not run', () => {
  const { cosines: _c, plot: _p, ...plain } = json;
  expect(tablesText({ experiment: parseExperiment(plain, 'test', 'file'), results })).toBeUndefined();
  expect(tablesText({ experiment })).toBeUndefined();
});

it('ends the method with a full stop, where it has none', () => {
  const methods = ['As asked', 'As asked.', 'As asked (`so`).'].map(
    (method) => /Method\.\*\* (.*?) Model/.exec(readmeText({ experiment: { ...experiment, method } }))?.[1],
  );
  expect(methods).toEqual(['As asked.', 'As asked.', 'As asked (`so`).']);
});

it('has the command as it works where it stands: to go on where some runs are recorded', () => {
  const commandOf = (runs: readonly RunResult[]) =>
    / {4}octograd .*/.exec(readmeText({ experiment, results: resultsOf(runs) }))?.[0];
  const all = experiment.arms.map(({ name }) => run(name));
  expect(commandOf([])).toBe('    octograd reproduce test');
  expect(commandOf(all.slice(1))).toBe('    octograd reproduce test --resume');
  expect(commandOf(all)).toBe('    octograd reproduce test           # the figures');
  expect(readmeText({ experiment, results: resultsOf(all) })).toContain(
    '\n    octograd reproduce test --verify  # one seed of each arm anew, ',
  );
});

it('arms of one claim share a row, and of many claims the README has counts, tables.md the table', () => {
  const claimOf = (claim: string, arm: string) => ({ claim, source: 's', arm, expects: 'no loss' });
  const { plot: _plot, cosines: _cosines, ...plain } = json;
  const documents = (claims: readonly object[]) => {
    const one = { experiment: parseExperiment({ ...plain, claims }, 'test', 'file'), results };
    return { readme: readmeText(one), tables: tablesText(one) };
  };
  const few = documents([claimOf('It holds', 'all-2'), claimOf('It holds', 'all-4')]);
  expect(few.readme).toContain(
    '| It holds | s | all-2 - fp32: -40.00 (one seed) points, n = 1; - | not settled, n = 1 in 1 of 2; not run yet: `octograd reproduce test --resume` in 1 |',
  );
  const many = documents(
    Array.from({ length: 13 }, (_, i) => claimOf(`Claim ${i}`, i === 0 ? 'all-4' : 'all-2')),
  );
  expect(many.readme).toContain(
    'Of 13 comparisons that claims are about: 12 are not settled, 1 are not run. Claim by claim: [tables.md](tables.md).',
  );
  expect(many.readme).not.toContain('| Claim 1 |');
  expect(many.tables).toContain('| Claim 12 | s | all-2 - fp32');
});
