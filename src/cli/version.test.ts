/** Which commit a clone is at, and whether its sources are that commit's. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { workFolder } from './run.case.js';
import { commitOf } from './version.js';

const folder = workFolder();
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    encoding: 'utf8',
  });

it('is none outside a clone, its own in one, and dirty where the sources were changed', () => {
  expect(commitOf(folder)).toBeUndefined();
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src', 'a.ts'), '1');
  git('init', '--quiet');
  // Without a commit there is nothing to name.
  expect(commitOf(folder)).toBeUndefined();
  git('add', '.');
  git('commit', '--quiet', '--message', 'One');
  const commit = git('rev-parse', 'HEAD').slice(0, 12);
  expect(commitOf(folder)).toBe(commit);
  writeFileSync(join(folder, 'results.json'), '{}');
  expect(commitOf(folder)).toBe(commit);
  writeFileSync(join(folder, 'src', 'b.ts'), '2');
  expect(commitOf(folder)).toBe(`${commit}-dirty`);
  // A package in somebody's repository is no clone of its own.
  expect(commitOf(join(folder, 'src'))).toBeUndefined();
});
