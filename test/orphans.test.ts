/** What `octograd reproduce --jobs` started ends with it, in whatever way that ends, and leaves nothing that bars the next call. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { program } from '../src/cli/reproduce/run/train-run.js';
import { smallExperiment } from '../src/cli/reproduce/small.case.js';
import { workFolder, writeSmallData } from '../src/cli/run.case.js';
import { startProgram } from './support/program.js';

const folder = workFolder();
const runs = join(folder, 'out', 'small');
const ends = join(folder, 'ends');

/** Each process leaves a file as it ends. */
const hook = join(folder, 'ends.cjs');
const hookText = `
if (require('node:worker_threads').isMainThread)
  process.on('exit', () => require('node:fs').writeFileSync(\`${ends}/\${process.pid}\`, ''));`;

const until = async (come: () => boolean): Promise<void> => {
  while (!come()) await setTimeout(20);
};
const hasSteps = (name: string): boolean => {
  const log = join(runs, name, 'metrics.jsonl');
  return existsSync(log) && readFileSync(log, 'utf8').includes('{"type":"step"');
};
const writeExperiment = (length: object): void => {
  const settings = { batch: 16, limit: 96, testLimit: 32, ...length };
  writeFileSync(
    join(folder, 'experiments', 'small', 'experiment.json'),
    JSON.stringify({ ...smallExperiment, settings, seeds: 1 }),
  );
};

it('a kill ends its runs at once, and the next call does them', async () => {
  for (const path of ['data', 'ends', 'experiments/small'])
    mkdirSync(join(folder, path), { recursive: true });
  writeSmallData(join(folder, 'data'));
  writeFileSync(hook, hookText);
  writeExperiment({ epochs: 1e6 });
  const args = ['reproduce', 'small', '--data', 'data', '--out', 'out', '--jobs', '2'];
  const env = { ...process.env, NODE_OPTIONS: `--require=${hook}` };
  const killed = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: 'ignore' });
  const names = ['fp32-seed0', 'int8-seed0'];
  await until(() => names.every(hasSteps));
  killed.kill('SIGKILL');
  await until(() => readdirSync(ends).length === 2);
  // No model and no report of a run that nobody takes.
  for (const name of names)
    expect(readdirSync(join(runs, name)).sort()).toEqual(['config.json', 'metrics.jsonl']);

  writeExperiment({ maxSteps: 3 });
  const { code, err } = await startProgram(folder, [...args, '--resume']);
  expect([code, err]).toEqual([0, '']);
});
