/** Compiles the examples and runs one: npm run example -- train-mnist 2000. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const names = readdirSync(join(root, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
const [name, ...args] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`usage: npm run example -- NAME [arguments]; examples: ${names.join(', ')}`);
  process.exit(2);
}
const run = (file, rest) =>
  spawnSync(process.execPath, [file, ...rest], { cwd: root, stdio: 'inherit' }).status ?? 1;
if (!existsSync(join(root, 'dist/index.js'))) {
  const built = run(join(root, 'scripts/build.mjs'), []);
  if (built !== 0) process.exit(built);
}
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const compiled = run(tsc, ['-p', join(root, 'examples/tsconfig.json')]);
process.exit(compiled === 0 ? run(join(root, '.cache/examples', `${name}.js`), args) : compiled);
