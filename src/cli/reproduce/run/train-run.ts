/**
 * One run of an experiment, trained by `octograd train` itself: in this process, or in one of its own where several run at a time.
 * Either way the events come line by line, and the run's folder is what `octograd train` leaves.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, OctogradError, UsageError } from '../../../core/errors.js';
import { makeFolder, writeFileAtomic } from '../../../io/files.node.js';
import { type CliIo, exitCodes } from '../../io.js';
import { trainCommand } from '../../train.js';
import type { Task } from '../experiment/tasks.js';

/** What a run needs beyond its task. */
export interface RunOptions {
  /** The run's folder, which is not there yet. */
  readonly out: string;
  readonly threads?: number;
  /** `--wide`: faster, the same figures. */
  readonly wide?: boolean;
  /** `--data`. */
  readonly data?: string;
  /** Hears each event as a line of JSON. What it throws ends the run, and is thrown. */
  onLine(line: string): void;
}

/** Arguments of `octograd train`; a recipe of the experiment's own is written beside the run's folder first. */
export async function trainArguments(
  task: Task,
  { out, threads, wide, data }: RunOptions,
): Promise<string[]> {
  let recipe = task.builtIn;
  if (recipe === undefined) {
    recipe = `${out}.recipe.json`;
    await makeFolder(dirname(out));
    await writeFileAtomic(recipe, `${JSON.stringify(task.recipe, null, 2)}\n`);
  }
  return [
    ...['--recipe', recipe],
    ...task.args,
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
    ...(wide ? ['--wide'] : []),
    ...(data === undefined ? [] : ['--data', data]),
    ...['--out', out, '--json'],
  ];
}

/** Calls `onLine` for each whole line of text that comes in pieces. */
function lineReader(onLine: (line: string) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) onLine(line);
  };
}

/** Trains in this process. @returns the exit code of `octograd train`; throws what it throws. */
export async function trainHere(task: Task, options: RunOptions, io: CliIo): Promise<number> {
  let code: number = exitCodes.failure;
  const command = trainCommand(
    // That a run diverged is told with the results.
    {
      ...io,
      stdout: { write: lineReader(options.onLine) },
      stderr: { write: () => undefined },
    },
    (value) => {
      code = value;
    },
  ).exitOverride();
  await command.parseAsync(await trainArguments(task, options), { from: 'user' });
  return code;
}

/** The built program. Tests run from the sources, so it is looked for from the package's root. */
export const program = join(
  fileURLToPath(new URL('../../../../', import.meta.url)),
  'dist',
  'cli',
  'main.js',
);

/** Of a process that something else ended: a signal (too little memory, for one), or a failure inside octograd. */
function endText({ experiment, arm, seed }: Task, end: number | NodeJS.Signals | null, what: string): string {
  const how = typeof end === 'number' ? `with code ${end}` : `by ${end}`;
  return (
    `${experiment} ${arm} seed ${seed}: its process was ended ${how}${what === '' ? '' : `: ${what}`}; ` +
    'the runs that came to their end are kept, and --resume does the others'
  );
}

/**
 * Trains in a process of its own, which the signal ends between two steps. @returns its exit code.
 * @throws UsageError and DataError with what the process said of a failure.
 */
export async function trainApart(task: Task, options: RunOptions, io: CliIo): Promise<number> {
  const args = [program, 'train', ...(await trainArguments(task, options))];
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C of the terminal comes once, through us; a second would end it in the middle of a file.
    const child = spawn(process.execPath, [...process.execArgv, ...args], {
      // Nothing is said through the channel: the system closes it when this process ends in whatever way, and the other ends with it.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: process.platform !== 'win32',
      env: io.env as NodeJS.ProcessEnv,
    });
    const stop = (): void => void child.kill('SIGTERM');
    let refused: unknown;
    if (io.signal.aborted) stop();
    io.signal.addEventListener('abort', stop, { once: true });
    let err = '';
    const read = lineReader((line) => {
      if (refused !== undefined) return;
      try {
        options.onLine(line);
      } catch (error) {
        refused = error;
        stop();
      }
    });
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      err += piece;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      io.signal.removeEventListener('abort', stop);
      const what = err.trim().replace(/^octograd: /, '');
      if (refused !== undefined) reject(refused);
      else if (code === exitCodes.ok || code === exitCodes.numbers || io.signal.aborted) resolve(code ?? 1);
      else if (code === exitCodes.usage) reject(new UsageError(what));
      else if (code === exitCodes.data) reject(new DataError(what));
      else reject(new OctogradError(endText(task, code ?? signal, what)));
    });
  });
}
