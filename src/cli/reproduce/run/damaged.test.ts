/** A run that is damaged is refused by the name of its folder, and keeps no other run out. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Outcome, runReproduce, workFolder, writeSmallData } from '../../run.case.js';
import type { RunResult } from '../results/run-result.js';
import { smallExperiment as experiment } from '../small.case.js';

const folder = workFolder();
const data = join(folder, 'data');
const experiments = join(folder, 'experiments');
const whole = join(folder, 'whole');

const small = (...args: string[]): Promise<Outcome> => runReproduce(experiments, ['small', ...args]);
beforeAll(async () => {
  mkdirSync(data);
  writeSmallData(data);
  mkdirSync(join(experiments, 'small'), { recursive: true });
  writeFileSync(join(experiments, 'small', 'experiment.json'), JSON.stringify({ ...experiment, seeds: 1 }));
  expect((await small('--data', data, '--out', whole)).code).toBe(0);
});

const runsOf = (out: string): string[] =>
  (JSON.parse(readFileSync(join(out, 'small', 'results.json'), 'utf8')) as { runs: RunResult[] }).runs.map(
    ({ arm, seed }) => `${arm} ${seed}`,
  );
/** Copies a finished run, its log changed. */
function copyRun(to: string, change: (log: string) => string): void {
  cpSync(join(whole, 'small', 'fp32-seed0'), to, { recursive: true });
  const log = join(to, 'metrics.jsonl');
  writeFileSync(log, change(readFileSync(log, 'utf8')));
}
const damages: [string, (log: string) => string, string][] = [
  ['a line that is no event', (log) => `null\n${log}`, 'line 1 of its metrics.jsonl is no event'],
  [
    'a figure that cannot be right',
    (log) => log.replace(/"testAccuracy":[\d.]+/, '"testAccuracy":1.5'),
    'says of its run what cannot be right (field "testAccuracy" must be up to 1)',
  ],
];

it.each(damages)('--adopt takes the others beside %s', async (name, change, message) => {
  const from = join(folder, `adopted ${name}`);
  copyRun(join(from, 'a'), change);
  cpSync(join(whole, 'small', 'int8-seed0'), join(from, 'b'), { recursive: true });
  const out = join(folder, `out ${name}`);
  const { code, out: said, err } = await small('--out', out, '--adopt', from);
  expect([code, err]).toEqual([3, 'octograd: refused for small: 1 of 2 folders; taken: 1\n']);
  expect(said).toContain(`${join(from, 'a')}: ${message}`);
  expect(runsOf(out)).toEqual(['int8 0']);
});

it.each(damages)('--resume does the others beside %s', async (name, change, message) => {
  const out = join(folder, `resumed ${name}`);
  const place = join(out, 'small', 'fp32-seed0');
  copyRun(place, change);
  const { code, out: said, err } = await small('--data', data, '--out', out, '--resume');
  const [first, last] = err.split('\n');
  expect([code, first]).toEqual([3, expect.stringContaining(`octograd: ${place}: ${message}`)]);
  expect(last).toBe(
    'octograd: 1 of 2 runs not done, since what is in the place of their folders was refused: small fp32 seed 0; move it away, and --resume does them',
  );
  expect(said).toContain('[1/1] small int8 seed 0');
  expect(runsOf(out)).toEqual(['int8 0']);
});
