/**
 * Builds dist/: modules and declarations from src/, the WASM files, and what else src/ holds. Builds only what is stale;
 * `--force` builds all. Stale means: another hash of the sources, or an output that is gone.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { filesBelow, node, root, timed, tools } from './run.mjs';

const stampFile = join(root, '.cache/build.json');
const assembly = 'src/backend/wasm/assembly/';
/** Built by other scripts than this one. */
const foreignOutputs = ['dist/web/'];

const isTest = (file) => /\.(test|case)\.ts$/.test(file);
const generated = (file) => file.startsWith(`${assembly}generated`);

/** Everything that belongs into dist/, by how it gets there, with what it is made from. */
function parts() {
  const sources = filesBelow('src').filter((file) => !isTest(file) && !file.endsWith('.part'));
  const modules = sources.filter((file) => file.endsWith('.ts') && !file.startsWith(assembly));
  const assets = sources.filter((file) => !file.endsWith('.ts') && !file.startsWith(assembly));
  const outputOf = (file) => file.replace(/^src\//, 'dist/');
  return {
    modules: {
      inputs: [...modules, ...assets, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
      outputs: [
        ...modules.flatMap((file) => ['.js', '.d.ts'].map((end) => outputOf(file).replace(/\.ts$/, end))),
        ...assets.map(outputOf),
      ],
      run: () => buildModules(assets.map((file) => [file, outputOf(file)])),
    },
    wasm: {
      inputs: [
        ...sources.filter((file) => file.startsWith(assembly) && !generated(file)),
        // Kernels share some of core.
        ...modules.filter((file) => file.startsWith('src/core/')),
        'src/backend/kernels.ts',
        ...modules.filter((file) => file.startsWith('src/backend/kernel-specs/')),
        'scripts/build-wasm.mjs',
        'scripts/generate-assembly.mjs',
        'package-lock.json',
      ],
      outputs: ['octograd.wasm', 'octograd-relaxed.wasm'].map((name) => `dist/backend/wasm/${name}`),
      run: () => node(['scripts/build-wasm.mjs']),
    },
  };
}

async function buildModules(assets) {
  const result = await node([tools.tsc, '-p', 'tsconfig.build.json', '--noEmitOnError']);
  if (result.code !== 0) return result;
  for (const [from, to] of assets) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(join(root, from), join(root, to));
  }
  const program = join(root, 'dist/cli/main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
  return result;
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

/** Removes what an earlier build left and this one does not make. */
function removeStale(outputs) {
  const wanted = new Set(outputs);
  for (const file of filesBelow('dist')) {
    if (
      wanted.has(file) ||
      file.endsWith('.part') ||
      foreignOutputs.some((folder) => file.startsWith(folder))
    )
      continue;
    rmSync(join(root, file));
  }
}

/** Builds what is stale. Resolves to { code, built: names, output, seconds }; code is 0 when all is well. */
export async function build({ force = false } = {}) {
  return timed(async () => {
    const stamp = readStamp();
    const all = parts();
    const stale = Object.entries(all).filter(([name, { inputs, outputs }]) => {
      const complete = outputs.every((file) => existsSync(join(root, file)));
      return force || !complete || stamp[name] !== hashOf(inputs);
    });
    if (stale.length > 0) removeStale(Object.values(all).flatMap(({ outputs }) => outputs));
    // A minute on a slow machine: not without a word, and not on standard output, which may be the program's.
    if (stale.length > 0) console.error(`Building ${stale.map(([name]) => name).join(' and ')} ...`);
    const results = await Promise.all(
      stale.map(async ([name, { inputs, run }]) => {
        // Taken before building, so that an edit made meanwhile is seen the next time.
        const hash = hashOf(inputs);
        const result = await run();
        stamp[name] = result.code === 0 ? hash : '';
        return result;
      }),
    );
    if (stale.length > 0) {
      mkdirSync(dirname(stampFile), { recursive: true });
      writeFileSync(stampFile, JSON.stringify(stamp));
    }
    const failed = results.filter((result) => result.code !== 0);
    return {
      code: failed.length > 0 ? 1 : 0,
      built: stale.map(([name]) => name),
      output: failed.map((result) => result.output).join('\n'),
    };
  });
}

/** One line about a build, after its output when it failed. */
export function report({ code, built, output, seconds }) {
  if (code !== 0) return `${output}\nThe build failed.`;
  return built.length > 0
    ? `Built ${built.join(' and ')} in ${seconds.toFixed(1)} s.`
    : 'The build is up to date.';
}

// Compared by their real paths, since a module's own is one and the argument need not be.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { force: { type: 'boolean' } } });
  const result = await build(values);
  console[result.code === 0 ? 'log' : 'error'](report(result));
  process.exitCode = result.code;
}
