/**
 * Text as a data set for predicting the next character: samples are windows of `context` characters, and each place's label is the
 * character after it. Knows characters and their numbers, not files.
 */
import { DataError, UsageError } from '../core/errors.js';
import { countText } from '../core/text.js';
import { fromArrays } from './arrays.js';
import type { DataSplit, Dataset } from './dataset.js';

/** Options of {@link textSplit}. */
export interface TextOptions {
  /** Characters of one sample, at least 1. Default 64. */
  readonly context?: number;
  /** Share of the text, from its beginning, that is for training. Default 0.9. */
  readonly trainShare?: number;
  /** Default `text`. */
  readonly name?: string;
}

/** What {@link textSplit} takes when it is not told. */
export const defaultContext = 64;
const defaultTrainShare = 0.9;

/** How many windows each half of a text has; a window's last label is a character further. */
export function windowCounts(
  characters: number,
  context = defaultContext,
  trainShare = defaultTrainShare,
): { readonly train: number; readonly test: number } {
  const cut = Math.floor(characters * trainShare);
  const windows = (length: number): number => Math.floor((length - 1) / context);
  return { train: windows(cut), test: windows(characters - cut) };
}

/** A vocabulary beyond this is no alphabet, and the model's head would be larger than all else. */
const largestVocabulary = 4096;

/** The different characters of a text (Unicode code points), in the order of their numbers. Throws DataError for too many. */
export function vocabularyOf(text: string, name = 'text'): readonly string[] {
  const characters = [...new Set(text)];
  if (characters.length > largestVocabulary) {
    throw new DataError(
      `${name}: holds ${characters.length} different characters, more than ${largestVocabulary}; take a text of one alphabet`,
    );
  }
  return characters.sort((a, b) => (a.codePointAt(0) as number) - (b.codePointAt(0) as number));
}

/** The number in `vocabulary` of each character. Throws DataError for one that is not in it. */
export function encodeText(text: string, vocabulary: readonly string[], name = 'text'): Int32Array {
  const numbers = new Map(vocabulary.map((character, number) => [character, number]));
  const tokens = new Int32Array(text.length);
  let count = 0;
  for (const character of text) {
    const number = numbers.get(character);
    if (number === undefined) {
      throw new DataError(
        `${name}: has the character ${JSON.stringify(character)}, which is not among the ${vocabulary.length} of the vocabulary`,
      );
    }
    tokens[count] = number;
    count += 1;
  }
  return tokens.subarray(0, count);
}

/**
 * Training and test set of a text, without overlap: int32 samples [context], as many labels. The vocabulary is the whole text's. What is left
 * at the end of a half after whole windows is not used by the test, and by training in its shifted windows only
 * ({@link Dataset.windows}).
 * @throws DataError for a text too short for one window a half, UsageError for options out of range.
 */
export function textSplit(text: string, options: TextOptions = {}): DataSplit<Dataset> {
  const { context = defaultContext, trainShare = defaultTrainShare, name = 'text' } = options;
  if (!Number.isInteger(context) || context < 1) {
    throw new UsageError(`context must be a positive integer, got ${context}`);
  }
  if (!(trainShare > 0 && trainShare < 1)) {
    throw new UsageError(`trainShare must be above 0 and below 1, got ${trainShare}`);
  }
  const classes = vocabularyOf(text, name);
  const tokens = encodeText(text, classes, name);
  const cut = Math.floor(tokens.length * trainShare);
  const shorter = Math.min(cut, tokens.length - cut);
  if (shorter < context + 1) {
    throw new DataError(
      `${name}: holds ${countText(tokens.length)} characters, of which the smaller half has ${shorter}; a window needs ${context + 1}: take a longer text or a smaller context`,
    );
  }
  const half = (stream: Int32Array): Dataset => {
    const count = Math.floor((stream.length - 1) / context);
    const data = fromArrays({
      name,
      inputs: stream.slice(0, count * context),
      inputShape: [context],
      labels: stream.slice(1, count * context + 1),
      labelsPerSample: context,
      classes,
    });
    return {
      ...data,
      windows: { stream, starts: Int32Array.from({ length: count }, (_, i) => i * context) },
    };
  };
  return { train: half(tokens.slice(0, cut)), test: half(tokens.slice(cut)) };
}
