/** Runs npm and node for tests, on every operating system. */
import { spawnSync } from 'node:child_process';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, for messages. */
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd: string, shell: boolean): Run {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    shell,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
  });
  const end = error ? `\n${error.message}` : signal ? `\nended by ${signal}` : '';
  return { code: status ?? 1, stdout: stdout ?? '', output: `${stdout ?? ''}${stderr ?? ''}${end}` };
}

/** `node <args>` with the node that runs the tests. */
export function runNode(args: readonly string[], cwd: string): Run {
  return run(process.execPath, args, cwd, false);
}

/** `npm <args>`; the arguments need no quoting by a shell. */
export function runNpm(args: readonly string[], cwd: string): Run {
  const npm = process.env['npm_execpath'];
  // Under npm its own file is known, which spares the shell that npm.cmd needs on Windows.
  if (npm && /\.[cm]?js$/.test(npm)) return runNode([npm, ...args], cwd);
  return run('npm', args, cwd, process.platform === 'win32');
}
