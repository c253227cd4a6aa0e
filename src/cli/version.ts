/** Which octograd this is: the version of the package.json that it was installed with, and in a clone the commit. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `0.1.0`. The file lies two folders up from dist/cli and from src/cli alike. */
export function octogradVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Git's own words on a folder; undefined where there is no Git, or it refuses. */
function git(folder: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

/** What of a clone decides numbers. Results and documents change in the course of runs, and decide none. */
const sources = ['src', 'package-lock.json'];

/**
 * `bf9d02e01009`, with `-dirty` where the sources are not those of the commit; undefined where `folder` is no clone's root, such as that
 * of an installed package in somebody's repository.
 */
export function commitOf(folder: string): string | undefined {
  if (!existsSync(join(folder, '.git'))) return undefined;
  const commit = git(folder, ['rev-parse', '--short=12', 'HEAD']);
  if (commit === undefined || commit === '') return undefined;
  const changed = git(folder, ['status', '--porcelain', '--', ...sources]);
  return changed === '' ? commit : `${commit}-dirty`;
}

let own: { readonly commit: string | undefined } | undefined;

/** {@link commitOf} the package's own folder; looked up once, since what runs is what was there at the start. */
export function octogradCommit(): string | undefined {
  own ??= { commit: commitOf(fileURLToPath(new URL('../../', import.meta.url))) };
  return own.commit;
}
