/**
 * Compiles the AssemblyScript kernels into octograd.wasm and octograd-relaxed.wasm (fused multiply-add in the float
 * products), into dist/backend/wasm unless --out names another folder.
 *
 * --partial: kernels without a function trap instead of failing the build. --files=a.ts,b.ts: scan only these sources.
 * --text: also write the WebAssembly text.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import asc from 'assemblyscript/asc';
import { generateAssembly } from './generate-assembly.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const entry = 'src/backend/wasm/assembly/index.ts';

const { values } = parseArgs({
  options: {
    partial: { type: 'boolean', default: process.env.OCTOGRAD_PARTIAL === '1' },
    files: { type: 'string' },
    out: { type: 'string', default: join(root, 'dist/backend/wasm') },
    text: { type: 'boolean', default: false },
  },
});

const generated = await generateAssembly({ partial: values.partial, files: values.files?.split(',') });

/** Serves the generated files from memory, so that two builds at once do not disturb each other. */
function readFile(name, baseDir) {
  const own = name.includes('wasm/assembly/') ? generated[basename(name)] : undefined;
  if (own !== undefined) return own;
  try {
    return readFileSync(resolve(baseDir, name), 'utf8');
  } catch {
    return null;
  }
}

async function compile(fileName, relaxed) {
  const outputs = new Map();
  const flags = [
    entry,
    ...['--baseDir', root, '--outFile', fileName, '-O3', '--noAssert', '--runtime', 'stub'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    ...['--memoryBase', '1024', '--use', 'abort=', '--use', `RELAXED=${relaxed ? 1 : 0}`],
    ...['--enable', relaxed ? 'simd,threads,relaxed-simd' : 'simd,threads'],
    ...(values.text ? ['--textFile', fileName.replace(/wasm$/, 'wat')] : []),
  ];
  const { error, stderr } = await asc.main(flags, {
    readFile,
    writeFile: (name, contents) => outputs.set(basename(name), contents),
    listFiles: () => [],
  });
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exit(1);
  }
  mkdirSync(values.out, { recursive: true });
  for (const [name, contents] of outputs) {
    const target = join(values.out, name);
    writeFileSync(`${target}.${process.pid}.part`, contents);
    renameSync(`${target}.${process.pid}.part`, target);
  }
  return outputs.get(fileName).length;
}

for (const [name, relaxed] of [
  ['octograd.wasm', false],
  ['octograd-relaxed.wasm', true],
]) {
  const size = await compile(name, relaxed);
  console.log(`${join(values.out, name)}: ${size} bytes`);
}
