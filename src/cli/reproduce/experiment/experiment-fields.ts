/** Fields that the schema of an experiment is put together from: names, numbers and seeds, and what is asked for beside figures. */
import * as v from 'valibot';

/** A text that says something, on one line: it stands in headings, lists and cells of tables. */
export const text = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'must not be empty'),
  v.regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'must be one line, without control characters'),
);
const whole = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must be at least 0'));
const count = v.pipe(whole, v.minValue(1, 'must be at least 1'));
/** A name that is a folder's, too. */
export const namePattern = /^[a-z0-9][a-z0-9.-]*$/;
export const nameRule = 'must be of lower-case letters, digits, "." and "-"';
/** A run's folder is called after its arm, with the seed behind it: names of files have 255 characters at most. */
export const armName = v.pipe(
  v.string(),
  v.regex(namePattern, nameRule),
  v.maxLength(100, 'must be of up to 100 characters'),
);

/** What a chart can show: further out digits are lost, and in the end the numbers themselves. */
const largest = 1e9;
const drawn = v.pipe(
  v.number(),
  v.finite('must be a finite number'),
  v.minValue(-largest, `must be from -${largest}`),
  v.maxValue(largest, `must be up to ${largest}`),
);
const positive = v.pipe(drawn, v.gtValue(0, 'must be above 0'));
/** Of accuracy in points, of which there are 100; of losses in nats. */
const marginSize = v.pipe(
  positive,
  v.minValue(1e-6, 'must be at least 0.000001'),
  v.maxValue(100, 'must be up to 100'),
);

/** As many seeds as `--seeds` takes. */
export const mostSeeds = 1000;
/** Random numbers are drawn by 32 bits of a seed. */
export const largestSeed = 2 ** 32 - 1;
const seed = v.pipe(whole, v.maxValue(largestSeed, `must be up to ${largestSeed}`));
const upTo = `must be up to ${mostSeeds}`;
const seedList = v.pipe(
  v.array(seed),
  v.minLength(1),
  v.maxLength(mostSeeds, `must be up to ${mostSeeds} seeds`),
  v.check((list) => new Set(list).size === list.length, 'has a seed twice; a run would count as two'),
);
export const seeds = v.union(
  [seedList, v.pipe(count, v.maxValue(mostSeeds, upTo))],
  'must be how many (1, 2, ...), or a list of seeds',
);

/** Options of `octograd train` by their names without dashes; what they may hold, `octograd train` itself checks. */
const settingNames = {
  model: v.optional(text),
  dataset: v.optional(text),
  epochs: v.optional(v.number()),
  maxSteps: v.optional(v.number()),
  context: v.optional(v.number()),
  batch: v.optional(v.number()),
  lr: v.optional(v.number()),
  schedule: v.optional(text),
  warmup: v.optional(v.number()),
  optimizer: v.optional(text),
  momentum: v.optional(v.number()),
  nesterov: v.optional(v.boolean()),
  weightDecay: v.optional(v.number()),
  clipNorm: v.optional(v.number()),
  labelSmoothing: v.optional(v.number()),
  accumulate: v.optional(v.number()),
  dropLast: v.optional(v.boolean()),
  patience: v.optional(v.number()),
  augment: v.optional(text),
  limit: v.optional(v.number()),
  testLimit: v.optional(v.number()),
  probeEvery: v.optional(v.number()),
  distributions: v.optional(text),
};
/** Settings of an experiment, an arm, a trial or the full schedule. */
export const settings = v.strictObject(settingNames);

const bits = v.pipe(
  v.strictObject({
    weights: v.optional(count),
    activations: v.optional(count),
    gradients: v.optional(count),
  }),
  v.check(
    (given) => Object.keys(given).length > 0,
    'must have at least one of "weights", "activations" and "gradients"',
  ),
);
const recipeRule =
  'must be a built-in name, {"base": RECIPE, "bits": {"weights", "activations", "gradients"}}, or a recipe ("extends", "products", ...)';
/** Which fields a recipe of one's own has, `parseRecipe` checks. */
const own = v.record(v.string(), v.unknown(), recipeRule);
const noBase = 'must be a built-in name or a recipe ("extends", "products", ...), and has no base of its own';
const derived = v.strictObject({
  base: v.union(
    [
      text,
      // As it came: an array would be taken for a record.
      v.custom<v.InferOutput<typeof own>>(
        (base) => typeof base === 'object' && base !== null && !Array.isArray(base) && !('base' in base),
      ),
    ],
    noBase,
  ),
  bits,
});
const recipe = v.lazy(
  (input): v.GenericSchema<string | v.InferOutput<typeof derived> | v.InferOutput<typeof own>> => {
    if (typeof input === 'string') return text;
    // A record takes lists as well.
    if (Array.isArray(input)) return v.never(recipeRule);
    return typeof input === 'object' && input !== null && 'base' in input ? derived : own;
  },
);

/** An arm: a recipe, and what it has in place of the settings of all. */
export const arm = v.strictObject({
  name: armName,
  recipe,
  /** What this arm has in place of the experiment's settings. */
  settings: v.optional(settings, {}),
  /** In place of the experiment's seeds, where an arm has fewer. */
  seeds: v.optional(seeds),
  /** The arm that this one is compared with, in place of the experiment's; null for none. */
  baseline: v.optional(v.nullable(armName)),
  /** Place on the x axis of a sweep, and the curve that it belongs to; an arm without a place is a line across. */
  x: v.optional(drawn),
  series: v.optional(text),
  note: v.optional(text),
});

/** What is compared, and the margin. */
export const metric = v.strictObject({
  /** `accuracy` is compared in points (per cent of the test set), `loss` in nats. */
  name: v.picklist(['accuracy', 'loss'], 'must be "accuracy" or "loss"'),
  /** What counts as no loss: in points, or in nats. */
  margin: marginSize,
  /** Why the margin is that. */
  reason: v.optional(text),
});

/** A figure of a source. */
export const expected = v.strictObject({
  arm: armName,
  metric: v.picklist(['accuracy', 'loss', 'difference'], 'must be "accuracy", "loss" or "difference"'),
  /** Accuracy as a share; loss in nats; difference to the baseline in points or nats. */
  value: drawn,
  tolerance: positive,
  source: text,
  /** Held against the measurement only where the source has the schedule of this experiment. */
  sameSchedule: v.boolean('must say whether the source has the schedule of this experiment'),
});

/** A claim about an arm's accuracy or loss. */
export const claim = v.strictObject({
  claim: text,
  source: text,
  arm: armName,
  /** The arm that the claim compares `arm` with, in place of that arm's baseline. */
  against: v.optional(armName),
  /** What bears the claim out; `gain`: the arm is better than the other. */
  expects: v.picklist(['no loss', 'loss', 'crash', 'gain'], 'must be "no loss", "loss", "crash" or "gain"'),
  /** What the claim answers in short: that training loses nothing (`parity`), or that a part of the method is needed (`part`). */
  about: v.optional(
    v.picklist(['parity', 'replacement', 'part'], 'must be "parity", "replacement" or "part"'),
  ),
  /** Of a claim about a `part`: the arm in words, by what it lacks; the short answers begin with it. */
  ablation: v.optional(text),
});

/** What distributions are asked for. */
export const distributions = v.strictObject({
  /** The layers whose histograms are drawn; all are where there is room. */
  layers: v.pipe(v.array(text), v.minLength(1, 'must name a layer')),
  /** What a kind of tensor is said to be nearest to. */
  claims: v.optional(
    v.array(
      v.strictObject({
        claim: text,
        source: text,
        kind: v.picklist(['weights', 'activations', 'gradients', 'weightGradients']),
        nearest: v.picklist(['gaussian', 'laplace', 'log-normal']),
      }),
    ),
    [],
  ),
});

/** What cosines are asked for. */
export const cosines = v.strictObject({
  /** The series of arms whose layers are shown one by one, and drawn over `x`. */
  series: text,
  /** Mean cosine of the gradients that a source has, over all layers. */
  expected: v.optional(
    v.array(v.strictObject({ arm: armName, value: v.pipe(v.number(), v.minValue(-1), v.maxValue(1)) })),
    [],
  ),
  source: v.optional(text),
});
