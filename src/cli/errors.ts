/** From an error to an exit code and one line for people. Knows error classes, not what raised them. */
import { CommanderError } from 'commander';
import {
  DataError,
  DivergenceError,
  MemoryLimitError,
  NonFiniteError,
  OctogradError,
  RecipeError,
  ShapeError,
  UsageError,
} from '../core/errors.js';
import { bytesText } from '../core/text.js';
import { type CliIo, exitCodes } from './io.js';

/** Exit code of an error: 2 usage, 3 data, 4 numbers, 1 anything else. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError || error instanceof RecipeError || error instanceof ShapeError) {
    return exitCodes.usage;
  }
  if (error instanceof DataError) return exitCodes.data;
  if (error instanceof NonFiniteError || error instanceof DivergenceError) return exitCodes.numbers;
  return exitCodes.failure;
}

/** Runs `work` with a batch of the user's choice: a plan that does not fit in memory is --batch's fault, a UsageError. */
export async function withBatch<T>(batch: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MemoryLimitError)) throw error;
    throw new UsageError(
      `--batch ${batch} is too large: its plan takes ${bytesText(error.bytes)} of memory, more than can be had (WebAssembly has 4 GiB at most); ` +
        'give a smaller one; for training, --accumulate averages the gradients of several batches in one step',
    );
  }
}

/** What the library advises by the names of its settings, by those of the options. */
export function inOptions(message: string): string {
  return message.replaceAll('(clipNorm)', '(--clip-norm)');
}

/** commander's `error: unknown option '--x'\n(Did you mean --y?)` as one line. */
function commanderText(error: CommanderError): string {
  return error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
}

/**
 * Tells the user what went wrong: one line without a stack for errors that are raised on purpose (the stack with OCTOGRAD_DEBUG=1),
 * the stack for all others, since they are bugs.
 * @returns the exit code.
 */
export function reportError(error: unknown, io: CliIo): number {
  const code = exitCodeOf(error);
  if (error instanceof CommanderError) {
    if (code !== exitCodes.ok) {
      io.stderr.write(`octograd: ${commanderText(error)}; see octograd --help\n`);
    }
    return code;
  }
  const known = error instanceof OctogradError;
  const debug = Boolean(io.env.OCTOGRAD_DEBUG) && io.env.OCTOGRAD_DEBUG !== '0';
  const text =
    error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  io.stderr.write(`octograd: ${text}\n`);
  if (known && debug) io.stderr.write(`${error.stack}\n`);
  return code;
}
