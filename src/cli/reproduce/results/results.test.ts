import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workFolder } from '../../run.case.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Task } from '../experiment/tasks.js';
import { ResultsFile, readResults, resultsPath, scheduleText } from './results.js';
import type { RunResult } from './run-result.js';

const committed = fileURLToPath(new URL('../../../../experiments', import.meta.url));
const experimentsWithResults = readdirSync(committed).filter((name) =>
  existsSync(resultsPath(committed, name)),
);

it.each([
  [1, '1 epoch of'],
  // A share of steps that comes to one epoch but for the last bits is shown as one.
  [1.000001, '1 epoch of'],
  [0.35, '0.35 epochs of'],
  [2, '2 epochs of'],
])('a schedule of %d epochs is "%s"', (epochs, expected) => {
  const settings = {
    ...{ epochs, totalSteps: 9, batchSize: 64, trainSamples: 600 },
    schedule: { kind: 'oneCycle' },
  };
  expect(scheduleText([{ settings } as unknown as Task])).toBe(
    `${expected} 600 samples, 9 steps of 64, one-cycle, annealed to zero`,
  );
});

it('puts arms together that differ in their batch alone', () => {
  const task = (batchSize: number, kind = 'constant') =>
    ({
      settings: {
        ...{ epochs: 1, totalSteps: 640 / batchSize, batchSize, trainSamples: 640 },
        schedule: { kind },
      },
    }) as unknown as Task;
  expect(scheduleText([task(64), task(32), task(64), task(16, 'cosine')])).toBe(
    '1 epoch of 640 samples, 10 steps of 64, 20 of 32, constant; 1 epoch of 640 samples, 40 steps of 16, cosine',
  );
});

describe('a results.json that was edited by hand', () => {
  const folder = workFolder();
  const path = resultsPath(folder, 'test');
  mkdirSync(join(folder, 'test'));
  const sound = {
    ...{ arm: 'int8', seed: 0, recipe: 'int8', status: 'finished', settingsHash: 'a', epochs: 1, steps: 9 },
    ...{ testAccuracy: 0.9, testLoss: 0.3, trainLoss: 0.2, seconds: 5, threads: null, octograd: '0.1.0' },
    ...{ node: 'v20', platform: 'linux-x64', cpu: null, startedAt: '2026-01-02T00:00:00Z' },
  };
  const file = { formatVersion: 1, experiment: 'test', smoke: false, schedule: '1 epoch' };
  const fit = { ks: 0.1, andersonDarling: 0.2 };
  const tensor = {
    ...{ layer: 'fc1', kind: 'weights', count: 9, zeroShare: 0, rms: 1, crest: 2, excessKurtosis: 0 },
    ...{ belowHalfStep: 0, cosine: { measured: 1, byStep: 1, gaussian: 1 }, histogram: [1, 2] },
    fits: {
      gaussian: { ...fit, parameters: { mean: 0, sigma: 1 } },
      laplace: { ...fit, parameters: { median: 0, scale: 1 } },
      'log-normal': { ...fit, parameters: { mu: 0, sigma: 1, negative: 0.5 } },
    },
  };
  const looked = (changes: object) => ({
    distributions: [{ step: 0, tensors: [{ ...tensor, ...changes }] }],
  });
  const read = (text: string) => {
    writeFileSync(path, text);
    return readResults(folder, 'test');
  };
  const json = (...runs: object[]): string => JSON.stringify({ ...file, runs });

  it('is read where it is sound, with a byte order mark and fields that are not known here', async () => {
    const diverged = { ...sound, seed: 1, status: 'diverged', testAccuracy: null, testLoss: null };
    const results = await read(`\uFEFF${json({ ...sound, ...looked({ more: 1 }), more: 2 }, diverged)}`);
    expect(results?.runs).toEqual([{ ...sound, ...looked({ more: 1 }), more: 2 }, diverged]);
  });

  it.each<[object, string]>([
    [{ testAccuracy: 92.5 }, 'field "testAccuracy" must be up to 1'],
    [{ testAccuracy: -0.1 }, 'field "testAccuracy" must be at least 0'],
    [{ testAccuracy: null }, 'field "testAccuracy" must be a number where "status" is "finished"'],
    [{ testLoss: '0.3' }, 'field "testLoss"'],
    [{ seconds: 1e308 }, 'field "seconds" must be up to 1000000000'],
    [{ seed: -1 }, 'field "seed" must be at least 0'],
    [{ seed: 0.5 }, 'field "seed" must be a whole number'],
    [{ seed: 2 ** 32 }, 'field "seed" must be up to 4294967295'],
    [{ status: 'diverged' }, 'field "testAccuracy" must be null where "status" is "diverged"'],
    [
      { status: 'diverged', testAccuracy: null },
      'field "testLoss" must be null where "status" is "diverged"',
    ],
    [{ status: 'done' }, 'field "status" must be "finished" or "diverged"'],
    [{ steps: undefined }, 'field "steps" is missing'],
    [{ cosines: { fc1: { weights: [1.5, 1] } } }, 'field "cosines.fc1.weights.0" must be up to 1'],
    [{ cosines: { fc1: { weights: [] } } }, 'field "cosines.fc1.weights'],
    [looked({ fits: {} }), 'field "distributions.0.tensors.0.fits.gaussian" is missing'],
    [
      looked({ fits: { ...tensor.fits, gaussian: { ...fit, parameters: { mean: 0, sigma: 0 } } } }),
      'are those of no gaussian distribution',
    ],
    [
      looked({ fits: { ...tensor.fits, laplace: { ...tensor.fits.laplace, ks: 'text' } } }),
      'fits.laplace.ks" must be a number',
    ],
    [looked({ cosine: {} }), 'field "distributions.0.tensors.0.cosine.measured" is missing'],
    [looked({ kind: 'bias' }), 'tensors.0.kind" must be one of weights'],
    [looked({ histogram: [] }), 'tensors.0.histogram" must not be empty'],
  ])('is refused with run, field and remedy: %j', async (changes, message) => {
    const second = { ...sound, seed: 1, ...changes };
    const refused = read(json(sound, second));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(`${path}: run 2 (int8, seed ${second.seed}): `);
    await expect(refused).rejects.toThrow('or take the run out and --resume does it again');
  });

  it('is refused for numbers that are none, runs that are there twice, and what is no list', async () => {
    await expect(read(json(sound).replace('0.3', '1e999'))).rejects.toThrow('"testLoss" must be finite');
    await expect(read(json(sound, { ...sound, testAccuracy: 0.8 }))).rejects.toThrow(
      'run 2 (int8, seed 0) is there a second time, and would count as two; take one of them out',
    );
    await expect(read(json(null as unknown as object))).rejects.toThrow('run 1: ');
    await expect(read(JSON.stringify({ ...file, runs: {} }))).rejects.toThrow('field "runs" must be a list');
    await expect(read(JSON.stringify({ ...file, runs: [], smoke: undefined }))).rejects.toThrow(
      '"smoke" is missing',
    );
  });

  it('is not made by octograd either', async () => {
    const results = await read(json(sound));
    const before = readFileSync(path, 'utf8');
    const experiment = { name: 'test', arms: [{ name: 'int8' }] } as unknown as Experiment;
    const opened = await ResultsFile.open(folder, experiment, { smoke: false, schedule: '1 epoch' });
    const wrong = { ...(results?.runs[0] as RunResult), seed: 1, testAccuracy: Number.NaN };
    await expect(opened.add(wrong)).rejects.toThrow(
      'a run (int8, seed 1) that cannot be right: field "testAccuracy"',
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});

it.each(experimentsWithResults)('the committed results of %s are sound', async (name) => {
  expect((await readResults(committed, name))?.runs.length).toBeGreaterThan(0);
});
