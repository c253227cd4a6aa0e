/** Experiments with the results that are to be shown of them. Reads files, and writes none. */
import type { CliIo } from '../io.js';
import type { Measured } from './claims.js';
import type { Experiment } from './experiment.js';
import type { Folders } from './request.js';
import { currentResults } from './settings-check.js';

/** Experiments with their results; those of a trial are left out, and named. @throws DataError for results of other settings. */
export async function measuredOf(
  experiments: readonly Experiment[],
  folders: Folders,
  io: CliIo,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const experiment of experiments) {
    const { results, folder } = (await currentResults(folders.sources, experiment)) ?? {};
    if (results?.smoke) {
      io.stderr.write(
        `octograd: ${experiment.name}: the figures in ${folder} are of a trial (--smoke), which are no results; left out\n`,
      );
    }
    measured.push({ experiment, ...(results && !results.smoke ? { results } : {}) });
  }
  return measured;
}
