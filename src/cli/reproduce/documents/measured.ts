/** Experiments with the results that are to be shown of them, and whose these are. Reads files, and writes none. */
import type { CliIo } from '../../io.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Measured } from '../findings/claims.js';
import type { Folders } from '../request.js';
import { findResults } from '../results/results.js';
import { currentResults } from '../results/settings-check.js';

/** Whether results found in `folder` are the user's, where the package has some as well. */
export const isOwn = ({ place }: Pick<Folders, 'place'>, folder: string): boolean =>
  !place.own && folder !== place.folder;

/** Whose results these are, for the reader of a page on which both kinds stand. */
async function originText(name: string, count: number, folder: string, folders: Folders): Promise<string> {
  if (!isOwn(folders, folder)) return 'These results came with the package.';
  const shipped = (await findResults([folders.place.folder], name))?.results.runs.length ?? 0;
  const hidden = shipped === 0 ? '' : `; the ${shipped} that came with the package are not shown`;
  return `These results are yours: ${count} ${count === 1 ? 'run' : 'runs'} in ${folder}${hidden}.`;
}

/**
 * Experiments with their results; those of a trial are left out, and named. Where some results are the user's and some may be the
 * package's, each says whose it is. @throws DataError for results of other settings.
 */
export async function measuredOf(
  experiments: readonly Experiment[],
  folders: Folders,
  io: CliIo,
): Promise<Measured[]> {
  const found = [];
  for (const experiment of experiments) {
    const { results, folder = '' } = (await currentResults(folders.sources, experiment)) ?? {};
    if (results?.smoke) {
      io.stderr.write(
        `octograd: ${experiment.name}: the figures in ${folder} are of a trial (--smoke), which are no results; left out\n`,
      );
    }
    found.push({ experiment, folder, ...(results && !results.smoke ? { results } : {}) });
  }
  const mixed = found.some(({ results, folder }) => results && isOwn(folders, folder));
  const measured: Measured[] = [];
  for (const { experiment, results, folder } of found) {
    if (!results) measured.push({ experiment });
    else if (!mixed) measured.push({ experiment, results });
    else {
      const origin = await originText(experiment.name, results.runs.length, folder, folders);
      measured.push({ experiment, results, origin });
    }
  }
  return measured;
}
