/** What lies in the place of a run's folder: half a run goes, and nothing else is lost. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { workFolder } from '../../run.case.js';
import { comparable, hashOf, type Task } from '../experiment/tasks.js';
import { leftover } from './leftover.js';

const root = workFolder();
const settings = { epochs: 2, batchSize: 8 };
const recipe = { name: 'int8' };
const what = comparable(settings, recipe);
const task = { ...what, seed: 0, hash: hashOf(what), wanted: [] } as unknown as Task;
const config = {
  ...{ octograd: '0.1.0', node: 'v20', platform: 'linux-x64', startedAt: '2026-01-02', command: 'train' },
  ...{ settings: { ...settings, seeds: [0] }, recipes: [recipe] },
};
const done =
  '{"type":"run-done","steps":9,"testAccuracy":0.9,"testLoss":0.2,"seconds":1,"reason":"completed"}';

let count = 0;
function folderOf(files: Record<string, string>): string {
  const folder = join(root, String(count++), 'int8-seed0');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const half = { 'config.json': JSON.stringify(config), 'metrics.jsonl': '{"type":"step","step":1}\n{"ty' };
const finished = { ...half, 'metrics.jsonl': `${done}\n`, 'model.safetensors': 'weights' };

it('takes the run that came to its end', async () => {
  const folder = folderOf(finished);
  const { run, aside } = await leftover(folder, task);
  expect([run?.result.testAccuracy, aside]).toEqual([0.9, undefined]);
  expect(readdirSync(folder)).toHaveLength(3);
});

it.each([
  ['half a run', half],
  ['half a run and a file that was being written', { ...half, '.model.safetensors.0a1b.tmp': '' }],
  ['a file of settings that was being written', { '.config.json.0a1b.tmp': '{' }],
  ['figures without settings', { 'metrics.jsonl': done }],
  ['what ends a run, without its settings', { 'model.safetensors': 'weights', 'report.html': '<html>' }],
  ['nothing', {}],
])('takes away %s', async (_, files) => {
  const folder = folderOf(files);
  expect(await leftover(folder, task)).toEqual({});
  expect(existsSync(folder)).toBe(false);
});

it.each([
  [
    'a text of the user',
    { 'thesis.txt': 'text' },
    'holds thesis.txt, where the folder of a run is to be; move it away',
  ],
  [
    'a text beside figures without settings',
    { 'metrics.jsonl': done, 'thesis.txt': 'text' },
    'holds thesis.txt, where the folder',
  ],
  [
    'a text beside half a run',
    { ...half, 'thesis.txt': 'text' },
    'holds thesis.txt beside half a run, where',
  ],
  ['settings of something else', { 'config.json': '{"name":"my program"}' }, 'is no config.json of a run'],
  [
    'a comparison',
    { 'config.json': JSON.stringify({ ...config, command: 'compare' }) },
    'is of octograd compare',
  ],
])('leaves %s, and refuses', async (_, files, message) => {
  const folder = folderOf(files);
  await expect(leftover(folder, task)).rejects.toThrow(message);
  expect(readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
});

it('leaves a file in its place, and refuses', async () => {
  const folder = folderOf({ file: 'text' });
  await expect(leftover(join(folder, 'file'), task)).rejects.toThrow('is a file, where the folder of a run');
});

it('sets a finished run of other settings, seed or extent aside, each under a name of its own', async () => {
  const folder = folderOf(finished);
  const others: [object, string][] = [
    [
      { ...comparable({ ...settings, epochs: 3 }, recipe), hash: 'other' },
      'under other settings (settings.epochs: 2 instead of 3)',
    ],
    [{ seed: 1 }, 'of seed 0'],
    [{ wanted: ['cosines'] }, 'without cosines'],
  ];
  for (const [i, [changes, reason]] of others.entries()) {
    const kept = i === 0 ? `${folder}-old` : `${folder}-old-${i + 1}`;
    expect(await leftover(folder, { ...task, ...changes })).toEqual({
      aside: `${folder}: held a finished run ${reason}; kept as ${kept}`,
    });
    expect(existsSync(folder)).toBe(false);
    expect(readFileSync(join(kept, 'model.safetensors'), 'utf8')).toBe('weights');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(finished)) writeFileSync(join(folder, name), text);
  }
});
