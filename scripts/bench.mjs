/**
 * `npm run bench`: builds what is stale, compiles bench/, installs the peers into bench/ where they are wanted and missing, and
 * runs the benchmarks with the arguments given after `--`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, report } from './build.mjs';
import { node, root, tools } from './run.mjs';

const args = process.argv.slice(2);

/** Whether anything of bench/node_modules is asked for. */
function wantsPeers() {
  const at = args.findIndex((argument) => argument === '--peers' || argument.startsWith('--peers='));
  const value = at < 0 ? 'all' : args[at].includes('=') ? args[at].slice('--peers='.length) : args[at + 1];
  return !args.includes('--help') && value !== 'none' && value !== 'torch';
}

function installPeers() {
  console.error('Installing the peers into bench/; --peers none does without them.');
  const npmArgs = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const options = { cwd: join(root, 'bench'), stdio: ['ignore', 'ignore', 'inherit'] };
  const npm = process.env.npm_execpath;
  const { status } =
    npm && /\.[cm]?js$/.test(npm)
      ? spawnSync(process.execPath, [npm, ...npmArgs], options)
      : spawnSync(`npm ${npmArgs.join(' ')}`, { ...options, shell: true });
  if (status !== 0) console.error('The peers could not be installed; going on without them.');
}

const built = await build();
console.error(report(built));
const compiled = built.code === 0 ? await node([tools.tsc, '-p', 'bench/tsconfig.json']) : built;
if (compiled.code !== 0) {
  console.error(compiled.output);
  process.exit(1);
}
if (wantsPeers() && !existsSync(join(root, 'bench/node_modules/.package-lock.json'))) installPeers();
const { code } = await node([join(root, '.cache/bench/main.js'), ...args], { show: true });
process.exitCode = code;
