/** A folder for one process: refused while that is there, free again when it is gone, in whatever way. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { DataError } from '../../../core/errors.js';
import { workFolder } from '../../run.case.js';
import { FolderLocks, lockName } from './folder-lock.js';

/** Which operation on the disk fails with which code; none unless a test says so. */
const fault = vi.hoisted(() => ({ operation: '', code: '' }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const checked =
    <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      if (fault.operation !== name) return call(...args);
      throw Object.assign(new Error(`${fault.code}: simulated`), { code: fault.code });
    };
  const open: typeof real.open = async (...args) => {
    const handle = await real.open(...args);
    return Object.assign(handle, { writeFile: checked('writeFile', handle.writeFile.bind(handle)) });
  };
  return { ...real, open, readFile: checked('readFile', real.readFile), rm: checked('rm', real.rm) };
});
afterEach(() => {
  fault.operation = '';
});

const root = workFolder();
let count = 0;
function fresh(holder?: object | string): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  if (holder !== undefined)
    writeFileSync(join(folder, lockName), typeof holder === 'string' ? holder : JSON.stringify(holder));
  return folder;
}
/** A number that was a process's. */
const gone = spawnSync(process.execPath, ['-e', '']).pid;
const since = '2026-01-02T03:04:05.000Z';

it('is for one at a time, and free after its release', async () => {
  const folder = join(root, 'made', 'with-its-parents');
  const [first, second] = [new FolderLocks(), new FolderLocks()];
  await first.take(folder);
  // The same work may ask twice, in other words.
  await first.take(folder);
  await first.take(relative(process.cwd(), folder));
  symlinkSync(folder, join(root, 'link'));
  await first.take(join(root, 'link'));
  await expect(second.take(folder)).rejects.toThrow(
    new RegExp(`^${folder}: in use by process ${process.pid} since 20.*Z; wait for its end, or stop it$`),
  );
  await second.release();
  expect(readdirSync(folder)).toEqual([lockName]);
  await first.release();
  // It was made for nothing.
  expect(existsSync(folder)).toBe(false);
  const kept = fresh();
  await second.take(kept);
  await second.release();
  expect(readdirSync(kept)).toEqual([]);
});

it('is taken over from a process that is gone, and from a later one of its number', async () => {
  const locks = new FolderLocks();
  const folders = [fresh({ pid: gone, host: hostname(), since })];
  // Only where the system says when processes began can they be told apart.
  if (existsSync(`/proc/${process.pid}/stat`))
    folders.push(fresh({ pid: process.pid, host: hostname(), since, began: '1' }));
  for (const folder of folders) {
    await locks.take(folder);
    expect(JSON.parse(readFileSync(join(folder, lockName), 'utf8'))).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder)).toEqual([lockName]);
  }
  await locks.release();
});

it.runIf(process.platform === 'linux')(
  'is taken over from a process that has ended, though its parent did not ask how',
  async () => {
    // What began the first process becomes another program, which asks for nothing.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line);
      const until = async (file: string, text: string): Promise<void> => {
        while (!readFileSync(file, 'utf8').includes(text)) await setTimeout(10);
      };
      await until(`/proc/${parent.pid}/comm`, 'sleep');
      process.kill(pid, 'SIGKILL');
      await until(`/proc/${pid}/stat`, ' Z ');
      const folder = fresh({ pid, host: hostname(), since });
      const locks = new FolderLocks();
      await locks.take(folder);
      await locks.release();
    } finally {
      parent.kill();
    }
  },
);

it('of two that take it over at once, one has it', async () => {
  for (let i = 0; i < 50; i++) {
    const folder = fresh({ pid: gone, host: hostname(), since });
    const all = [new FolderLocks(), new FolderLocks(), new FolderLocks()];
    const taken = await Promise.allSettled(all.map((one) => one.take(folder)));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of all) await one.release();
  }
});

it('is taken over though a process died as it did so', async () => {
  const folder = fresh({ pid: gone, host: hostname(), since });
  const turn = join(folder, `${lockName}.turn`);
  mkdirSync(turn);
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(turn, hourAgo, hourAgo);
  const locks = new FolderLocks();
  await locks.take(folder);
  expect(readdirSync(folder)).toEqual([lockName]);
  await locks.release();
});

it('of a process on another machine is told apart by no number', async () => {
  const folder = fresh({ pid: gone, host: 'elsewhere', since });
  await expect(new FolderLocks().take(folder)).rejects.toThrow(
    `in use by process ${gone} on elsewhere since ${since}; wait for its end; if it is gone, remove ${join(folder, lockName)}`,
  );
});

it('with half a file is being written, or was left so long ago', async () => {
  const folder = fresh('{"pid":');
  const locks = new FolderLocks();
  await expect(locks.take(folder)).rejects.toThrow('is being taken by another process; try again');
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(join(folder, lockName), hourAgo, hourAgo);
  await locks.take(folder);
  await locks.release();
});

it('that a full disk has no room for leaves no half of it', async () => {
  const folder = fresh();
  const locks = new FolderLocks();
  Object.assign(fault, { operation: 'writeFile', code: 'ENOSPC' });
  await expect(locks.take(folder)).rejects.toThrow(
    `${join(folder, lockName)}: cannot be written: the disk is full`,
  );
  expect(readdirSync(folder)).toEqual([]);
  fault.operation = '';
  // Nothing is thought to be in the making.
  await locks.take(folder);
  await locks.release();
});

it('that cannot be written names the place', async () => {
  const folder = fresh();
  writeFileSync(join(folder, 'file'), '');
  await expect(new FolderLocks().take(join(folder, 'file'))).rejects.toThrow(
    'is a file, so no folder can be made',
  );
});

/** What has to be done by hand, and would be tried for ever. */
const refused = async (folder: string, message: string): Promise<void> => {
  const error = new DataError(message, join(folder, lockName));
  await expect(new FolderLocks().take(folder)).rejects.toThrow(error);
};
const others: readonly (readonly [string, (path: string) => unknown])[] = [
  ['a folder', mkdirSync],
  ['a link that points nowhere', (path) => symlinkSync('nowhere', path)],
  ['a pipe', (path) => spawnSync('mkfifo', [path])],
];

it.each(process.platform === 'win32' ? others.slice(0, 1) : others)(
  'with %s in the place of its file is refused',
  async (_, make) => {
    const folder = fresh();
    make(join(folder, lockName));
    await refused(
      folder,
      'is no file, where octograd reproduce writes which process has the folder; move it away',
    );
  },
);

it.each([
  ['readFile', 'EACCES', 'read'],
  ['rm', 'EPERM', 'removed'],
])("with another user's file in it is refused (%s: %s)", async (operation, code, how) => {
  const folder = fresh({ pid: gone, host: hostname(), since });
  Object.assign(fault, { operation, code });
  await refused(
    folder,
    `cannot be ${how}: ${code}: simulated; if no octograd reproduce is at work in its folder, remove it`,
  );
});

it('of a process that is gone is refused where no turn to take it over can be had', async () => {
  const folder = fresh({ pid: gone, host: hostname(), since });
  const turn = join(folder, `${lockName}.turn`);
  writeFileSync(turn, '');
  await expect(new FolderLocks().take(folder)).rejects.toThrow(
    new RegExp(`^${turn}: cannot be removed: ENOTDIR.*; if no octograd reproduce is at work .*, remove it$`),
  );
});
