/**
 * A trial of every experiment: `octograd reproduce --smoke` of the built program, in a folder that is thrown away. Data that lie in
 * ../shared/data are used. It fails where it takes longer than it may, and where an experiment lacks data that OCTOGRAD_EXPECT says are
 * there (see test/support/needs.ts); others without data are named. The last line is `N passed, N failed`, an experiment a test.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { node, root, timed } from './run.mjs';
import { judge } from './smoke-verdict.mjs';

const shared = join(root, '..', 'shared', 'data');
const archives = {
  cifar10: 'cifar10-jpeg.tar.gz',
  fsdd: 'fsdd.tar.gz',
  shakespeare: 'tinyshakespeare.txt.gz',
};
const folder = join(root, 'experiments');
const experiments = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, 'experiment.json')))
  .map((name) => ({
    name,
    dataset: JSON.parse(readFileSync(join(folder, name, 'experiment.json'), 'utf8')).dataset,
  }));
const used = new Set(experiments.map(({ dataset }) => dataset));
const data = Object.entries(archives)
  .filter(([dataset, file]) => used.has(dataset) && existsSync(join(shared, file)))
  .flatMap(([dataset, file]) => ['--data', `${dataset}=${join(shared, file)}`]);

const out = mkdtempSync(join(tmpdir(), 'octograd-experiments-'));
try {
  const program = join(root, 'dist', 'cli', 'main.js');
  const args = [program, 'reproduce', '--smoke', '--experiments', folder, '--out', out, ...data];
  const trial = await timed(() => node(args));
  const expected = (process.env.OCTOGRAD_EXPECT ?? '').split(',').filter(Boolean);
  const { passed, failed, lines } = judge(experiments, trial, expected);
  console.log(trial.output);
  for (const line of lines) console.log(line);
  console.log(`${trial.seconds.toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  rmSync(out, { recursive: true, force: true });
}
