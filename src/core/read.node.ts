/** Reading what people name and edit: the names in a folder. A failure names the path and the remedy. Knows no format. */
import { readdirSync } from 'node:fs';
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
