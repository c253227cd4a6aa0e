/**
 * What a call of `octograd reproduce` is for, and which options belong to that: one that would do nothing is refused, not left out
 * quietly. Options in, a refusal out.
 */
import { UsageError } from '../../core/errors.js';
import type { ReproduceOptions } from './request.js';

type Name = keyof ReproduceOptions;

/** Options that every call takes. */
const everywhere: readonly Name[] = ['experiments', 'out', 'full', 'quiet'];

/** What a call does in place of runs, and the options that it heeds. Documents and page may be written by one call. */
const modes: Readonly<Partial<Record<Name, readonly Name[]>>> = {
  list: ['data'],
  docs: ['check', 'report'],
  report: ['docs', 'check'],
  adopt: ['arms', 'seeds'],
  verify: ['arms', 'seeds', 'data', 'jobs', 'threads', 'wide', 'record'],
};

const flag = (name: Name): string => `--${name}`;

/** Options that name a folder. An empty name would be taken for the one that the command is called from. */
const folderNames = ['out', 'adopt', 'experiments'] as const;

/** @throws UsageError that names two options which do not go together, or one without a value, and the remedy. */
export function checkModes(options: ReproduceOptions): void {
  const given = (Object.keys(options) as Name[]).filter((name) => options[name] !== undefined);
  const empty = folderNames.find((name) => options[name]?.trim() === '');
  if (empty)
    throw new UsageError(`${flag(empty)} is empty; name a folder (. is this one), or leave the option out`);
  if (given.includes('check') && !given.includes('docs')) {
    throw new UsageError('--check is for --docs, whose files it compares with the results; give both');
  }
  if (given.includes('record') && !given.includes('verify')) {
    throw new UsageError('--record keeps what --verify finds; give both');
  }
  if (options.smoke) {
    const mode = (['list', 'docs', 'report'] as const).find((name) => given.includes(name));
    if (mode)
      throw new UsageError(
        `${flag(mode)} shows results, and a trial (--smoke) has none; leave out one of the two`,
      );
    if (given.includes('seeds'))
      throw new UsageError(
        '--seeds does nothing beside --smoke, which does one run of each arm; leave out one of the two',
      );
  }
  for (const mode of given) {
    const heeded = modes[mode];
    if (!heeded) continue;
    const other = given.find((name) => name !== mode && !heeded.includes(name) && !everywhere.includes(name));
    if (other)
      throw new UsageError(`${flag(other)} does nothing beside ${flag(mode)}; leave out one of the two`);
  }
}
