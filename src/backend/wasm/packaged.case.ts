/** The backend as the build lays it out, for tests that run it in a process of its own. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Puts `core` and `backend`, compiled, into a folder; `backend/wasm/index.js` is where to begin. */
export function packageBackend(folder: string): void {
  const files = ['core', 'backend', 'backend/kernel-specs', 'backend/wasm'].flatMap((part) =>
    readdirSync(join(root, 'src', part))
      .filter((name) => name.endsWith('.ts') && !/\.(test|case)\.ts$/.test(name))
      .map((name) => `${part}/${name.slice(0, -3)}`),
  );
  mkdirSync(join(folder, 'backend/wasm'), { recursive: true });
  mkdirSync(join(folder, 'backend/kernel-specs'));
  mkdirSync(join(folder, 'core'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const file of files) {
    const source = readFileSync(join(root, 'src', `${file}.ts`), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ES2022,
        verbatimModuleSyntax: true,
      },
    });
    writeFileSync(join(folder, `${file}.js`), outputText);
  }
  for (const name of ['octograd.wasm', 'octograd-relaxed.wasm']) {
    copyFileSync(join(root, 'dist/backend/wasm', name), join(folder, 'backend/wasm', name));
  }
}
