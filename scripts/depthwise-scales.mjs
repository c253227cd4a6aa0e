/**
 * How far the scales (gamma) of a depthwise network's norms have gone from 1, by arm: what the remark in experiments/depthwise argues
 * from. In front of a depthwise convolution a norm's gamma and beta of a channel scale what the norm behind it divides by again, so
 * that their true gradient along themselves is near 0 and what the rounding adds to it is not opposed. Needs a build and finished runs:
 *   node scripts/depthwise-scales.mjs runs/reproduce/depthwise
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSafetensors } from '../dist/io/index.js';

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length === 0) throw new Error('name the folders of finished runs: runs/reproduce/depthwise');
/** bn1 of the network, and the second norm of each block but the last, which the classifier reads. */
const places = { first: /^bn1\.weight$/, 'in blocks': /^blocks\.[0-3]\.bn2\.weight$/ };

/** Root of the mean square of gamma - 1. */
function wanderings(file) {
  const { tensors } = readSafetensors(readFileSync(file), file);
  return Object.values(places).map((pattern) => {
    const own = tensors.filter(({ name }) => pattern.test(name)).flatMap(({ data }) => Array.from(data));
    return Math.sqrt(own.reduce((sum, gamma) => sum + (gamma - 1) ** 2, 0) / own.length);
  });
}

const arms = new Map();
for (const folder of positionals) {
  for (const name of readdirSync(folder).sort()) {
    const [, arm] = /^(.+)-seed\d+$/.exec(name) ?? [];
    const file = join(folder, name, 'model.safetensors');
    // A run under way has none yet.
    if (arm && existsSync(file)) arms.set(arm, [...(arms.get(arm) ?? []), wanderings(file)]);
  }
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
console.log(
  `| arm | runs | ${Object.keys(places).join(', median | ')}, median | largest of the first |\n|---|---:|---:|---:|---:|`,
);
for (const [arm, runs] of arms) {
  const [first, blocks] = [0, 1].map((i) => runs.map((run) => run[i]));
  const figures = [median([...first]), median([...blocks]), Math.max(...first)].map((x) => x.toPrecision(2));
  console.log(`| ${arm} | ${runs.length} | ${figures.join(' | ')} |`);
}
