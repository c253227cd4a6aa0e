/** `--seeds` of `octograd reproduce`: how many seeds, or which. */
import { UsageError } from '../../core/errors.js';
import type { WantedSeeds } from './experiment/experiment.js';
import { largestSeed, mostSeeds } from './experiment/experiment-fields.js';

const whole = /^\d+$/;
const list = /^\d+(-\d+)?(,\d+(-\d+)?)*$/;

/**
 * `3`: three seeds. `2,9` or `4-7` or `0,4-7`: these, each once. `5-5`: that one.
 * @throws UsageError for anything else, for none and for more than an experiment may have.
 */
export function seedsOption(text: string): WantedSeeds {
  const given = text.trim().replace(/ *([,-]) */g, '$1');
  const refused = (why: string): never => {
    throw new UsageError(
      `--seeds must be ${why}, got ${JSON.stringify(text)}; 3 is how many, 2,9 and 4-7 are which, 5-5 is one alone`,
    );
  };
  if (whole.test(given)) {
    const count = Number(given);
    if (count < 1 || count > mostSeeds) refused(`1 to ${mostSeeds} seeds`);
    return count;
  }
  if (!list.test(given)) refused('a whole number, or seeds and ranges of them separated by commas');
  const seeds = new Set<number>();
  for (const part of given.split(',')) {
    const [first, last = first] = part.split('-').map(Number);
    if (last < first) refused(`ranges from the smaller seed to the larger`);
    if (last > largestSeed) refused(`seeds up to ${largestSeed}`);
    if (last - first >= mostSeeds) refused(`1 to ${mostSeeds} seeds`);
    for (let seed = first; seed <= last; seed++) seeds.add(seed);
  }
  if (seeds.size > mostSeeds) refused(`1 to ${mostSeeds} seeds`);
  return [...seeds];
}
