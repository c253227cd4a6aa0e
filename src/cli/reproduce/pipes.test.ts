/** What is of another kind than it should be is refused: whoever opened a pipe would wait for its other end. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, runReproduce, workFolder } from '../run.case.js';
import { smallExperiment } from './small.case.js';

const folder = workFolder();
const pipe = (...parts: string[]): string => {
  const path = join(folder, ...parts);
  mkdirSync(join(path, '..'), { recursive: true });
  execFileSync('mkfifo', [path]);
  return path;
};

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  const experiments = join(folder, 'experiments');
  mkdirSync(join(experiments, 'a'), { recursive: true });
  writeFileSync(join(experiments, 'a', 'experiment.json'), JSON.stringify(smallExperiment));

  it('is no experiment', async () => {
    const path = pipe('others', 'a', 'experiment.json');
    const { code, err } = await runReproduce(join(folder, 'others'), ['--list', 'a']);
    expect([code, err]).toEqual([3, `octograd: ${path}: is not a file; check the path\n`]);
  });

  it('is no results', async () => {
    const path = pipe('out', 'a', 'results.json');
    const { code, err } = await runReproduce(experiments, ['a', '--docs', '--out', join(folder, 'out')]);
    expect([code, err]).toEqual([3, `octograd: ${path}: is not a file; check the path\n`]);
  });

  it('is no list of claims', async () => {
    const path = pipe('claimed', 'claims.json');
    mkdirSync(join(folder, 'claimed', 'a'));
    writeFileSync(join(folder, 'claimed', 'a', 'experiment.json'), JSON.stringify(smallExperiment));
    const { code, err } = await runReproduce(join(folder, 'claimed'), [
      '--report',
      '--out',
      join(folder, 'page'),
    ]);
    expect([code, err]).toEqual([3, `octograd: ${path}: is not a file; check the path\n`]);
  });

  it('is no run that can be taken', async () => {
    const path = pipe('runs', 'one', 'config.json');
    const args = ['a', '--adopt', join(folder, 'runs'), '--out', join(folder, 'new')];
    const { code, out } = await runReproduce(experiments, args);
    expect([code, out]).toEqual([
      3,
      `${join(folder, 'runs', 'one')}: ${path}: is not a file; check the path\n`,
    ]);
  });

  it('is no recipe', async () => {
    const path = pipe('recipe.json');
    const { code, err } = await run(['recipes', path]);
    expect([code, err]).toEqual([3, `octograd: ${path}: is not a file; check the path\n`]);
  });
});

it('a file is no folder of results', async () => {
  const experiments = join(folder, 'experiments');
  mkdirSync(join(experiments, 'a'), { recursive: true });
  writeFileSync(join(experiments, 'a', 'experiment.json'), JSON.stringify(smallExperiment));
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const { code, err } = await runReproduce(experiments, ['a', '--out', file]);
  expect([code, err]).toEqual([2, expect.stringContaining(`--out ${file} is a file; name a folder`)]);
});
