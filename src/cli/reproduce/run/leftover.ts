/**
 * What lies where a run's folder is to be: a run that came to its end and was not recorded is taken, half a run goes, and nothing else is
 * lost. Whoever looks has the folder above (folder-lock.ts).
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { DataError } from '../../../core/errors.js';
import { writeError } from '../../../io/files.node.js';
import { ownFiles } from '../../run-folder.js';
import { differences, type Task } from '../experiment/tasks.js';
import { type FolderRun, hasExtras, readRun } from '../results/run-result.js';

/** What was found in the place of a run's folder, which is free unless there is a run. */
export interface Leftover {
  /** The task's run. */
  readonly run?: FolderRun;
  /** That another finished run was there, and where it is now. */
  readonly aside?: string;
}

/** A file that a kill left as it was being written; see writeFileAtomic. */
const isTemporary = (name: string): boolean => /^\..*\.tmp$/.test(name);

/** @throws DataError for a file, and for a folder that cannot be read. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DataError(
      code === 'ENOTDIR'
        ? 'is a file, where the folder of a run is to be; move it away'
        : `cannot be read: ${message}`,
      folder,
    );
  }
}

/** Why a finished run is not the task's, in a few words. */
function reasonOf({ result, settings }: FolderRun, task: Task): string {
  if (result.seed !== task.seed) return `of seed ${result.seed}`;
  if (result.settingsHash === task.hash) return `without ${task.wanted.join(' and ')}`;
  const [first = 'another recipe', ...more] = differences(settings, task.settings, 'settings');
  return `under other settings (${first}${more.length > 0 ? `; and ${more.length} more` : ''})`;
}

/** Moves a finished run out of the way, under a name that is free. @returns the name. */
async function setAside(folder: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = number === 1 ? `${folder}-old` : `${folder}-old-${number}`;
    if (existsSync(path)) continue;
    try {
      await rename(folder, path);
      return path;
    } catch (error) {
      throw writeError(error, folder);
    }
  }
}

/**
 * Looks at the folder of a task's run, and frees it where that run is not in it.
 * @throws DataError, with the remedy, for what is no run of `octograd train` or lies beside half of one.
 */
export async function leftover(folder: string, task: Task): Promise<Leftover> {
  if (!existsSync(folder)) return {};
  const names = (await entriesOf(folder)).filter((name) => !isTemporary(name));
  const foreign = names.filter((name) => !ownFiles.includes(name));
  const refuse = (what: string): never => {
    throw new DataError(`${what}, where the folder of a run is to be; move it away`, folder);
  };
  const hasSettings = names.includes('config.json');
  if (foreign.length > 0 && !hasSettings) refuse(`holds ${foreign.slice(0, 3).join(', ')}`);
  // What octograd wrote is of no use without the settings: of half a run a kill may leave the rest as it was being taken away.
  const run = hasSettings ? await readRun(folder) : undefined;
  if (run) {
    const fits = run.result.settingsHash === task.hash && run.result.seed === task.seed;
    if (fits && hasExtras(task, run.result)) return { run };
    const reason = reasonOf(run, task);
    return { aside: `${folder}: held a finished run ${reason}; kept as ${await setAside(folder)}` };
  }
  if (foreign.length > 0) refuse(`holds ${foreign.slice(0, 3).join(', ')} beside half a run`);
  await rm(folder, { recursive: true, force: true });
  return {};
}
