/** Runs of other data are refused before they are trained, and runs of other versions named. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, runReproduce, workFolder, writeSmallData } from '../../run.case.js';
import { parseExperiment } from '../experiment/experiment.js';
import { smallExperiment as experiment } from '../small.case.js';
import type { Results } from './results.js';
import { otherDataText } from './same-data.js';

const folder = workFolder();
const [data, other] = [join(folder, 'data'), join(folder, 'other')];
const experiments = join(folder, 'experiments');
const small = (...args: string[]): Promise<Outcome> => runReproduce(experiments, ['small', ...args]);
const out = join(folder, 'out');
const file = join(out, 'small', 'results.json');
const results = (): Results => JSON.parse(readFileSync(file, 'utf8')) as Results;

beforeAll(async () => {
  for (const place of [data, other]) {
    mkdirSync(place);
    writeSmallData(place);
  }
  const images = join(other, 'train-images-idx3-ubyte');
  // The same files to look at, as Fashion-MNIST's are MNIST's.
  const bytes = readFileSync(images);
  writeFileSync(
    images,
    bytes.map((value, i) => (i < 16 ? value : 255 - value)),
  );
  mkdirSync(join(experiments, 'small'), { recursive: true });
  writeFileSync(join(experiments, 'small', 'experiment.json'), JSON.stringify(experiment));
  expect((await small('--data', data, '--out', out, '--arms', 'fp32')).code).toBe(0);
});

describe('data of another content under the same name', () => {
  it.each([[[]], [['--jobs', '2']]])('are refused where a run begins (%j)', async (jobs) => {
    const before = results();
    expect(before.runs[0].dataFingerprint).toMatch(/^[0-9a-f]{16}$/);
    const { code, err } = await small('--data', other, '--out', out, '--resume', ...jobs);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /results\.json: int8 seed [01] is of other data than fp32 seed 0 \(mnist: fingerprint \w{16}, there \w{16}\).* --data mnist=<where>/,
      ),
    ]);
    expect(results()).toEqual(before);
    expect(readdirSync(join(out, 'small', 'int8-seed0'))).not.toContain('model.safetensors');
  });

  it('are refused where runs are taken in', async () => {
    const elsewhere = join(folder, 'elsewhere');
    expect((await small('--data', other, '--out', elsewhere, '--arms', 'int8', '--seeds', '1')).code).toBe(0);
    const { code, out: said } = await small('--out', out, '--adopt', join(elsewhere, 'small'));
    expect([code, said]).toEqual([3, expect.stringContaining('int8 seed 0 is of other data than fp32')]);
  });

  it('stand beside runs of versions that recorded none', async () => {
    const { runs, ...rest } = results();
    const older = runs.map(({ dataFingerprint: _, ...run }) => ({ ...run, octograd: '0.0.9' }));
    writeFileSync(file, JSON.stringify({ ...rest, runs: older }));
    const { code, err } = await small('--data', data, '--out', out, '--resume', '--seeds', '1');
    expect(code).toBe(0);
    // Which are another version's, too.
    expect(err).toMatch(
      /^octograd: small: runs of octograd 0\.0\.9 and \S+ stand together, .*--out <dir>.*\n$/,
    );
  });
});

it('are those of the arm: another set or another length of texts is no other content', () => {
  const arms = [
    { name: 'a', recipe: 'fp32' },
    { name: 'b', recipe: 'fp32', settings: { dataset: 'fashion-mnist' } },
    { name: 'c', recipe: 'fp32', settings: { context: 32 } },
    { name: 'd', recipe: 'fp32' },
  ];
  const mixed = parseExperiment({ ...experiment, baseline: null, arms }, 'mixed', 'file');
  const made = (arm: string, dataFingerprint: string) => ({ arm, seed: 0, dataFingerprint });
  const text = (arm: string): string | undefined =>
    otherDataText(mixed, [made('a', 'one')], made(arm, 'two'));
  expect([text('b'), text('c')]).toEqual([undefined, undefined]);
  expect(text('d')).toContain('d seed 0 is of other data than a seed 0 (mnist: fingerprint two, there one)');
  expect(otherDataText(mixed, [made('a', 'one')], made('d', 'one'))).toBeUndefined();
});
