/**
 * A trial of every experiment: `octograd reproduce --smoke` of the built program, in a folder that is thrown away. Data that lie in
 * ../shared/data are used; experiments without data are named. The last line is `N passed, N failed`, an experiment a test.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { node, root, timed } from './run.mjs';

const shared = join(root, '..', 'shared', 'data');
const archives = {
  cifar10: 'cifar10-jpeg.tar.gz',
  fsdd: 'fsdd.tar.gz',
  shakespeare: 'tinyshakespeare.txt.gz',
};
const experiments = join(root, 'experiments');
const names = readdirSync(experiments).filter((name) =>
  existsSync(join(experiments, name, 'experiment.json')),
);
const used = new Set(
  names.map((name) => JSON.parse(readFileSync(join(experiments, name, 'experiment.json'), 'utf8')).dataset),
);
const data = Object.entries(archives)
  .filter(([dataset, file]) => used.has(dataset) && existsSync(join(shared, file)))
  .flatMap(([dataset, file]) => ['--data', `${dataset}=${join(shared, file)}`]);

const out = mkdtempSync(join(tmpdir(), 'octograd-experiments-'));
try {
  const program = join(root, 'dist', 'cli', 'main.js');
  const args = [program, 'reproduce', '--smoke', '--experiments', experiments, '--out', out, ...data];
  const { code, output, seconds } = await timed(() => node(args));
  console.log(output);
  const count = { passed: 0, failed: code === 0 ? 0 : 1 };
  for (const name of names) {
    const skipped = output.includes(`Not run: ${name}: `);
    const counted = new RegExp(`^${name}: (\\d+) of (\\d+) trial runs`, 'm').exec(output);
    if (skipped) continue;
    if (counted && counted[1] === counted[2]) count.passed += 1;
    else {
      count.failed += 1;
      console.log(`FAILED: ${name}`);
    }
  }
  console.log(`${seconds.toFixed(0)} s`);
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
} finally {
  rmSync(out, { recursive: true, force: true });
}
