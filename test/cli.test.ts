/** The built program as a process of its own: signals, pipes, exit codes. What it prints is tested in src/cli. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import { beforeAll, expect, it } from 'vitest';
import { run, workFolder, writeSmallData } from '../src/cli/run.case.js';
import { runNpm } from './support/npm.js';
import { type Ended, startProgram } from './support/program.js';

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = workFolder();
const data = join(folder, 'data');
const endless = ['train', '--data', data, '--model', 'mlp', '--threads', '2', '--epochs', '1e6', '--json'];

beforeAll(() => {
  mkdirSync(data);
  writeSmallData(data);
});

const start = (
  args: readonly string[],
  onOutput?: (text: string, child: ChildProcess) => void,
): Promise<Ended> => startProgram(folder, args, onOutput);

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a run with %d and leaves a usable folder in runs/', async (signal, code) => {
  const before = new Set<string>(signal === 'SIGINT' ? [] : readdirSync(join(folder, 'runs')));
  let sent = false;
  const ended = await start(endless, (text, child) => {
    if (!sent && text.includes('"step":5,')) sent = child.kill(signal);
  });
  expect([ended.code, ended.err]).toEqual([code, '']);
  const [name] = readdirSync(join(folder, 'runs')).filter((entry) => !before.has(entry));
  const out = join(folder, 'runs', name);
  expect(readdirSync(out).sort()).toEqual([
    'config.json',
    'metrics.jsonl',
    'model.safetensors',
    'report.html',
  ]);
  expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8')).toBe(ended.out);
  expect(JSON.parse(ended.out.trimEnd().split('\n').pop() as string)).toMatchObject({ type: 'done' });
  expect((await run(['eval', out, '--data', data, '--threads', '1'])).code).toBe(0);
});

it('a second Ctrl-C ends it at once', async () => {
  let sent = false;
  const { code } = await start([...endless, '--out', join(folder, 'twice')], (text, child) => {
    if (sent || !text.includes('"step":5,')) return;
    sent = true;
    child.kill('SIGINT');
    child.kill('SIGINT');
  });
  expect(code).toBe(130);
});

it('ends quietly when its reader goes away, with all that it has in its folder', async () => {
  const out = join(folder, 'pipe');
  const { code, err } = await start([...endless, '--out', out], (text, child) => {
    if (text.includes('"step":5,')) child.stdout?.destroy();
  });
  expect([code, err]).toEqual([0, '']);
  expect(readdirSync(out).sort()).toEqual([
    'config.json',
    'metrics.jsonl',
    'model.safetensors',
    'report.html',
  ]);
  const events = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  expect(JSON.parse(events[events.length - 1])).toMatchObject({ type: 'done' });
  expect(events.some((line) => line.includes('"reason":"aborted"'))).toBe(true);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('stopped before its end');
});

it.runIf(existsSync('/dev/full'))(
  'an output that cannot be written ends a run with 3, saved, and one line',
  async () => {
    const out = join(folder, 'full');
    const handle = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program, ...endless, '--out', out], {
      stdio: ['ignore', handle, 'pipe'],
    });
    closeSync(handle);
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(3);
    expect(err).toMatch(/^octograd: the output cannot be written: [^\n]*ENOSPC[^\n]*\n$/);
    expect(readdirSync(out)).toContain('report.html');
  },
);

it('has exit codes for usage and data, and one line on stderr', async () => {
  const usage = await start(['train', '--lr', 'fast'], () => undefined);
  expect([usage.code, usage.out]).toEqual([2, '']);
  expect(usage.err).toBe('octograd: --lr must be a number above 0 that float32 holds, got "fast"\n');
  const missing = await start(['train', '--data', join(folder, 'none')], () => undefined);
  expect(missing.code).toBe(3);
  expect(missing.err).toMatch(/^octograd: .*none: there is no such folder; [^\n]*\n$/);
});

it('predict without --from says which model it took, what it left out for it, and how to take another', async () => {
  const place = join(folder, 'predicting');
  mkdirSync(place);
  const text = join(place, 'text.txt');
  writeFileSync(text, 'so long lives this '.repeat(200));
  const short = ['--max-steps', '2', '--batch', '16', '--threads', '1', '--probe-every', '0', '--out'];
  const chars = ['--dataset', 'text', '--data', text, '--context', '8', '--model', 'transformer'];
  for (const args of [
    ['train', '--data', data, '--model', 'mlp', ...short, 'runs/images'],
    ['train', ...chars, ...short, 'runs/chars'],
    ['data', 'mnist', '--data', data, '--image', '1', '--save', 'fits.png'],
  ]) {
    expect((await startProgram(place, args)).err).toBe('');
  }
  const fits = await startProgram(place, ['predict', 'fits.png']);
  expect([fits.code, fits.err]).toEqual([0, '']);
  expect(fits.out).toMatch(/^mlp, recipe int8, from runs.images.model\.safetensors$/m);
  expect(fits.out).toMatch(/^newer runs left out: runs.chars \(takes sequences\)$/m);
  writeFileSync(
    join(place, 'small.png'),
    encode({ width: 3, height: 2, channels: 1, data: new Uint8Array(6) }),
  );
  const small = await startProgram(place, ['predict', 'small.png']);
  expect(small.code).toBe(3);
  expect(small.err).toMatch(/runs.images.model\.safetensors \(the newest of images; --from takes another\)/);
});

it('in a clone, npm run octograd is the program, and npm start its main job', () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const version = runNpm(['run', '--silent', 'octograd', '--', '--version'], root);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(runNpm(['start', '--silent', '--', '--help'], root).stdout).toContain('Usage: octograd compare');
}, 240_000);
