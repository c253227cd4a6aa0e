/**
 * Writing files so that a crash, a full disk or a second process never leaves half of one. Knows no format.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../core/errors.js';

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free space or choose a folder on another disk',
  EDQUOT: 'your disk quota is used up; free space or choose a folder on another disk',
  EFBIG: 'the file would be larger than this disk allows',
  EACCES: 'no permission to write there; choose another folder or change its permissions',
  EPERM: 'no permission to write there; choose another folder or change its permissions',
  EROFS: 'the disk is read-only; choose a folder on another disk',
  ENOENT: 'the folder does not exist; create it first',
  ENOTDIR: 'a part of the path is a file, not a folder; check the path',
  EISDIR: 'is a folder; name a file in it',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
};

/** A failed write as a DataError that names the path and the remedy. */
export function writeError(error: unknown, path: string): DataError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = Object.hasOwn(remedies, code) ? `${remedies[code]} (${code})` : message;
  return new DataError(`cannot be written: ${remedy}`, path);
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/**
 * Makes a folder and those above it that are missing, one by one: Node's own way of making them all never ends where the system
 * takes no new folders (/proc).
 * @throws DataError naming the path and the remedy.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  let at = resolve(path);
  try {
    while (!(await isFolder(at))) {
      missing.push(at);
      at = dirname(at);
    }
    for (const folder of missing.reverse()) await makeOne(folder);
  } catch (error) {
    throw error instanceof DataError ? error : writeError(error, path);
  }
}

/** False where there is nothing yet. Throws for what is no folder, and at the root of a disk that is not there. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
  throw new DataError('is a file, so no folder can be made of it or in it; choose another place', path);
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = codeOf(error);
    // Another process was faster, or a link points nowhere.
    if (code === 'EEXIST' && (await isFolder(path))) return;
    if (code === 'ENOENT' || code === 'EEXIST') {
      throw new DataError(
        `cannot be made: the system takes no new folder in ${dirname(path)}; choose another place`,
        path,
      );
    }
    throw error;
  }
}

/** What a symbolic link points at, so that the link stays and its target is replaced; the path itself if it is none. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}

/** Makes a rename last through a power failure, where the system lets folders be synchronised at all. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Windows opens no folders; the file itself is safe already.
  } finally {
    await handle?.close();
  }
}

/**
 * Writes a whole file or nothing: into a temporary file in the same folder, synchronised, then renamed over `path`. On
 * failure the temporary file is removed and what was at `path` is untouched.
 * @throws DataError naming the path and the remedy (full disk, no permission, no such folder).
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  const target = await targetOf(path);
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target).slice(0, 200)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    // wx: never through a file or link that is already there.
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(error, path);
  }
  await syncFolder(folder);
}

/** Whether a file ends in the middle of a line, as a crash while appending leaves it. */
async function endsTorn(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  const { bytesRead } = await handle.read(last, 0, 1, size - 1);
  return bytesRead === 1 && last[0] !== 0x0a;
}

/**
 * Appends lines (each without its line end) to a text file, which is made if it is not there. All of them go out in one
 * write. If the file ends in the middle of a line, the new ones start on a line of their own.
 * @throws DataError naming the path and the remedy; some of the text may be in the file then.
 */
export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  try {
    const handle = await open(path, 'a+');
    try {
      const text = `${lines.join('\n')}\n`;
      await handle.appendFile((await endsTorn(handle)) ? `\n${text}` : text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw writeError(error, path);
  }
}
