/**
 * The shape of a recipe in JSON: which fields there are, what each may hold, and what stands in for one left out. Says
 * what is wrong with a value in words; knows nothing of values that only contradict each other (recipe-rules.ts).
 */
import * as v from 'valibot';
import { didYouMean, shown } from '../core/text.js';
import { type FormatName, formats } from './format.js';
import type { OperandSpec } from './recipe.js';

type QuantisedFormat = Exclude<FormatName, 'float32'>;

/** Formats that an operand may be quantised to. */
export const quantisedFormats = Object.keys(formats).filter(
  (name) => name !== 'float32',
) as QuantisedFormat[];

const minifloatNames = quantisedFormats.filter((name) => formats[name].minifloat);

/** `"a", "b" or "c"`. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  if (quoted.length < 2) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}`;
}

function choice<const T extends readonly string[]>(allowed: T) {
  return v.picklist(allowed, ({ input }) => {
    const hint = typeof input === 'string' ? didYouMean(input, allowed) : '';
    return `must be ${listed(allowed)}, not ${shown(input)}.${hint}`;
  });
}

function number(fits: (value: number) => boolean, allowed: string) {
  return v.custom<number>(
    (value) => typeof value === 'number' && Number.isFinite(value) && fits(value),
    ({ input }) => `must be ${allowed}, not ${shown(input)}`,
  );
}

function text(fits: (value: string) => boolean, allowed: string) {
  return v.custom<string>(
    (value) => typeof value === 'string' && fits(value),
    ({ input }) => `must be ${allowed}, not ${shown(input)}`,
  );
}

/** An object with these fields and no others. */
function object<const E extends v.ObjectEntries>(entries: E) {
  return v.strictObject(entries, (issue) => {
    if (!issue.path) return `must be an object, not ${shown(issue.input)}`;
    const known = Object.keys(entries);
    if (issue.expected !== 'never') return 'is missing';
    return `is not a field of a recipe here; fields are ${known.join(', ')}.${didYouMean(String(issue.input), known)}`;
  });
}

const wholeFromOne = (value: number) => Number.isInteger(value) && value >= 1;
const positive = (value: number) => value > 0;
const upToOne = (value: number) => value > 0 && value <= 1;

const operandSpec = v.pipe(
  object({
    // No "did you mean": between "uint9" and "uint2" the nearest spelling says nothing.
    format: v.picklist(
      quantisedFormats,
      ({ input }) =>
        `must be "int2" to "int8", "uint2" to "uint8", "int16", ${listed(minifloatNames)}, not ${shown(input)}`,
    ),
    scheme: v.optional(choice(['symmetric', 'affine', 'affine-float-zero'])),
    granularity: v.optional(choice(['tensor', 'channel', 'sample']), 'tensor'),
    range: v.optional(choice(['minmax', 'mean', 'running', 'previous']), 'minmax'),
    chunks: v.optional(
      v.custom<number | 'sample'>(
        (value) => value === 'sample' || (typeof value === 'number' && wholeFromOne(value)),
        ({ input }) => `must be a whole number of at least 1, or "sample", not ${shown(input)}`,
      ),
      'sample',
    ),
    rounding: v.optional(choice(['nearest', 'stochastic']), 'nearest'),
    clip: v.optional(
      v.custom<number | 'cosine'>(
        (value) => value === 'cosine' || (typeof value === 'number' && upToOne(value)),
        ({ input }) => `must be a number above 0 and at most 1, or "cosine", not ${shown(input)}`,
      ),
      1,
    ),
  }),
  v.transform(
    (spec): OperandSpec => ({
      format: spec.format,
      scheme: spec.scheme ?? (formats[spec.format].signed ? 'symmetric' : 'affine'),
      granularity: spec.granularity,
      range: spec.range,
      chunks: spec.chunks,
      rounding: spec.rounding,
      clip: spec.clip,
    }),
  ),
);

function operand<const W extends string>(...words: W[]) {
  const word = v.picklist(words, ({ input }) => {
    const names = [...words, ...quantisedFormats];
    const near = quantisedFormats.includes(input as QuantisedFormat);
    const remedy = near
      ? ` Write { "format": "${input}" }.`
      : didYouMean(typeof input === 'string' ? input : '', names);
    return `must be ${listed(words)}, or an object with a format, not ${shown(input)}.${remedy}`;
  });
  // One schema or the other, so that the message is about what was meant.
  return v.lazy((input) => (typeof input === 'object' && input !== null ? operandSpec : word));
}

const plain = operand('float32');
const shared = operand('forward', 'float32');

const products = object({
  forward: object({ left: plain, right: plain }),
  gradLeft: object({ gradOutput: plain, right: v.optional(shared, 'forward') }),
  gradRight: object({ gradOutput: plain, left: v.optional(shared, 'forward') }),
});

const normFields = {
  kind: choice(['batch', 'range']),
  chunks: number(wholeFromOne, 'a whole number of at least 1'),
  constant: choice(['d2', 'paper', 'published-code']),
  input: plain,
  coefficientBits: number(
    (bits) => Number.isInteger(bits) && (bits === 0 || (bits >= 2 && bits <= 8)),
    '0 (float32) or a whole number from 2 to 8',
  ),
  gradOutput: plain,
  eps: number(positive, 'a number above 0'),
  momentum: number(upToOne, 'a number above 0 and at most 1'),
};

const norm = object({
  kind: v.optional(normFields.kind, 'batch'),
  chunks: v.optional(normFields.chunks, 16),
  constant: v.optional(normFields.constant, 'd2'),
  input: v.optional(normFields.input, 'float32'),
  coefficientBits: v.optional(normFields.coefficientBits, 0),
  gradOutput: v.optional(normFields.gradOutput, 'float32'),
  eps: v.optional(normFields.eps, 1e-5),
  momentum: v.optional(normFields.momentum, 0.1),
});

const override = object({
  modules: text(
    (pattern) => pattern.trim() !== '',
    'a pattern of module paths such as "conv1" or "layer1.**"',
  ),
  kind: v.optional(choice(['depthwise'])),
  products: v.optional(
    object({
      forward: v.optional(object({ left: v.optional(plain), right: v.optional(plain) })),
      gradLeft: v.optional(object({ gradOutput: v.optional(plain), right: v.optional(shared) })),
      gradRight: v.optional(object({ gradOutput: v.optional(plain), left: v.optional(shared) })),
    }),
  ),
  norm: v.optional(
    object({
      kind: v.optional(normFields.kind),
      chunks: v.optional(normFields.chunks),
      constant: v.optional(normFields.constant),
      input: v.optional(normFields.input),
      coefficientBits: v.optional(normFields.coefficientBits),
      gradOutput: v.optional(normFields.gradOutput),
      eps: v.optional(normFields.eps),
      momentum: v.optional(normFields.momentum),
    }),
  ),
});

/** A recipe with every default filled in. */
export const recipeSchema = object({
  formatVersion: v.optional(
    v.literal(1, ({ input }) => `must be 1, the version that this octograd reads, not ${shown(input)}`),
    1,
  ),
  name: v.optional(
    text((name) => name.trim() !== '', 'a name'),
    'custom',
  ),
  description: v.optional(
    text(() => true, 'a text'),
    '',
  ),
  products,
  norm: v.optional(norm, {}),
  masterWeights: v.optional(choice(['float32', 'quantized', 'quantized-stochastic']), 'float32'),
  rangeMomentum: v.optional(number(upToOne, 'a number above 0 and at most 1'), 0.1),
  overrides: v.optional(
    v.array(override, ({ input }) => `must be a list, not ${shown(input)}`),
    [],
  ),
});
