/** What a folder says of its run: read where it is whole, and refused by name where it is damaged. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DataError } from '../../../core/errors.js';
import { workFolder } from '../../run.case.js';
import { type FolderRun, readRun } from './run-result.js';

const root = workFolder();
const config = {
  ...{ octograd: '0.1.0', node: 'v20', platform: 'linux-x64', startedAt: '2026-01-02', command: 'train' },
  ...{ settings: { epochs: 2, batchSize: 8, seeds: [0], probeEvery: 1 }, recipes: [{ name: 'int8' }] },
};
const probe = {
  ...{ type: 'probe', step: 1, gradients: [{ path: 'fc1.weight', cosine: null }] },
  operands: [{ path: 'fc1', product: 'forward', role: 'weight', cosine: 0.5 }],
};
const done = { type: 'run-done', steps: 9, testAccuracy: 0.9, testLoss: 0.2, seconds: 1, reason: 'finished' };

let count = 0;
const folderOf = (lines: readonly unknown[], changes: object = {}): string => {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...changes }));
  writeFileSync(join(folder, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return folder;
};
const refused = async (folder: string, message: string): Promise<void> => {
  const read: Promise<FolderRun | undefined> = readRun(folder);
  await expect(read).rejects.toThrow(DataError);
  await expect(read).rejects.toThrow(`${folder}`);
  await expect(read).rejects.toThrow(message);
};

it('is read with its probes, whose cosines may be no numbers', async () => {
  const run = await readRun(folderOf([probe, done]));
  expect(run?.result).toMatchObject({ testAccuracy: 0.9, cosines: { fc1: { weights: [0.5, 1] } } });
});

it.each<[string, unknown]>([
  ['is no event', null],
  ['is no event', 7],
  ['is no event', [done]],
  ['is no event', { step: 1 }],
])('a line that %s is refused: %j', async (what, line) => {
  await refused(
    folderOf([probe, line, done]),
    `line 2 of its metrics.jsonl ${what}, so that a file of the run was damaged or edited; move the folder away and train the run anew`,
  );
});

it.each([{ type: 'probe' }, { ...probe, operands: [null] }, { ...probe, gradients: [{ cosine: 0.5 }] }])(
  'a probe without its figures is refused: %j',
  async (line) => {
    await refused(folderOf([line, done]), 'a probe in its metrics.jsonl lacks figures');
  },
);

it.each([
  [{ testAccuracy: 1.5 }, 'field "testAccuracy" must be up to 1'],
  [{ testAccuracy: 'all' }, 'field "testAccuracy" must be a number where "status" is "finished"'],
  [{ steps: -1 }, 'field "steps" must be at least 0'],
])('a figure that cannot be right is refused: %j', async (changes, problem) => {
  await refused(
    folderOf([{ ...done, ...changes }]),
    `says of its run what cannot be right (${problem}), so that a file`,
  );
});

it('a recipe that is none is refused', async () => {
  const recipes = [{ name: 'int8', overrides: [null] }];
  await refused(folderOf([done], { recipes }), 'is no config.json of a run');
});
