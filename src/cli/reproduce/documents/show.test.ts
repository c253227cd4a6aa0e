/** Where `octograd reproduce` looks for the results that it shows, and where it puts what it makes of them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run, workFolder } from '../../run.case.js';
import { parseExperiment } from '../experiment/experiment.js';
import { tasksOf } from '../experiment/tasks.js';
import { durationText } from './list.js';

const folder = workFolder();
const experiments = join(folder, 'experiments');

const experiment = {
  ...{ formatVersion: 1, title: 'Title', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
  ...{ seeds: 3, baseline: 'fp32', smoke: { maxSteps: 1 } },
  arms: ['fp32', 'int8'].map((name) => ({ name, recipe: name })),
};

/** Hashes of the settings by arm. */
let hashes: ReadonlyMap<string, string>;

/** Results of which one figure is easy to find. */
function writeResults(place: string, testAccuracy: number, smoke = false): void {
  mkdirSync(join(place, 'small'), { recursive: true });
  const runs = experiment.arms.map(({ name }) => ({
    ...{ arm: name, recipe: name, seed: 0, status: 'finished', settingsHash: hashes.get(name), epochs: 1 },
    ...{ testAccuracy, steps: 1, testLoss: 1, trainLoss: 1, seconds: 1, threads: 1, octograd: '0.1.0' },
    ...{ node: 'v20', platform: 'linux-x64', cpu: null, startedAt: '2026-01-01T00:00:00Z' },
  }));
  const results = { formatVersion: 1, experiment: 'small', smoke, schedule: '1 epoch', runs };
  writeFileSync(join(place, 'small', 'results.json'), JSON.stringify(results));
}

const reproduce = (...args: string[]): Promise<Outcome> =>
  run(['reproduce', '--experiments', experiments, ...args]);
const pageIn = (place: string): string => readFileSync(join(place, 'report.html'), 'utf8');

beforeAll(async () => {
  const tasks = await tasksOf(parseExperiment(experiment, 'small', 'file'));
  hashes = new Map(tasks.map(({ arm, hash }) => [arm, hash]));
  mkdirSync(join(experiments, 'small'), { recursive: true });
  writeFileSync(join(experiments, 'small', 'experiment.json'), JSON.stringify(experiment));
  writeResults(experiments, 0.7777);
});

describe('--out of a page', () => {
  it('is where the page goes; a folder without results gets that of the results beside the experiments', async () => {
    const place = join(folder, 'page');
    const { code, out } = await reproduce('--report', '--out', place);
    expect(code).toBe(0);
    expect(out).toBe(
      `Report: ${join(place, 'report.html')}: results of 1 of 1 experiments, looked for in ${experiments}\n`,
    );
    expect(pageIn(place)).toContain('77.77');
    expect(existsSync(join(place, 'small'))).toBe(false);
    // The page in it makes it no folder of results.
    expect((await reproduce('--report', '--out', place)).out).toContain('1 of 1 experiments');
  });

  it('has the experiments alone that were run there', async () => {
    const [place, two] = [join(folder, 'some'), join(folder, 'two')];
    for (const name of ['small', 'other']) {
      mkdirSync(join(two, name), { recursive: true });
      writeFileSync(
        join(two, name, 'experiment.json'),
        JSON.stringify({ ...experiment, title: `Title ${name}` }),
      );
    }
    writeResults(place, 0.5);
    const { out } = await run(['reproduce', '--experiments', two, '--report', '--out', place]);
    expect(out).toContain('results of 1 of 2 experiments');
    expect(pageIn(place)).toContain('Title small');
    expect(pageIn(place)).not.toContain('Title other');
  });

  it('has commands that find the experiments from where it was asked for', async () => {
    const place = join(folder, 'unrun');
    mkdirSync(join(place, 'own', 'new'), { recursive: true });
    writeFileSync(join(place, 'own', 'new', 'experiment.json'), JSON.stringify(experiment));
    const args = ['--experiments', join(place, 'own'), '--report', '--out', place];
    expect((await run(['reproduce', ...args])).code).toBe(0);
    expect(pageIn(place)).toContain(`octograd reproduce new --experiments ${join(place, 'own')}`);
  });

  it('has its own results shown where it has some', async () => {
    const place = join(folder, 'other');
    writeResults(place, 0.6666);
    expect((await reproduce('--report', '--out', place)).out).toContain(`looked for in ${place}\n`);
    expect(pageIn(place)).toContain('66.66');
    expect(pageIn(place)).not.toContain('77.77');
  });

  it('may be the folder of a trial, which has no results', async () => {
    const place = join(folder, 'trial');
    writeResults(place, 0.5555, true);
    const { out, err } = await reproduce('--report', '--out', place);
    expect(out).toContain('results of 0 of 1 experiments');
    expect(err).toContain(`the figures in ${place} are of a trial`);
    expect(pageIn(place)).not.toContain('55.55');
  });
});

describe('--list', () => {
  it('says how long runs took and those to come will take, and which data are missing', async () => {
    const lacking = { ...experiment, dataset: 'cifar10', arms: experiment.arms.slice(0, 1) };
    mkdirSync(join(experiments, 'lacking'));
    writeFileSync(join(experiments, 'lacking', 'experiment.json'), JSON.stringify(lacking));
    const { code, out } = await reproduce('--list', '--data', `cifar10=${join(folder, 'nowhere')}`);
    expect(code).toBe(0);
    const [head, ...rows] = out
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));
    expect(head.slice(3, 9)).toEqual(['arms', 'runs', 'done', 'took', 'to come', 'missing data']);
    // Two of six runs, a second each.
    expect(rows.map((row) => row.slice(0, 9))).toEqual([
      ['lacking', 'cifar10', 'mlp', '1', '3', '0', '-', 'unknown', 'cifar10'],
      ['small', 'mnist', 'mlp', '2', '6', '2', '2 s', '4 s', '-'],
    ]);
    rmSync(join(experiments, 'lacking'), { recursive: true });
  });

  it('counts runs under seeds that the experiment does not ask for apart', async () => {
    const place = join(folder, 'fewer');
    mkdirSync(join(place, 'small'), { recursive: true });
    const fewer = { ...experiment, seeds: [1, 2] };
    writeFileSync(join(place, 'small', 'experiment.json'), JSON.stringify(fewer));
    writeResults(place, 0.5);
    const { out } = await run(['reproduce', '--list', '--experiments', place]);
    expect(out).toMatch(/^small +mnist +mlp +2 +4 +0 \(\+2\) +2 s +4 s/m);
  });

  it('refuses a trial that octograd train would refuse, of what is named', async () => {
    const place = join(folder, 'trial');
    mkdirSync(join(place, 'small'), { recursive: true });
    const wrong = { ...experiment, smoke: { maxSteps: 0 } };
    writeFileSync(join(place, 'small', 'experiment.json'), JSON.stringify(wrong));
    const { code, err } = await run(['reproduce', '--list', 'small', '--experiments', place]);
    expect(err).toContain(`${join(place, 'small', 'experiment.json')}: arm "fp32" with "smoke": --max-steps`);
    expect(code).toBe(3);
  });

  it('asks the question of what is named, and is narrow without', async () => {
    const named = await reproduce('--list', 'small');
    expect(named.out).toMatch(/\n\nsmall: Q\?\n$/);
    expect((await reproduce('--list')).out).not.toContain('Q?');
  });

  it('has durations that one can plan with', () => {
    expect([40, 89, 3600, 12_000].map(durationText)).toEqual(['40 s', '1 min', '1 h 0 min', '3 h 20 min']);
  });
});

describe('--docs', () => {
  const place = join(folder, 'project');
  const exps = join(place, 'exps');
  const docs = (...args: string[]): Promise<Outcome> =>
    run(['reproduce', '--experiments', exps, '--docs', ...args]);
  beforeAll(() => {
    mkdirSync(join(exps, 'small'), { recursive: true });
    writeFileSync(join(exps, 'small', 'experiment.json'), JSON.stringify(experiment));
    writeResults(exps, 0.7777);
  });

  it.each(['RESULTS.md', 'exps/small/README.md', 'exps/small/tables.md'])(
    'writes over no %s of the user, and then writes nothing',
    async (name) => {
      const sweep = { plot: { kind: 'sweep' }, arms: experiment.arms.map((arm, x) => ({ ...arm, x })) };
      writeFileSync(join(exps, 'small', 'experiment.json'), JSON.stringify({ ...experiment, ...sweep }));
      writeFileSync(join(place, name), 'My own words.');
      const { code, err } = await docs();
      expect([code, err]).toEqual([
        3,
        `octograd: ${join(place, name)}: not written by octograd reproduce --docs of these experiments, and so not written over; move it away, or name another place with --out\n`,
      ]);
      expect(readFileSync(join(place, name), 'utf8')).toBe('My own words.');
      rmSync(join(place, name));
      expect(['RESULTS.md', 'exps/small/README.md'].filter((file) => existsSync(join(place, file)))).toEqual(
        [],
      );
    },
  );

  it('writes the short answers into the README.md of the project, where it has a place for them, and checks them', async () => {
    const [start, end] = [
      '<!-- Written by `octograd reproduce --docs` from exps/, up to the next such line. -->',
      '<!-- Written by `octograd reproduce --docs`, up to here. -->',
    ];
    const parity = { claim: 'It trains', source: 's', arm: 'int8', expects: 'no loss', about: 'parity' };
    writeFileSync(
      join(exps, 'small', 'experiment.json'),
      JSON.stringify({ ...experiment, claims: [parity] }),
    );
    const page = join(place, 'README.md');
    const write = (between: string) => writeFileSync(page, `# Mine\n\n${start}${between}${end}\n\nMore.\n`);
    write('\nOld figures.\n');
    expect((await docs('--check')).err).toContain('README.md');
    expect((await docs()).code).toBe(0);
    const text = readFileSync(page, 'utf8');
    expect(text).toMatch(/^# Mine\n\n<!-- Written/);
    expect(text).toMatch(/up to here\. -->\n\nMore\.\n$/);
    expect(text).toContain('[small](exps/small/README.md)');
    expect(text).not.toContain('Old figures');
    const checked = await docs('--check');
    expect([checked.code, checked.out]).toEqual([0, '4 documents are what results.json says\n']);
    // What was written of other experiments stays: theirs is another place.
    const other = text.replace('from exps/,', 'from others/,');
    writeFileSync(page, other);
    expect((await docs()).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toBe(other);
    const results = readFileSync(join(place, 'RESULTS.md'), 'utf8').replace('from exps/:', 'from others/:');
    writeFileSync(join(place, 'RESULTS.md'), results);
    for (const call of [docs(), docs('--check')]) {
      const { code, err } = await call;
      expect(code).toBe(3);
      expect(err).toContain('RESULTS.md: not written by octograd reproduce --docs of these experiments');
    }
    expect(readFileSync(join(place, 'RESULTS.md'), 'utf8')).toBe(results);
    rmSync(join(place, 'RESULTS.md'));
    // One that has no such place is the user's alone.
    writeFileSync(page, 'My own words.');
    expect((await docs()).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toBe('My own words.');
    rmSync(page);
    writeFileSync(join(exps, 'small', 'experiment.json'), JSON.stringify(experiment));
  });

  it('links to the READMEs where they are, and names without a link what is nowhere', async () => {
    const linksOf = (path: string): string[] => [
      ...new Set([...readFileSync(path, 'utf8').matchAll(/\]\(([^)]*)\)/g)].map(([, to]) => to)),
    ];
    expect((await docs()).code).toBe(0);
    expect(linksOf(join(place, 'RESULTS.md'))).toEqual(['exps/small/README.md']);
    // What it wrote it writes over.
    expect((await docs()).code).toBe(0);
    const out = join(place, 'out');
    expect((await docs('--out', out)).code).toBe(0);
    expect(linksOf(join(out, 'RESULTS.md'))).toEqual(['small/README.md']);
    expect(existsSync(join(out, 'small', 'README.md'))).toBe(true);
  });
});

describe('plots and long tables of earlier results', () => {
  const exps = join(folder, 'stale');
  const at = (name: string): string => join(exps, 'small', name);
  const docs = (...args: string[]): Promise<Outcome> =>
    run(['reproduce', 'small', '--experiments', exps, '--docs', ...args]);
  const diverge = (): void => {
    const results = JSON.parse(readFileSync(at('results.json'), 'utf8'));
    const lost = { status: 'diverged', testAccuracy: null, testLoss: null, message: 'loss' };
    const runs = results.runs.map((one: object) => ({ ...one, ...lost }));
    writeFileSync(at('results.json'), JSON.stringify({ ...results, runs }));
  };

  it('are refused by --check and taken away by --docs, and no README links to them', async () => {
    mkdirSync(at(''), { recursive: true });
    writeFileSync(at('experiment.json'), JSON.stringify(experiment));
    writeResults(exps, 0.7777);
    expect((await docs()).code).toBe(0);
    expect(readFileSync(at('README.md'), 'utf8')).toContain('(plot.svg)');
    const plot = readFileSync(at('plot.svg'), 'utf8');
    // One that is missing is as wrong as one too many.
    rmSync(at('plot.svg'));
    expect(await docs('--check')).toMatchObject({ code: 3, err: expect.stringContaining(at('plot.svg')) });
    expect((await docs()).code).toBe(0);
    // Nothing is left to draw.
    diverge();
    expect((await docs()).out).not.toContain('.svg');
    expect(existsSync(at('plot.svg'))).toBe(false);
    expect(readFileSync(at('README.md'), 'utf8')).not.toContain('.svg');
    expect((await docs('--check')).code).toBe(0);
    writeFileSync(at('plot.svg'), plot);
    const { code, err } = await docs('--check');
    expect([code, err]).toEqual([
      3,
      expect.stringContaining(`${at('plot.svg')}: not what results.json says`),
    ]);
  });

  it('are told from drawings and texts of the user, which stay', async () => {
    writeFileSync(at('plot.svg'), '<svg xmlns="http://www.w3.org/2000/svg"></svg>');
    writeFileSync(at('tables.md'), 'My own words.');
    expect((await docs()).code).toBe(0);
    expect((await docs('--check')).code).toBe(0);
    expect(existsSync(at('plot.svg'))).toBe(true);
    expect(readFileSync(at('tables.md'), 'utf8')).toBe('My own words.');
  });
});

describe('results of other settings than experiment.json has', () => {
  const write = (changes: object): void =>
    writeFileSync(
      join(experiments, 'small', 'experiment.json'),
      JSON.stringify({ ...experiment, ...changes }),
    );
  const changed = { settings: { lr: 0.07 } };

  it.each([['--docs'], ['--docs', '--check'], ['--report', '--out', join(folder, 'never')]])(
    'are refused by %s %s',
    async (...args) => {
      write(changed);
      const { code, err } = await reproduce(...args);
      write({});
      expect([code, err]).toEqual([
        3,
        expect.stringContaining(
          'results.json: 2 of its 2 runs are under other settings than experiment.json has now: "fp32" (seed 0), "int8" (seed 0). Take back',
        ),
      ]);
      expect(existsSync(join(experiments, 'small', 'README.md'))).toBe(false);
    },
  );

  it('are named by --list, which shows the rest all the same', async () => {
    write(changed);
    const { code, out, err } = await reproduce('--list');
    write({});
    expect(code).toBe(3);
    expect(out).toMatch(/^small +mnist +mlp +2 +6 +refused +- +unknown/m);
    expect(err).toContain('2 of its 2 runs are under other settings');
  });

  it('are those of arms that were taken away, too', async () => {
    write({ arms: experiment.arms.slice(0, 1) });
    const { code, err } = await reproduce('--docs');
    write({});
    expect([code, err]).toEqual([
      3,
      expect.stringContaining(
        '1 of its 2 runs are of arms that experiment.json does not have: "int8" (seed 0)',
      ),
    ]);
  });
});

it('--help says what a call writes anew, and no default that is none', async () => {
  const { out } = await run(['reproduce', '--help']);
  const text = out.replace(/\s+/g, ' ');
  expect(text).toContain(
    '--resume go on: do the runs that results.json lacks; writes README.md, tables.md and plots anew',
  );
  expect(text).not.toContain('(default: [])');
  expect(text).toContain('octograd reproduce mnist-mlp --verify --arms int8');
});

it.each(['--list', '--report', '--docs'])('%s has nothing to show of a trial', async (option) => {
  const { code, err } = await reproduce(option, '--smoke');
  expect([code, err]).toEqual([2, expect.stringContaining('and a trial (--smoke) has none; leave out one')]);
});
