/** Reading what people name and edit: texts, and the names in a folder. A failure names the path and the remedy. Knows no format. */
import { readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { DataError } from './errors.js';

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'may not be read; change its permissions',
  EPERM: 'may not be read; change its permissions',
  ENOTDIR: 'cannot be reached: a part of its path is a file, not a folder; check the path',
  ELOOP: 'is a link that leads back to itself; make it anew',
  ENAMETOOLONG: 'is longer than a path may be; check the path',
};

/** A failed read as a DataError that names the path and the remedy. */
function readError(error: unknown, path: string, missing: string): DataError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DataError(missing, path);
  return new DataError(Object.hasOwn(remedies, code) ? remedies[code] : `cannot be read: ${message}`, path);
}

/** Names in a folder, in no order. @throws DataError where there is none, or it may not be listed. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw readError(error, folder, 'there is no such folder; check the path');
  }
}

/**
 * A text in UTF-8; undefined where nothing is at `path`.
 * @throws DataError for what is no file (a pipe or device may never end), is longer than `mostBytes`, or may not be read.
 */
export async function textIfThere(path: string, mostBytes = Infinity): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new DataError('is a folder, not a file; check the path', path);
    if (!found.isFile()) throw new DataError('is not a file; check the path', path);
    if (found.size > mostBytes)
      throw new DataError(`has ${found.size} bytes, and may have at most ${mostBytes}`, path);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof DataError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw readError(error, path, '');
  }
}

/** {@link textIfThere} of a file that has to be there. @param what it is, for the message where it is not. */
export async function textOf(path: string, what: string, mostBytes?: number): Promise<string> {
  const text = await textIfThere(path, mostBytes);
  if (text === undefined) throw new DataError(`there is no such ${what}; check the path`, path);
  return text;
}
