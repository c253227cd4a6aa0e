/** What is recorded is what octograd still computes: a recorded run done anew, to the last digit; and what is said where it is not. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { provenance } from '../src/cli/reproduce/findings/facts.js';
import type { Results } from '../src/cli/reproduce/results/results.js';
import type { RunResult } from '../src/cli/reproduce/results/run-result.js';
import { differingFigures } from '../src/cli/reproduce/run/verify.js';
import { run, workFolder, writeSmallData } from '../src/cli/run.case.js';
import { needs } from './support/needs.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = workFolder();

const verified = (name: string, arm: string, ...args: string[]) =>
  run([
    ...['reproduce', name, '--experiments', join(root, 'experiments'), '--verify', '--arms', arm],
    ...['--seeds', '1', '--out', join(folder, `${name}-${arm}`), ...args],
  ]);

it('a recorded run in 8 bits has the same digits today', async () => {
  const { code, out, err } = await verified('mnist-mlp', 'int8');
  expect(out).toContain('mnist-mlp int8 seed 0: the same digits (97.');
  expect([code, err]).toEqual([0, '']);
}, 120_000);

// Recorded with fused multiply-add, without which float32 has other bits.
const backend = await createWasmBackend({ threads: 1 });
const fused = backend.description.includes('fused multiply-add');
await backend.dispose();
it.skipIf(!fused)(
  `so has one in float32${fused ? '' : ' (skipped: no relaxed SIMD here)'}`,
  async () => {
    const { code, out, err } = await verified('mnist-mlp', 'fp32');
    expect(out).toContain('mnist-mlp fp32 seed 0: the same digits (97.');
    expect([code, err]).toEqual([0, '']);
  },
  120_000,
);

const data = needs('data');
data.it(
  'so has one of a network with convolutions and norms',
  async () => {
    const archive = join(data.path, 'fsdd.tar.gz');
    const { code, out, err } = await verified('spoken-digits', 'int8', '--data', `fsdd=${archive}`);
    expect(out).toMatch(/spoken-digits int8 seed 0: the same digits \(8\d\.\d\d %\)/);
    expect([code, err]).toEqual([0, '']);
  },
  120_000,
);

describe('of a small experiment', () => {
  const experiments = join(folder, 'experiments');
  const file = join(experiments, 'small', 'results.json');
  const small = (...args: string[]) =>
    run([
      ...['reproduce', 'small', '--experiments', experiments, '--data', join(folder, 'data')],
      ...['--threads', '1', ...args],
    ]);

  beforeAll(async () => {
    mkdirSync(join(folder, 'data'));
    writeSmallData(join(folder, 'data'));
    mkdirSync(join(experiments, 'small'), { recursive: true });
    const experiment = {
      ...{ formatVersion: 1, title: 'T', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
      settings: { epochs: 2, batch: 16, limit: 96, testLimit: 32 },
      ...{ seeds: 2, baseline: 'fp32' },
      arms: ['fp32', 'int8'].map((name) => ({ name, recipe: name })),
    };
    writeFileSync(join(experiments, 'small', 'experiment.json'), JSON.stringify(experiment));
    expect((await small()).code).toBe(0);
  });

  it('one seed of every arm is done anew, and nothing that is recorded changes', async () => {
    const before = readFileSync(file, 'utf8');
    const { code, out } = await small('--verify', '--out', join(folder, 'same'));
    expect(code).toBe(0);
    expect(out).toMatch(
      /small fp32 seed 0: the same digits \(\d+\.\d\d %\)\nsmall int8 seed 0: the same digits .*\n2 of 2 have/,
    );
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('so is the seed that --seeds names', async () => {
    const { code, out } = await small('--verify', '--seeds', '1-1', '--out', join(folder, 'one'));
    expect(code).toBe(0);
    expect(out).toMatch(/small fp32 seed 1: the same .*\nsmall int8 seed 1: the same .*\n2 of 2 have/);
  });

  it('what came of it is kept beside the runs with --record, and their figures stay as they are', async () => {
    const before = (JSON.parse(readFileSync(file, 'utf8')) as Results).runs;
    const { code, out } = await small(
      '--verify',
      '--record',
      '--arms',
      'int8',
      '--out',
      join(folder, 'kept'),
    );
    expect([code, out]).toEqual([0, expect.stringContaining(`Recorded in ${file}`)]);
    const after = JSON.parse(readFileSync(file, 'utf8')) as Results;
    const [kept] = after.runs.filter(({ verified }) => verified);
    expect([kept.arm, kept.seed]).toEqual(['int8', 0]);
    expect(kept.verified).toMatchObject({ same: true, node: process.version });
    expect(after.runs.map(({ verified: _, ...one }) => one)).toEqual(before);
    const readme = readFileSync(join(experiments, 'small', 'README.md'), 'utf8').replace(/\s+/g, ' ');
    expect(readme).toContain('1 of them was done anew on');
    expect(provenance(after)).toMatch(
      /1 of them was done anew on \d{4}-\d\d-\d\d \(Node .*\), all with the same digits\./,
    );
  });

  it('a figure that differs is named with both values, and the exit code is 1', async () => {
    const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
    const [first] = results.runs;
    const runs = results.runs.map((one) => (one === first ? { ...one, testLoss: 0.25, commit: 'abc' } : one));
    writeFileSync(file, JSON.stringify({ ...results, runs }));
    const { code, out } = await small('--verify', '--out', join(folder, 'other'));
    expect(code).toBe(1);
    expect(out).toContain(
      `small fp32 seed 0: differs: test loss 0.25 recorded, ${first.testLoss} measured\n`,
    );
    expect(out).toMatch(/recorded by octograd \S+ of commit abc, Node .*\n {2}measured by octograd /);
    expect(out).toMatch(/It has products in float32, .*relaxed SIMD/);
    expect(out).toContain('\n1 of 2 have the recorded digits\n');
  });

  it.each([
    [['--record'], '--record keeps what --verify finds; give both'],
    [['--verify', '--resume'], '--resume does nothing beside --verify; leave out one of the two'],
    [
      ['--verify', '--seeds', '0,1,7-8', '--out', join(folder, 'new')],
      'small: no run under seed 7, 8 is recorded; leave them out of --seeds',
    ],
    [
      ['--verify', '--seeds', '99', '--out', join(folder, 'new')],
      'small: --seeds 99 asks for so many seeds, and 2 are recorded; --seeds 99-99 is seed 99 alone',
    ],
    [
      ['--verify', '--out', join(folder, 'same')],
      'has runs already, and --verify does them anew; name a new --out',
    ],
  ])('%j is refused', async (args, message) => {
    const { code, err } = await small(...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('has to be named', async () => {
    const { code, err } = await run(['reproduce', '--verify', '--experiments', experiments]);
    expect([code, err]).toEqual([2, expect.stringContaining('name the experiments')]);
  });
});

it('cosines are compared, too', () => {
  const one = (cosine: number): RunResult =>
    ({ status: 'finished', steps: 1, cosines: { fc1: { weights: [cosine, 1] } } }) as unknown as RunResult;
  expect(differingFigures(one(0.5), one(0.5))).toEqual([]);
  expect(differingFigures(one(0.5), one(0.75))).toEqual([
    'cosines, 1 of them: fc1.weights: [0.75,1] instead of [0.5,1], which is recorded',
  ]);
});
