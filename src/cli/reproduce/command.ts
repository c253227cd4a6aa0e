/** `octograd reproduce`: does experiments, takes in runs, and writes what came of them. */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { UsageError } from '../../core/errors.js';
import { type CliIo, exitCodes } from '../io.js';
import { wholeOption } from '../options.js';
import { makeNumbered } from '../run-folder.js';
import { allDocuments, checkDocuments, writeAll, writeBeside } from './documents/document-files.js';
import { listExperiments } from './documents/list.js';
import { writePage } from './documents/show.js';
import { placesOfData } from './experiment/data-places.js';
import { findExperiments } from './experiment/find.js';
import { allAtFull } from './experiment/full.js';
import { checkModes } from './modes.js';
import { type Folders, foldersOf, type Planned, planned, type ReproduceOptions } from './request.js';
import { versionsText } from './results/same-data.js';
import { type Adoption, adopt } from './run/adopt.js';
import { FolderLocks } from './run/folder-lock.js';
import { runExperiments } from './run/run-experiments.js';
import { verify } from './run/verify.js';
import { seedsOption } from './seeds-option.js';

async function adoptRuns(plan: Planned, folder: string, io: CliIo): Promise<number> {
  const made = await adopt(folder, plan.tasks, plan.file);
  for (const { folder: path, text } of made) io.stdout.write(`${path}: ${text}\n`);
  const versions = versionsText(plan.file.results.runs);
  if (versions !== undefined) io.stderr.write(`octograd: ${plan.experiment.name}: ${versions}\n`);
  const count = (which: Adoption['outcome']): number =>
    made.filter(({ outcome }) => outcome === which).length;
  const [refused, taken] = [count('refused'), count('taken')];
  if (refused === 0) return exitCodes.ok;
  io.stderr.write(
    `octograd: refused for ${plan.experiment.name}: ${refused} of ${made.length} folders; taken: ${taken === 0 ? 'none' : taken}\n`,
  );
  return exitCodes.data;
}

/** Runs that are no results of their experiments go to a folder of their own, though two calls begin in the same second. */
async function inOwnFolder<T>(
  { smoke, verify: anew, out }: ReproduceOptions,
  folders: Folders,
  work: (folders: Folders) => Promise<T>,
): Promise<T> {
  if (out !== undefined || !(smoke || anew)) return work(folders);
  const folder = await makeNumbered(folders.runs);
  try {
    return await work({ ...folders, results: folder, runs: folder });
  } finally {
    // Fails unless nothing was done.
    await rmdir(folder).catch(() => undefined);
  }
}

async function reproduce(names: readonly string[], options: ReproduceOptions, io: CliIo): Promise<number> {
  checkModes(options);
  if (options.verify && names.length === 0)
    // All of them would take hours.
    throw new UsageError(
      '--verify does recorded runs anew; name the experiments, for instance mnist-mlp --verify --arms int8',
    );
  const folders = foldersOf(options);
  const found = await findExperiments(folders.place.folder, names);
  const all = options.full ? allAtFull(found, names.length > 0) : found;
  if (options.list) {
    return listExperiments(all, names.length > 0, folders, await placesOfData(options.data, all), io);
  }
  if (options.docs || options.report) {
    if (options.docs) {
      const documents = await allDocuments(all, names, folders, io);
      if (options.check) await checkDocuments(documents, io);
      else {
        await writeAll(documents);
        const written = documents.filter(([, text]) => text !== undefined);
        io.stdout.write(`Wrote ${written.map(([path]) => path).join(', ')}\n`);
      }
    }
    if (options.report) {
      // A page lies where the command was given, and not in the folder that holds the experiments.
      const given = options.experiments;
      await writePage(
        given === undefined ? all : all.map((one) => ({ ...one, home: given })),
        options,
        folders,
        io,
      );
    }
    return exitCodes.ok;
  }
  if (options.adopt !== undefined) {
    if (names.length !== 1 || options.smoke)
      throw new UsageError('--adopt takes runs into one experiment; name it, without --smoke');
    const locks = new FolderLocks();
    try {
      await locks.take(join(folders.results, all[0].name));
      const [plan] = await planned(all, options, folders);
      const code = await adoptRuns(plan, options.adopt, io);
      if (folders.beside) await writeBeside(await allDocuments(all, names, folders, io), io);
      return code;
    } finally {
      await locks.release();
    }
  }
  return inOwnFolder(options, folders, (own) =>
    options.verify ? verify(all, options, own, io) : runExperiments(all, names, options, own, io),
  );
}

/** @param end is told the exit code. */
export function reproduceCommand(io: CliIo, end: (code: number) => void): Command {
  const command = new Command('reproduce')
    .summary('do the experiments that the claims rest on')
    .description(
      'Does experiments: folders with an experiment.json, in ./experiments or of the package. Every run (an arm under a seed) is one ' +
        'of octograd train; each that ends is added to results.json at once. In the end README.md, tables.md and the plots beside that results.json are ' +
        'written anew; --out <dir> leaves them as they are. Where results are there, they are shown, and --resume adds the runs that they lack. Without names: all experiments whose data are there.',
    )
    .argument('[names...]', 'experiments')
    .option(
      '--list',
      'list the experiments: runs done, the time that they took, that of those to come (by the recorded ones), data that are missing',
    )
    .option('--smoke', 'a trial: a few steps of every arm under one seed, in a folder of its own')
    .option(
      '--full',
      'the full schedule, for a faster machine, of those experiments that have one; results go to runs/reproduce-full',
    )
    .option(
      '--resume',
      'go on: do the runs that results.json lacks; writes README.md, tables.md and plots anew, too',
    )
    .option(
      '--seeds <which>',
      'in place of the seeds of the experiment and of its arms: so many (3), or these (2,9 or 4-7; one alone as 5-5)',
      seedsOption,
    )
    .option('--arms <list>', 'only these arms, separated by commas')
    .option(
      '--jobs <n>',
      'runs at a time, each in a process of its own with one thread (default: one, in this process)',
      wholeOption('--jobs', 1, 256),
    )
    .option('--threads <n>', 'threads of each run', wholeOption('--threads', 1, 64))
    .option('--wide', 'kernels in 256-bit vectors: faster, the same figures (Node 24 or newer, x64)')
    .option(
      '--data <where>',
      'where data lie, <name>=<dir>, several times for several data sets; or one folder without a name that holds them all',
      (value: string, before: string[] = []) => [...before, value],
    )
    .option('--experiments <dir>', "folder of experiments (default: ./experiments, else the package's)")
    .option(
      '--out <dir>',
      'folder of results and runs (default: beside the experiments, and runs/reproduce); with --report that of the page, ' +
        'of the results in it if it has some, else of those that there are without --out',
    )
    .option('--adopt <dir>', 'take finished runs of octograd train with the same settings into the results')
    .option(
      '--verify',
      'do recorded runs of the named experiments anew, one seed of every arm unless --seeds and --arms say otherwise, in a folder of their own, ' +
        'and hold accuracy, losses and cosines against the recorded ones to the last digit; exit code 1 where one differs',
    )
    .option(
      '--record',
      'with --verify: write into the recorded results which runs were done anew, when, by what, and whether the digits were the same',
    )
    .option(
      '--report',
      'write one HTML page of all results, or of those of the named experiments, instead of running',
    )
    .option(
      '--docs',
      "write each experiment's README.md, tables and plots, and RESULTS.md, instead of running",
    )
    .option('--check', 'with --docs: refuse documents that are not what results.json says, and write none')
    .option('--quiet', 'print only the result');
  command.addHelpText(
    'after',
    `
Examples:
  octograd reproduce --list
  octograd reproduce mnist-lenet --seeds 3 --out mine
  octograd reproduce mnist-mlp --verify --arms int8 --seeds 2,9
  octograd reproduce --smoke
  octograd reproduce cifar10-resnet20 --data cifar10=DIR --jobs 2 --resume
  octograd reproduce cifar10-resnet20 --full --data cifar10=DIR --resume
  octograd reproduce --report`,
  );
  return command.action(async (names: string[], options: ReproduceOptions) => {
    end(await reproduce(names, options, io));
  });
}
