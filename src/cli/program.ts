/** The program as a whole: its commands, its help, and the way from arguments to an exit code. */
import { Command } from 'commander';
import { benchCommand } from './bench.js';
import { compareCommand } from './compare.js';
import { dataCommand } from './data.js';
import { reportError } from './errors.js';
import { evalCommand } from './eval.js';
import { type CliIo, exitCodes } from './io.js';
import { planCommand } from './plan.js';
import { predictCommand } from './predict.js';
import { recipesCommand } from './recipes.js';
import { reproduceCommand } from './reproduce/command.js';
import { trainCommand } from './train.js';
import { octogradVersion } from './version.js';

function createProgram(io: CliIo, end: (code: number) => void): Command {
  const program = new Command('octograd')
    .description('Trains neural networks in 8-bit integer arithmetic.')
    .version(octogradVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText(
      'after',
      `
Exit codes: 0 all went well, 1 a failure inside octograd, 2 wrong usage, 3 data or files, 4 numbers (the loss diverged, NaN),
130 and 143 ended by a signal.

Examples:
  octograd compare
  octograd train --model lenet --recipe int8 --epochs 2
  octograd compare --help`,
    );
  const commands = [
    compareCommand,
    trainCommand,
    evalCommand,
    predictCommand,
    planCommand,
    benchCommand,
    recipesCommand,
    dataCommand,
    reproduceCommand,
  ];
  for (const make of commands) program.addCommand(make(io, end));
  for (const command of [program, ...program.commands]) {
    command
      .helpOption('-h, --help', 'print help')
      .exitOverride()
      .configureOutput({
        writeOut: (text) => io.stdout.write(text),
        // What commander says of an error is said by reportError, in one line.
        writeErr: () => undefined,
        getOutHelpWidth: () => Math.min(io.stdout.columns ?? 110, 110),
      });
  }
  return program;
}

/** Runs the program on arguments (without node and script). @returns the exit code; never throws. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let code: number = exitCodes.ok;
  const program = createProgram(io, (value) => {
    code = value;
  });
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
    return code;
  } catch (error) {
    return reportError(error, io);
  }
}
