/** That a missing need skips by name, and fails where it is expected: a small suite in a vitest of its own. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { runNode } from './support/npm.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

/** `[status, name]` of a suite's tests where no program starts and OCTOGRAD_EXPECT is `expected`. */
async function suite(expected: string): Promise<string[][]> {
  await mkdir(join(root, '.cache'), { recursive: true });
  // Inside the repository, where vitest is found; the folder is ignored by git.
  const folder = await mkdtemp(join(root, '.cache', 'needs-'));
  try {
    const needs = JSON.stringify(join(root, 'test', 'support', 'needs.js').replaceAll('\\', '/'));
    await mkdir(join(folder, 'test'));
    await writeFile(
      join(folder, 'test', 'a.test.ts'),
      `import { it, vi } from 'vitest';
       vi.mock('node:child_process', () => ({ spawnSync: () => ({ status: 1 }) }));
       import { needs } from ${needs};
       needs('torch').it('compares', () => {});
       needs('torch').describe('group', () => { it('inside', () => {}); });
       it('runs', () => {});`,
    );
    const report = join(folder, 'report.json');
    vi.stubEnv('OCTOGRAD_EXPECT', expected);
    runNode([vitest, 'run', '--root', folder, '--reporter=json', `--outputFile=${report}`], folder);
    const { testResults } = JSON.parse(await readFile(report, 'utf8'));
    return testResults[0].assertionResults.map((test: { status: string; fullName: string }) => [
      test.status,
      test.fullName,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

afterEach(() => {
  vi.unstubAllEnvs();
});

it('skips with the reason in the title', async () => {
  const reason = '(skipped: torch cannot be imported by python3 (Debian: python3-torch))';
  expect(await suite('')).toEqual([
    ['skipped', `compares ${reason}`],
    ['skipped', `group ${reason} inside`],
    ['passed', 'runs'],
  ]);
});

it('fails what OCTOGRAD_EXPECT lists', async () => {
  expect(await suite('chromium,torch')).toEqual([
    ['failed', 'compares'],
    ['failed', 'group has torch'],
    ['passed', 'runs'],
  ]);
});
