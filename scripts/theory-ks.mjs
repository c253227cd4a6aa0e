/**
 * Simulates what the distances of fits stay below by chance, for the constants of src/theory/critical-distance.ts: samples of each
 * family, fitted by that family, and of sqrt(n) KS the value that 95 of 100 stay below, with the interval that 95 of 100 such
 * simulations would have (by order statistics). Draws are the project's own, so a second run prints the same. Needs a build.
 *   node scripts/theory-ks.mjs [--draws 10000] [--length 1000]
 */
import { parseArgs } from 'node:util';
import { log } from '../dist/core/math.js';
import { hashText, RandomStream } from '../dist/core/rng.js';
import { fitDistributions, ksCritical } from '../dist/theory/index.js';

const { values: options } = parseArgs({
  options: { draws: { type: 'string', default: '10000' }, length: { type: 'string', default: '1000' } },
});
const [draws, n] = [Number(options.draws), Number(options.length)];

const signed = (stream, negative) => (stream.uniform() < negative ? -1 : 1);
const logNormal = (negative) => (stream) => signed(stream, negative) * Math.exp(stream.normal(log));
const samples = [
  ['gaussian', '', (stream) => stream.normal(log)],
  ['laplace', '', (stream) => signed(stream, 0.5) * -Math.log(1 - stream.uniform())],
  ['log-normal', 'of one sign', logNormal(0)],
  ['log-normal', 'a quarter negative', logNormal(0.25)],
  ['log-normal', 'half negative', logNormal(0.5)],
];

for (const [family, which, draw] of samples) {
  const distances = Array.from({ length: draws }, (_, i) => {
    const stream = new RandomStream(1, hashText(`ks ${family} ${which}`), i);
    const { fits } = fitDistributions(Float64Array.from({ length: n }, () => draw(stream)));
    return Math.sqrt(n) * fits.find(({ fit }) => fit.family === family).goodness.ks;
  }).sort((a, b) => a - b);
  const at = (place) => distances[Math.min(draws - 1, Math.max(0, Math.round(place)))].toFixed(4);
  const spread = 1.96 * Math.sqrt(0.95 * 0.05 * draws);
  const interval = `[${at(0.95 * draws - spread)}, ${at(0.95 * draws + spread)}]`;
  const name = which === '' ? family : `${family}, ${which}`;
  console.log(
    `${name}, n = ${n}: ${at(0.95 * draws)} ${interval}; here ${(Math.sqrt(n) * ksCritical(family, n)).toFixed(4)}`,
  );
}
