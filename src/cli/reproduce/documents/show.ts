/** `octograd reproduce --report`: the page of all results as a file. */
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../../io/files.node.js';
import type { CliIo } from '../../io.js';
import type { Experiment } from '../experiment/experiment.js';
import { readClaims } from '../findings/claims.js';
import type { Folders, ReproduceOptions } from '../request.js';
import { measuredOf } from './measured.js';
import { experimentsPage } from './page.js';

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
  const known = measured.filter(({ results }) => results).length;
  // Of results in a folder of one's own the experiments that were not run there say nothing.
  const shown =
    options.out !== undefined &&
    known > 0 &&
    folders.sources.length === 1 &&
    folders.sources[0] === options.out
      ? measured.filter(({ results }) => results)
      : measured;
  await writeFileAtomic(path, experimentsPage(shown, await readClaims(folders.place.folder)));
  io.stdout.write(
    `Report: ${path}: results of ${known} of ${measured.length} experiments, looked for in ${folders.sources.join(', then in ')}\n`,
  );
}
