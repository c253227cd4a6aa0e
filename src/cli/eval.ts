/** `octograd eval`: the accuracy of saved models on a test set. */
import { Command } from 'commander';
import { DataError, UsageError } from '../core/errors.js';
import { sameShape, shapeText } from '../core/shape.js';
import { countText } from '../core/text.js';
import type { Dataset } from '../data/index.node.js';
import { evaluate, type SavedModel } from '../train/index.js';
import { withBatch } from './errors.js';
import { type CliIo, exitCodes, signalCode } from './io.js';
import { findModels, loadModel, openModel } from './model-file.js';
import { checkRunOptions } from './option-checks.js';
import {
  addDataOptions,
  addRunOptions,
  datasetChoices,
  type RunOptions,
  textNames,
  wholeOption,
} from './options.js';
import { sampleNames } from './sample-names.js';
import { limited, loadData } from './setup.js';
import { percentText, tableLines } from './table.js';

interface EvalOptions extends RunOptions {
  readonly dataset?: string;
  readonly data?: string;
  readonly context?: number;
  readonly limit?: number;
  readonly json?: boolean;
}

/** One evaluated model. */
interface EvalResult {
  readonly file: string;
  readonly model: string;
  readonly recipe: string;
  readonly dataset: string;
  readonly samples: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly imagesPerSecond: number;
}

function checkFit(saved: SavedModel, test: Dataset): void {
  if (!sameShape(saved.inputShape, test.inputShape)) {
    throw new DataError(
      `takes samples of shape ${shapeText(saved.inputShape)}, ${test.name} has ${shapeText(test.inputShape)}; choose the data with --dataset`,
      saved.file,
    );
  }
  if (saved.classes.length !== test.classes.length) {
    throw new DataError(
      `knows ${saved.classes.length} classes, ${test.name} has ${test.classes.length}; choose the data with --dataset`,
      saved.file,
    );
  }
  // A text of as many characters, but others: its tokens would stand for something else.
  const other = test.windows && test.classes.find((name, i) => name !== saved.classes[i]);
  if (other !== undefined) {
    throw new DataError(
      `does not know the character ${JSON.stringify(other)} of ${test.note ?? test.name} under its number; evaluate it on the text that it was trained on`,
      saved.file,
    );
  }
}

async function evaluateModel(
  saved: SavedModel,
  test: Dataset,
  options: RunOptions,
  io: CliIo,
): Promise<EvalResult | undefined> {
  const session = await openModel(saved, options);
  try {
    const began = performance.now();
    const { loss, accuracy = 0, samples } = await evaluate(session, test, { signal: io.signal });
    if (io.signal.aborted) return undefined;
    return {
      file: saved.file,
      model: saved.model,
      recipe: saved.recipe.name,
      dataset: test.name,
      samples,
      testLoss: loss,
      testAccuracy: accuracy,
      imagesPerSecond: (samples / (performance.now() - began)) * 1000,
    };
  } finally {
    await session.dispose();
  }
}

/** The test set of a saved model; `sets` has those of the models before. Throws what `loadData` throws, naming the model. */
async function testSetOf(
  saved: SavedModel,
  options: EvalOptions,
  sets: Map<string, Dataset>,
  several: boolean,
): Promise<Dataset> {
  const dataset = options.dataset ?? saved.dataset;
  if (!datasetChoices.includes(dataset)) {
    throw new DataError(
      `was trained on "${dataset}", which octograd does not know; choose the data with --dataset`,
      saved.file,
    );
  }
  const context = options.context ?? (textNames.includes(dataset) ? saved.inputShape[0] : undefined);
  const key = `${dataset} ${context}`;
  const wanted = {
    dataset,
    ...(options.data ? { data: options.data } : {}),
    ...(context === undefined ? {} : { context }),
  };
  try {
    const test = sets.get(key) ?? limited((await loadData(wanted)).test, options.limit);
    sets.set(key, test);
    checkFit(saved, test);
    return test;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof DataError)) throw error;
    const text = error.message.replace(`${saved.file}: `, '');
    const alone = several
      ? '; a folder of runs is evaluated run by run with the same options: name this one alone to give it its own'
      : '';
    const message = `${saved.file}: ${text}${alone}`;
    throw error instanceof UsageError ? new UsageError(message) : new DataError(message);
  }
}

async function runEval(path: string, options: EvalOptions, io: CliIo): Promise<number> {
  checkRunOptions(options);
  const results: EvalResult[] = [];
  const sets = new Map<string, Dataset>();
  const files = await findModels(path);
  // All data first: what one model lacks shows before the others have taken their time.
  for (const file of files) await testSetOf(await loadModel(file), options, sets, files.length > 1);
  for (const file of files) {
    const saved = await loadModel(file);
    const test = await testSetOf(saved, options, sets, files.length > 1);
    const result = await withBatch(options.batch, () => evaluateModel(saved, test, options, io));
    if (!result) return signalCode(io.signal);
    results.push(result);
    if (options.json) io.stdout.write(`${JSON.stringify({ type: 'evaluation', ...result })}\n`);
  }
  if (options.json) io.stdout.write(`${JSON.stringify({ type: 'done', results })}\n`);
  else {
    // Models of several data sets stand in one table.
    const names = new Set(results.map(({ dataset }) => sampleNames(dataset)));
    const rate = `${names.size === 1 ? [...names][0] : 'samples'}/s`;
    const head = ['model', 'recipe', 'data', 'samples', 'test accuracy', 'test loss', rate, 'file'];
    const rows = results.map((result) => [
      result.model,
      result.recipe,
      result.dataset,
      countText(result.samples),
      percentText(result.testAccuracy),
      result.testLoss.toFixed(4),
      countText(result.imagesPerSecond),
      result.file,
    ]);
    io.stdout.write(`${tableLines([head, ...rows], [3, 4, 5, 6]).join('\n')}\n`);
  }
  return exitCodes.ok;
}

/** @param end is told the exit code. */
export function evalCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('eval')
    .summary('evaluate saved models on their test set')
    .description(
      'Evaluates a saved model, or all models of a run or of a folder of runs one by one, on the test set that belongs to its ' +
        'training data. Needs nothing but the file: model, recipe and normalisation stand in it.',
    )
    .argument('<run-or-file>', 'a model.safetensors, or the folder of a run or of several');
  addRunOptions(addDataOptions(command, null))
    .option('--limit <n>', 'evaluate on this many samples only, drawn by seed 0', wholeOption('--limit', 1))
    .option('--json', 'print one JSON object a model, and one with all results at the end')
    .addHelpText(
      'after',
      `
--dataset is by default the one that the model was trained on.

Examples:
  octograd eval runs/2026-03-04-050607-compare-resnet8
  octograd eval runs/my-mlp/model.safetensors --limit 1000`,
    );
  return command.action(async (path: string, options: EvalOptions) => {
    end(await runEval(path, options, io));
  });
}
