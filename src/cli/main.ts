#!/usr/bin/env node
/** The entry of the `octograd` program: signals, pipes and the exit code. What it does is in program.ts. */
import { exitCodes, type Output, type StopReason } from './io.js';
import { runCli } from './program.js';

const controller = new AbortController();
const stop = (reason: StopReason): void => controller.abort(reason);

let pressed = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // The second press means now.
    if (pressed) process.exit(exitCodes[name]);
    pressed = true;
    stop(name);
  });
}

// A run of `octograd reproduce --jobs` ends with that, though it was killed, and at once: nobody is left to record it, and what it wrote
// from now on would be in the way of the next call.
const orphaned = (): void => process.exit(exitCodes.SIGHUP);
if (process.connected === false) orphaned();
else if (process.channel) {
  process.on('disconnect', orphaned);
  // To listen is no reason to stay.
  process.channel.unref();
}

/** Standard output until it fails: then nothing more is printed, and a run ends between two steps with all that it has, saved. */
const stdout: Output & { open: boolean } = {
  open: true,
  write: (text) => stdout.open && process.stdout.write(text),
  get isTTY() {
    return process.stdout.isTTY;
  },
  get columns() {
    return process.stdout.columns;
  },
};

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!stdout.open) return;
  stdout.open = false;
  // A reader that has seen enough (`octograd train --json | head`) is no error.
  if (error.code === 'EPIPE') stop('SIGPIPE');
  else {
    process.stderr.write(`octograd: the output cannot be written: ${error.message}; send it elsewhere\n`);
    process.exitCode = exitCodes.data;
    stop('output');
  }
});
// Nobody is left to be told.
process.stderr.on('error', () => undefined);

const code = await runCli(process.argv.slice(2), {
  stdout,
  stderr: process.stderr,
  env: process.env,
  signal: controller.signal,
});
// An output that failed stays a failure, also of a command that was done before it could hear of it.
process.exitCode ||= code;
