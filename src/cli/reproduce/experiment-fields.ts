/** Fields that the schema of an experiment is put together from: names and counts, and what is asked for beside figures. */
import * as v from 'valibot';

/** A text that says something. */
export const text = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'));
export const whole = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be at least 0'),
);
export const count = v.pipe(whole, v.minValue(1, 'must be at least 1'));
/** A name that is a folder's, too. */
export const armName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be of lower-case letters, digits, "." and "-"'),
);

/** What arms are compared by. */
export const metric = v.strictObject({
  /** `accuracy` is compared in points (per cent of the test set), `loss` in nats. */
  name: v.picklist(['accuracy', 'loss'], 'must be "accuracy" or "loss"'),
  /** What counts as no loss: in points, or in nats. */
  margin: v.pipe(v.number(), v.gtValue(0, 'must be above 0')),
  /** Why the margin is that. */
  reason: v.optional(text),
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
  about: v.optional(v.picklist(['parity', 'part'], 'must be "parity" or "part"')),
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
