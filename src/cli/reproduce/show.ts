/** What `octograd reproduce` shows of results: the list, the documents and the page. Experiments and results in, files out; trains nothing. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '../../core/errors.js';
import { makeFolder, writeFileAtomic } from '../../io/files.node.js';
import type { CliIo } from '../io.js';
import { mean } from '../records.js';
import { tableLines } from '../table.js';
import { type Measured, readClaims } from './claims.js';
import { cosineSvg } from './cosine-chart.js';
import { distributionSvgs } from './distributions.js';
import { readmeText, resultsMarkdown, tablesText } from './documents.js';
import type { Experiment } from './experiment.js';
import { experimentsPage } from './page.js';
import { experimentSvg } from './plot.js';
import { type Folders, missingData, type ReproduceOptions } from './request.js';
import { findResults } from './results.js';
import type { RunResult } from './run-result.js';
import { type Task, tasksOf } from './tasks.js';

/** Experiments with their results; those of a trial are left out, and named. */
export async function measuredOf(
  experiments: readonly Experiment[],
  folders: Folders,
  io: CliIo,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const experiment of experiments) {
    const { results, folder } = (await findResults(folders.sources, experiment.name)) ?? {};
    if (results?.smoke) {
      io.stderr.write(
        `octograd: ${experiment.name}: the figures in ${folder} are of a trial (--smoke), which are no results; left out\n`,
      );
    }
    measured.push({ experiment, ...(results && !results.smoke ? { results } : {}) });
  }
  return measured;
}

/** A file to be written. */
export type Document = readonly [path: string, text: string];

/** README and plots of each experiment. */
export function documentsOf(measured: readonly Measured[], folders: Folders): Document[] {
  return measured.flatMap((one): Document[] => {
    const folder = join(folders.results, one.experiment.name);
    const others = [
      ['tables.md', tablesText(one)],
      ['plot.svg', experimentSvg(one.experiment, one.results)],
      ['cosines.svg', cosineSvg(one.experiment, one.results)],
    ] as const;
    return [
      [join(folder, 'README.md'), readmeText(one)],
      ...others.flatMap(([file, text]) => (text === undefined ? [] : [[join(folder, file), text] as const])),
      ...distributionSvgs(one.experiment, one.results).map(
        ([file, svg]) => [join(folder, file), svg] as const,
      ),
    ];
  });
}

export async function writeAll(documents: readonly Document[]): Promise<void> {
  for (const [path, text] of documents) {
    await makeFolder(dirname(path));
    await writeFileAtomic(path, text);
  }
}

/** All READMEs and plots, and RESULTS.md, which lies beside the folder of the experiments. */
export async function allDocuments(
  experiments: readonly Experiment[],
  names: readonly string[],
  folders: Folders,
  io: CliIo,
): Promise<Document[]> {
  const measured = await measuredOf(experiments, folders, io);
  const documents = documentsOf(measured, folders);
  if (names.length > 0) return documents;
  const folder = folders.beside ? join(folders.results, '..') : folders.results;
  const text = resultsMarkdown(measured, await readClaims(folders.place.folder));
  return [...documents, [join(folder, 'RESULTS.md'), text]];
}

/** Refuses documents that are not those of the results. */
export async function checkDocuments(documents: readonly Document[]): Promise<void> {
  const stale: string[] = [];
  for (const [path, text] of documents) {
    const found = await readFile(path, 'utf8').catch(() => undefined);
    // A checkout on Windows may have other line ends.
    if (found?.replace(/\r\n/g, '\n') !== text) stale.push(path);
  }
  if (stale.length > 0) {
    throw new DataError(
      `${stale.join(', ')}: not what results.json says; octograd reproduce --docs writes them again`,
    );
  }
}

export async function writePage(
  experiments: readonly Experiment[],
  options: ReproduceOptions,
  folders: Folders,
  io: CliIo,
): Promise<void> {
  const measured = await measuredOf(experiments, folders, io);
  const folder = options.out ?? 'runs';
  const path = join(folder, options.out === undefined ? 'experiments.html' : 'report.html');
  await makeFolder(folder);
  await writeFileAtomic(path, experimentsPage(measured, await readClaims(folders.place.folder)));
  const known = measured.filter(({ results }) => results).length;
  io.stdout.write(
    `Report: ${path}: results of ${known} of ${measured.length} experiments, looked for in ${folders.sources.join(', then in ')}\n`,
  );
}

/** Seconds of a task that is still to be done, by the recorded runs of its arm, else by those of the experiment; undefined without any. */
function secondsOf(task: Pick<Task, 'arm'>, runs: readonly RunResult[]): number | undefined {
  const known = runs.filter(({ seconds }) => seconds !== null);
  const own = known.filter(({ arm }) => arm === task.arm);
  const like = own.length > 0 ? own : known;
  return like.length === 0 ? undefined : mean(like.map(({ seconds }) => seconds as number));
}

/** `3 h 20 min`, `12 min`, `40 s`: what a plan needs to know. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Prints a row for each experiment. @param places of data, by name. */
export async function listExperiments(
  experiments: readonly Experiment[],
  folders: Folders,
  places: ReadonlyMap<string, string>,
  io: CliIo,
): Promise<void> {
  const head = ['experiment', 'data', 'model', 'arms', 'runs', 'done', 'took', 'to come', 'missing data'];
  const rows = [[...head, 'question']];
  const missing = missingData(places);
  for (const experiment of experiments) {
    const { name, dataset, model, arms, question } = experiment;
    const tasks = await tasksOf(experiment);
    const results = (await findResults(folders.sources, name))?.results;
    const runs = results && !results.smoke ? results.runs : [];
    const left = tasks.filter(({ arm, seed }) => !runs.some((run) => run.arm === arm && run.seed === seed));
    const each = left.map((task) => secondsOf(task, runs));
    const toCome = each.some((seconds) => seconds === undefined)
      ? 'unknown'
      : durationText(each.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0));
    const took = runs.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
    const lacks = (await missing(experiment)).map((one) => one.dataset).join(', ');
    rows.push([
      ...[name, dataset, model],
      ...[arms.length, tasks.length, runs.length].map(String),
      ...[runs.length === 0 ? '-' : durationText(took), left.length === 0 ? '-' : toCome],
      ...[lacks === '' ? '-' : lacks, question],
    ]);
  }
  const wide = io.stdout.columns;
  const lines = tableLines(rows, [3, 4, 5, 6, 7]).map((line) => (wide ? line.slice(0, wide) : line));
  io.stdout.write(`${lines.join('\n')}\n`);
}
