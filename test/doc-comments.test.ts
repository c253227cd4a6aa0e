/** The script that refuses exports without a doc comment, on one small tree with one of each form of export. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runNode } from './support/npm.js';

const root = fileURLToPath(new URL('../', import.meta.url));

const manifest = {
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './data': {
      node: { types: './dist/data/index.node.d.ts', default: './dist/data/index.node.js' },
      types: './dist/data/index.d.ts',
    },
    './package.json': './package.json',
  },
};

const files: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(manifest),
  'src/index.ts': [
    "export * as data from './data/index.js';",
    "export { plain, type Shape, hidden as shown, parse, Dtype } from './core.js';",
  ].join('\n'),
  'src/core.ts': [
    '/** The file. */',
    'export type Shape = readonly number[];',
    '/** Is documented. */',
    'export const plain = 1;',
    'const hidden = 2;',
    'export { hidden };',
    '/** Overloads share one comment. */',
    'export function parse(text: string): string;',
    'export function parse(text: number): number;',
    'export function parse(text: string | number): string | number { return text; }',
    '/** A type and a value of one name share one too. */',
    "export type Dtype = 'f';",
    "export const Dtype = 'f';",
    'export const notHandedOut = 3;',
  ].join('\n'),
  'src/data/index.ts': "/** Names the folder. */\nexport * from './loader.js';\n",
  'src/data/index.node.ts':
    "export * from './index.js';\n// Not a doc comment.\nexport interface Options { a: 1 }\n",
  'src/data/loader.ts':
    "import 'node:fs';\n\nexport class Loader {}\n/** Is documented. */\nexport class Other {}\n",
};

it('names each undocumented export once, where it is declared, and nothing else', async () => {
  const tree = await mkdtemp(join(tmpdir(), 'octograd-doc-comments-'));
  const check = () => runNode([join(root, 'scripts', 'doc-comments.mjs'), '--root', tree], root);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  };
  try {
    for (const [path, text] of Object.entries(files)) await write(path, text);
    const { code, output } = await check();
    expect(output.trim().split('\n').slice(0, -1)).toEqual([
      'src/core.ts:2: Shape',
      'src/core.ts:5: shown',
      'src/data/index.node.ts:3: Options',
      'src/data/loader.ts:3: Loader',
    ]);
    expect(output).toMatch(/^4 of 9 exports without a doc comment/m);
    expect(code).toBe(1);

    await write(
      'src/core.ts',
      files['src/core.ts'].replace(/^(?=export type Shape|const hidden)/gm, '/** X. */\n'),
    );
    await write('src/data/index.node.ts', "export * from './index.js';\n");
    await write('src/data/loader.ts', '/** The file. */\n\n/** X. */\nexport class Loader {}\n');
    expect(await check()).toMatchObject({ code: 0, output: '' });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
});
