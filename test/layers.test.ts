/** The script that refuses wrong imports, on small trees with one planted arrow each. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { runNode } from './support/npm.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What the script says about a tree of these files. */
async function check(files: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
  const tree = await mkdtemp(join(tmpdir(), 'octograd-layers-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
    }
    return runNode([join(root, 'scripts', 'layers.mjs'), '--root', tree], root);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

const good = {
  'src/core/shape.ts': 'export type Shape = readonly number[];\n',
  'src/backend/kernels.ts':
    "import type { Shape } from '../core/shape.js';\nexport const kernels: Shape = [];\n",
  'src/backend/wasm/index.ts': "export const load = () => import('./platform.node.js');\n",
  'src/backend/wasm/platform.node.ts': "import 'node:fs';\n",
  'src/graph/graph.ts':
    "import type { kernels } from '../backend/kernels.js';\nexport type K = typeof kernels;\n",
  'src/quant/recipe.ts': "import * as v from 'valibot';\nexport const recipe = v;\n",
  'src/nn/layer.ts': "import type { K } from '../graph/graph.js';\nexport type L = K;\n",
  'src/nn/layer.test.ts': "import '../quant/recipe.js';\nimport 'node:fs';\nimport 'vitest';\n",
  'src/cli/reproduce/experiment/a.ts': 'export const a = 1;\n',
  'src/cli/reproduce/run/b.ts': "import { a } from '../experiment/a.js';\nexport const b = a;\n",
  'src/cli/main.ts': "import 'node:fs';\nimport 'commander';\nimport '../nn/layer.js';\n",
};

it('accepts a tree in order', async () => {
  expect(await check(good)).toMatchObject({ code: 0, output: '' });
});

const wrong: [title: string, path: string, text: string, message: RegExp][] = [
  [
    'an upward arrow',
    'src/core/a1.ts',
    "import '../nn/layer.js';",
    /src\/core\/a1\.ts:1 -> src\/nn\/layer\.ts\n.*core may know nothing/,
  ],
  [
    'an upward arrow within a layer',
    'src/cli/reproduce/findings/a0.ts',
    "import '../run/b.js';",
    /src\/cli\/reproduce\/findings\/ does not know src\/cli\/reproduce\/run\//,
  ],
  [
    'layers that name recipes',
    'src/nn/a2.ts',
    "import type { recipe } from '../quant/recipe.js';",
    /nn may know core, graph, ops;/,
  ],
  [
    'a re-export',
    'src/data/a3.ts',
    "\nexport * from '../graph/graph.js';",
    /src\/data\/a3\.ts:2 -> src\/graph/,
  ],
  [
    'an import inside a type',
    'src/io/a4.ts',
    "export type A = import('../graph/graph.js').K;",
    /io may know core;/,
  ],
  [
    'more than types of the contract',
    'src/graph/a5.ts',
    "import { kernels } from '../backend/kernels.js';",
    /"import type"/,
  ],
  [
    'a backend that knows another',
    'src/backend/reference/a6.ts',
    "import '../wasm/index.js';",
    /backends do not know each other/,
  ],
  [
    'a contract that knows a backend',
    'src/backend/a7.ts',
    "import './wasm/index.js';",
    /does not know its backends/,
  ],
  [
    'node: in code that runs anywhere',
    'src/data/a8.ts',
    "import { join } from 'node:path';",
    /move the code into a \*\.node\.ts file/,
  ],
  [
    'a Node file in code that runs anywhere',
    'src/backend/wasm/a9.ts',
    "import './platform.node.js';",
    /do not import \*\.node\.ts/,
  ],
  [
    'loading a Node file elsewhere',
    'src/backend/wasm/a10.ts',
    "import('./platform.node.js');",
    /do not import \*\.node\.ts/,
  ],
  ['a package in the wrong place', 'src/nn/a11.ts', "import 'commander';", /the package commander is for/],
  [
    'an unknown package',
    'src/nn/a12.ts',
    "import '@scope/name/part';",
    /the package @scope\/name is not in the table/,
  ],
  ['test support in the package', 'src/nn/a13.ts', "import './layer.test.js';", /test support/],
  [
    'a folder without an entry',
    'src/extra/a14.ts',
    "import '../core/shape.js';",
    /src\/extra\/ has no entry/,
  ],
  ['a file that is not there', 'src/nn/a15.ts', "import './gone.js';", /no such file/],
];

describe('refuses', () => {
  let result: { code: number; output: string };

  beforeAll(async () => {
    const planted = wrong.map(([, path, text]) => [path, `${text}\n`] as const);
    result = await check({ ...good, ...Object.fromEntries(planted) });
  });

  it.each(wrong)('%s', (_, path, __, message) => {
    const at = result.output.indexOf(`${path}:`);
    expect(result.output.slice(at).split('\n').slice(0, 2).join('\n')).toMatch(message);
    expect(at).toBeGreaterThanOrEqual(0);
  });

  it('each of them once, and fails', () => {
    expect(result.output).toMatch(new RegExp(`^${wrong.length} imports against the layers`, 'm'));
    expect(result.code).toBe(1);
  });
});
