/**
 * What an experiment is: a file `experiment.json` of nothing but data, checked field by field. Says which runs there are and what is
 * asked of them; knows neither how they are run nor where results go.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError, UsageError } from '../../../core/errors.js';
import { textOf } from '../../../core/read.node.js';
import { didYouMean, parseJson } from '../../../core/text.js';
import { issuesText } from './experiment-errors.js';
import {
  arm,
  armName,
  claim,
  cosines,
  distributions,
  expected,
  largestSeed,
  metric,
  namePattern,
  nameRule,
  seeds,
  settings,
  text,
} from './experiment-fields.js';

const experimentSchema = v.strictObject({
  formatVersion: v.literal(1, 'must be 1'),
  title: text,
  question: text,
  method: text,
  dataset: text,
  /** How the data set is called in tables, where the name says too little. */
  dataLabel: v.optional(text),
  model: text,
  settings: v.optional(settings, {}),
  seeds,
  baseline: v.nullable(armName),
  arms: v.pipe(v.array(arm), v.minLength(1, 'must have an arm')),
  metric: v.optional(metric, { name: 'accuracy', margin: 0.5 }),
  /** What is shown: differences to the baseline, the metric over `x`, or neither plot nor table where the arms are not compared. */
  plot: v.optional(
    v.strictObject({
      kind: v.picklist(['differences', 'sweep', 'none'], 'must be "differences", "sweep" or "none"'),
      xLabel: v.optional(text),
      xLog: v.optional(v.boolean()),
    }),
    { kind: 'differences' },
  ),
  /** Asks for the cosine of each layer's tensors, which the probes of the runs measure. */
  cosines: v.optional(cosines),
  /** Asks for the distributions of all tensors, at the shares of the run that the settings have. */
  distributions: v.optional(distributions),
  expected: v.optional(v.array(expected), []),
  claims: v.optional(v.array(claim), []),
  /** What a trial has in place of the settings of all arms. */
  smoke: v.optional(settings, { maxSteps: 6, limit: 512, testLimit: 128 }),
  /** The schedule of the source, for a faster machine: what it has in place of the experiment's settings. `--full` runs it. */
  full: v.optional(v.strictObject({ what: text, settings })),
  /** Limits of what the experiment can say. */
  notes: v.optional(v.array(text), []),
});

/** Names of the fields that an `experiment.json` may have. */
export const experimentFields: readonly string[] = Object.keys(experimentSchema.entries);

/** Settings of a run by the names of `octograd train`. */
export type ExperimentSettings = v.InferOutput<typeof settings>;
/** One way of training within an experiment. */
export type Arm = v.InferOutput<typeof arm>;
/** A claim about an arm's accuracy or loss beside another's. */
export type Claim = v.InferOutput<typeof claim>;
/** A claim about the shape of a kind of tensor. */
export type ShapeClaim = v.InferOutput<typeof distributions>['claims'][number];
/** `experiment.json` with its defaults filled in. */
export type ExperimentFile = v.InferOutput<typeof experimentSchema>;
/** An experiment and the name of its folder. */
export type Experiment = ExperimentFile & {
  readonly name: string;
  /** Where its `experiment.json` is, for messages. */
  readonly file: string;
  /** It is the experiment under its full schedule; see full.ts. */
  readonly atFull?: true;
  /** What `--experiments` is to name in commands: the folder it lies in, unless that is `experiments`, which they look in unasked. */
  readonly home?: string;
};

function refuse(file: string, field: string, message: string): never {
  throw new DataError(`field "${field}" ${message}`, file);
}

/** Cosines need probes, and what they are drawn by. */
function checkCosines({ cosines, settings, arms }: ExperimentFile, file: string): void {
  if (!cosines) return;
  if (!settings.probeEvery)
    refuse(file, 'cosines', 'needs probes: give "settings" a "probeEvery", the steps between two of them');
  if (!arms.some(({ series, x }) => series === cosines.series && x !== undefined))
    refuse(file, 'cosines.series', `is "${cosines.series}", of which no arm with an "x" is`);
  cosines.expected.forEach(({ arm }, i) => {
    if (!arms.some(({ name }) => name === arm))
      refuse(file, `cosines.expected.${i}.arm`, `names the arm "${arm}", which there is not`);
  });
  if (cosines.expected.length > 0 && cosines.source === undefined)
    refuse(file, 'cosines.source', 'must say where the expected values are from');
}

/** Distributions need the places where they are looked at. */
function checkDistributions({ distributions, settings }: ExperimentFile, file: string): void {
  if (distributions && settings.distributions === undefined)
    refuse(
      file,
      'distributions',
      'needs snapshots: give "settings" a "distributions", shares of the run such as "0,0.5,1"',
    );
  const shares = settings.distributions?.split(',') ?? [];
  if (distributions && distributions.claims.length > 0 && shares.every((share) => Number(share) === 0))
    refuse(
      file,
      'distributions.claims',
      'are about training, and the start is all that "settings" have looked at: give "distributions" a share above 0',
    );
}

/** A claim compares an arm with another one, and is told by what can bear it out. */
function checkClaim(
  experiment: ExperimentFile,
  { arm, against, expects, about, ablation }: Claim,
  refused: (field: string, message: string) => never,
): void {
  if (against === arm) refused('against', `names "${arm}" itself; name the arm that it is compared with`);
  if (against === undefined && baselineOf(experiment, arm) === undefined)
    refused('arm', `names "${arm}", which has no baseline to be compared with; "against" may name an arm`);
  if (expects === 'crash' && experiment.metric.name === 'loss')
    refused('expects', 'is "crash", which is judged in points of accuracy; expect a "loss"');
  const wanted = about && { parity: 'no loss', replacement: 'no loss', part: 'loss' }[about];
  if (wanted !== undefined && expects !== wanted)
    refused('about', `is "${about}", which a claim is that expects "${wanted}"`);
  if ((about === 'part') !== (ablation !== undefined))
    refused(
      'ablation',
      'says what the arm lacks in words, and belongs to claims that are about a "part", all of them',
    );
}

/** A sweep needs places on its axis, and on a logarithmic one places above 0. */
function checkPlot({ plot, arms, claims }: ExperimentFile, file: string): void {
  if (plot.kind === 'sweep' && arms.every(({ x }) => x === undefined))
    refuse(file, 'plot.kind', 'is "sweep", but no arm has an "x", its place on the x axis');
  if (plot.kind === 'none' && claims.length > 0)
    refuse(file, 'plot.kind', 'is "none", but there are "claims" that compare arms');
  arms.forEach(({ x }, i) => {
    if (plot.xLog && x !== undefined && x <= 0)
      refuse(file, `arms.${i}.x`, `is ${x}, which has no place on a logarithmic axis ("xLog")`);
  });
}

/** What a schema cannot see: names that refer to each other. */
function checkNames(experiment: ExperimentFile, file: string): void {
  const names = experiment.arms.map(({ name }) => name);
  const known = (name: string | null | undefined, field: string): void => {
    if (name === null || name === undefined || names.includes(name)) return;
    refuse(
      file,
      field,
      `names the arm "${name}", which there is not: ${names.join(', ')}.${didYouMean(name, names)}`,
    );
  };
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i)
      refuse(file, `arms.${i}.name`, `is "${name}" a second time; give each arm a name of its own`);
  });
  known(experiment.baseline, 'baseline');
  experiment.arms.forEach(({ baseline }, i) => {
    known(baseline, `arms.${i}.baseline`);
  });
  experiment.expected.forEach(({ arm }, i) => {
    known(arm, `expected.${i}.arm`);
  });
  experiment.claims.forEach((claim, i) => {
    known(claim.arm, `claims.${i}.arm`);
    known(claim.against, `claims.${i}.against`);
    checkClaim(experiment, claim, (field, message) => refuse(file, `claims.${i}.${field}`, message));
  });
  checkPlot(experiment, file);
  checkCosines(experiment, file);
  checkDistributions(experiment, file);
  const { settings, smoke, full } = experiment;
  for (const [where, one] of Object.entries({ settings, smoke, 'full.settings': full?.settings ?? {} })) {
    for (const name of ['model', 'dataset'] as const) {
      if (one[name] !== undefined)
        refuse(file, `${where}.${name}`, `belongs to the experiment: "${name}" beside "settings"`);
    }
  }
}

/** The arm that `arm` is compared with; undefined for none and for the baseline itself. */
export function baselineOf(
  { arms, baseline }: Pick<ExperimentFile, 'arms' | 'baseline'>,
  arm: string,
): string | undefined {
  const own = arms.find(({ name }) => name === arm)?.baseline;
  const other = own === undefined ? baseline : own;
  return other === null || other === arm ? undefined : other;
}

/** So many seeds from an arm's first, or these. */
export type WantedSeeds = number | readonly number[];

/** Seeds of an arm; `wanted` of them from the first, counted up past the end of the list, or those. @throws UsageError past the largest seed. */
export function seedsOf({ seeds }: Pick<ExperimentFile, 'seeds'>, arm: Arm, wanted?: WantedSeeds): number[] {
  if (typeof wanted === 'object') return [...wanted];
  const given = arm.seeds ?? seeds;
  const list = typeof given === 'number' ? Array.from({ length: given }, (_, i) => i) : [...given];
  if (wanted === undefined) return list;
  for (let next = Math.max(...list) + 1; list.length < wanted; next++) list.push(next);
  if (list[wanted - 1] > largestSeed)
    throw new UsageError(
      `--seeds ${wanted} counts up past ${largestSeed}, the largest seed there is, in the arm "${arm.name}"; ask for fewer`,
    );
  return list.slice(0, wanted);
}

/**
 * An experiment from parsed JSON. @throws DataError naming the file, and of each field that is wrong what it may hold.
 */
export function parseExperiment(json: unknown, name: string, file: string): Experiment {
  // To the schema a list is an object without fields.
  if (Array.isArray(json)) throw new DataError('must be an object, not a list', file);
  const parsed = v.safeParse(experimentSchema, json);
  if (!parsed.success) {
    throw new DataError(issuesText(experimentSchema, json, parsed.issues), file);
  }
  checkNames(parsed.output, file);
  return { ...parsed.output, name, file };
}

/** Reads `folder/name/experiment.json`. @throws DataError for a folder's name that is none, and for a file that cannot be read, is not JSON, or is wrong. */
export async function loadExperiment(folder: string, name: string): Promise<Experiment> {
  const file = join(folder, name, 'experiment.json');
  // It is written into pages, commands and links.
  if (!namePattern.test(name))
    throw new DataError(
      `the name of an experiment's folder ${nameRule}; rename the folder`,
      join(folder, name),
    );
  const source = await textOf(file, 'file');
  let json: unknown;
  try {
    json = parseJson(source);
  } catch (error) {
    throw new DataError(`is not JSON: ${(error as Error).message}`, file);
  }
  return parseExperiment(json, name, file);
}
