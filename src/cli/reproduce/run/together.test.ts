/** Two at work on one experiment: the second is refused, and no finished run is lost. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, runReproduce, workFolder, writeSmallData } from '../../run.case.js';
import { makeNumbered } from '../../run-folder.js';
import { loadExperiment } from '../experiment/experiment.js';
import { ResultsFile } from '../results/results.js';
import type { RunResult } from '../results/run-result.js';
import { smallExperiment as experiment } from '../small.case.js';
import { lockName } from './folder-lock.js';

const folder = workFolder();
const data = join(folder, 'data');
const experiments = join(folder, 'experiments');

beforeAll(() => {
  mkdirSync(data);
  writeSmallData(data);
  mkdirSync(join(experiments, 'small'), { recursive: true });
  writeFileSync(join(experiments, 'small', 'experiment.json'), JSON.stringify(experiment));
});

const small = (...args: string[]): Promise<Outcome> => runReproduce(experiments, ['small', ...args]);
const runsOf = (out: string): string[] =>
  (JSON.parse(readFileSync(join(out, 'small', 'results.json'), 'utf8')) as { runs: RunResult[] }).runs.map(
    ({ arm, seed }) => `${arm} ${seed}`,
  );
const all = ['fp32 0', 'fp32 1', 'int8 0', 'int8 1'];

describe('a second call while the first is at work', () => {
  const out = join(folder, 'out');
  const whole = join(folder, 'whole');
  const second: Promise<Outcome>[] = [];
  let first: Outcome;
  beforeAll(async () => {
    await small('--data', data, '--out', whole);
    first = await runReproduce(experiments, ['small', '--data', data, '--out', out], {
      onOutput: (text) => {
        if (!text.includes('[1/4]')) return;
        second.push(small('--data', data, '--out', out, '--resume'));
        second.push(small('--out', out, '--adopt', join(whole, 'small')));
      },
    });
  });

  it.each([0, 1])('is refused and touches nothing (%d)', async (i) => {
    const { code, err } = await second[i];
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/small: in use by process \d+ since \S+; wait for its end, or stop it\n$/),
    ]);
  });

  it('costs the first no run, and nothing of the lock is left', async () => {
    expect([first.code, first.err]).toEqual([0, '']);
    expect(runsOf(out)).toEqual(all);
    expect(readdirSync(join(out, 'small')).filter((name) => name.startsWith(lockName))).toEqual([]);
  });
});

it('what came into results.json by other hands meanwhile stays', async () => {
  const small = await loadExperiment(experiments, 'small');
  const head = { smoke: false, schedule: 's' };
  const out = join(folder, 'merged');
  const made: RunResult = {
    ...{ arm: 'fp32', seed: 0, recipe: 'fp32', status: 'finished', settingsHash: 'a', epochs: 1, steps: 9 },
    ...{ testAccuracy: 0.9, testLoss: 0.3, trainLoss: 0.2, seconds: 5, threads: 1, octograd: '0.1.0' },
    ...{ node: 'v20', platform: 'linux-x64', cpu: null, startedAt: '2026' },
  };
  const one = await ResultsFile.open(out, small, head);
  const other = await ResultsFile.open(out, small, head);
  await one.add({ ...made, arm: 'int8' });
  await other.add(made);
  await one.add({ ...made, seed: 1 });
  expect(runsOf(out)).toEqual(['fp32 0', 'fp32 1', 'int8 0']);
});

it('a place that takes no results is named before anything is trained', async () => {
  const out = join(folder, 'blocked');
  mkdirSync(out);
  writeFileSync(join(out, 'small'), 'a file');
  const { code, err, out: said } = await small('--data', data, '--out', out);
  expect([code, err]).toEqual([3, expect.stringContaining(`${join(out, 'small')}`)]);
  expect(said).not.toContain('[1/4]');
});

it('what is not of octograd is left where a run is to be', async () => {
  const out = join(folder, 'thesis');
  const place = join(out, 'small', 'fp32-seed0');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'thesis.txt'), 'text');
  const { code, err } = await small('--data', data, '--out', out);
  expect([code, err]).toEqual([3, expect.stringContaining('holds thesis.txt, where the folder of a run')]);
  expect(readFileSync(join(place, 'thesis.txt'), 'utf8')).toBe('text');
});

it('the folder of a finished run of other settings is set aside, and that is said', async () => {
  const out = join(folder, 'aside');
  await small('--data', data, '--out', out, '--seeds', '1', '--arms', 'fp32');
  const model = readFileSync(join(out, 'small', 'fp32-seed0', 'model.safetensors'));
  const other = join(folder, 'other-experiments');
  mkdirSync(join(other, 'small'), { recursive: true });
  const longer = { ...experiment, settings: { ...experiment.settings, maxSteps: 4 } };
  writeFileSync(join(other, 'small', 'experiment.json'), JSON.stringify(longer));
  writeFileSync(join(out, 'small', 'results.json'), JSON.stringify({ ...headOf(out), runs: [] }));
  const more = ['--data', data, '--out', out, '--seeds', '1', '--arms', 'fp32'];
  const { code, err } = await runReproduce(other, ['small', ...more]);
  const place = join(out, 'small', 'fp32-seed0');
  expect([code, err]).toEqual([
    0,
    expect.stringContaining(
      `octograd: ${place}: held a finished run under other settings (settings.epochs: `,
    ),
  ]);
  expect(err).toContain(`kept as ${place}-old\n`);
  expect(readFileSync(join(`${place}-old`, 'model.safetensors')).equals(model)).toBe(true);
});
const headOf = (out: string): object =>
  JSON.parse(readFileSync(join(out, 'small', 'results.json'), 'utf8')) as object;

it('a process that something kills is told in a line, with what goes on', async () => {
  const hook = join(folder, 'kill.cjs');
  writeFileSync(hook, "process.kill(process.pid, 'SIGKILL');");
  const out = join(folder, 'killed');
  const { code, err } = await runReproduce(
    experiments,
    ['small', '--data', data, '--out', out, '--jobs', '2'],
    {
      env: { NODE_OPTIONS: `--require=${hook}` },
    },
  );
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(
      /^octograd: small \S+ seed \d: its process was ended by SIGKILL; the runs that .* are kept, and --resume does the others\n$/,
    ),
  ]);
});

it('two trials that begin in the same second have folders of their own', async () => {
  const base = join(folder, 'trials', '2026-01-02-030405-reproduce-smoke');
  const made = await Promise.all([makeNumbered(base), makeNumbered(base), makeNumbered(base)]);
  expect(new Set(made)).toEqual(new Set([base, `${base}-2`, `${base}-3`]));
  expect(made.every((path) => existsSync(path))).toBe(true);
});
