/**
 * Refuses imports against the layers: which folder of src/ may know which, where `node:` modules may be used, and which
 * packages. Prints each wrong arrow with its remedy. `--root <folder>` looks at another tree (its own test does).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

/** Files of src/backend/ that hand backends out, and so know them. */
const backendMakers = new Set(['src/backend/index.ts', 'src/backend/checked-wasm.ts']);

/** Folder of src/ -> folders it may import. Its own files it may always. */
const allowed = {
  core: [],
  graph: ['core'],
  ops: ['core', 'graph'],
  nn: ['core', 'graph', 'ops'],
  models: ['core', 'graph', 'ops', 'nn'],
  quant: ['core'],
  theory: ['core', 'quant'],
  backend: ['core'],
  optim: ['core'],
  data: ['core'],
  io: ['core'],
  // Precision and lowering build nodes and emit kernel calls.
  compiler: ['core', 'graph', 'ops', 'quant'],
  // createSession turns names into backends.
  train: ['core', 'graph', 'ops', 'nn', 'quant', 'compiler', 'optim', 'data', 'io', 'backend'],
  cli: [
    'core',
    'graph',
    'ops',
    'nn',
    'models',
    'quant',
    'compiler',
    'optim',
    'data',
    'io',
    'backend',
    'train',
    'theory',
  ],
};

/** The kernel contract: what a plan is made of, without anything that runs it. */
const contract = {
  files: ['src/backend/backend.ts', 'src/backend/kernels.ts'],
  types: ['graph', 'ops', 'optim', 'compiler'],
  // The table of kernels (their operands and parameters), which lowering and placing walk.
  values: ['compiler'],
};

/** Folders of one kind that know nothing of each other. */
const strangers = [['src/backend/reference/', 'src/backend/wasm/', 'src/backend/webgpu/']];

/** Folders within one layer, each of which may know those before it, but none after. */
const floors = ['experiment', 'results', 'findings', 'documents', 'run'].map(
  (folder) => `src/cli/reproduce/${folder}/`,
);

/** Packages -> where they may be imported. */
const packages = {
  commander: /^src\/cli\//,
  valibot: /^src\/(quant|cli)\//,
  'jpeg-js': /^src\/(cli\/|data\/.*\.node\.ts$)/,
  'fft.js': /^src\/data\/log-mel\.ts$/,
  wavefile: /^src\/data\/.*\.node\.ts$/,
  'tar-stream': /^src\/data\/.*\.node\.ts$/,
  'fast-png': /^src\/cli\//,
};

/** Platform-free files that load a *.node.ts file at run time, after asking where they run. */
const dynamicNode = {
  'src/backend/wasm/index.ts': 'src/backend/wasm/platform.node.ts',
  'src/data/prefetch.ts': 'src/data/prefetch.node.ts',
};

const isTest = (file) => /\.(test|case)\.ts$/.test(file);
const isNode = (file) => file.startsWith('src/cli/') || /\.node\.ts$/.test(file);
/** First folder below src; undefined for files directly in src, which gather the public interface. */
const layerOf = (file) => (file.split('/').length > 2 ? file.split('/')[1] : undefined);

function sourceFiles(root) {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter((file) => !file.startsWith('src/backend/wasm/assembly/'))
    .sort();
}

/** Imports and re-exports of a file: { specifier, line, types (only types pass), dynamic }. */
function importsOf(text, file) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found = [];
  const add = (literal, types, dynamic = false) => {
    if (!literal || !ts.isStringLiteralLike(literal)) return;
    const { line } = source.getLineAndCharacterOfPosition(literal.getStart());
    found.push({ specifier: literal.text, line: line + 1, types, dynamic });
  };
  const allTypes = (named) =>
    named?.elements && named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const onlyNamed = clause && !clause.name && allTypes(clause.namedBindings);
      add(node.moduleSpecifier, Boolean(clause?.isTypeOnly || onlyNamed));
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, Boolean(node.isTypeOnly || allTypes(node.exportClause)));
    } else if (ts.isImportTypeNode(node)) {
      if (ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What is wrong with one import, or undefined. */
function verdict(file, entry, targetOf) {
  const { specifier, types, dynamic } = entry;
  if (specifier.startsWith('node:')) {
    if (isNode(file)) return undefined;
    return 'node: modules are for src/cli/ and *.node.ts; move the code into a *.node.ts file';
  }
  if (!specifier.startsWith('.')) {
    const parts = specifier.split('/');
    const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
    if (packages[name]?.test(file)) return undefined;
    return Object.hasOwn(packages, name)
      ? `the package ${name} is for ${packages[name].source}; import it there`
      : `the package ${name} is not in the table of scripts/layers.mjs; use what is there, or add it with its place`;
  }
  const target = targetOf(specifier);
  if (!target) return 'there is no such file';
  if (isTest(target))
    return 'test support does not belong in the package; move the shared part into a file of its own';
  if (/\.node\.ts$/.test(target) && !isNode(file) && !(dynamic && dynamicNode[file] === target) && !types) {
    return 'files that run anywhere do not import *.node.ts; import it from src/cli/ or a *.node.ts file (index.node.ts)';
  }
  for (const group of strangers) {
    const own = group.find((folder) => file.startsWith(folder));
    if (own && group.some((folder) => folder !== own && target.startsWith(folder))) {
      return 'backends do not know each other; what they share belongs in src/backend/';
    }
    if (!own && layerOf(file) === 'backend' && !backendMakers.has(file)) {
      if (group.some((folder) => target.startsWith(folder))) {
        return 'the contract does not know its backends; turn the import around';
      }
    }
  }
  const floorOf = (path) => floors.findIndex((folder) => path.startsWith(folder));
  if (floorOf(file) >= 0 && floorOf(target) > floorOf(file)) {
    const [own, above] = [file, target].map((path) => floors[floorOf(path)]);
    return `${own} does not know ${above}, which is built on it; move what both need into ${own}, or turn the import around`;
  }
  const from = layerOf(file);
  const to = layerOf(target);
  if (from === undefined || from === to) return undefined;
  if (to === undefined) return 'the public interface is for users; import from the folder that defines it';
  if (!allowed[from])
    return `src/${from}/ has no entry in the table of scripts/layers.mjs; add it with what it may know`;
  if (allowed[from].includes(to)) return undefined;
  if (contract.files.includes(target) && contract[types ? 'types' : 'values'].includes(from))
    return undefined;
  const may = allowed[from].length > 0 ? allowed[from].join(', ') : 'nothing';
  const contractHint =
    contract.files.includes(target) && contract.types.includes(from)
      ? ' (of the contract, types: "import type")'
      : '';
  return `${from} may know ${may}${contractHint}; move what both need downwards, or pass it in from above`;
}

/** Lines of trouble, empty when all is well. */
export function checkLayers(root) {
  const problems = [];
  for (const file of sourceFiles(root)) {
    if (isTest(file)) continue;
    const targetOf = (specifier) => {
      const path = resolve(root, dirname(file), specifier).replace(/\.js$/, '.ts');
      return existsSync(path) ? relative(root, path).split(sep).join(posix.sep) : undefined;
    };
    for (const entry of importsOf(readFileSync(join(root, file), 'utf8'), file)) {
      const problem = verdict(file, entry, targetOf);
      if (!problem) continue;
      const target = entry.specifier.startsWith('.')
        ? (targetOf(entry.specifier) ?? entry.specifier)
        : entry.specifier;
      problems.push(`${file}:${entry.line} -> ${target}${entry.types ? ' (types)' : ''}\n    ${problem}`);
    }
  }
  return problems;
}

const { values } = parseArgs({ options: { root: { type: 'string' } } });
const problems = checkLayers(values.root ?? fileURLToPath(new URL('../', import.meta.url)));
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} imports against the layers (table: scripts/layers.mjs)`);
  process.exit(1);
}
