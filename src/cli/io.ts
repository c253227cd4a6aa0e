/**
 * What a command talks to: two outputs, the environment and the signal that ends a run early. Commands take it as an argument, so
 * that tests can hand them another. Knows no command.
 */

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted with a {@link StopReason}: a run ends between two steps and keeps what there is. */
  readonly signal: AbortSignal;
}

/** Whether an output takes colours and lines that are drawn again: a terminal, unless NO_COLOR forbids colours (no-color.org). */
export function useColor(output: Output, env: CliIo['env']): boolean {
  return output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Exit codes of the program. */
export const exitCodes = {
  ok: 0,
  /** A bug, or a failure without a class of its own. */
  failure: 1,
  /** Options, recipes and shapes that cannot be used. */
  usage: 2,
  /** Data, model and output files. */
  data: 3,
  /** The loss diverged, or a NaN or infinity appeared. */
  numbers: 4,
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/**
 * What ends a run early, as the reason of its signal: the three signals (SIGHUP: the terminal was closed); `SIGPIPE` where the reader of the output has seen enough,
 * which is no error; `output` where the output cannot be written.
 */
export type StopReason = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGPIPE' | 'output';

/** The exit code of a run that was ended early. */
export function signalCode(signal: AbortSignal): number {
  switch (signal.reason as StopReason) {
    case 'SIGTERM':
    case 'SIGHUP':
      return exitCodes[signal.reason as 'SIGTERM' | 'SIGHUP'];
    case 'SIGPIPE':
      return exitCodes.ok;
    case 'output':
      return exitCodes.data;
    default:
      return exitCodes.SIGINT;
  }
}
