/** Starts programs for the other scripts, and finds the files of the tree. Knows nothing of what they do. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('../', import.meta.url));

/** Programs of installed packages, started with the node that runs now: no shell and no .cmd files on Windows. */
export const tools = {
  tsc: join(root, 'node_modules/typescript/bin/tsc'),
  biome: join(root, 'node_modules/@biomejs/biome/bin/biome'),
  vitest: join(root, 'node_modules/vitest/vitest.mjs'),
};

/** Runs `node <args>`; resolves to { code, output }. `show` passes output on as it comes and collects none. */
export function node(args, { show = false, env = process.env } = {}) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env,
      stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of show ? [] : [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => done({ code: 1, output: `${output}${error.message}\n` }));
    child.once('close', (code, signal) =>
      done({ code: code ?? 1, output: signal ? `${output}${signal}\n` : output }),
    );
  });
}

/** Runs `work`, which resolves to { code, output }, and adds the seconds it took. */
export async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { ...result, seconds: (performance.now() - began) / 1000 };
}

/** Files below `folder` as paths from the root with forward slashes, sorted. */
export function filesBelow(folder) {
  const from = join(root, folder);
  if (!existsSync(from)) return [];
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

const generatedFolders = new Set(['.git', '.cache', 'node_modules', 'dist', 'runs', 'coverage']);
const generatedFiles = /\.(tgz|tsbuildinfo)$|^src\/backend\/wasm\/assembly\/generated/;

/** Files of the repository that git does not ignore; without git (an unpacked archive) all but generated folders. */
export function repositoryFiles() {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (git.status === 0) return git.stdout.split('\0').filter((file) => file && existsSync(join(root, file)));
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => !generatedFolders.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(entry.name) : [entry.name]))
    .filter((file) => !generatedFiles.test(file));
}
