/** `octograd recipes`: the built-in recipes, and one in full. */
import { Command } from 'commander';
import { recipeToJson } from '../quant/freeze.js';
import { printRecipe } from '../quant/print-recipe.js';
import { recipes } from '../quant/recipes.js';
import { type CliIo, exitCodes } from './io.js';
import { recipeOf } from './recipe-names.js';
import { tableLines } from './table.js';

/** @param end is told the exit code. */
export function recipesCommand(io: CliIo, end: (code: number) => void): Command {
  return new Command('recipes')
    .summary('list the built-in recipes, or print one')
    .description(
      'A recipe says how every operand of every product, and the normalisation, is stored and rounded. Without a name: the ' +
        'built-in ones. With a name: all that it says, and which products run on integer kernels.',
    )
    .argument('[name]', 'a built-in name, a JSON file, or <experiment>/<arm> of octograd reproduce')
    .option('--json', 'print as JSON; a recipe printed so is a file to change and use')
    .addHelpText(
      'after',
      `
Examples:
  octograd recipes
  octograd recipes paper
  octograd recipes int8 --json > mine.json
  octograd recipes fashion-cnn/int8-gradients-4bit`,
    )
    .action(async (name: string | undefined, options: { readonly json?: boolean }) => {
      if (name !== undefined) {
        const recipe = await recipeOf(name);
        io.stdout.write(options.json ? recipeToJson(recipe) : `${printRecipe(recipe)}\n`);
      } else if (options.json) {
        io.stdout.write(`${JSON.stringify(Object.values(recipes), null, 2)}\n`);
      } else {
        const rows = Object.values(recipes).map((recipe) => [recipe.name, recipe.description]);
        io.stdout.write(`${tableLines(rows).join('\n')}\n`);
      }
      end(exitCodes.ok);
    });
}
