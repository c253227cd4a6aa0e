/**
 * The folder of a run, written as the run goes: config.json first, metrics.jsonl event by event, models and the report at the end.
 * Whatever ends the run, what is there is whole. Knows files, not what is in them.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { UsageError } from '../core/errors.js';
import { makeFolder, writeError, writeFileAtomic } from '../io/files.node.js';

/** A file of lines, each written at once and whole: after a failure (full disk) the file ends with the last whole line. */
export class LineLog {
  private readonly handle: number;
  private length = 0;
  private open = true;

  /** Makes the file. @throws DataError when that fails. */
  constructor(readonly path: string) {
    try {
      this.handle = openSync(path, 'wx');
    } catch (error) {
      throw writeError(error, path);
    }
  }

  /** Appends a line. @throws DataError naming the path and the remedy. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      let done = 0;
      while (done < bytes.length) done += writeSync(this.handle, bytes, done, bytes.length - done, null);
      this.length += bytes.length;
    } catch (error) {
      try {
        ftruncateSync(this.handle, this.length);
      } catch {
        // The first error says more.
      }
      throw writeError(error, this.path);
    }
  }

  close(): void {
    if (this.open) closeSync(this.handle);
    this.open = false;
  }
}

/** `2026-03-04-050607` of local time: sorts by age. */
export function timeStamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

/** A name that is a file name on every system, for recipes from files. */
export function fileName(name: string): string {
  const plain = name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '');
  return plain === '' ? 'unnamed' : plain.slice(0, 100);
}

/** Files of a run's folder, beside which a folder for each recipe lies. */
export const ownFiles: readonly string[] = [
  'config.json',
  'metrics.jsonl',
  'report.html',
  'model.safetensors',
];

/**
 * Throws UsageError where two recipes would share a folder of the run, or one would take the place of the run's own files. Letters
 * count as equal in either case, as macOS and Windows take them.
 */
export function checkFolderNames(names: readonly string[]): void {
  const byFolder = new Map<string, string>();
  for (const name of names) {
    const folder = fileName(name);
    const key = folder.toLowerCase();
    const other = byFolder.get(key);
    if (other !== undefined) {
      throw new UsageError(
        `--recipes has "${other}" and "${name}", whose models would both lie in the folder "${folder}"; give one another name`,
      );
    }
    if (ownFiles.includes(key)) {
      throw new UsageError(
        `--recipes has "${name}", which is the name of a file of the run; give it another`,
      );
    }
    byFolder.set(key, name);
  }
}

/** Throws UsageError when an explicit folder already holds something. */
export async function checkOut(out: string | undefined): Promise<void> {
  if (out === undefined) return;
  let entries: string[];
  try {
    entries = await readdir(out);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw new UsageError(`--out ${out} is a file; name a new or empty folder`);
    throw writeError(error, out);
  }
  if (entries.length > 0) {
    throw new UsageError(
      `--out ${out} already holds files, which a run never overwrites; name a new or empty folder`,
    );
  }
}

/** Makes the folder `base`, with a number after it when that is taken. @returns its path. @throws DataError when it cannot be made. */
export async function makeNumbered(base: string): Promise<string> {
  await makeFolder(dirname(base));
  for (let number = 1; ; number++) {
    const path = number === 1 ? base : `${base}-${number}`;
    try {
      // Not recursive: fails when the folder is there.
      mkdirSync(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(error, path);
    }
  }
}

export class RunFolder {
  private log: LineLog | undefined;

  private constructor(readonly path: string) {}

  /**
   * Makes the folder: `out`, or runs/<date>-<command>-<model> with a number after it when that is taken.
   * @throws DataError when it cannot be made, UsageError when `out` holds files.
   */
  static async create(options: {
    readonly out?: string;
    readonly command: string;
    readonly model: string;
    readonly now?: Date;
  }): Promise<RunFolder> {
    const { out, command, model, now = new Date() } = options;
    await checkOut(out);
    if (out !== undefined) {
      await makeFolder(out);
      return new RunFolder(out);
    }
    return new RunFolder(await makeNumbered(join('runs', `${timeStamp(now)}-${command}-${model}`)));
  }

  /** Writes config.json and opens metrics.jsonl. */
  async begin(config: object): Promise<void> {
    await writeFileAtomic(join(this.path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    this.log = new LineLog(join(this.path, 'metrics.jsonl'));
  }

  /** Appends a line to metrics.jsonl. */
  append(line: string): void {
    this.log?.write(line);
  }

  /** Writes a file, making the folders above it. @returns its path relative to the run's folder. */
  async write(parts: readonly string[], data: Uint8Array | string): Promise<string> {
    const path = join(this.path, ...parts);
    await makeFolder(join(path, '..'));
    await writeFileAtomic(path, data);
    return relative(this.path, path);
  }

  close(): void {
    this.log?.close();
  }
}
