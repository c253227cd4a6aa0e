/**
 * Refuses exports of the package without a doc comment: everything that a sub-path of package.json's "exports" hands out,
 * found where it is declared. Members of classes and interfaces are not looked at. `--root <folder>` looks at another tree
 * (its own test does).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

/** All strings below "exports" of package.json, whatever the conditions. */
const targets = (entry) =>
  typeof entry === 'string' ? [entry] : Object.values(entry ?? {}).flatMap(targets);

/** Sources of the sub-paths: ./dist/nn/index.d.ts is built from src/nn/index.ts. */
function entryFiles(root) {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = targets(exports)
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => resolve(root, path.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts')));
  const missing = files.find((file) => !existsSync(file));
  if (missing)
    throw new Error(`package.json exports what ${missing} should be the source of; there is no such file`);
  return [...new Set(files)];
}

/** Whether a declaration has a comment of its own: the one that opens a file is the file's, and a namespace's. */
const documented = (declaration) =>
  ts.isSourceFile(declaration)
    ? declaration.text.startsWith('/**')
    : ts.getJSDocCommentsAndTags(declaration).some((comment) => ts.isJSDoc(comment) && comment.pos > 0);

/** What is exported without a comment, as { file, line, name }, and how many exports there are. */
export function undocumented(root) {
  const entries = entryFiles(root);
  // Declarations are all that is asked for: neither the language's library nor packages are read.
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    noLib: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const seen = new Set();
  const missing = [];
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      const alias = exported.flags & ts.SymbolFlags.Alias;
      const symbol = alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      const [declaration] = symbol.declarations ?? exported.declarations;
      // Overloads, or a type and a value of one name, are one thing: one comment will do.
      if (symbol.declarations?.some(documented)) continue;
      const source = declaration.getSourceFile();
      const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
      const file = relative(root, source.fileName).split(sep).join('/');
      missing.push({ file, line: line + 1, name: exported.name });
    }
  }
  missing.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  return { missing, total: seen.size };
}

const { values } = parseArgs({ options: { root: { type: 'string' } } });
const { missing, total } = undocumented(
  resolve(values.root ?? fileURLToPath(new URL('../', import.meta.url))),
);
for (const { file, line, name } of missing) console.error(`${file}:${line}: ${name}`);
if (missing.length > 0) {
  console.error(
    `${missing.length} of ${total} exports without a doc comment; say what it is, with shapes, units and the errors it throws`,
  );
  process.exitCode = 1;
}
