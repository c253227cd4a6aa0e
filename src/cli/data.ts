/** `octograd data`: the data sets by name, what is in one, and single images of it as PNG. */
import { Command } from 'commander';
import { encode } from 'fast-png';
import { UsageError } from '../core/errors.js';
import { shapeText, sizeOf } from '../core/shape.js';
import { countText } from '../core/text.js';
import {
  type DataSplit,
  type Dataset,
  datasetWarnings,
  describeDatasets,
  type ImageDataset,
} from '../data/index.node.js';
import { writeFileAtomic } from '../io/files.node.js';
import { type CliIo, exitCodes } from './io.js';
import { choiceOption, datasetChoices, wholeOption } from './options.js';
import { loadData } from './setup.js';
import { tableLines } from './table.js';

interface DataCommandOptions {
  readonly data?: string;
  readonly context?: number;
  readonly image?: number;
  readonly save?: string;
  readonly json?: boolean;
}

async function listAll(options: DataCommandOptions, io: CliIo): Promise<void> {
  const all = await describeDatasets(options.data === undefined ? {} : { dir: options.data });
  if (options.json) {
    io.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const rows = all.map(({ name, title, shape, classes, train, test, found }) => [
    name,
    title,
    shape.join('x'),
    String(classes),
    countText(train),
    countText(test),
    found ?? 'not found',
  ]);
  const head = ['name', 'data', 'shape', 'classes', 'training', 'test', 'where'];
  io.stdout.write(`${tableLines([head, ...rows], [3, 4, 5]).join('\n')}\n`);
  const missing = all.filter(({ found }) => found === undefined);
  if (missing.length > 0) {
    io.stdout.write(`\n${missing.map(({ name, howToGet }) => `${name}: ${howToGet}`).join('\n')}\n`);
  }
}

function describeSplit(name: string, { train, test }: DataSplit<Dataset>): object {
  return {
    name,
    ...(train.note === undefined ? {} : { note: train.note }),
    inputShape: train.inputShape,
    classes: train.classes,
    train: train.count,
    test: test.count,
    ...train.normalization,
    warnings: [...datasetWarnings(train), ...datasetWarnings(test)],
  };
}

/** Whether the samples are byte images. */
function isImages(dataset: Dataset): dataset is ImageDataset {
  return 'images' in dataset;
}

async function saveImage(test: Dataset, index: number, path: string): Promise<string> {
  if (!isImages(test)) throw new UsageError(`--image: ${test.name} holds no images`);
  if (index >= test.count) {
    throw new UsageError(
      `--image: the test set of ${test.name} has images 0 to ${test.count - 1}, not ${index}`,
    );
  }
  const size = sizeOf(test.inputShape);
  const data = test.images.slice(index * size, (index + 1) * size);
  await writeFileAtomic(
    path,
    encode({ width: test.width, height: test.height, channels: test.channels, data }),
  );
  return test.classes[test.labels[index]];
}

async function showOne(name: string, options: DataCommandOptions, io: CliIo): Promise<void> {
  const split = await loadData({
    dataset: name,
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.context === undefined ? {} : { context: options.context }),
  });
  if (options.image !== undefined || options.save !== undefined) {
    const { image = 0, save = `${name}-${image}.png` } = options;
    const label = await saveImage(split.test, image, save);
    io.stdout.write(`${save}: test image ${image} of ${name}, class "${label}"\n`);
    return;
  }
  if (options.json) {
    io.stdout.write(`${JSON.stringify(describeSplit(name, split), null, 2)}\n`);
    return;
  }
  const { train, test } = split;
  const numbers = (values: readonly number[]): string => values.map((value) => value.toFixed(4)).join(', ');
  const rows = [
    ['data', `${name}${train.note ? ` (${train.note})` : ''}`],
    ['samples', `${countText(train.count)} for training, ${countText(test.count)} for the test`],
    ['shape', `${shapeText(train.inputShape)} (${train.windows ? 'characters' : 'height, width, channels'})`],
    [
      'classes',
      `${train.classes.length}: ${train.classes
        .slice(0, 20)
        .map((name) => (train.windows ? JSON.stringify(name) : name))
        .join(', ')}${train.classes.length > 20 ? ', ...' : ''}`,
    ],
  ];
  if (train.normalization) {
    const { mean, std } = train.normalization;
    rows.push(['mean, std', `${numbers(mean)}; ${numbers(std)} (of the training set, pixels from 0 to 1)`]);
  }
  io.stdout.write(`${tableLines(rows).join('\n')}\n`);
  for (const warning of [...datasetWarnings(train), ...datasetWarnings(test)]) {
    io.stdout.write(`warning: ${warning}\n`);
  }
}

/** @param end is told the exit code. */
export function dataCommand(io: CliIo, end: (code: number) => void): Command {
  return new Command('data')
    .summary('list the data sets, or look into one')
    .description(
      'Without a name: the data sets that octograd knows, and where they are. With a name: reads and checks it, and says what is ' +
        'in it; with --image, saves one of its test images for octograd predict.',
    )
    .argument('[name]', `${datasetChoices.join(', ')}`, choiceOption('data set', datasetChoices))
    .option('--data <path>', 'where the data lie (default: the places that the list shows)')
    .option('--context <n>', 'characters of a sample of text', wholeOption('--context', 1, 4096))
    .option(
      '--image <n>',
      'save this image of the test set as PNG, counted from 0',
      wholeOption('--image', 0),
    )
    .option('--save <file>', 'where --image saves it (default: <name>-<n>.png)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  octograd data
  octograd data cifar10 --data ~/cifar-10-batches-bin
  octograd data mnist --image 7 --save digit.png`,
    )
    .action(async (name: string | undefined, options: DataCommandOptions) => {
      if (name === undefined) {
        if (options.image !== undefined || options.save !== undefined) {
          throw new UsageError(
            '--image and --save need the name of a data set, for instance octograd data mnist --image 7',
          );
        }
        await listAll(options, io);
      } else await showOne(name, options, io);
      end(exitCodes.ok);
    });
}
