/** The full schedule of an experiment: its commands do what `--full` does, and its results stay apart. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Outcome, run, runReproduce, workFolder, writeSmallData } from '../../run.case.js';
import { readmeText } from '../documents/documents.js';
import { foldersOf } from '../request.js';
import type { Results } from '../results/results.js';
import { parseExperiment } from './experiment.js';
import { findExperiments } from './find.js';
import { allAtFull, atFull, commandOf, fullCommands } from './full.js';

const folder = workFolder();
const experiments = join(folder, 'experiments');
const data = join(folder, 'data');
const out = join(folder, 'out');

const json = {
  ...{ formatVersion: 1, title: 'Title', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
  ...{ seeds: 2, baseline: 'fp32', smoke: { maxSteps: 1 }, notes: ['Short.'] },
  settings: { epochs: 1, batch: 16, limit: 96, testLimit: 32 },
  arms: [
    { name: 'fp32', recipe: 'fp32' },
    { name: 'eight', recipe: 'int8', settings: { momentum: 0.8 } },
    { name: 'six', recipe: { base: 'int8', bits: { gradients: 6 } } },
  ],
  full: { what: 'Longer.', settings: { epochs: 2, schedule: 'multi-step' } },
};
const experiment = parseExperiment(json, 'small', 'file');
const { full: _, ...short } = json;

const reproduce = (...args: string[]): Promise<Outcome> => runReproduce(experiments, args);

beforeAll(() => {
  mkdirSync(data);
  writeSmallData(data);
  for (const [name, one] of Object.entries({ small: json, short })) {
    mkdirSync(join(experiments, name), { recursive: true });
    writeFileSync(join(experiments, name, 'experiment.json'), JSON.stringify(one));
  }
});

it('is the same arms under other settings, with neither the remarks nor the folder of the short one', () => {
  const full = atFull(experiment);
  expect(full).toMatchObject({
    ...{ title: 'Title, the full schedule', method: 'Longer.', arms: experiment.arms, notes: [] },
    settings: { ...json.settings, epochs: 2, schedule: 'multi-step' },
  });
  expect(foldersOf({ experiments, full: true, jobs: 1, data: [] })).toMatchObject({
    results: join('runs', 'reproduce-full'),
    sources: [join('runs', 'reproduce-full')],
    beside: false,
  });
});

it('is left out where there is none, and refused where it is asked for by name', () => {
  const all = [experiment, parseExperiment(short, 'short', 'file')];
  expect(allAtFull(all, false).map(({ name }) => name)).toEqual(['small']);
  expect(() => allAtFull(all, true)).toThrow('short has no full schedule');
});

it('its commands for single runs leave what --full --adopt takes, and --full does the rest', async () => {
  const { whole, single } = fullCommands(experiment) ?? { whole: [], single: [] };
  expect(single[0]).toBe('for seed in 0 1; do');
  const lines = single.filter((line) => line.startsWith('  octograd train '));
  // An arm with a recipe of its own is trained by `reproduce` alone.
  expect(lines).toHaveLength(2);
  const runs = join(folder, 'runs');
  for (const line of lines) {
    const words = line.replace('DIR', data).replace('runs/full', runs).replaceAll('$seed', '1').trim();
    expect((await run([...words.split(' ').slice(1), '--threads', '1'])).code).toBe(0);
  }
  const adopt = (single[single.length - 1] ?? '').split(' ').slice(2, -1);
  const taken = await reproduce(...adopt, runs, '--out', out);
  expect([taken.code, taken.err]).toEqual([0, '']);
  expect(taken.out).toMatch(/is eight, seed 1\n.*is fp32, seed 1/);

  const args = (whole[0] ?? '').replace('DIR', data).split(' ').slice(2);
  const rest = await reproduce(...args, '--out', out);
  expect([rest.code, rest.err]).toEqual([0, '']);
  expect(rest.out).toContain('4 runs of 1 experiment');
  const results = JSON.parse(readFileSync(join(out, 'small', 'results.json'), 'utf8')) as Results;
  expect(results.runs).toHaveLength(6);
  expect(results.schedule).toBe(
    '2 epochs of 96 samples, 12 steps of 16, the rate times 0.1 at shares 0.5 and 0.75 of the run',
  );
  // Runs of the short schedule are none of these.
  const mixed = await reproduce('small', '--data', data, '--out', out, '--resume');
  expect([mixed.code, mixed.err]).toEqual([3, expect.stringContaining('under other settings')]);
}, 60_000);

it('stands in the README of the experiment, and its own README says how to run it', () => {
  const text = readmeText({ experiment });
  expect(text).toContain('\n    octograd reproduce small\n');
  expect(text).toContain(
    '## The full schedule\n\nLonger.\n\n    octograd reproduce small --full --data mnist=DIR',
  );
  const own = readmeText({ experiment: atFull(experiment) });
  expect(own).toContain('\n    octograd reproduce small --full\n');
  expect(own).not.toContain('## The full schedule');
});

it('has the data set and the model of its experiment', () => {
  const other = { ...json, full: { what: 'Longer.', settings: { model: 'lenet' } } };
  expect(() => parseExperiment(other, 'small', 'file')).toThrow(
    '"full.settings.model" belongs to the experiment',
  );
});

it('names the folder in its commands where reproduce would not look there', async () => {
  const own = join(folder, 'my own');
  mkdirSync(join(own, 'small'), { recursive: true });
  writeFileSync(join(own, 'small', 'experiment.json'), JSON.stringify(json));
  const [found] = await findExperiments(own, []);
  expect(commandOf(found)).toBe('octograd reproduce small --experiments "my own"');
  expect(fullCommands(found)?.single.at(-1)).toBe(
    'octograd reproduce small --full --experiments "my own" --adopt runs/full',
  );
  expect(commandOf({ name: 'small', home: 'a $HOME"' })).toBe(
    'octograd reproduce small --experiments "a \\$HOME\\""',
  );
  const [usual] = await findExperiments(experiments, ['small']);
  expect(commandOf(usual)).toBe('octograd reproduce small');
});
