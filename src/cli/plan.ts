/** `octograd plan`: the list of kernel calls that a training step, an evaluation or a trace runs. */
import { Command } from 'commander';
import { listPlan, type PlanListing, printPlan } from '../compiler/plan-print.js';
import { UsageError } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import { describeDatasets } from '../data/index.node.js';
import { createModel } from '../models/index.js';
import { adam, adamw, sgd } from '../optim/index.js';
import { createSession } from '../train/index.js';
import { defaultMomentum, defaultTrainRecipe } from './defaults.js';
import { withBatch } from './errors.js';
import { type CliIo, exitCodes } from './io.js';
import {
  addDataOptions,
  addModelOption,
  addRunOptions,
  backendOptions,
  checkRunOptions,
  choiceOption,
  type DataOptions,
  optimizerChoices,
  type RunOptions,
} from './options.js';
import { loadData, recipeOf } from './setup.js';

interface PlanOptions extends RunOptions, DataOptions {
  readonly model: string;
  readonly recipe: string;
  readonly optimizer: (typeof optimizerChoices)[number];
  readonly eval?: boolean;
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** Shape and classes; the data themselves are needed only where their shape is not known by name. */
async function dataFacts(options: PlanOptions): Promise<{ inputShape: Shape; classes: number }> {
  const known = (await describeDatasets()).find(({ name }) => name === options.dataset);
  if (known) return { inputShape: known.shape, classes: known.classes };
  const { train } = await loadData(options);
  return { inputShape: train.inputShape, classes: train.classes.length };
}

const optimizers = {
  sgd: () => sgd({ momentum: defaultMomentum }),
  adam: () => adam(),
  adamw: () => adamw(),
};

async function makeListing(options: PlanOptions): Promise<PlanListing> {
  const { inputShape, classes } = await dataFacts(options);
  const kind = options.trace ? 'trace' : options.eval ? 'eval' : 'train';
  const session = await createSession({
    model: createModel(options.model, { inputShape, classes }),
    input: { shape: inputShape, storage: 'uint8' },
    recipe: await recipeOf(options.recipe),
    optimizer: optimizers[options.optimizer](),
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
        'kernels, bytes by category, and the peak. Nothing is trained and no data are read.',
    )
    .option('--recipe <name>', 'a built-in name or a JSON file', defaultTrainRecipe);
  addModelOption(command);
  addRunOptions(addDataOptions(command))
    .option(
      '--optimizer <name>',
      optimizerChoices.join(', '),
      choiceOption('--optimizer', optimizerChoices),
      'sgd',
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
