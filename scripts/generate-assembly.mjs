/**
 * Makes the two AssemblyScript files that follow from the kernel specs: generated.ts (byte offset of every operand in a
 * call's record) and generated-dispatch.ts (from a kernel's index to its function, found by scanning the sources).
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = new URL('../', import.meta.url);
export const assemblyFolder = new URL('src/backend/wasm/assembly/', root);

/** kernelSpecs of src/backend/kernels.ts, compiled apart: this runs before any build. */
async function loadSpecs() {
  const folder = mkdtempSync(join(tmpdir(), 'octograd-specs-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    mkdirSync(join(folder, 'kernel-specs'));
    const backend = fileURLToPath(new URL('src/backend/', root));
    const parts = readdirSync(join(backend, 'kernel-specs')).map((name) => join('kernel-specs', name));
    for (const file of ['kernels.ts', ...parts]) {
      const { outputText } = ts.transpileModule(readFileSync(join(backend, file), 'utf8'), {
        compilerOptions: { target: 'ES2022', module: 'ES2022', verbatimModuleSyntax: true },
      });
      writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), outputText);
    }
    const { kernelSpecs } = await import(pathToFileURL(join(folder, 'kernels.js')).href);
    return kernelSpecs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Which file defines which exported function. */
function scanFunctions(files) {
  const found = new Map();
  const names = readdirSync(assemblyFolder).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('generated') && name !== 'index.ts',
  );
  for (const name of names.sort()) {
    if (files && !files.includes(name)) continue;
    const text = readFileSync(new URL(name, assemblyFolder), 'utf8');
    for (const [, fn] of text.matchAll(/^export function (\w+)\(/gm)) {
      if (found.has(fn))
        throw new Error(`${fn} is exported by both ${found.get(fn)} and ${name}; rename one`);
      found.set(fn, name);
    }
  }
  return found;
}

function offsetsText(specs) {
  const lines = ['// Made by scripts/generate-assembly.mjs from src/backend/kernels.ts; not kept in git.'];
  for (const [kernel, spec] of Object.entries(specs)) {
    let offset = 0;
    for (const name of Object.keys(spec.buffers)) {
      lines.push(`export const ${kernel}_${name}: usize = ${offset};`);
      offset += 8;
    }
    for (const name of Object.keys(spec.params)) {
      lines.push(`export const ${kernel}_${name}: usize = ${offset};`);
      offset += 4;
    }
  }
  return `${lines.join('\n')}\n`;
}

function dispatchText(specs, functions, partial) {
  const names = Object.keys(specs);
  const missing = names.filter((name) => !functions.has(name));
  if (missing.length > 0 && !partial) {
    throw new Error(
      `these kernels of src/backend/kernels.ts have no "export function <name>(" in src/backend/wasm/assembly: ${missing.join(', ')}`,
    );
  }
  const imports = [];
  const cases = [];
  const scratchCases = [];
  names.forEach((name, index) => {
    const file = functions.get(name);
    if (!file) return;
    const module = `./${file.replace(/\.ts$/, '')}`;
    imports.push(`import { ${name} } from '${module}';`);
    cases.push(`    case ${index}: ${name}(args, thread, threads); return;`);
    const scratch = `${name}_scratch`;
    if (!functions.has(scratch)) return;
    const home = `./${functions.get(scratch).replace(/\.ts$/, '')}`;
    imports.push(`import { ${scratch} } from '${home}';`);
    scratchCases.push(`    case ${index}: return ${scratch}(args, threads);`);
  });
  return `// Made by scripts/generate-assembly.mjs from src/backend/kernels.ts; not kept in git.
${imports.join('\n')}

export function dispatch(kernel: i32, args: usize, thread: i32, threads: i32): void {
  switch (kernel) {
${cases.join('\n')}
    default: unreachable();
  }
}

export function scratchOf(kernel: i32, args: usize, threads: i32): usize {
  switch (kernel) {
${scratchCases.join('\n')}
    default: return 0;
  }
}
`;
}

function writeWhole(name, text) {
  const temporary = new URL(`${name}.${process.pid}.part`, assemblyFolder);
  writeFileSync(temporary, text);
  renameSync(temporary, new URL(name, assemblyFolder));
}

/**
 * Writes both files and returns their texts by name.
 * @param partial leave kernels without a function out instead of throwing (they trap when called)
 * @param files scan only these sources
 */
export async function generateAssembly({ partial = false, files } = {}) {
  const specs = await loadSpecs();
  mkdirSync(assemblyFolder, { recursive: true });
  const texts = {
    'generated.ts': offsetsText(specs),
    'generated-dispatch.ts': dispatchText(specs, scanFunctions(files), partial),
  };
  for (const [name, text] of Object.entries(texts)) writeWhole(name, text);
  return texts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await generateAssembly({ partial: process.argv.includes('--partial') });
}
