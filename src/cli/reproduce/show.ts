/** What `octograd reproduce` shows of results: the list, the documents and the page. Experiments and results in, files out; trains nothing. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '../../core/errors.js';
import { makeFolder, writeFileAtomic } from '../../io/files.node.js';
import type { CliIo } from '../io.js';
import { tableLines } from '../table.js';
import { type Measured, readClaims } from './claims.js';
import { cosineSvg } from './cosine-chart.js';
import { distributionSvgs } from './distributions.js';
import { readmeText, resultsMarkdown, tablesText } from './documents.js';
import type { Experiment } from './experiment.js';
import { experimentsPage } from './page.js';
import { experimentSvg } from './plot.js';
import type { Folders, ReproduceOptions } from './request.js';
import { findResults } from './results.js';
import { tasksOf } from './tasks.js';

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

export async function listExperiments(
  experiments: readonly Experiment[],
  folders: Folders,
  io: CliIo,
): Promise<void> {
  const rows = [['experiment', 'data', 'model', 'arms', 'runs', 'done', 'question']];
  for (const experiment of experiments) {
    const { name, dataset, model, arms, question } = experiment;
    const tasks = await tasksOf(experiment);
    const results = (await findResults(folders.sources, name))?.results;
    const done = results && !results.smoke ? results.runs.length : 0;
    rows.push([name, dataset, model, String(arms.length), String(tasks.length), String(done), question]);
  }
  const wide = io.stdout.columns;
  const lines = tableLines(rows, [3, 4, 5]).map((line) => (wide ? line.slice(0, wide) : line));
  io.stdout.write(`${lines.join('\n')}\n`);
}
