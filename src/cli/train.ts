/** `octograd train`: one model under one recipe. */
import { Command } from 'commander';
import { defaultTrainRecipe } from './defaults.js';
import type { CliIo } from './io.js';
import { addTrainingOptions, type TrainingOptions } from './options.js';
import { recipeOf } from './recipe-names.js';
import { runTraining } from './training.js';

/** @param end is told the exit code. */
export function trainCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('train')
    .summary('train a model under one recipe')
    .description(
      'Trains a model under one recipe and saves it. The folder of the run holds config.json, metrics.jsonl, ' +
        'model.safetensors and report.html.',
    )
    .option(
      '--recipe <name>',
      'a built-in name (see octograd recipes), a JSON file or <experiment>/<arm>',
      defaultTrainRecipe,
    );
  addTrainingOptions(command).addHelpText(
    'after',
    `
Examples:
  octograd train --recipe int8 --epochs 3
  octograd train --model mlp --recipe paper --optimizer adam --out runs/my-mlp
  octograd train --dataset fsdd --data fsdd.tar.gz --model cnn
  octograd train --dataset text --data shakespeare.txt --model transformer
  octograd train --recipe my-recipe.json --json`,
  );
  return command.action(async (options: TrainingOptions & { readonly recipe: string }) => {
    end(await runTraining('train', [await recipeOf(options.recipe)], options, io));
  });
}
