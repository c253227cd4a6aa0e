/** `octograd compare`, the main job: one model, several recipes, the same seed, data and steps. */
import { Command } from 'commander';
import { defaultCompareRecipes, defaultEpochs } from './defaults.js';
import type { CliIo } from './io.js';
import { addTrainingOptions, type TrainingOptions } from './options.js';
import { recipesOf } from './recipe-names.js';
import { runTraining } from './training.js';

/** @param end is told the exit code. */
export function compareCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('compare')
    .summary('train one model under several recipes and compare them')
    .description(
      'Trains one model under several recipes with the same seed, data and steps, and ends with a table: test accuracy, ' +
        'samples a second, peak memory, bytes kept for the backward pass, and the share of multiply-accumulates done by integer kernels.',
    )
    .option(
      '--recipes <list>',
      'recipes, separated by commas: built-in names (see octograd recipes), JSON files or <experiment>/<arm>',
      defaultCompareRecipes.join(','),
    );
  addTrainingOptions(command).addHelpText(
    'after',
    `
Examples:
  octograd compare
  octograd compare --model lenet --recipes fp32,int8,int8-nearest-gradients --epochs 2 --seeds 3
  octograd compare --dataset cifar10 --data ~/cifar-10 --model resnet20 --epochs 30`,
  );
  return command.action(async (options: TrainingOptions & { readonly recipes: string }) => {
    const epochs = options.epochs ?? defaultEpochs(options.dataset, 'compare');
    end(await runTraining('compare', await recipesOf(options.recipes), { ...options, epochs }, io));
  });
}
