/** The documents of experiments as files: which there are, where they lie, and whether they are what the results say. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { DataError } from '../../../core/errors.js';
import { textIfThere } from '../../../core/read.node.js';
import { makeFolder, writeFileAtomic } from '../../../io/files.node.js';
import type { CliIo } from '../../io.js';
import { isStandalone } from '../../report-svg.js';
import type { Experiment } from '../experiment/experiment.js';
import { type Measured, readClaims } from '../findings/claims.js';
import { distributionSvgs } from '../findings/distributions.js';
import type { Folders } from '../request.js';
import { cosineSvg } from './cosine-chart.js';
import {
  frontAnswers,
  frontPage,
  readmeText,
  resultsMarkdown,
  tablesText,
  writtenMark,
} from './documents.js';
import { measuredOf } from './measured.js';
import { experimentSvg } from './plot.js';

/** A file to be written; without a text one that is not to be there, since the results have nothing for it. */
export type Document = readonly [path: string, text: string | undefined];

/** README, tables and plots of each experiment. */
export function documentsOf(measured: readonly Measured[], folders: Folders): Document[] {
  return measured.flatMap((one): Document[] => {
    const folder = join(folders.results, one.experiment.name);
    const files = [
      ['README.md', readmeText(one)],
      ['tables.md', tablesText(one)],
      ['plot.svg', experimentSvg(one.experiment, one.results)],
      ['cosines.svg', cosineSvg(one.experiment, one.results)],
      ...distributionSvgs(one.experiment, one.results),
    ] as const;
    return files.map(([file, text]) => [join(folder, file), text]);
  });
}

/** The line that says of what a document is written; undefined for a text without one. */
const markOf = (text: string): string | undefined =>
  text.split(/\r?\n/).find((line) => line.startsWith(writtenMark));

/** A text; undefined where nothing is, null for what cannot be read and may be anybody's. */
async function textOf(path: string): Promise<string | undefined | null> {
  try {
    return await textIfThere(path);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return null;
  }
}

/**
 * Paths of documents in whose place something stands that `--docs` did not write, each with what it is called in a message. Plots have
 * names of their own, and are not looked at.
 */
async function foreign(documents: readonly Document[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [path, wanted] of documents) {
    const text = path.endsWith('.md') && wanted !== undefined ? await textOf(path) : undefined;
    if (text === null) found.set(path, `${path} (which cannot be read)`);
    // Those of other experiments have another mark.
    else if (text !== undefined && markOf(text) !== markOf(wanted ?? '')) found.set(path, path);
  }
  return found;
}

const listed = (others: ReadonlyMap<string, string>): string => [...others.values()].join(', ');

/** Whether a file that is not to be there is one that `--docs` wrote of earlier results. */
function isStale(path: string, text: string | undefined | null): boolean {
  return typeof text === 'string' && (path.endsWith('.md') ? text.includes(writtenMark) : isStandalone(text));
}

/** @throws DataError, before anything is written, where a document would take the place of a text that is not of `--docs`. */
export async function writeAll(documents: readonly Document[]): Promise<void> {
  const others = await foreign(documents);
  if (others.size > 0) {
    throw new DataError(
      `${listed(others)}: not written by octograd reproduce --docs of these experiments, and so not written over; move it away, or name another place with --out`,
    );
  }
  for (const [path, text] of documents) {
    if (text !== undefined) {
      await makeFolder(dirname(path));
      await writeFileAtomic(path, text);
    } else if (isStale(path, await textOf(path))) await rm(path);
  }
}

/** {@link writeAll} after runs, which a text of the user's must not bring to nothing: it stays, and that is said. */
export async function writeBeside(documents: readonly Document[], io: CliIo): Promise<void> {
  const others = await foreign(documents);
  if (others.size > 0) {
    io.stderr.write(`octograd: ${listed(others)}: not written by octograd reproduce, left as it is\n`);
  }
  await writeAll(documents.filter(([path]) => !others.has(path)));
}

/** Where the folders are that links of RESULTS.md lead to. */
interface Places {
  /** That of RESULTS.md. */
  readonly from: string;
  /** That of the experiments. */
  readonly experiments: string;
  /** That of the READMEs, by experiment. */
  readonly documents: string;
  readonly names: readonly string[];
}

/**
 * RESULTS.md is composed as it is in the repository, with `experiments/` and `docs/` beside it; here its links are made to lead where
 * things are. What is nowhere is named without a link.
 */
export function relinked(text: string, { from, experiments, documents, names }: Places): string {
  return text.replace(/\[([^\]]*)\]\(([\w./-]+)\)/g, (link, title: string, path: string) => {
    const [top, ...rest] = path.split('/');
    const own = top === 'experiments' && names.includes(rest[0]);
    const folder = top === 'experiments' ? experiments : join(experiments, '..', top);
    const target = join(own ? documents : folder, ...rest);
    if (!own && !existsSync(target)) return title;
    // What a link may not have as it is.
    const made = encodeURI(relative(from, target).replaceAll('\\', '/')).replace(/[()]/g, (c) =>
      c === '(' ? '%28' : '%29',
    );
    return made === path ? link : `[${title}](${made})`;
  });
}

/** All READMEs and plots, and beside the folder of the experiments RESULTS.md and the short answers of a README.md that has a place for them. */
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
  const places = {
    from: folder,
    experiments: folders.place.folder,
    documents: folders.results,
    names: experiments.map(({ name }) => name),
  };
  const name = basename(resolve(folders.place.folder));
  const whole = resultsMarkdown(measured, await readClaims(folders.place.folder), name);
  const front = join(folder, 'README.md');
  const found = (await textOf(front)) ?? '';
  const page = frontPage(found.replace(/\r\n/g, '\n'), relinked(frontAnswers(measured), places), name);
  return [
    ...documents,
    [join(folder, 'RESULTS.md'), relinked(whole, places)],
    ...(page === undefined ? [] : [[front, page] as const]),
  ];
}

/** Refuses documents that are not those of the results, and says how many are. */
export async function checkDocuments(documents: readonly Document[], io: CliIo): Promise<void> {
  // A text of other experiments is not called stale: written over it would be lost.
  const others = await foreign(documents);
  if (others.size > 0) {
    throw new DataError(`${listed(others)}: not written by octograd reproduce --docs of these experiments`);
  }
  const stale: string[] = [];
  for (const [path, text] of documents) {
    const found = await textOf(path);
    // A checkout on Windows may have other line ends.
    const isOther = text === undefined ? isStale(path, found) : found?.replace(/\r\n/g, '\n') !== text;
    if (isOther) stale.push(path);
  }
  if (stale.length > 0) {
    throw new DataError(
      `${stale.join(', ')}: not what results.json says; octograd reproduce --docs writes them again`,
    );
  }
  const own = documents.filter(([, text]) => text !== undefined).length;
  io.stdout.write(`${own} documents are what results.json says\n`);
}
