/**
 * One process at a time in a folder: a file in it says which. It goes with the work; what a killed process left is recognised by that
 * process being gone. Knows nothing of what is done in the folder.
 */
import { existsSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readFile, realpath, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { DataError } from '../../../core/errors.js';
import { makeFolder, writeError } from '../../../io/files.node.js';

/** The file's name; .gitignore has it. */
export const lockName = 'reproduce.lock';

const holderSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  since: v.string(),
  /** Tells a process from a later one of the same number, where the system says when they began. */
  began: v.optional(v.string()),
});
type Holder = v.InferOutput<typeof holderSchema>;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** How long what is half made may be in the making still. Milliseconds. */
const makingTime = 10_000;

/** What the system says of a process: proc_pid_stat(5) from field 3 on. Undefined where there is no /proc, or no such process. */
function statOf(pid: number): string[] | undefined {
  try {
    // The name before it may have blanks and brackets.
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').pop()?.split(' ');
  } catch {
    return undefined;
  }
}

/** When a process began, in the system's ticks: field 22. */
const beginOf = (pid: number): string | undefined => statOf(pid)?.[19];

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, and another user's.
    return codeOf(error) === 'EPERM';
  }
  // A zombie has ended: only its number is kept, until its parent asks how it ended.
  return statOf(pid)?.[0] !== 'Z';
}

/** Of a process on another machine nothing is known. */
function isGone({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return false;
  return !isThere(pid) || (began !== undefined && beginOf(pid) !== undefined && beginOf(pid) !== began);
}

function holderOf(text: string): Holder | undefined {
  try {
    return v.parse(holderSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What another process may take away at any moment; undefined where it has. */
async function found(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw blocked(error, 'looked at', path);
  }
}

/** Of what bars the way and would bar it at every try. */
function blocked(error: unknown, how: string, path: string): DataError {
  const { message } = error as Error;
  return new DataError(
    `cannot be ${how}: ${message}; if no octograd reproduce is at work in its folder, remove it`,
    path,
  );
}

/** Writes a lock. @returns false where there is one. @throws DataError where that fails; it leaves no half of one, which would bar the others. */
async function make(path: string, text: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw writeError(error, path);
  }
  try {
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw writeError(error, path);
  }
  return true;
}

/**
 * What a lock says; undefined where it is gone.
 * @throws DataError for one that cannot be read, and for what is no file: a link may point nowhere, and a pipe lets its reader wait.
 */
async function textOf(path: string): Promise<string | undefined> {
  const stats = await found(path);
  if (!stats) return undefined;
  if (!stats.isFile())
    throw new DataError(
      'is no file, where octograd reproduce writes which process has the folder; move it away',
      path,
    );
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw blocked(error, 'read', path);
  }
}

/** So new that it may be in the making. A clock that was set back makes nothing new. */
const isFresh = ({ mtimeMs }: Stats): boolean => Math.abs(Date.now() - mtimeMs) < makingTime;

/** Whether what `text` says of its holder bars the way. */
async function bars(path: string, text: string): Promise<boolean> {
  const holder = holderOf(text);
  if (holder) return !isGone(holder);
  // A process that died, or is still writing.
  const stats = await found(path);
  return stats !== undefined && isFresh(stats);
}

/** Takes a lock, or the turn to take one, away. @throws DataError where that fails, though it is there. */
async function takeAway(remove: (path: string) => Promise<void>, path: string): Promise<void> {
  try {
    await remove(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw blocked(error, 'removed', path);
  }
}

/**
 * Takes away a file whose process is gone. One process at a time does so, and looks again whether it is still that file: else one could
 * take away what another has just made.
 */
async function bury(path: string, text: string): Promise<void> {
  const turn = `${path}.turn`;
  try {
    await mkdir(turn);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw writeError(error, path);
    const stats = await found(turn);
    if (stats?.isDirectory() && isFresh(stats)) await setTimeout(10);
    // Its process died in the midst of it.
    else await takeAway(rmdir, turn);
    return;
  }
  try {
    if ((await textOf(path)) === text) await takeAway(rm, path);
  } finally {
    await rmdir(turn).catch(() => undefined);
  }
}

/** Folders that this process alone works in, until they are released. */
export class FolderLocks {
  private readonly taken: { readonly place: string; readonly text: string; readonly isNew: boolean }[] = [];

  /**
   * Takes a folder, made if it is not there; one that is taken already stays so.
   * @throws DataError where another process has it, where nothing can be written there, or where something else is in the lock's place.
   */
  async take(folder: string): Promise<void> {
    const isNew = !existsSync(folder);
    await makeFolder(folder);
    // One folder has many spellings, and links.
    const place = await realpath(folder);
    if (this.taken.some((one) => one.place === place)) return;
    const began = beginOf(process.pid);
    const holder: Holder = {
      ...{ pid: process.pid, host: hostname(), since: new Date().toISOString() },
      ...(began === undefined ? {} : { began }),
    };
    const text = `${JSON.stringify(holder)}\n`;
    const path = join(folder, lockName);
    while (!(await make(path, text))) {
      const other = await textOf(path);
      if (other === undefined) continue;
      if (await bars(path, other)) throw this.refusal(folder, path, holderOf(other));
      await bury(path, other);
    }
    this.taken.push({ place, text, isNew });
  }

  private refusal(folder: string, path: string, holder: Holder | undefined): DataError {
    if (!holder) return new DataError('is being taken by another process; try again', folder);
    const { pid, host, since } = holder;
    const where = host === hostname() ? '' : ` on ${host}`;
    const remedy =
      where === '' ? 'wait for its end, or stop it' : `wait for its end; if it is gone, remove ${path}`;
    return new DataError(`in use by process ${pid}${where} since ${since}; ${remedy}`, folder);
  }

  /** Gives back what was taken, and removes folders that were made and left empty. */
  async release(): Promise<void> {
    for (const { place, text, isNew } of this.taken.splice(0)) {
      const path = join(place, lockName);
      if ((await textOf(path).catch(() => undefined)) === text) await rm(path).catch(() => undefined);
      // Fails where something is in it.
      if (isNew) await rmdir(place).catch(() => undefined);
    }
  }
}
