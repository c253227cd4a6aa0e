/** `octograd reproduce` of the built program: a kill in the middle, several processes at a time, and the experiments that are shipped. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { experimentNames } from '../src/cli/reproduce/experiment/find.js';
import { run, workFolder, writeSmallData } from '../src/cli/run.case.js';
import { type Ended, startProgram } from './support/program.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = workFolder();
const data = join(folder, 'data');

interface Run {
  readonly arm: string;
  readonly seed: number;
  readonly seconds: number;
  readonly startedAt: string;
}
const runsOf = (place: string): Run[] =>
  (JSON.parse(readFileSync(join(folder, place, 'small', 'results.json'), 'utf8')) as { runs: Run[] }).runs;

beforeAll(() => {
  mkdirSync(data);
  writeSmallData(data);
  mkdirSync(join(folder, 'experiments', 'small'), { recursive: true });
  const experiment = {
    formatVersion: 1,
    title: 'A small test',
    question: 'Is a run lost?',
    method: 'A kill.',
    dataset: 'mnist',
    model: 'mlp',
    settings: { epochs: 30, batch: 16, limit: 96, testLimit: 32 },
    seeds: 2,
    baseline: 'fp32',
    arms: [
      { name: 'fp32', recipe: 'fp32' },
      { name: 'int8', recipe: 'int8' },
      { name: 'four', recipe: { base: 'int8', bits: { weights: 4 } } },
    ],
    smoke: { maxSteps: 2 },
  };
  writeFileSync(join(folder, 'experiments', 'small', 'experiment.json'), JSON.stringify(experiment));
});

/** Starts `octograd reproduce small`. */
const start = (
  args: readonly string[],
  onOutput?: (text: string, child: ChildProcess) => void,
): Promise<Ended> => startProgram(folder, ['reproduce', 'small', '--data', data, ...args], onOutput);

describe('a kill in the middle', () => {
  it('keeps the runs that had ended, and --resume does the others, with the same digits', async () => {
    const whole = await start(['--threads', '1', '--out', 'whole']);
    expect([whole.code, whole.err]).toEqual([0, '']);

    const killed = await start(['--threads', '1', '--out', 'killed'], (text, child) => {
      if (text.includes('[2/6]')) child.kill('SIGKILL');
    });
    expect(killed.code).toBe(null);
    const before = runsOf('killed');
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(before.length).toBeLessThan(6);
    // A kill between writing and renaming may leave a hidden file; what has a name is whole (runsOf has read it).
    const left = readdirSync(join(folder, 'killed', 'small')).filter((name) => /tmp/.test(name));
    expect(left.filter((name) => !name.startsWith('.'))).toEqual([]);

    // Two at a time, each a process of its own: the digits do not depend on that.
    const resumed = await start(['--resume', '--jobs', '2', '--out', 'killed']);
    expect([resumed.code, resumed.err]).toEqual([0, '']);
    const after = runsOf('killed');
    for (const run of before) expect(after).toContainEqual(run);
    const figures = (runs: readonly Run[]) => runs.map(({ seconds: _s, startedAt: _a, ...rest }) => rest);
    expect(figures(after)).toEqual(figures(runsOf('whole')));
  });

  it('Ctrl-C ends processes of its own between two steps, with exit code 130', async () => {
    const args = ['--jobs', '2', '--out', 'stopped'];
    let sent = false;
    const { code, out } = await start(args, (text, child) => {
      if (!sent && text.includes('[1/6]')) sent = child.kill('SIGINT');
    });
    expect(code).toBe(130);
    const runs = runsOf('stopped');
    expect(out).toContain(`\nInterrupted: ${runs.length} of 6 runs are recorded; go on with --resume\n`);
    expect(runs.length).toBeGreaterThanOrEqual(1);
    expect(runs.length).toBeLessThan(6);
  });
});

describe('beside the experiments', () => {
  const place = join(folder, 'beside');
  const write = (experiments: string, changes: object): void => {
    mkdirSync(join(place, experiments, 'small'), { recursive: true });
    const own = readFileSync(join(folder, 'experiments', 'small', 'experiment.json'), 'utf8');
    const settings = { maxSteps: 3, batch: 16, limit: 96, testLimit: 32 };
    const short = { ...JSON.parse(own), settings, seeds: 1, arms: [{ name: 'fp32', recipe: 'fp32' }] };
    writeFileSync(
      join(place, experiments, 'small', 'experiment.json'),
      JSON.stringify({ ...short, ...changes }),
    );
  };
  const from = (experiments: string): Promise<Ended> =>
    startProgram(place, ['reproduce', 'small', '--data', data, '--experiments', experiments]);

  it('the error of a run is reported, and that of the documents after it beside it', async () => {
    write('whole', { settings: { epochs: 0.01 } });
    // No document can take its place.
    mkdirSync(join(place, 'whole', 'small', 'README.md'));
    const { code, err } = await from('whole');
    const [second, first] = err.trimEnd().split('\n');
    expect(code).toBe(3);
    expect(first).toContain('trainSamples: 128 instead of 60000');
    expect(second).toContain(
      'README.md (which cannot be read): not written by octograd reproduce, left as it is',
    );
  });

  it('two folders of experiments with one name lose no run to each other', async () => {
    write('first', {});
    write('second', { settings: { maxSteps: 4, batch: 16, limit: 96, testLimit: 32 } });
    expect((await from('first')).code).toBe(0);
    const runs = join(place, 'runs', 'reproduce', 'small');
    const model = readFileSync(join(runs, 'fp32-seed0', 'model.safetensors'));
    const { code, err } = await from('second');
    expect(code).toBe(0);
    const kept =
      /fp32-seed0: held a finished run under other settings .*; kept as (\S+)/.exec(err)?.[1] ?? '';
    expect(readFileSync(join(place, kept, 'model.safetensors')).equals(model)).toBe(true);
  });
});

describe('outside a clone', () => {
  it('the results that came with the package are shown, unless there are own ones', async () => {
    const place = join(folder, 'elsewhere');
    mkdirSync(place);
    const doneOf = async (name: string): Promise<number> => {
      const { out } = await startProgram(place, ['reproduce', '--list', name]);
      return Number(new RegExp(`^${name} +\\S+ +\\S+ +\\d+ +\\d+ +(\\d+) `, 'm').exec(out)?.[1]);
    };
    const shipped = JSON.parse(
      readFileSync(join(root, 'experiments', 'mnist-mlp', 'results.json'), 'utf8'),
    ) as { runs: object[] };
    expect(shipped.runs.length).toBeGreaterThan(1);
    expect(await doneOf('mnist-mlp')).toBe(shipped.runs.length);
    const report = await startProgram(place, ['reproduce', '--report', 'mnist-mlp']);
    expect([report.code, report.out]).toEqual([0, expect.stringContaining('results of 1 of 1 experiments')]);
    expect(readFileSync(join(place, 'runs', 'experiments.html'), 'utf8')).not.toContain('Not run yet');

    const own = join(place, 'runs', 'reproduce', 'mnist-mlp');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'results.json'), JSON.stringify({ ...shipped, runs: shipped.runs.slice(0, 1) }));
    expect(await doneOf('mnist-mlp')).toBe(1);
    // From now on there are both kinds, and each says which it is.
    expect(report.out + readFileSync(join(place, 'runs', 'experiments.html'), 'utf8')).not.toContain(
      'came with',
    );
    const { out } = await startProgram(place, ['reproduce', '--list']);
    expect(out).toMatch(/^mnist-mlp .* yours$/m);
    expect(out).toMatch(/^mnist-lenet .* package$/m);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(150);
    await startProgram(place, ['reproduce', '--report', 'mnist-mlp', 'mnist-lenet']);
    const page = readFileSync(join(place, 'runs', 'experiments.html'), 'utf8');
    const sectionOf = (name: string): string =>
      page.split(`<section id="${name}">`)[1].split('</section>')[0];
    expect(sectionOf('mnist-mlp')).toContain(
      `These results are yours: 1 run in runs/reproduce; the ${shipped.runs.length} that came with the package are not shown.`,
    );
    expect(sectionOf('mnist-lenet')).toContain('These results came with the package.');
  });
});

describe('the experiments that are shipped', () => {
  it('are sound: each run has settings that octograd train takes', async () => {
    const { code, out, err } = await run(['reproduce', '--list', '--experiments', join(root, 'experiments')]);
    expect([code, err]).toEqual([0, '']);
    const names = experimentNames(join(root, 'experiments'));
    expect(names).toContain('cifar10-resnet20');
    for (const name of names) expect(out).toMatch(new RegExp(`^${name} `, 'm'));
  });

  it('show what is recorded, where nothing is left to do, without their data', async () => {
    const args = ['--experiments', join(root, 'experiments'), '--data', join(folder, 'nowhere')];
    const { code, out, err } = await run(['reproduce', 'mnist-lenet', '--seeds', '3', ...args]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^int8 +10 +9\d\.\d\d/m);
    expect(out).toContain('Complete: all 48 runs are in');
  });

  it('have documents that say what results.json does, and no figure of a trial', async () => {
    const { code, err } = await run([
      'reproduce',
      '--docs',
      '--experiments',
      join(root, 'experiments'),
      '--check',
    ]);
    expect([code, err]).toEqual([0, '']);
  });
});
