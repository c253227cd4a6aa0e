/** `octograd plan`: the list of kernel calls that a training step, an evaluation or a trace runs. */
import { Command } from 'commander';
import { listPlan, type PlanListing, printPlan } from '../compiler/plan-print.js';
import { UsageError } from '../core/errors.js';
import { describeDatasets } from '../data/index.node.js';
import { createModel } from '../models/index.js';
import { adam, adamw, sgd } from '../optim/index.js';
import { createSession, type InputSpec, inputOf } from '../train/index.js';
import { defaultMomentum, defaultOptimizer, defaultTrainRecipe } from './defaults.js';
import { withBatch } from './errors.js';
import { type CliIo, exitCodes } from './io.js';
import { checkModelFits, checkRunOptions } from './option-checks.js';
import {
  addDataOptions,
  addModelOption,
  addRunOptions,
  choiceOption,
  type DataOptions,
  optimizerChoices,
  type RunOptions,
} from './options.js';
import { recipeOf } from './recipe-names.js';
import { backendOptions, loadData } from './setup.js';

interface PlanOptions extends RunOptions, DataOptions {
  readonly model: string;
  readonly recipe: string;
  readonly optimizer?: (typeof optimizerChoices)[number];
  readonly eval?: boolean;
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** Input and classes; the data themselves are needed only where their shape is not known by name. */
async function dataFacts(options: PlanOptions): Promise<{ input: InputSpec; classes: number }> {
  const known = (await describeDatasets(options)).find(({ name }) => name === options.dataset);
  if (known) {
    const { storage = 'uint8', classes, shape } = known;
    return { input: { shape, storage }, classes };
  }
  const { train } = await loadData(options);
  return { input: inputOf(train), classes: train.classes.length };
}

const optimizers = {
  sgd: () => sgd({ momentum: defaultMomentum }),
  adam: () => adam(),
  adamw: () => adamw(),
};

async function makeListing(options: PlanOptions): Promise<PlanListing> {
  checkModelFits(options.model, options.dataset);
  const { input, classes } = await dataFacts(options);
  const inputShape = input.shape;
  const kind = options.trace ? 'trace' : options.eval ? 'eval' : 'train';
  const session = await createSession({
    model: createModel(options.model, { inputShape, classes }),
    input,
    recipe: await recipeOf(options.recipe),
    optimizer: optimizers[options.optimizer ?? defaultOptimizer(options.model)](),
    batchSize: options.batch,
    ...backendOptions(options),
  });
  try {
    const { plan } = session.planFor(kind, options.batch);
    const update = kind === 'train' ? session.updateCalls : [];
    const scratchBytes = session.backend.scratchBytes([...plan.calls.map(({ call }) => call), ...update]);
    const saved = plan.buffers.filter(({ category }) => category === 'saved');
    return listPlan({
      plan,
      update,
      memory: {
        ...session.memory(),
        arenaBytes: plan.arenaBytes,
        savedForBackwardBytes: saved.reduce((sum, { bytes }) => sum + bytes, 0),
        scratchBytes,
        peakBytes: plan.arenaOffset + plan.arenaBytes + scratchBytes,
      },
      facts: {
        model: options.model,
        recipe: session.recipe.name,
        inputShape,
        batchSize: options.batch,
        kind,
        backend: session.backend.description,
      },
      shapes: new Map(session.bound.parameters.map(({ path, shape }) => [path, shape])),
    });
  } finally {
    await session.dispose();
  }
}

/** @param end is told the exit code. */
export function planCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('plan')
    .summary('print what a training step runs and needs')
    .description(
      'Prints the plan of a training step: every kernel call with its module and operands, which products run on integer ' +
        'kernels, bytes by category, and the peak. Nothing is trained, and of the data only what decides the size of the model is read: ' +
        'a text, or folders of images.',
    )
    .option('--recipe <name>', 'a built-in name, a JSON file or <experiment>/<arm>', defaultTrainRecipe);
  addModelOption(command);
  addRunOptions(addDataOptions(command))
    .option(
      '--optimizer <name>',
      `${optimizerChoices.join(', ')} (default: sgd; adamw for the transformer)`,
      choiceOption('--optimizer', optimizerChoices),
    )
    .option('--eval', 'the plan of an evaluation instead')
    .option('--trace', 'the plan of a probe instead: unfused, every value kept')
    .option('--json', 'print the plan as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  octograd plan
  octograd plan --model lenet --recipe paper --batch 128 --threads 1
  octograd plan --eval --json > plan.json`,
    );
  return command.action(async (options: PlanOptions) => {
    checkRunOptions(options);
    if (options.eval && options.trace) throw new UsageError('--eval and --trace are two plans; choose one');
    const listing = await withBatch(options.batch, () => makeListing(options));
    io.stdout.write(`${options.json ? JSON.stringify(listing) : printPlan(listing)}\n`);
    end(exitCodes.ok);
  });
}
