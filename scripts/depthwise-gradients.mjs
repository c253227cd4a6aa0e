/**
 * How much noise recipes put into the gradient of scales (gamma) in front of depthwise convolutions, where the true gradient is small,
 * since the norm behind the convolution divides by the scale again. Trains mobilenet under fp32 and, at some steps, takes the gradients of
 * four batches under every recipe at the same weights: |gradient - float32's| / |float32's|, root mean square over the batches, the median
 * of the five norms in front of a depthwise convolution. What docs/recipes.md argues from. Needs a build and the data set:
 *   node scripts/depthwise-gradients.mjs [--data DIR] [--steps 100,300,600] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { BatchLoader, loadDataset } from '../dist/data/index.node.js';
import { createModel } from '../dist/models/index.js';
import { sgd } from '../dist/optim/index.js';
import { parseRecipe, recipes } from '../dist/quant/index.js';
import { createSession } from '../dist/train/index.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    steps: { type: 'string', default: '100,300,600' },
    seed: { type: 'string', default: '1' },
  },
});
const { train } = await loadDataset('fashion-mnist', options.data ? { dir: options.data } : {});
const batchSize = 64;
const batchesAtOnce = 4;
const [{ products, norm }] = recipes.int8.overrides;
const own = (name, base, ...overrides) => parseRecipe({ extends: base, name, overrides });
const part = (fields) => ({ modules: '**', kind: 'depthwise', ...fields });
const arms = {
  'int8-plain-depthwise': 'int8-plain-depthwise',
  '+ 16-bit gradient': own('a', 'int8-plain-depthwise', part({ products })),
  '+ scale per channel behind': own('b', 'int8-plain-depthwise', part({ norm })),
  '+ both: int8': 'int8',
  'plain, norms in float32': parseRecipe({
    extends: 'int8-plain-depthwise',
    name: 'c',
    norm: { input: 'float32' },
  }),
  'int8-float-norm': 'int8-float-norm',
  paper: 'paper',
};
const sessionFor = (recipe) =>
  createSession({
    model: createModel('mobilenet', { inputShape: train.inputShape, classes: train.classes.length }),
    input: train,
    recipe,
    batchSize,
    seed: Number(options.seed),
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
  });
const names = ['bn1.weight', ...[0, 1, 2, 3].map((i) => `blocks.${i}.bn2.weight`)];
const squares = (values) => values.reduce((sum, x) => sum + x * x, 0);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const base = await sessionFor('fp32');
const sessions = await Promise.all(Object.values(arms).map(sessionFor));
const twin = await sessionFor('fp32');
const gradientsOf = (session, batch) => {
  for (const { path } of base.bound.parameters) session.write(path, base.read(path));
  session.step(batch, 0);
  return names.map((name) => Array.from(session.readGradient(name)));
};
const marks = options.steps.split(',').map(Number);
const columns = [];
let sums;
let left = 0;
let step = 0;
for (const data of new BatchLoader(train, { batchSize, seed: Number(options.seed), augment: [] }).epoch(0)) {
  const batch = { inputs: data.inputs, targets: data.labels, size: data.size };
  if (marks.includes(step)) {
    left = batchesAtOnce;
    sums = sessions.map(() => names.map(() => [0, 0]));
  }
  if (left > 0) {
    const wanted = gradientsOf(twin, batch);
    for (const [s, session] of sessions.entries()) {
      for (const [n, found] of gradientsOf(session, batch).entries()) {
        sums[s][n][0] += squares(found.map((x, i) => x - wanted[n][i]));
        sums[s][n][1] += squares(wanted[n]);
      }
    }
    left -= 1;
    if (left === 0)
      columns.push(sums.map((of) => median(of.map(([error, size]) => Math.sqrt(error / size)))));
  }
  if (left === 0 && step >= Math.max(...marks)) break;
  base.step(batch, 0.03);
  step += 1;
}
console.log(`| recipe | ${marks.map((mark) => `after ${mark} steps`).join(' | ')} |`);
console.log(`|---|${marks.map(() => '---:').join('|')}|`);
for (const [s, name] of Object.keys(arms).entries()) {
  console.log(`| ${name} | ${columns.map((column) => column[s].toFixed(2)).join(' | ')} |`);
}
