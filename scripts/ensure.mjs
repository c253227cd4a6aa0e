/**
 * Runs before `npm start`, `npm run octograd` and `npm test`: checks Node's version and installs what package-lock.json asks for when it is
 * not there yet. Plain Node, since nothing may be installed when it runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));

function checkNode() {
  const wanted = read('package.json').engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  console.error(
    `octograd needs Node ${wanted} or newer; this is Node ${process.versions.node}. See https://nodejs.org/en/download`,
  );
  process.exit(1);
}

/** Why an installation is needed; undefined when node_modules holds what the lock names. */
function missing() {
  if (!existsSync(new URL('../package-lock.json', import.meta.url))) return 'there is no package-lock.json';
  let installed;
  try {
    // npm writes this copy of the lock as the last act of an installation.
    installed = read('node_modules/.package-lock.json').packages;
  } catch {
    return 'nothing is installed yet';
  }
  for (const [path, entry] of Object.entries(read('package-lock.json').packages)) {
    // Optional entries are mostly for other operating systems.
    if (path === '' || entry.optional || entry.peer) continue;
    if (installed[path]?.version !== entry.version) return `${path} ${entry.version} is not installed`;
  }
  return undefined;
}

function install() {
  const locked = existsSync(new URL('../package-lock.json', import.meta.url));
  // Development tools are needed to build, whatever NODE_ENV says.
  const args = [locked ? 'ci' : 'install', '--include=dev', '--no-audit', '--no-fund'];
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] };
  const npm = process.env.npm_execpath;
  // npm tells its scripts where it is, which spares the shell that npm.cmd needs on Windows.
  return npm && /\.[cm]?js$/.test(npm)
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync(`npm ${args.join(' ')}`, { ...options, shell: true });
}

checkNode();
const reason = missing();
if (reason) {
  console.log(`Installing: ${reason}.`);
  const began = performance.now();
  const { status, error } = install();
  if (error || status !== 0) {
    console.error(
      `The installation failed${error ? `: ${error.message}` : ''}. It needs the package registry and no compiler; ` +
        'if package.json and package-lock.json disagree, run "npm install" once.',
    );
    process.exit(status || 1);
  }
  console.log(`Installed in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
}
