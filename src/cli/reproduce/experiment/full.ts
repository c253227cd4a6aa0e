/**
 * An experiment under its full schedule, which takes a faster machine: the same arms, seeds and data with other settings, and results of
 * its own. Data in, data and commands out; runs nothing.
 */
import { UsageError } from '../../../core/errors.js';
import { argumentsOf, armSettings } from './arm-options.js';
import { type Experiment, seedsOf } from './experiment.js';

/** Where the runs of {@link fullCommands} go. */
const RUNS = 'runs/full';

/** The experiment as `--full` runs it. @throws UsageError for one that has no full schedule. */
export function atFull(experiment: Experiment): Experiment {
  const { full, ...rest } = experiment;
  if (!full) {
    throw new UsageError(
      `${rest.name} has no full schedule: "full" is not in its experiment.json; leave out --full`,
    );
  }
  return {
    ...rest,
    atFull: true,
    title: `${rest.title}, the full schedule`,
    method: full.what,
    settings: { ...rest.settings, ...full.settings },
    // They are about the short schedule.
    notes: [],
  };
}

/** Those of the experiments that have a full schedule, under it; `named` are all asked for by name, and have to have one. */
export function allAtFull(experiments: readonly Experiment[], named: boolean): Experiment[] {
  return experiments.filter(({ full }) => named || full).map(atFull);
}

/**
 * `octograd reproduce NAME`, with `--full` and `--experiments` where that is what it takes. The folder is named as it is called from the
 * one that holds it, as `experiments` is: a document does not depend on where it was written from.
 */
export function commandOf({
  name,
  atFull: full,
  home,
}: Pick<Experiment, 'name' | 'atFull' | 'home'>): string {
  const quoted = home !== undefined && /[^\w./-]/.test(home) ? `"${home.replace(/["$`\\]/g, '\\$&')}"` : home;
  return `octograd reproduce ${name}${full ? ' --full' : ''}${quoted === undefined ? '' : ` --experiments ${quoted}`}`;
}

/** What stands between the two. */
export const fullText =
  'The first does every arm under its seeds (`--arms` and `--seeds` choose), restartable, into `runs/reproduce-full`, from where the ' +
  'second makes a page. Run by run, for several machines: `--adopt` takes the finished runs into the same results.';

/** The full schedule by one command, and run by run for machines that share the work. */
export interface FullCommands {
  readonly whole: readonly string[];
  /** A loop of a shell over seeds, with a line for each arm of a built-in recipe; then what takes the runs into the results. */
  readonly single: readonly string[];
}

/** Nothing where there is no full schedule. */
export function fullCommands(experiment: Experiment): FullCommands | undefined {
  if (!experiment.full) return undefined;
  const full = atFull(experiment);
  const own = full.arms.filter(({ recipe }) => typeof recipe === 'string');
  const seeds = [...new Set(own.flatMap((arm) => seedsOf(full, arm)))].sort((a, b) => a - b);
  const trainings = own.map((arm) => {
    const args = argumentsOf(armSettings(full, arm)).join(' ');
    return `  octograd train --recipe ${arm.recipe} ${args} --data DIR --seed $seed --out ${RUNS}/${arm.name}-seed$seed`;
  });
  return {
    whole: [`${commandOf(full)} --data ${full.dataset}=DIR --resume`, `${commandOf(full)} --report`],
    single: [
      ...[`for seed in ${seeds.join(' ')}; do`, ...trainings, 'done'],
      `${commandOf(full)} --adopt ${RUNS}`,
    ],
  };
}
