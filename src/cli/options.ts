/**
 * The options that commands share: how they are written, what they may hold, and the settings they become. Anything that cannot
 * be used is a UsageError that names the option and the remedy, before data are read.
 */
import type { Command } from 'commander';
import { UsageError } from '../core/errors.js';
import { didYouMean } from '../core/text.js';
import { datasetNames, defaultContext } from '../data/index.node.js';
import { modelNames } from '../models/index.js';
import { defaultBatch, defaultDataset, defaultModel, defaultMomentum, defaultProbes } from './defaults.js';

type Parse<T> = (text: string) => T;

function numberOption(flag: string, fits: (value: number) => boolean, allowed: string): Parse<number> {
  return (text) => {
    // Number('') is 0, which nobody means.
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && fits(value)) return value;
    throw new UsageError(`${flag} must be ${allowed}, got "${text}"`);
  };
}

/** A whole number from `low`. */
export function wholeOption(flag: string, low: number, high = Number.MAX_SAFE_INTEGER): Parse<number> {
  const upTo = high === Number.MAX_SAFE_INTEGER ? '' : ` to ${high}`;
  return numberOption(
    flag,
    (value) => Number.isInteger(value) && value >= low && value <= high,
    `a whole number from ${low}${upTo}`,
  );
}

/** A number above 0. */
export function positiveOption(flag: string): Parse<number> {
  return numberOption(flag, (value) => value > 0, 'a number above 0');
}

/** A share from 0 to below 1; 0 itself only where `zero` says so. */
function shareOption(flag: string, zero: boolean): Parse<number> {
  return numberOption(
    flag,
    (value) => (zero ? value >= 0 : value > 0) && value < 1,
    zero ? 'a number from 0 to below 1' : 'a number above 0 and below 1',
  );
}

/** Numbers from 0 to 1, separated by commas. */
function sharesOption(flag: string): Parse<number[]> {
  const one = numberOption(
    flag,
    (value) => value >= 0 && value <= 1,
    'numbers from 0 to 1, separated by commas',
  );
  return (text) => text.split(',').map(one);
}

/** One of a list of words. */
export function choiceOption<T extends string>(flag: string, names: readonly T[]): Parse<T> {
  return (text) => {
    if ((names as readonly string[]).includes(text)) return text as T;
    throw new UsageError(
      `${flag} must be one of ${names.join(', ')}, got "${text}".${didYouMean(text, names)}`,
    );
  };
}

/** Data sets of characters, which `--context` is for. */
export const textNames: readonly string[] = ['text', 'shakespeare'];

/** Data sets that `--dataset` takes: those with a name, folders of JPEG images, and text files. */
export const datasetChoices: readonly string[] = [...datasetNames, 'images', 'text'];
export const backendNames = ['wasm', 'reference'] as const;
export const optimizerChoices = ['sgd', 'adam', 'adamw'] as const;
export const scheduleNames = ['one-cycle', 'cosine', 'step', 'multi-step', 'constant'] as const;
export const prefetchNames = ['auto', 'on', 'off'] as const;
export const augmentNames = ['auto', 'none', 'crop-flip', 'crop-flip-cutout'] as const;

/** Options of everything that runs a model. */
export interface RunOptions {
  readonly batch: number;
  readonly threads?: number;
  readonly backend: (typeof backendNames)[number];
  readonly wide?: boolean;
}

/** Options of everything that reads a data set. */
export interface DataOptions {
  readonly dataset: string;
  readonly data?: string;
  /** Characters of a sample of text. */
  readonly context?: number;
}

/** Options of `train` and `compare`, as commander hands them over. */
export interface TrainingOptions extends RunOptions, DataOptions {
  readonly model: string;
  readonly epochs?: number;
  readonly maxSteps?: number;
  readonly lr?: number;
  readonly schedule: (typeof scheduleNames)[number];
  readonly optimizer?: (typeof optimizerChoices)[number];
  readonly momentum: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly clipNorm?: number;
  readonly warmup?: number;
  readonly labelSmoothing?: number;
  readonly accumulate: number;
  readonly dropLast?: boolean;
  readonly prefetch: (typeof prefetchNames)[number];
  readonly patience?: number;
  readonly seed: number;
  readonly seeds: number;
  readonly augment: (typeof augmentNames)[number];
  readonly out?: string;
  readonly limit?: number;
  readonly testLimit?: number;
  readonly probeEvery?: number;
  /** Shares of the run, 0..1. */
  readonly distributions?: readonly number[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `--model`. */
export function addModelOption(command: Command): Command {
  return command.option(
    '--model <name>',
    `the model: ${modelNames.join(', ')}`,
    choiceOption('--model', modelNames as readonly string[]),
    defaultModel,
  );
}

/** Adds `--dataset` and `--data`. @param dataset the default; null for none. */
export function addDataOptions(command: Command, dataset: string | null = defaultDataset): Command {
  return command
    .option(
      '--dataset <name>',
      `the data: ${datasetNames.join(', ')}, images for a folder with train/<class>/*.jpg and test/<class>/*.jpg, or text for a text file`,
      choiceOption('--dataset', datasetChoices),
      dataset ?? undefined,
    )
    .option('--data <path>', 'where the data lie: a folder, archive or file (default: see octograd data)')
    .option(
      '--context <n>',
      `characters of a sample of text (default: ${defaultContext})`,
      wholeOption('--context', 1, 4096),
    );
}

/** Adds `--threads`, `--backend` and `--wide`. */
export function addBackendOptions(command: Command): Command {
  return command
    .option(
      '--threads <n>',
      'threads of the WASM kernels (default: the cores there are)',
      wholeOption('--threads', 1, 64),
    )
    .option(
      '--backend <name>',
      'wasm, or reference: plain TypeScript, exact and very slow',
      choiceOption('--backend', backendNames),
      'wasm',
    )
    .option(
      '--wide',
      "kernels by V8's experimental 256-bit vectoriser, checked before they are used (Node 24 or newer, x64)",
    );
}

/** Adds `--batch`, `--threads`, `--backend` and `--wide`. */
export function addRunOptions(command: Command): Command {
  return addBackendOptions(
    command.option('--batch <n>', 'samples a batch', wholeOption('--batch', 1), defaultBatch),
  );
}

/** Adds all options of a training command but the choice of recipes. */
export function addTrainingOptions(command: Command): Command {
  addModelOption(command);
  addDataOptions(command);
  command
    .option(
      '--epochs <n>',
      'passes over the training set, fractions allowed (default: 1; 0.35 in compare; 10 for CIFAR and fsdd, 4 for texts)',
      positiveOption('--epochs'),
    )
    .option('--max-steps <n>', 'end after this many steps at the latest', wholeOption('--max-steps', 1));
  addRunOptions(command)
    .option(
      '--lr <rate>',
      'highest learning rate (default: sgd 0.1 for residual networks, else 0.05; adam and adamw 0.002)',
      numberOption('--lr', (value) => value > 0 && value < 3e38, 'a number above 0 that float32 holds'),
    )
    .option(
      '--schedule <name>',
      'the rate over the run: one-cycle, cosine (down to 0), step (a tenth at each third), multi-step (a tenth at 50 % and at 75 %), constant',
      choiceOption('--schedule', scheduleNames),
      'one-cycle',
    )
    .option(
      '--warmup <share>',
      'rise to the first rate of the schedule over this share of the run, for instance 0.05',
      shareOption('--warmup', false),
    )
    .option(
      '--optimizer <name>',
      `${optimizerChoices.join(', ')} (default: sgd; adamw for the transformer)`,
      choiceOption('--optimizer', optimizerChoices),
    )
    .option(
      '--momentum <share>',
      'of sgd, from 0 to below 1',
      shareOption('--momentum', true),
      defaultMomentum,
    )
    .option('--nesterov', 'let sgd look ahead by its momentum')
    .option(
      '--weight-decay <factor>',
      'not on biases and norms (default: sgd 0.0001, for CIFAR 0.0005; adamw 0.01; adam 0)',
      numberOption('--weight-decay', (value) => value >= 0, 'a number of at least 0'),
    )
    .option(
      '--clip-norm <norm>',
      'shorten the gradient of all parameters together to this length where it is longer (default: off)',
      positiveOption('--clip-norm'),
    )
    .option(
      '--label-smoothing <share>',
      'of each target spread over all classes (default: 0)',
      shareOption('--label-smoothing', true),
    )
    .option(
      '--accumulate <n>',
      'batches whose gradients are averaged for one step',
      wholeOption('--accumulate', 1),
      1,
    )
    .option('--drop-last', 'leave out the last batch of an epoch when it is not full')
    .option(
      '--prefetch <when>',
      'make batches ahead of the step in a thread of their own (on), between steps (off), or ahead where --threads leaves a core free (auto)',
      choiceOption('--prefetch', prefetchNames),
      'auto',
    )
    .option(
      '--patience <n>',
      'stop when the test loss has not fallen for so many evaluations, one an epoch (default: off)',
      wholeOption('--patience', 1),
    )
    .option('--seed <n>', 'of weights, order, augmentation and rounding', wholeOption('--seed', 0), 0)
    .option(
      '--seeds <n>',
      'train with this many seeds, counted up from --seed',
      wholeOption('--seeds', 1, 1000),
      1,
    )
    .option(
      '--augment <name>',
      'auto (crop-flip for CIFAR), none, crop-flip (4 pixels of padding, random crop and mirroring), crop-flip-cutout ' +
        '(a square of half the side painted over, too)',
      choiceOption('--augment', augmentNames),
      'auto',
    )
    .option(
      '--limit <n>',
      'train on this many samples only, drawn by seed 0, for a trial',
      wholeOption('--limit', 1),
    )
    .option(
      '--test-limit <n>',
      'evaluate on this many test samples only, drawn by seed 0, for a trial',
      wholeOption('--test-limit', 1),
    )
    .option(
      '--probe-every <n>',
      `steps between two measurements of signal-to-noise and gradients, 0 for none (default: ${defaultProbes} a run)`,
      wholeOption('--probe-every', 0),
    )
    .option(
      '--distributions <shares>',
      'look at the distributions of all tensors at these shares of the run, for instance 0,0.1,0.5,1 (default: never)',
      sharesOption('--distributions'),
    )
    .option('--out <dir>', 'folder of the run, new or empty (default: runs/<date>-<command>-<model>)')
    .option('--json', 'print the events of the run, one JSON object a line, and nothing else')
    .option('--quiet', 'print only the result');
  return command;
}
