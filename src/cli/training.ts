/**
 * What `train` and `compare` share: every recipe and seed trained on the same model, data and steps, with the run's folder written
 * as it goes. Ends early, and whole, when the signal is aborted.
 */
import { availableParallelism, cpus } from 'node:os';
import { DivergenceError, NonFiniteError } from '../core/errors.js';
import type { DataSplit, Dataset } from '../data/index.node.js';
import { createModel } from '../models/index.js';
import type { Recipe } from '../quant/recipe.js';
import {
  createSession,
  crossEntropyLoss,
  type DoneEvent,
  fit,
  inputOf,
  type Session,
  saveModel,
} from '../train/index.js';
import { dataFingerprint } from './data-fingerprint.js';
import { snapshots } from './distributions.js';
import { inOptions, withBatch } from './errors.js';
import { type CliEvent, eventLine, type Listener, type RunKey } from './events.js';
import { type CliIo, exitCodes, signalCode, useColor } from './io.js';
import { checkTrainingOptions } from './option-checks.js';
import type { TrainingOptions } from './options.js';
import { Progress } from './progress.js';
import { Records, type RunRecord } from './records.js';
import { reportHtml } from './report.js';
import { resultTable } from './results.js';
import { checkOut, fileName, RunFolder } from './run-folder.js';
import { sampleNames } from './sample-names.js';
import { settingRows, stepText } from './setting-rows.js';
import {
  backendOptions,
  limited,
  loadData,
  optimizerOf,
  prefetchOf,
  settingsOf,
  type TrainingSettings,
} from './setup.js';
import { tableLines } from './table.js';
import { octogradCommit, octogradVersion } from './version.js';

/** All that the runs of one command have in common. */
interface Context {
  readonly command: string;
  readonly options: TrainingOptions;
  readonly settings: TrainingSettings;
  readonly recipes: readonly Recipe[];
  /** Limited to what the run uses. */
  readonly data: DataSplit<Dataset>;
  /** Of the whole data; see data-fingerprint.ts. */
  readonly fingerprint: string;
  readonly folder: RunFolder;
  readonly publish: Listener;
  readonly io: CliIo;
}

/** Where a run's model goes, below the run's folder: its own place where there are several. */
function modelPath({ command, settings }: Context, { recipe, seed }: RunKey): string[] {
  return [
    ...(command === 'compare' ? [fileName(recipe)] : []),
    ...(settings.seeds.length > 1 ? [`seed-${seed}`] : []),
    'model.safetensors',
  ];
}

async function writeModel(context: Context, session: Session, key: RunKey): Promise<string> {
  const { train } = context.data;
  const { storage, normalization } = inputOf(train);
  const bytes = saveModel(session, {
    model: context.settings.model,
    inputShape: train.inputShape,
    inputStorage: storage,
    classes: train.classes,
    dataset: context.settings.dataset,
    ...(normalization ? { normalization } : {}),
  });
  return context.folder.write(modelPath(context, key), bytes);
}

/** Trains one recipe under one seed. Numbers that fail end this run only, and are told as an event; other errors end the command. */
async function runOne(context: Context, recipe: Recipe, seed: number): Promise<void> {
  const { options, settings, data, publish, io } = context;
  const key: RunKey = { recipe: recipe.name, seed };
  const { train, test } = data;
  const session = await createSession({
    model: createModel(options.model, { inputShape: train.inputShape, classes: train.classes.length }),
    input: train,
    recipe,
    loss: crossEntropyLoss({ labelSmoothing: settings.labelSmoothing }),
    optimizer: optimizerOf(options, data),
    batchSize: settings.batchSize,
    accumulate: settings.accumulate,
    ...(settings.clipNorm === undefined ? {} : { clipNorm: settings.clipNorm }),
    seed,
    ...backendOptions(options),
  });
  try {
    let done: DoneEvent | undefined;
    try {
      // A recipe that quantises nothing has nothing to probe.
      const probeEvery =
        session.work().integerMacs + session.work().simulatedMacs > 0 ? settings.probeEvery : 0;
      const look = snapshots(session, train, settings.distributions ?? []);
      for await (const event of fit(session, {
        train,
        test,
        epochs: settings.epochs,
        learningRate: settings.schedule,
        seed,
        augment: settings.augment,
        dropLast: settings.dropLast,
        prefetch: prefetchOf(options),
        probeEvery,
        ...(settings.patience === undefined ? {} : { patience: settings.patience }),
        signal: io.signal,
      })) {
        if (event.type === 'done') done = event;
        else publish({ ...event, ...key });
        const snapshot = look(event);
        if (snapshot) publish({ type: 'distributions', ...key, ...snapshot });
      }
    } catch (error) {
      if (!(error instanceof NonFiniteError || error instanceof DivergenceError)) throw error;
      const message = inOptions(error.message);
      publish({ type: 'run-failed', ...key, error: error.name, message, step: error.step });
      return;
    }
    if (!done) return;
    const model = done.steps > 0 ? await writeModel(context, session, key) : undefined;
    publish({ ...done, type: 'run-done', ...key, ...(model === undefined ? {} : { model }) });
  } finally {
    await session.dispose();
  }
}

function configOf(context: Omit<Context, 'folder' | 'publish' | 'io'>): object {
  const { command, options, settings, recipes, fingerprint } = context;
  const commit = octogradCommit();
  return {
    formatVersion: 1,
    octograd: octogradVersion(),
    ...(commit === undefined ? {} : { commit }),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    startedAt: new Date().toISOString(),
    dataFingerprint: fingerprint,
    command,
    options,
    settings,
    recipes,
  };
}

/** ` each` where there are several runs. */
function eachText({ recipes, settings }: Context): string {
  return recipes.length * settings.seeds.length > 1 ? ' each' : '';
}

async function writeReport(context: Context, records: Records, aborted: boolean): Promise<void> {
  const { command, settings, recipes, folder } = context;
  const backend = records.runs[0]?.start?.backend ?? settings.backend;
  const title = `octograd ${command}: ${settings.model} on ${settings.dataset}`;
  const html = reportHtml({
    title,
    subtitle: `${recipes.map(({ name }) => name).join(', ')}; ${settings.totalSteps} steps${eachText(context)}; ${new Date().toISOString().slice(0, 10)}`,
    runs: records.runs,
    results: records.results(),
    samples: sampleNames(settings.dataset),
    settings: settingRows(settings, context.data, backend),
    aborted,
  });
  await folder.write(['report.html'], html);
}

function printResult({ io, settings, folder }: Context, records: Records, seconds: number): void {
  const samples = sampleNames(settings.dataset);
  const { head, rows, right } = resultTable(records.results(), records.runs, samples);
  const [first, ...lines] = tableLines([head, ...rows], right);
  const bold = useColor(io.stdout, io.env)
    ? (text: string) => `\u001b[1m${text}\u001b[0m`
    : (text: string) => text;
  io.stdout.write(`\n${[bold(first), ...lines].join('\n')}\n\n`);
  io.stdout.write(
    `Training and evaluation took ${seconds.toFixed(1)} s. Report: ${folder.path}/report.html\n`,
  );
}

/** Trains `recipes` and prints or streams what happens. @returns the exit code. */
export async function runTraining(
  command: 'compare' | 'train',
  recipes: readonly Recipe[],
  options: TrainingOptions,
  io: CliIo,
): Promise<number> {
  checkTrainingOptions(options);
  await checkOut(options.out);
  const quiet = options.quiet === true || options.json === true;
  const samples = sampleNames(options.dataset);
  const progress = new Progress({
    out: io.stdout,
    env: io.env,
    runs: recipes.length * options.seeds,
    samples,
  });
  const say = quiet ? () => undefined : (text: string) => progress.line(text);
  const loaded = await loadData(options, say);
  const data = { train: limited(loaded.train, options.limit), test: limited(loaded.test, options.testLimit) };
  const settings = settingsOf(options, data);
  const facts = { command, options, settings, recipes, data, fingerprint: dataFingerprint(loaded) };

  const folder = await RunFolder.create({
    command,
    model: options.model,
    ...(options.out ? { out: options.out } : {}),
  });
  const records = new Records(recipes);
  try {
    const config = configOf(facts);
    await folder.begin(config);
    const publish = (event: CliEvent): void => {
      const line = eventLine(event);
      records.listen(event);
      if (options.json) io.stdout.write(`${line}\n`);
      if (!quiet) progress.listen(event);
      // Last: a disk that is full must not keep the event from the other readers.
      folder.append(line);
    };
    const context: Context = { ...facts, folder, publish, io };
    publish({ type: 'config', folder: folder.path, config });
    say(
      `${settings.model} on ${settings.dataset}: ${recipes.map(({ name }) => name).join(', ')}; ` +
        `${settings.totalSteps} steps of ${stepText(settings)}${eachText(context)}; run folder ${folder.path}`,
    );

    const began = performance.now();
    const finish = async (stopped: boolean): Promise<void> => {
      const seconds = (performance.now() - began) / 1000;
      progress.clear();
      try {
        await writeReport(context, records, stopped);
        // Of a command that ended before its first step there is nothing to show but why.
        if (!options.json && records.runs.length > 0) printResult(context, records, seconds);
      } finally {
        publish({ type: 'done', results: records.results() });
      }
    };
    try {
      for (const seed of settings.seeds) {
        for (const recipe of recipes) {
          if (io.signal.aborted) continue;
          await withBatch(options.batch, () => runOne(context, recipe, seed));
        }
      }
    } catch (error) {
      // What was done is kept. Another error on the way (the disk is still full) would only hide the first.
      const { running } = records;
      try {
        if (running) publish(failedEvent(running, error));
      } catch {}
      await finish(true).catch(() => undefined);
      throw error;
    }
    await finish(io.signal.aborted);
    return endOf(records, io);
  } finally {
    folder.close();
  }
}

/** How a run ends that met an error which numbers did not raise. */
function failedEvent({ recipe, seed, steps }: RunRecord, error: unknown): CliEvent {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const step = steps[steps.length - 1]?.step ?? 0;
  return { type: 'run-failed', recipe: recipe.name, seed, error: name, message, step };
}

/** The exit code, with a line for each run that its numbers ended. */
function endOf(records: Records, io: CliIo): number {
  const failed = records.runs.flatMap(({ failed }) => (failed ? [failed] : []));
  for (const { recipe, seed, message } of failed) {
    io.stderr.write(`octograd: ${recipe}, seed ${seed}: ${message}\n`);
  }
  if (io.signal.aborted) return signalCode(io.signal);
  return failed.length > 0 ? exitCodes.numbers : exitCodes.ok;
}
