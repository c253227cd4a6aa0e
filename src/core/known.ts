/** Names of settings: a misspelt one is refused, since leaving it out silently would train something else. */
import { UsageError } from './errors.js';
import { didYouMean } from './text.js';

/** Throws UsageError, with the nearest name, for a key of `settings` that is none of `known`. */
export function requireKnown(what: string, settings: object, known: readonly string[]): void {
  for (const key of Object.keys(settings)) {
    if (known.includes(key)) continue;
    throw new UsageError(
      `${what} has no setting "${key}".${didYouMean(key, known)} Known: ${known.join(', ')}.`,
    );
  }
}
