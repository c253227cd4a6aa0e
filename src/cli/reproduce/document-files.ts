/** The documents of experiments as files: which there are, where they lie, and whether they are what the results say. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '../../core/errors.js';
import { makeFolder, writeFileAtomic } from '../../io/files.node.js';
import type { CliIo } from '../io.js';
import { type Measured, readClaims } from './claims.js';
import { cosineSvg } from './cosine-chart.js';
import { distributionSvgs } from './distributions.js';
import { readmeText, resultsMarkdown, tablesText } from './documents.js';
import type { Experiment } from './experiment.js';
import { measuredOf } from './measured.js';
import { experimentSvg } from './plot.js';
import type { Folders } from './request.js';

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
