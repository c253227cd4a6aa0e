/** Reads text files, plain or gzip, as data sets for predicting the next character; one of them is known by name. */
import { basename, join } from 'node:path';
import { DataError } from '../core/errors.js';
import type { DataSplit, Dataset } from './dataset.js';
import { kindOf, readUnpacked } from './files.node.js';
import type { LoadOptions } from './mnist.node.js';
import { type TextOptions, textSplit } from './text.js';

export const textRemedy = 'give a UTF-8 text file, plain or .gz';

/** Largest text, unpacked: 64 MiB, some sixty million characters. */
const MAX_TEXT_BYTES = 2 ** 26;

/** Options of {@link loadText}. */
export interface LoadTextOptions extends Omit<TextOptions, 'name'> {
  /** The file. */
  readonly file: string;
}

/** A text file's characters. */
async function readText(file: string): Promise<string> {
  const bytes = await readUnpacked(file, MAX_TEXT_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`is no text in UTF-8; ${textRemedy}`, file);
  }
}

/** Training and test set of a text file, see {@link textSplit}. @throws DataError naming the file. */
export async function loadText({ file, ...options }: LoadTextOptions): Promise<DataSplit<Dataset>> {
  const kind = await kindOf(file);
  if (kind !== 'file') throw new DataError(`${kind ? 'is a folder' : 'does not exist'}; ${textRemedy}`, file);
  const split = textSplit(await readText(file), { ...options, name: 'text' });
  const note = basename(file);
  return { train: { ...split.train, note }, test: { ...split.test, note } };
}

export const shakespeareRemedy =
  'give the file or folder of https://github.com/karpathy/char-rnn/tree/master/data/tinyshakespeare, as input.txt or tinyshakespeare.txt, plain or .gz';

/** Names of the file, the first of which is its origin's. */
const shakespeareFiles = ['input.txt', 'tinyshakespeare.txt'].flatMap((name) => [name, `${name}.gz`]);
/** Of the text as its origin has it; another one would give results that compare with nobody's. */
export const shakespeareCharacters = 1_115_394;

/** Path of Tiny Shakespeare at or in `dir`; undefined when there is none. */
export async function findShakespeare(dir: string): Promise<string | undefined> {
  const kind = await kindOf(dir);
  if (kind === 'file') return dir;
  for (const name of kind === 'folder' ? shakespeareFiles : []) {
    const path = join(dir, name);
    if ((await kindOf(path)) === 'file') return path;
  }
  return undefined;
}

/**
 * Tiny Shakespeare (Karpathy 2015): 1,115,394 characters of 65 kinds, cut like every text. `dir` is a folder or the file.
 * @throws DataError when it is missing, damaged or another text.
 */
export async function loadShakespeare(
  options: LoadOptions & Pick<TextOptions, 'context'> = {},
): Promise<DataSplit<Dataset>> {
  const { dir, context } = options;
  if (dir === undefined)
    throw new DataError(`Tiny Shakespeare is not shipped with octograd; ${shakespeareRemedy}`);
  const file = await findShakespeare(dir);
  if (file === undefined) {
    throw new DataError(
      `${(await kindOf(dir)) ? 'holds no such file' : 'does not exist'}; ${shakespeareRemedy}`,
      dir,
    );
  }
  const text = await readText(file);
  if (text.length !== shakespeareCharacters) {
    throw new DataError(
      `holds ${text.length} characters, Tiny Shakespeare has ${shakespeareCharacters}; for another text take --dataset text or loadText`,
      file,
    );
  }
  return textSplit(text, { name: 'shakespeare', ...(context === undefined ? {} : { context }) });
}
