/** Folders of another user that may not be listed: what needs them says so, and what does not goes on. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { smallExperiment } from './reproduce/small.case.js';
import { run, runReproduce, workFolder } from './run.case.js';

const folder = workFolder();
const before = process.cwd();
/** Nothing is closed to root, so that tests of root's go on as nobody. */
const isRoot = process.getuid?.() === 0;

for (const path of ['closed', 'work/experiments', 'open/a'])
  mkdirSync(join(folder, path), { recursive: true });
writeFileSync(join(folder, 'open/a/experiment.json'), JSON.stringify(smallExperiment));
chmodSync(folder, 0o755);
const setModes = (mode: number): void => {
  for (const path of ['closed', 'work/experiments']) chmodSync(join(folder, path), mode);
};

beforeEach(() => {
  setModes(0o311);
  process.chdir(join(folder, 'work'));
  if (isRoot) process.seteuid?.(65534);
});
afterEach(() => {
  if (isRoot) process.seteuid?.(0);
  process.chdir(before);
  // So that they can be removed.
  setModes(0o755);
});

const closed = join(folder, 'closed');
const closedText = `octograd: ${closed}: may not be read; change its permissions\n`;

it('is named where it was to be read', async () => {
  expect(await runReproduce(closed, ['--list'])).toEqual({ code: 3, out: '', err: closedText });
  const listed = await runReproduce(join(folder, 'open'), ['--list', '--out', closed]);
  expect(listed).toEqual({ code: 3, out: '', err: closedText });
});

it('keeps no recipe out that is elsewhere', async () => {
  const found = await run(['recipes', 'fashion-cnn/int8-gradients-4bit']);
  expect([found.code, found.err]).toEqual([0, '']);
  const other = await run(['recipes', 'nosuch']);
  expect(other.err).toContain('there is no recipe "nosuch"');
  expect(other.code).toBe(2);
  expect((await run(['train', '--recipe', 'nosuch'])).code).toBe(2);
});
