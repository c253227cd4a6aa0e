#!/usr/bin/env node
/** The entry of the `octograd` program: signals, pipes and the exit code. What it does is in program.ts. */
import { exitCodes } from './io.js';
import { runCli } from './program.js';

const controller = new AbortController();

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second press means now.
    if (controller.signal.aborted) process.exit(exitCodes[name]);
    controller.abort(name);
  });
}

// A reader that has seen enough (`octograd plan | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: controller.signal,
});
