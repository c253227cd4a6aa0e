import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataError } from '../core/errors.js';
import { appendLines, writeFileAtomic } from './files.node.js';

/** Which operation on the disk fails with which code; none unless a test says so. */
const fault = vi.hoisted(() => ({ operation: '', code: '' }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const check = (operation: string) => {
    if (fault.operation === operation) {
      throw Object.assign(new Error(`${fault.code}: simulated`), { code: fault.code });
    }
  };
  const open: typeof real.open = async (...args) => {
    check('open');
    const handle = await real.open(...args);
    return new Proxy(handle, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...values: unknown[]) => {
          // A full disk takes part of the data before it fails.
          if (fault.operation === name && name === 'writeFile') await target.writeFile('half');
          if (fault.operation === name && name === 'close') await target.close();
          if (typeof name === 'string') check(name);
          return member.apply(target, values);
        };
      },
    });
  };
  const rename: typeof real.rename = async (...args) => {
    check('rename');
    return real.rename(...args);
  };
  return { ...real, open, rename };
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octograd-files-'));
});
afterEach(async () => {
  fault.operation = '';
  await rm(folder, { recursive: true, force: true });
});

function failing(operation: string, code: string): void {
  fault.operation = operation;
  fault.code = code;
}

describe('writeFileAtomic', () => {
  it('writes a new file, replaces an old one, and leaves nothing beside it', async () => {
    const path = join(folder, 'model.safetensors');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, 'text');
    expect(await readFile(path, 'utf8')).toBe('text');
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it.each([
    ['open', 'EACCES', /no permission to write there.*\(EACCES\)/],
    ['open', 'EROFS', /the disk is read-only/],
    ['writeFile', 'ENOSPC', /the disk is full; free space/],
    ['sync', 'EIO', /EIO: simulated/],
    ['close', 'EDQUOT', /quota is used up/],
    ['rename', 'EPERM', /no permission to write there/],
  ])(
    'when %s fails with %s: the old file stands, the temporary one is gone',
    async (operation, code, message) => {
      const path = join(folder, 'best.safetensors');
      await writeFile(path, 'old');
      failing(operation, code);
      const attempt = writeFileAtomic(path, new Uint8Array(1000));
      await expect(attempt).rejects.toThrow(DataError);
      await expect(attempt).rejects.toThrow(message);
      await expect(attempt).rejects.toMatchObject({ file: path });
      expect(await readdir(folder)).toEqual(['best.safetensors']);
      expect(await readFile(path, 'utf8')).toBe('old');
    },
  );

  it('names the remedy for a missing folder and for a folder in place of the file', async () => {
    await expect(writeFileAtomic(join(folder, 'none', 'a.bin'), 'x')).rejects.toThrow(
      /the folder does not exist; create it first/,
    );
    await mkdir(join(folder, 'sub'));
    await expect(writeFileAtomic(join(folder, 'sub'), 'x')).rejects.toThrow(DataError);
    expect(await readdir(folder)).toEqual(['sub']);
  });

  it('writes through a symbolic link and keeps the link', async () => {
    const target = join(folder, 'run-1.bin');
    const link = join(folder, 'latest.bin');
    await writeFile(target, 'old');
    await symlink(target, link);
    await writeFileAtomic(link, 'new');
    expect(await readFile(target, 'utf8')).toBe('new');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });
});

describe('appendLines', () => {
  it('makes the file, then appends', async () => {
    const path = join(folder, 'log.jsonl');
    await appendLines(path, ['{"step":1}', '{"step":2}']);
    await appendLines(path, []);
    await appendLines(path, ['{"step":3}']);
    expect(await readFile(path, 'utf8')).toBe('{"step":1}\n{"step":2}\n{"step":3}\n');
  });

  it('starts a line of its own after a torn one', async () => {
    const path = join(folder, 'log.jsonl');
    await writeFile(path, '{"step":1}\n{"st');
    await appendLines(path, ['{"step":2}']);
    expect((await readFile(path, 'utf8')).split('\n')).toEqual(['{"step":1}', '{"st', '{"step":2}', '']);
  });

  it('reports a full disk with the path', async () => {
    const path = join(folder, 'log.jsonl');
    failing('appendFile', 'ENOSPC');
    await expect(appendLines(path, ['x'])).rejects.toThrow(`${path}: cannot be written: the disk is full`);
    expect(await readFile(path, 'utf8')).toBe('');
  });
});
