/**
 * What a `results.json` may hold, checked run by run: the file may have been edited by hand, and tables and plots take its numbers as
 * they are. JSON in, results out; reads no files.
 */
import * as v from 'valibot';
import { type FamilyName, fittedDistribution } from '../../../theory/index.js';
import { familyNames, kinds as tensorKindNames } from '../../distribution-tables.js';
import { largestSeed } from '../experiment/experiment-fields.js';
import type { RunResult } from './run-result.js';

/** Some 30 years: their sum over all runs is a time yet. */
const mostSeconds = 1e9;
const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const atLeast = (low: number) => v.pipe(finite, v.minValue(low, `must be at least ${low}`));
const within = (low: number, high: number) => v.pipe(atLeast(low), v.maxValue(high, `must be up to ${high}`));
const wholeFrom = (low: number) => v.pipe(atLeast(low), v.integer('must be a whole number'));
const word = v.pipe(v.string('must be a text'), v.minLength(1, 'must not be empty'));

/** Whether these are the parameters of a distribution of the family, so that it can be drawn. */
function isDistribution(family: FamilyName, parameters: Readonly<Record<string, number>>): boolean {
  try {
    fittedDistribution(family, parameters);
    return true;
  } catch {
    return false;
  }
}
const fitOf = (family: FamilyName) =>
  v.looseObject({
    parameters: v.pipe(
      v.record(v.string(), finite),
      v.check((parameters) => isDistribution(family, parameters), `are those of no ${family} distribution`),
    ),
    ks: atLeast(0),
    andersonDarling: finite,
  });
/** What plots and tables read of a tensor. */
const tensor = v.looseObject({
  layer: word,
  kind: v.picklist(tensorKindNames, `must be one of ${tensorKindNames.join(', ')}`),
  count: wholeFrom(1),
  zeroShare: within(0, 1),
  rms: finite,
  crest: finite,
  excessKurtosis: finite,
  belowHalfStep: within(0, 1),
  fits: v.looseObject(Object.fromEntries(familyNames.map((name) => [name, fitOf(name)]))),
  cosine: v.looseObject({ measured: within(-1, 1), gaussian: within(-1, 1) }),
  histogram: v.pipe(v.array(atLeast(0)), v.minLength(1, 'must not be empty')),
  magnitudes: v.optional(
    v.looseObject({ below: atLeast(0), counts: v.array(atLeast(0)), above: atLeast(0) }),
  ),
});
const snapshot = v.looseObject({ step: wholeFrom(0), tensors: v.array(tensor) });

const run = v.looseObject({
  arm: word,
  recipe: word,
  seed: v.pipe(wholeFrom(0), v.maxValue(largestSeed, `must be up to ${largestSeed}`)),
  status: v.picklist(['finished', 'diverged'], 'must be "finished" or "diverged"'),
  settingsHash: word,
  epochs: atLeast(0),
  steps: wholeFrom(0),
  testAccuracy: v.nullable(within(0, 1)),
  testLoss: v.nullable(finite),
  trainLoss: v.nullable(finite),
  seconds: v.nullable(within(0, mostSeconds)),
  threads: v.nullable(wholeFrom(1)),
  octograd: word,
  node: word,
  platform: word,
  cpu: v.nullable(v.string('must be a text')),
  cores: v.optional(wholeFrom(1)),
  backend: v.optional(word),
  commit: v.optional(word),
  dataFingerprint: v.optional(word),
  startedAt: word,
  verified: v.optional(
    v.looseObject({
      same: v.boolean('must be true or false'),
      octograd: word,
      node: word,
      platform: word,
      cpu: v.nullable(v.string('must be a text')),
      commit: v.optional(word),
      backend: v.optional(word),
      startedAt: word,
    }),
  ),
  message: v.optional(v.string('must be a text')),
  cosines: v.optional(
    v.record(v.string(), v.record(v.string(), v.strictTuple([within(-1, 1), wholeFrom(1)]))),
  ),
  distributions: v.optional(v.array(snapshot)),
});

const head = v.looseObject({
  formatVersion: v.literal(1, 'must be 1'),
  experiment: word,
  smoke: v.boolean('must be true or false'),
  schedule: word,
  runs: v.array(v.unknown(), 'must be a list'),
});

/** What is wrong with a field: `field "runs.3.seed" must be ...`, without what valibot says of types in general. */
const fieldText = ([issue]: readonly [v.BaseIssue<unknown>, ...unknown[]]): string => {
  const path = v.getDotPath(issue);
  const said =
    issue.message.startsWith('Invalid') && issue.received === 'undefined' ? 'is missing' : issue.message;
  return path === null ? said : `field "${path}" ${said}`;
};

/** What no field alone shows: a run has figures if, and only if, it came to its end. */
function contradiction({ status, testAccuracy, testLoss }: RunResult): string | undefined {
  if (status === 'finished' && testAccuracy === null)
    return 'field "testAccuracy" must be a number where "status" is "finished"';
  for (const [name, value] of Object.entries({ testAccuracy, testLoss })) {
    if (status === 'diverged' && value !== null)
      return `field "${name}" must be null where "status" is "diverged": such a run has no test figures`;
  }
  return undefined;
}

/** What is wrong with a run; undefined for one that may stand in results.json. */
export function runProblem(json: unknown): string | undefined {
  const parsed = v.safeParse(run, json);
  return parsed.success ? contradiction(parsed.output as unknown as RunResult) : fieldText(parsed.issues);
}

/** `run 3 (int8, seed 0)`, counted from 1 as lines are. */
function runName(json: unknown, i: number): string {
  const { arm, seed } = (json ?? {}) as Partial<RunResult>;
  return typeof arm === 'string' && typeof seed === 'number'
    ? `run ${i + 1} (${arm}, seed ${seed})`
    : `run ${i + 1}`;
}

/** What is wrong with results, with the remedy; undefined where nothing is. */
export function resultsProblem(json: unknown): string | undefined {
  const parsed = v.safeParse(head, json);
  if (!parsed.success)
    return `is no results.json of octograd reproduce: ${fieldText(parsed.issues)}; move it away`;
  const seen = new Set<string>();
  for (const [i, one] of parsed.output.runs.entries()) {
    const problem = runProblem(one);
    const name = runName(one, i);
    if (problem !== undefined)
      return `${name}: ${problem}; put right what was edited, or take the run out and --resume does it again`;
    const { arm, seed } = one as RunResult;
    if (seen.has(`${arm}/${seed}`))
      return `${name} is there a second time, and would count as two; take one of them out`;
    seen.add(`${arm}/${seed}`);
  }
  return undefined;
}
