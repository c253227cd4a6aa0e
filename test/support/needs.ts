/**
 * Tests that need something which is not part of the package: a program, a data set. Where it is missing they are
 * skipped, with the reason in their title; where OCTOGRAD_EXPECT lists it (as CI does) they fail instead.
 *
 *     const torch = needs('torch');
 *     torch.it('gives the gradients of PyTorch', () => { ... });
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Folder of data sets beside the repository, for {@link needs}('data'). */
export const dataFolder = join(root, '..', 'shared', 'data');

/** Where Debian's package dataset-fashion-mnist puts its files, for {@link needs}('fashion-mnist'). */
export const fashionMnistFolder = '/usr/share/datasets/fashion-mnist';

/** An interpreter earlier on the path may hide Debian's, whose torch it does not see. */
function python(): string | undefined {
  const has = (path: string): boolean =>
    spawnSync(path, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
  return ['python3', '/usr/bin/python3'].find(has);
}

function chromium(): string | undefined {
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

const checks = {
  /** `path` is the interpreter. */
  torch: { find: python, missing: 'torch cannot be imported by python3 (Debian: python3-torch)' },
  /** `path` is the browser. */
  chromium: { find: chromium, missing: 'chromium is not installed (Debian: chromium)' },
  data: {
    find: () => (existsSync(dataFolder) ? dataFolder : undefined),
    missing: 'data sets are not in ../shared/data',
  },
  'fashion-mnist': {
    find: () => (existsSync(fashionMnistFolder) ? fashionMnistFolder : undefined),
    missing: 'fashion-mnist is not installed (Debian: dataset-fashion-mnist)',
  },
} as const;

export type NeedName = keyof typeof checks;

export interface Need {
  readonly available: boolean;
  /** Why the tests do not run; empty when they do. */
  readonly reason: string;
  /** Where it is: program or folder. Throws when it is not available. */
  readonly path: string;
  /** vitest's `it`, skipped with the reason in its title, or failing, where the need is not met. */
  it(title: string, run: () => unknown, timeout?: number): void;
  /** vitest's `describe`, likewise. */
  describe(title: string, build: () => void): void;
}

const known = new Map<NeedName, Need>();

function look(name: NeedName): Need {
  const { find, missing } = checks[name];
  const found = find();
  const available = found !== undefined;
  const expected = (process.env['OCTOGRAD_EXPECT'] ?? '').split(',').includes(name);
  const fail = (): never => {
    throw new Error(`${missing}, and OCTOGRAD_EXPECT lists ${name}`);
  };
  const skippedTitle = (title: string): string => `${title} (skipped: ${missing})`;
  return {
    available,
    reason: available ? '' : missing,
    get path(): string {
      if (found === undefined) throw new Error(missing);
      return found;
    },
    it(title, run, timeout) {
      if (available) it(title, async () => void (await run()), timeout);
      else if (expected) it(title, fail);
      else it.skipIf(true)(skippedTitle(title), run as () => void);
    },
    describe(title, build) {
      if (available) describe(title, build);
      else if (expected) describe(title, () => void it(`has ${name}`, fail));
      else describe.skipIf(true)(skippedTitle(title), build);
    },
  };
}

/** Whether a need is met here; looked up once. */
export function needs(name: NeedName): Need {
  const need = known.get(name) ?? look(name);
  known.set(name, need);
  return need;
}
