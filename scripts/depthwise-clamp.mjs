/**
 * Whether wandering scales (gamma) make the jumps of experiments/depthwise: trains its network under a recipe and seeds twice, once as the
 * experiment does and once with the gammas in front of depthwise convolutions kept within the range that they have in float32. Until one
 * leaves that range both runs are the same, digit by digit. Needs a build and the data:
 *   node scripts/depthwise-clamp.mjs --seeds 2,9 [--recipe depthwise/plain-norm-gradients-8bit] [--range 0.4,1.8] [--data DIR] [--wide]
 */
import { parseArgs } from 'node:util';
import { Command } from 'commander';
import { addTrainingOptions } from '../dist/cli/options.js';
import { recipeOf } from '../dist/cli/recipe-names.js';
import { backendOptions, loadData, optimizerOf, settingsOf } from '../dist/cli/setup.js';
import { createModel } from '../dist/models/index.js';
import { createSession, fit } from '../dist/train/index.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string' },
    recipe: { type: 'string', default: 'depthwise/plain-norm-gradients-8bit' },
    range: { type: 'string', default: '0.4,1.8' },
    data: { type: 'string' },
    wide: { type: 'boolean', default: false },
  },
});
const [low, high] = options.range.split(',').map(Number);
/** bn1 of the network, and the second norm of each block but the last. */
const scales = /^(bn1|blocks\.[0-3]\.bn2)\.weight$/;
/** Steps over which losses are averaged. */
const window = 100;

const command = addTrainingOptions(new Command('train'));
const data = options.data ? ['--data', options.data] : [];
command.parse(
  ['--model', 'mobilenet', '--dataset', 'fashion-mnist', '--epochs', '2', '--threads', '1', ...data].concat(
    options.wide ? ['--wide'] : [],
  ),
  { from: 'user' },
);
const train = command.opts();
const split = await loadData(train);
const settings = settingsOf(train, split);
const recipe = await recipeOf(options.recipe);

/** Mean losses of every {@link window} steps, test accuracy, and the first step after which a gamma was held. */
async function run(seed, held) {
  const session = await createSession({
    model: createModel('mobilenet', { inputShape: split.train.inputShape, classes: 10 }),
    input: split.train,
    recipe,
    optimizer: optimizerOf(train, split),
    batchSize: settings.batchSize,
    seed,
    ...backendOptions(train),
  });
  const paths = session.bound.parameters.map(({ path }) => path).filter((path) => scales.test(path));
  const losses = [];
  let first;
  let accuracy;
  const { epochs, schedule: learningRate, augment, dropLast } = settings;
  for await (const event of fit(session, { ...split, epochs, learningRate, seed, augment, dropLast })) {
    if (event.type === 'step') {
      losses.push(event.loss);
      for (const path of held ? paths : []) {
        const gammas = session.read(path);
        if (gammas.every((gamma) => gamma >= low && gamma <= high)) continue;
        first ??= losses.length;
        session.write(
          path,
          gammas.map((gamma) => Math.min(high, Math.max(low, gamma))),
        );
      }
    }
    if (event.type === 'done') accuracy = event.testAccuracy;
  }
  await session.dispose();
  const means = [];
  for (let from = 0; from + window <= losses.length; from += window)
    means.push(losses.slice(from, from + window).reduce((sum, loss) => sum + loss, 0) / window);
  return { means, accuracy, first };
}

for (const seed of options.seeds.split(',').map(Number)) {
  for (const held of [false, true]) {
    const { means, accuracy, first } = await run(seed, held);
    // How far a mean is above the least before it.
    const rises = means.map((mean, i) => mean - Math.min(mean, ...means.slice(0, i)));
    const rise = Math.max(...rises);
    const at = rises.indexOf(rise) * window;
    console.log(
      `seed ${seed}, gammas ${held ? `kept within ${low} and ${high}${first === undefined ? '' : ` (first held after step ${first})`}` : 'as they are'}: ` +
        `test accuracy ${(100 * accuracy).toFixed(2)} %, largest rise of the mean loss ${rise.toFixed(3)}, from step ${at}`,
    );
  }
}
