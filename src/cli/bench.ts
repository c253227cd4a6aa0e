/** `octograd bench`: how long a training step takes on random images, and with `--profile` where its time goes. */
import { Command, Option } from 'commander';
import { UsageError } from '../core/errors.js';
import { RandomStream } from '../core/rng.js';
import { type Shape, shapeText, sizeOf } from '../core/shape.js';
import { bytesText, countText } from '../core/text.js';
import { createModel, takesTokens } from '../models/index.js';
import {
  type Batch,
  createSession,
  groupProfile,
  type MemorySummary,
  type Profile,
  type ProfiledGroup,
  type ProfileKey,
  profileStep,
  totalsOf,
} from '../train/index.js';
import { defaultTrainRecipe } from './defaults.js';
import { type CliIo, exitCodes } from './io.js';
import { checkRunOptions } from './option-checks.js';
import { addModelOption, addRunOptions, choiceOption, type RunOptions, wholeOption } from './options.js';
import { recipeOf } from './recipe-names.js';
import { backendOptions } from './setup.js';
import { percentText, tableLines } from './table.js';

const groupings = ['kernel', 'module', 'call'] as const satisfies readonly ProfileKey[];

interface BenchOptions extends RunOptions {
  readonly model: string;
  readonly input: Shape;
  readonly classes: number;
  readonly recipe: string;
  readonly steps: number;
  readonly profile?: boolean;
  readonly by: ProfileKey;
  readonly json?: boolean;
}

/** What `--json` prints. */
interface BenchResult {
  readonly formatVersion: 1;
  readonly model: string;
  readonly recipe: string;
  readonly backend: string;
  readonly inputShape: Shape;
  readonly batchSize: number;
  readonly steps: number;
  readonly stepMilliseconds: number;
  readonly samplesPerSecond: number;
  readonly memory: MemorySummary;
  readonly profile?: {
    /** The calls' medians added up; above the step's own time by what running them singly costs. */
    readonly sumMilliseconds: number;
    readonly by: ProfileKey;
    readonly products: ProfiledGroup;
    readonly elementwise: ProfiledGroup;
    readonly groups: readonly ProfiledGroup[];
  };
}

function shapeOption(text: string): Shape {
  const shape = text.split('x').map(Number);
  if (!shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new UsageError(`--input must be sizes such as 32x32x3, height by width by channels, got "${text}"`);
  }
  return shape;
}

/** Random bytes and labels, or tokens: time does not depend on what the samples show. */
function randomBatch(shape: Shape, size: number, classes: number, tokens: boolean): Batch {
  const random = new RandomStream(1);
  if (tokens) {
    const draw = (): Int32Array =>
      Int32Array.from({ length: size * sizeOf(shape) }, () => random.below(classes));
    return { inputs: draw(), targets: draw(), size };
  }
  return {
    inputs: Uint8Array.from({ length: size * sizeOf(shape) }, () => random.below(256)),
    targets: Int32Array.from({ length: size }, () => random.below(classes)),
    size,
  };
}

async function measure(options: BenchOptions): Promise<BenchResult> {
  const { model, input: inputShape, classes, batch: batchSize, steps, by } = options;
  const tokens = takesTokens(model);
  const session = await createSession({
    model: createModel(model, { inputShape, classes }),
    input: { shape: inputShape, storage: tokens ? 'int32' : 'uint8' },
    recipe: await recipeOf(options.recipe),
    batchSize,
    ...backendOptions(options),
  });
  try {
    const profile = profileStep(session, randomBatch(inputShape, batchSize, classes, tokens), { steps });
    return {
      formatVersion: 1,
      model,
      recipe: session.recipe.name,
      backend: session.backend.description,
      inputShape,
      batchSize,
      steps,
      stepMilliseconds: profile.stepMilliseconds,
      samplesPerSecond: (1000 * batchSize) / profile.stepMilliseconds,
      memory: session.memory(),
      ...(options.profile ? { profile: profileResult(profile, by) } : {}),
    };
  } finally {
    await session.dispose();
  }
}

function profileResult(profile: Profile, by: ProfileKey): NonNullable<BenchResult['profile']> {
  return {
    sumMilliseconds: profile.sumMilliseconds,
    by,
    ...totalsOf(profile),
    groups: groupProfile(profile, by),
  };
}

function row(group: ProfiledGroup): string[] {
  return [
    group.name,
    String(group.calls),
    group.milliseconds.toFixed(3),
    percentText(group.share, 1),
    bytesText(group.bytes),
    group.gops === undefined ? '' : group.gops.toFixed(1),
    group.gbs.toFixed(1),
  ];
}

function printResult(result: BenchResult): string {
  const { stepMilliseconds, samplesPerSecond, profile } = result;
  const lines = [
    `${result.model}, ${result.recipe}, input ${shapeText(result.inputShape)}, batch ${result.batchSize}; ${result.backend}`,
    `step ${stepMilliseconds.toFixed(2)} ms (median of ${result.steps}), ${countText(Math.round(samplesPerSecond))} samples/s, ` +
      `planned peak ${bytesText(result.memory.peakBytes)}`,
  ];
  if (profile) {
    const heads = (name: string): string[] => [name, 'calls', 'ms', 'share', 'bytes', 'GOP/s', 'GB/s'];
    const of = (product: boolean): string[][] =>
      profile.groups.filter((group) => group.product === product).map(row);
    const table = [
      heads(`products by ${profile.by}`),
      ...of(true),
      row(profile.products),
      [],
      heads(`element-wise by ${profile.by}`),
      ...of(false),
      row(profile.elementwise),
    ];
    lines.push(
      '',
      ...tableLines(table, [1, 2, 3, 4, 5, 6]),
      '',
      `all calls ${profile.sumMilliseconds.toFixed(2)} ms, run one by one; the step in one piece ${stepMilliseconds.toFixed(2)} ms`,
    );
  }
  return lines.join('\n');
}

/** @param end is told the exit code. */
export function benchCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('bench')
    .summary('time a training step and profile it by kernel')
    .description(
      'Times training steps of a model on random images; no data are read. With --profile every kernel: calls, time, share, bytes ' +
        'of its operands, and what that makes in 10^9 operations (GOP/s) and bytes (GB/s) a second. Element-wise kernels are ' +
        'listed apart from products.',
    )
    .option('--recipe <name>', 'a built-in name, a JSON file or <experiment>/<arm>', defaultTrainRecipe);
  addModelOption(command)
    .addOption(
      new Option(
        '--input <sizes>',
        'height x width x channels of an image, or the characters of a sample of text',
      )
        .argParser(shapeOption)
        .default([32, 32, 3], '32x32x3'),
    )
    .option('--classes <n>', 'classes of the labels', wholeOption('--classes', 2), 10);
  addRunOptions(command)
    .option('--steps <n>', 'steps that are timed', wholeOption('--steps', 1, 100_000), 20)
    .option('--profile', 'list where the time goes')
    .option('--by <what>', groupings.join(', '), choiceOption('--by', groupings), 'kernel')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  octograd bench --model resnet20
  octograd bench --profile --model resnet20 --input 32x32x3 --batch 64 --recipe int8 --threads 1
  octograd bench --model transformer --input 64 --classes 65 --batch 32
  octograd bench --profile --by module --json > profile.json`,
    );
  return command.action(async (options: BenchOptions) => {
    checkRunOptions(options);
    const result = await measure(options);
    io.stdout.write(`${options.json ? JSON.stringify(result) : printResult(result)}\n`);
    end(exitCodes.ok);
  });
}
