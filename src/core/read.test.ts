/** What is read of paths that are no files, and what is said of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { DataError } from './errors.js';
import { namesIn, textIfThere, textOf } from './read.node.js';

const folder = mkdtempSync(join(tmpdir(), 'octograd-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'file'), 'text');
mkdirSync(join(folder, 'sub'));

it('reads texts, and knows none where nothing is', async () => {
  expect(await textIfThere(join(folder, 'file'))).toBe('text');
  expect(await textIfThere(join(folder, 'none'))).toBeUndefined();
  await expect(textOf(join(folder, 'none'), 'list')).rejects.toThrow('none: there is no such list; check');
  await expect(textOf(join(folder, 'file'), 'list', 3)).rejects.toThrow(
    'has 4 bytes, and may have at most 3',
  );
  expect(namesIn(folder).sort()).toEqual(['file', 'sub']);
});

it('names what is in the way, and the remedy', async () => {
  symlinkSync('loop', join(folder, 'loop'));
  for (const [name, message] of [
    ['sub', 'is a folder, not a file'],
    ['file/x', 'cannot be reached: a part of its path is a file, not a folder; check the path'],
    ['loop', 'is a link that leads back to itself; make it anew'],
    ['x'.repeat(300), 'is longer than a path may be; check the path'],
  ]) {
    const attempt = textIfThere(join(folder, name));
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(`${join(folder, name)}: ${message}`);
  }
  expect(() => namesIn(join(folder, 'file'))).toThrow('a part of its path is a file');
});

it.skipIf(process.platform === 'win32')('waits for no pipe', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(textIfThere(join(folder, 'pipe'))).rejects.toThrow('pipe: is not a file; check the path');
});
