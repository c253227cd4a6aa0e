/**
 * How close a recipe's weight gradients come to those of float32 at the same weights: trains under fp32 and, at some steps,
 * probes every recipe on one batch. What docs/recipes.md argues from. Needs a build and a data set:
 *   node scripts/recipe-cosines.mjs --data DIR [--dataset cifar10] [--model resnet20] [--steps 100,300] [--recipes a,b]
 */
import { parseArgs } from 'node:util';
import { BatchLoader, flip, loadDataset, padCrop } from '../dist/data/index.node.js';
import { createModel } from '../dist/models/index.js';
import { createSession, probe } from '../dist/train/index.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    dataset: { type: 'string', default: 'cifar10' },
    model: { type: 'string', default: 'resnet20' },
    steps: { type: 'string', default: '100,300' },
    batch: { type: 'string', default: '64' },
    recipes: {
      type: 'string',
      default:
        'int8,int8-channel-weights,int8-channel-norm,int8-sample-gradients,int8-nearest-gradients,int8-mean-ranges,int8-range-norm,int8-float-norm,int8-norm-gradients-8bit,int8-no-bifurcation,paper,paper-batch-norm,paper-minmax-activations',
    },
  },
});
const { train } = await loadDataset(options.dataset, options.data ? { dir: options.data } : {});
const batchSize = Number(options.batch);
const colour = train.inputShape[2] === 3;
const sessionFor = (recipe) =>
  createSession({
    model: createModel(options.model, { inputShape: train.inputShape, classes: train.classes.length }),
    input: train,
    recipe,
    batchSize,
    seed: 1,
  });
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const marks = options.steps.split(',').map(Number);
const base = await sessionFor('fp32');
const loader = new BatchLoader(train, { batchSize, seed: 1, augment: colour ? [padCrop(4), flip()] : [] });
let step = 0;
for (const data of loader.epoch(0)) {
  const batch = { inputs: data.inputs, targets: data.labels, size: data.size };
  if (marks.includes(step)) {
    for (const name of options.recipes.split(',')) {
      const session = await sessionFor(name);
      for (const { path } of base.bound.parameters) session.write(path, base.read(path));
      const products = probe(session, batch).gradients.filter(
        ({ path }) => !/bn|bias|downsample\.1/.test(path),
      );
      const cosines = products.map(({ cosine }) => cosine);
      console.log(
        `step ${step}  ${name.padEnd(26)} cosine of weight gradients: mean ${mean(cosines).toFixed(4)}, least ${Math.min(...cosines).toFixed(4)}`,
      );
      await session.dispose();
    }
  }
  if (step >= Math.max(...marks)) break;
  base.step(batch, 0.05);
  step += 1;
}
await base.dispose();
