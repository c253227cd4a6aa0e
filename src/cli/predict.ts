/** `octograd predict`: what a saved model sees in image files. */
import { Command } from 'commander';
import { DataError } from '../core/errors.js';
import { shapeText } from '../core/shape.js';
import { readImage } from './image-file.js';
import { type CliIo, exitCodes } from './io.js';
import {
  findModels,
  isImageShape,
  type LatestModel,
  latestModel,
  leftOutText,
  loadModel,
  openModel,
  preferredModel,
} from './model-file.js';
import { checkRunOptions } from './option-checks.js';
import { addBackendOptions, type RunOptions, wholeOption } from './options.js';
import { percentText } from './table.js';

interface PredictOptions extends Omit<RunOptions, 'batch'> {
  readonly from?: string;
  readonly top: number;
  readonly json?: boolean;
}

interface Guess {
  readonly class: string;
  readonly probability: number;
}

/** Softmax, largest first. */
function ranked(logits: ArrayLike<number>, classes: readonly string[]): Guess[] {
  const values = Array.from(logits);
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return classes
    .map((name, i) => ({ class: name, probability: powers[i] / sum }))
    .sort((a, b) => b.probability - a.probability);
}

/** The model, how messages call it, and which newer runs were left out for it. @throws DataError for one that takes no images. */
async function modelOf(from: string | undefined): Promise<LatestModel & { readonly name: string }> {
  if (from === undefined) {
    const latest = await latestModel();
    return { ...latest, name: `the model ${latest.saved.file} (the newest of images; --from takes another)` };
  }
  const saved = await loadModel(preferredModel(await findModels(from)));
  if (!isImageShape(saved.inputShape)) {
    throw new DataError(
      `takes samples of shape ${shapeText(saved.inputShape)}, which are no images; name a model of images with --from`,
      saved.file,
    );
  }
  return { saved, leftOut: [], name: `the model ${saved.file}` };
}

async function runPredict(files: readonly string[], options: PredictOptions, io: CliIo): Promise<number> {
  checkRunOptions({ ...options, batch: 1 });
  const { saved, leftOut, name } = await modelOf(options.from);
  // All files are read before the model starts: a wrong one shows at once.
  const images = await Promise.all(files.map((file) => readImage(file, saved.inputShape, name)));
  // Two samples: a norm over single values could not be planned for training, which a session always does.
  const session = await openModel(saved, { ...options, batch: 2 });
  try {
    if (!options.json) {
      io.stdout.write(`${saved.model}, recipe ${saved.recipe.name}, from ${saved.file}\n`);
      if (leftOut.length > 0) io.stdout.write(`newer runs left out: ${leftOutText(leftOut)}\n`);
    }
    images.forEach((image, i) => {
      const input = saved.inputStorage === 'uint8' ? image : Float32Array.from(image, (value) => value / 255);
      const guesses = ranked(session.predict(input), saved.classes).slice(0, options.top);
      if (options.json) {
        io.stdout.write(`${JSON.stringify({ file: files[i], model: saved.file, classes: guesses })}\n`);
      } else {
        const text = guesses.map((guess) => `${guess.class} ${percentText(guess.probability, 1)}`);
        io.stdout.write(`${files[i]}: ${text.join(', ')}\n`);
      }
    });
  } finally {
    await session.dispose();
  }
  return exitCodes.ok;
}

/** @param end is told the exit code. */
export function predictCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('predict')
    .summary('say what a saved model sees in images')
    .description(
      'Prints the likeliest classes of PNG or JPEG images. An image must have the size that the model was trained on; colours ' +
        'are turned to grey, and grey to colours, as the model needs.',
    )
    .argument('<file...>', 'PNG or JPEG images')
    .option(
      '--from <run-or-file>',
      'a model.safetensors or the folder of a run, of a comparison its int8 model (default: the newest run in runs/ that takes images and is no trial)',
    )
    .option('--top <n>', 'classes to print', wholeOption('--top', 1), 3);
  return addBackendOptions(command)
    .option('--json', 'print one JSON object an image')
    .addHelpText(
      'after',
      `
Examples:
  octograd data mnist --image 7 --save digit.png
  octograd predict digit.png
  octograd predict *.png --from runs/my-mlp --json`,
    )
    .action(async (files: string[], options: PredictOptions) => {
      end(await runPredict(files, options, io));
    });
}
