/** `octograd reproduce` in this process, on a small data set: results, resuming, adoption, trials and what is written of them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run, runReproduce, workFolder, writeSmallData } from '../run.case.js';
import { octogradCommit } from '../version.js';
import type { Results } from './results/results.js';

const folder = workFolder();
const data = join(folder, 'data');
const experiments = join(folder, 'experiments');
const out = join(folder, 'out');

const experiment = {
  formatVersion: 1,
  title: 'A small test',
  question: 'Does int8 learn as float32 does?',
  method: 'A few steps.',
  dataset: 'mnist',
  model: 'mlp',
  settings: { epochs: 6, batch: 16, limit: 96, testLimit: 32 },
  seeds: 2,
  baseline: 'fp32',
  arms: [
    { name: 'fp32', recipe: 'fp32' },
    { name: 'int8', recipe: 'int8' },
    { name: 'six', recipe: { base: 'int8', bits: { gradients: 6 } }, seeds: [0] },
  ],
  claims: [{ claim: 'It learns', source: 'nowhere', arm: 'int8', expects: 'no loss' }],
  smoke: { maxSteps: 2 },
};

function writeExperiment(name: string, changes: object = {}): void {
  mkdirSync(join(experiments, name), { recursive: true });
  writeFileSync(join(experiments, name, 'experiment.json'), JSON.stringify({ ...experiment, ...changes }));
}

const reproduce = (...args: string[]): Promise<Outcome> => runReproduce(experiments, args);
const withData = ['--data', data];
const resultsOf = (place: string): Results =>
  JSON.parse(readFileSync(join(place, 'small', 'results.json'), 'utf8')) as Results;
/** What has to be equal of two runs: everything but times. */
const figures = ({ runs }: Results) => runs.map(({ seconds: _s, startedAt: _a, ...rest }) => rest);

let first: Outcome;
beforeAll(async () => {
  mkdirSync(data);
  writeSmallData(data);
  writeExperiment('small');
  first = await reproduce('small', ...withData, '--out', out);
});

describe('a whole experiment', () => {
  it('records every run, arm by arm', () => {
    expect([first.code, first.err]).toEqual([0, '']);
    const results = resultsOf(out);
    expect(results).toMatchObject({ experiment: 'small', smoke: false, formatVersion: 1 });
    expect(results.schedule).toBe('6 epochs of 96 samples, 36 steps of 16, one-cycle, annealed to zero');
    expect(results.runs.map(({ arm, seed }) => `${arm} ${seed}`)).toEqual([
      'fp32 0',
      'fp32 1',
      'int8 0',
      'int8 1',
      'six 0',
    ]);
    for (const one of results.runs) {
      expect(one).toMatchObject({ status: 'finished', steps: 36, threads: 1, node: process.version });
      expect(one.testAccuracy).toBeGreaterThan(0.3);
      expect(one.backend).toMatch(/^wasm, 1 thread, .*SIMD/);
      expect(one.cores).toBeGreaterThan(0);
      expect(one.commit).toBe(octogradCommit());
    }
  });

  it('prints the differences to the baseline, and that one seed settles nothing', () => {
    const six = first.out.split('\n').find((line) => line.startsWith('six'));
    expect(six).toMatch(/\(one seed\) +not settled, n = 1/);
    expect(first.out).toMatch(/\nBy the rule, compared with fp32: not settled for int8, six\.\n/);
    expect(first.out).toMatch(/\[5\/5\] small int8 seed 1: test accuracy/);
    expect(first.out).toMatch(/\[1\/5\] .*4 runs left, about \d+:\d\d/);
    // A run of a moment tells nothing of those to come while it goes on.
    expect(first.out).not.toMatch(/fp32 seed 0 {2}\d+ % .* about/);
  });

  it('leaves folders as octograd train does, whose digits are those of octograd train', async () => {
    const path = join(out, 'small', 'int8-seed1');
    expect(readdirSync(path).sort()).toEqual([
      'config.json',
      'metrics.jsonl',
      'model.safetensors',
      'report.html',
    ]);
    const alone = join(folder, 'alone');
    const args = ['--model', 'mlp', '--epochs', '6', '--batch', '16', '--limit', '96', '--test-limit', '32'];
    await run(['train', '--recipe', 'int8', ...args, '--seed', '1', ...withData, '--out', alone]);
    const model = (place: string) => readFileSync(join(place, 'model.safetensors')).toString('base64');
    expect(model(alone)).toBe(model(path));
  });

  it('gives the same digits again', async () => {
    const again = join(folder, 'again');
    expect((await reproduce('small', ...withData, '--out', again)).code).toBe(0);
    expect(figures(resultsOf(again))).toEqual(figures(resultsOf(out)));
  });
});

describe('results that are there already', () => {
  it('are shown as they are where nothing is left to do', async () => {
    const before = resultsOf(out);
    const { code, out: said } = await reproduce('small', '--data', '/nowhere', '--out', out);
    expect(code).toBe(0);
    expect(said).toMatch(/^six .* not settled, n = 1/m);
    expect(said).toContain(
      `Complete: all 5 runs are in ${join(out, 'small', 'results.json')}; to measure again`,
    );
    expect(resultsOf(out)).toEqual(before);
    expect(said).not.toContain('Figures are over');
    const one = await reproduce('small', '--data', '/nowhere', '--out', out, '--seeds', '1');
    expect(one.out).toMatch(/^int8 +2 [\s\S]*Figures are over all seeds that are recorded\.\n\nComplete/m);
  });

  it('are not added to without being asked', async () => {
    const { code, err, out: said } = await reproduce('small', ...withData, '--out', out, '--seeds', '3');
    expect(code).toBe(2);
    // What is there is shown all the same.
    expect(said).toMatch(/^int8 +2 /m);
    expect(err).toMatch(
      /results\.json has 5 of the 9 runs already; --resume adds the 4 that it lacks, --out <dir> starts over/,
    );
  });

  it('are not added to by other seeds, either', async () => {
    const { code, err } = await reproduce('small', ...withData, '--out', out, '--seeds', '7-7');
    expect(code).toBe(2);
    expect(err).toMatch(/results\.json has other runs \(5\) already; --resume adds the 3 that it lacks/);
  });

  it('have a table of the arms that are asked for alone', async () => {
    const { out: said } = await reproduce('small', '--out', out, '--arms', 'fp32,int8');
    expect(said).toMatch(/^int8 /m);
    expect(said).not.toMatch(/^six /m);
    expect(said).toContain('\n1 other arm: not asked for\n');
  });

  it('are kept by --resume, which does the others alone', async () => {
    const before = resultsOf(out);
    const { code, out: said } = await reproduce(
      'small',
      ...withData,
      '--out',
      out,
      '--resume',
      '--seeds',
      '3',
      '--arms',
      'int8',
    );
    expect(code).toBe(0);
    expect(said).toContain('1 run of 1 experiment');
    const { runs } = resultsOf(out);
    expect(runs.filter(({ arm, seed }) => arm === 'int8' && seed === 2)).toHaveLength(1);
    expect(runs.filter(({ seed }) => seed < 2)).toEqual(before.runs);
  });

  it('of other settings are refused, with the arm named', async () => {
    const place = join(folder, 'changed');
    mkdirSync(join(place, 'small'), { recursive: true });
    const results = resultsOf(out);
    const runs = results.runs.map((one) => ({ ...one, settingsHash: '0' }));
    writeFileSync(join(place, 'small', 'results.json'), JSON.stringify({ ...results, runs }));
    const { code, err } = await reproduce('small', ...withData, '--out', place, '--resume');
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /results\.json: 6 of its 6 runs are under other settings .*: "fp32" \(seeds 0, 1\)/,
      ),
    ]);
  });

  it('that are damaged are refused', async () => {
    const place = join(folder, 'damaged');
    mkdirSync(join(place, 'small'), { recursive: true });
    writeFileSync(join(place, 'small', 'results.json'), '{"formatVersion":1');
    const { code, err } = await reproduce('small', ...withData, '--out', place);
    expect([code, err]).toEqual([3, expect.stringContaining('is no results.json of octograd reproduce')]);
  });

  it('take the run that a kill left finished but not recorded, and do the half one again', async () => {
    const place = join(folder, 'left');
    mkdirSync(join(place, 'small'), { recursive: true });
    const runsOf = (name: string) => join(place, 'small', name);
    await run([
      'train',
      '--recipe',
      'int8',
      '--model',
      'mlp',
      '--epochs',
      '6',
      '--batch',
      '16',
      '--limit',
      '96',
      '--test-limit',
      '32',
      '--probe-every',
      '0',
      ...withData,
      '--out',
      runsOf('int8-seed0'),
    ]);
    mkdirSync(runsOf('fp32-seed0'));
    writeFileSync(
      join(runsOf('fp32-seed0'), 'config.json'),
      readFileSync(join(runsOf('int8-seed0'), 'config.json')),
    );
    writeFileSync(join(runsOf('fp32-seed0'), 'metrics.jsonl'), '{"type":"step"');
    const { code, out: said } = await reproduce('small', ...withData, '--out', place, '--seeds', '1');
    expect(code).toBe(0);
    expect(said).toMatch(/int8 seed 0: .*\(of an earlier run\)/);
    expect(figures(resultsOf(place))).toEqual(
      figures(resultsOf(out))
        .filter(({ seed }) => seed === 0)
        .map((one) => (one.arm === 'int8' ? { ...one, threads: null, backend: expect.any(String) } : one)),
    );
  });
});

describe('--adopt', () => {
  const place = join(folder, 'adopted');
  const adoptAll = (...more: string[]) =>
    reproduce('small', '--out', place, '--seeds', '3', '--adopt', join(out, 'small'), ...more);

  it('takes runs of the same settings, once', async () => {
    const taken = await adoptAll();
    expect([taken.code, taken.err]).toEqual([0, '']);
    expect(taken.out).toContain('six-seed0: is six, seed 0');
    expect(figures(resultsOf(place))).toEqual(figures(resultsOf(out)));
  });

  it('says what it knows already and has no need of', async () => {
    const { out: said } = await adoptAll();
    expect(said).toContain('six-seed0: is in the results already');
  });

  it('names what differs, and takes nothing', async () => {
    const other = join(folder, 'other-run');
    await run([
      'train',
      '--recipe',
      'int8',
      '--model',
      'mlp',
      '--epochs',
      '5',
      '--batch',
      '16',
      '--limit',
      '96',
      '--test-limit',
      '32',
      ...withData,
      '--out',
      other,
    ]);
    const before = resultsOf(place);
    const { code, out: said, err } = await reproduce('small', '--out', place, '--adopt', other);
    expect(code).toBe(3);
    expect(said).toContain(
      'is no run of this experiment: settings.epochs: 5 instead of 6; settings.totalSteps: 30 instead of 36',
    );
    expect(err).toContain('refused for small: 1 of 1 folders; taken: none');
    expect(resultsOf(place)).toEqual(before);
  });

  it('takes what can be taken beside a broken folder, and says how many', async () => {
    const mixed = join(folder, 'mixed');
    for (const name of ['a', 'b', 'c']) mkdirSync(join(mixed, name), { recursive: true });
    for (const [name, of] of [
      ['a', 'fp32-seed0'],
      ['c', 'int8-seed0'],
    ]) {
      for (const file of ['config.json', 'metrics.jsonl'])
        writeFileSync(join(mixed, name, file), readFileSync(join(out, 'small', of, file)));
    }
    writeFileSync(join(mixed, 'b', 'config.json'), '{"formatVersion":');
    const fresh = join(folder, 'fresh');
    const { code, out: said, err } = await reproduce('small', '--out', fresh, '--adopt', mixed);
    expect(code).toBe(3);
    expect(said).toContain(`${join(mixed, 'a')}: is fp32, seed 0\n`);
    expect(said).toContain(`${join(mixed, 'b', 'config.json')}: is no config.json of a run`);
    expect(said).toContain(`${join(mixed, 'c')}: is int8, seed 0\n`);
    expect(err).toBe('octograd: refused for small: 1 of 3 folders; taken: 2\n');
    expect(resultsOf(fresh).runs).toHaveLength(2);
  });

  it('leaves out what has not come to its end, and refuses folders without runs', async () => {
    const half = join(folder, 'half');
    mkdirSync(half);
    const from = join(out, 'small', 'fp32-seed0');
    writeFileSync(join(half, 'config.json'), readFileSync(join(from, 'config.json')));
    const steps = readFileSync(join(from, 'metrics.jsonl'), 'utf8').split('\n').slice(0, 9);
    writeFileSync(join(half, 'metrics.jsonl'), `${steps.join('\n')}\n{"type":"st`);
    expect((await reproduce('small', '--out', place, '--adopt', half)).out).toContain(
      'has not come to its end',
    );
    const empty = await reproduce('small', '--out', place, '--adopt', data);
    expect([empty.code, empty.err]).toEqual([3, expect.stringContaining('holds no runs of octograd train')]);
  });
});

describe('cosines that an experiment asks for', () => {
  const arms = experiment.arms.map((arm, i) => (i === 2 ? { ...arm, x: 6, series: 'all' } : arm));
  const asked = { arms, settings: { ...experiment.settings, probeEvery: 9 }, cosines: { series: 'all' } };
  const place = join(folder, 'probed');

  it('are in the results, and change no other figure', async () => {
    writeExperiment('small', asked);
    try {
      // Runs without probes are not taken for it.
      const refused = await reproduce('small', '--out', place, '--adopt', join(out, 'small', 'six-seed0'));
      expect([refused.code, refused.out]).toEqual([
        3,
        expect.stringContaining('lacks what this experiment asks for (cosines)'),
      ]);
      // What is there without them is done again.
      mkdirSync(join(place, 'small'), { recursive: true });
      writeFileSync(join(place, 'small', 'results.json'), readFileSync(join(out, 'small', 'results.json')));
      const { code, err } = await reproduce('small', ...withData, '--out', place, '--seeds', '1', '--resume');
      expect([code, err]).toEqual([0, '']);
      expect((await reproduce('small', '--out', place, '--docs')).code).toBe(0);
    } finally {
      writeExperiment('small');
    }
    const probed = resultsOf(place).runs.filter(({ seed }) => seed === 0);
    expect(probed.map(({ cosines }) => cosines && Object.keys(cosines))).toEqual([
      [],
      ['fc1', 'fc2'],
      ['fc1', 'fc2'],
    ]);
    for (const { cosines } of probed) {
      for (const kinds of Object.values(cosines ?? {})) {
        for (const [cosine, probes] of Object.values(kinds)) {
          expect(cosine > 0.9 && cosine <= 1).toBe(true);
          expect(probes).toBe(4);
        }
      }
    }
    const plain = resultsOf(out);
    const without = { ...plain, runs: resultsOf(place).runs.map(({ cosines: _, ...rest }) => rest) };
    expect(figures(without)).toEqual(figures(plain));
    const readme = readFileSync(join(place, 'small', 'README.md'), 'utf8');
    expect(readme).toMatch(/\| six \| 0\.\d+ \(fc\d 0\.\d+\) \|/);
    expect(existsSync(join(place, 'small', 'cosines.svg'))).toBe(true);
  });
});

describe('a trial', () => {
  const place = join(folder, 'trial');

  it('runs every arm once and says that it is one', async () => {
    const { code, out: said } = await reproduce('small', ...withData, '--smoke', '--out', place);
    expect(code).toBe(0);
    expect(said).toContain('small: 3 of 3 trial runs came to their end');
    expect(resultsOf(place)).toMatchObject({ smoke: true });
    expect(said).not.toContain('verdict');
  });

  it('is no result: report and documents leave its figures out', async () => {
    const { code, err } = await reproduce('small', '--out', place, '--report', '--docs');
    expect(code).toBe(0);
    expect(err).toContain('small: the figures in');
    const page = readFileSync(join(place, 'report.html'), 'utf8');
    expect(page).toContain('Not run yet: octograd reproduce small');
    expect(readFileSync(join(place, 'small', 'README.md'), 'utf8')).toContain('Not run yet');
    const accuracy = ((resultsOf(place).runs[0].testAccuracy ?? 0) * 100).toFixed(2);
    expect(page).not.toContain(accuracy);
  });

  it('does not go beside results, nor results beside it', async () => {
    const results = await reproduce('small', ...withData, '--out', place, '--resume');
    expect([results.code, results.err]).toEqual([3, expect.stringContaining('figures of a trial')]);
    const trial = await reproduce('small', ...withData, '--out', out, '--smoke');
    expect([trial.code, trial.err]).toEqual([3, expect.stringContaining('a trial does not belong')]);
  });
});

describe('report and documents', () => {
  it('are one page without outside parts, and a README with the table', async () => {
    expect((await reproduce('--out', out, '--report', '--docs')).code).toBe(0);
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).not.toMatch(/<(script|link|img|iframe)\b|(src|href)="(?!#)|@import|url\((?!#)/);
    expect(page).toContain('<svg');
    expect(page).toMatch(
      /fp32: <span class="figures">[+-]?\d+\.\d\d \[[+-]?\d+\.\d\d, [+-]?\d+\.\d\d\]<\/span> points, n&nbsp;=&nbsp;2/,
    );
    const readme = readFileSync(join(out, 'small', 'README.md'), 'utf8');
    expect(readme).toContain('# A small test');
    expect(readme).toMatch(/\| int8 \| 3 \| \d+\.\d\d \(\d+\.\d\d\) \| fp32 \|/);
    expect(existsSync(join(out, 'small', 'plot.svg'))).toBe(true);
    expect(readFileSync(join(out, 'RESULTS.md'), 'utf8')).toMatch(/\| It learns \| nowhere \|/);
  });
});

it("a README of the user's beside new results stays, and is named", async () => {
  const own = join(folder, 'own');
  mkdirSync(join(own, 'small'), { recursive: true });
  writeFileSync(join(own, 'small', 'experiment.json'), JSON.stringify(experiment));
  writeFileSync(join(own, 'small', 'README.md'), 'My own words.');
  const { code, err } = await run([
    ...['reproduce', 'small', '--experiments', own, '--seeds', '3', '--adopt', join(out, 'small')],
  ]);
  expect([code, err]).toEqual([
    0,
    `octograd: ${join(own, 'small', 'README.md')}: not written by octograd reproduce, left as it is\n`,
  ]);
  expect(readFileSync(join(own, 'small', 'README.md'), 'utf8')).toBe('My own words.');
  expect(existsSync(join(own, 'small', 'plot.svg'))).toBe(true);
});

describe('bad input', () => {
  it.each([
    [['smal', '--list'], 2, 'there is no experiment "smal" in .* Did you mean "small"\\?'],
    [['small', '--arms', 'int9'], 2, '--arms: there is no arm "int9"; known: fp32, int8, six'],
    [
      ['small', '--data', '/nowhere', '--out', join(folder, 'x')],
      2,
      'small: the data set mnist is not there',
    ],
    [['--adopt', folder], 2, '--adopt takes runs into one experiment'],
    [['--experiments', join(folder, 'none')], 3, 'there is no such folder'],
    [
      ['--experiments', join(experiments, 'small', 'experiment.json')],
      3,
      'experiment\\.json: is a file; --experiments names a folder',
    ],
  ])('%j', async (args, code, message) => {
    const said = await reproduce(...args);
    expect([said.code, said.err]).toEqual([code, expect.stringMatching(message)]);
    expect(said.err.trimEnd()).not.toContain('\n');
  });

  it('an aborted call ends between two steps and records no half run', async () => {
    const place = join(folder, 'aborted');
    const stop = new AbortController();
    stop.abort('SIGINT');
    const args = ['reproduce', 'small', '--experiments', experiments, ...withData, '--out', place];
    const { code, out: said } = await run(args, { signal: stop.signal });
    expect(code).toBe(130);
    expect(said).toMatch(/\nInterrupted: 0 of 5 runs are recorded; go on with --resume\n$/);
    expect(existsSync(join(place, 'small', 'results.json'))).toBe(false);
  });

  it('a set of another size than its name says is refused before the first step', async () => {
    const place = join(folder, 'size');
    writeExperiment('whole', {
      settings: { epochs: 0.01 },
      arms: [{ name: 'fp32', recipe: 'fp32' }],
      claims: [],
    });
    const { code, err } = await reproduce('whole', ...withData, '--out', place);
    expect([code, err]).toEqual([3, expect.stringContaining('trainSamples: 128 instead of 60000')]);
    expect(err).toContain('Name their place with --data mnist=<where>');
    expect(readFileSync(join(place, 'whole', 'fp32-seed0', 'metrics.jsonl'), 'utf8')).toBe('');
    rmSync(join(experiments, 'whole'), { recursive: true });
  });
});
