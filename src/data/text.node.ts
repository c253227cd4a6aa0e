/** Reads a text file, plain or gzip, as a data set for predicting the next character. */
import { basename } from 'node:path';
import { DataError } from '../core/errors.js';
import type { DataSplit, Dataset } from './dataset.js';
import { kindOf, readUnpacked } from './files.node.js';
import { type TextOptions, textSplit } from './text.js';

export const textRemedy = 'give a UTF-8 text file, plain or .gz';

/** Largest text, unpacked: 64 MiB, some sixty million characters. */
const MAX_TEXT_BYTES = 2 ** 26;

/** Options of {@link loadText}. */
export interface LoadTextOptions extends Omit<TextOptions, 'name'> {
  /** The file. */
  readonly file: string;
}

/** Training and test set of a text file, see {@link textSplit}. @throws DataError naming the file. */
export async function loadText({ file, ...options }: LoadTextOptions): Promise<DataSplit<Dataset>> {
  const kind = await kindOf(file);
  if (kind !== 'file') throw new DataError(`${kind ? 'is a folder' : 'does not exist'}; ${textRemedy}`, file);
  const bytes = await readUnpacked(file, MAX_TEXT_BYTES);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`is no text in UTF-8; ${textRemedy}`, file);
  }
  const split = textSplit(text, { ...options, name: 'text' });
  const note = basename(file);
  return { train: { ...split.train, note }, test: { ...split.test, note } };
}
