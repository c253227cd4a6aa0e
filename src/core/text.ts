/** Small helpers for messages. Knows nothing of what the messages are about. */

/** Levenshtein distance of two short texts, ignoring case. */
export function editDistance(a: string, b: string): number {
  const from = a.toLowerCase();
  const to = b.toLowerCase();
  let previous = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      row.push(Math.min(row[j - 1] + 1, previous[j] + 1, previous[j - 1] + change));
    }
    previous = row;
  }
  return previous[to.length];
}

/** The known name closest to a misspelt one, or undefined when none is close enough to be meant. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  // Long input is never a slip of the keyboard, and the distance is quadratic in its length.
  if (name.length > 100) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing: the end of a message about an unknown name. */
export function didYouMean(name: string, known: readonly string[]): string {
  const closest = closestName(name, known);
  return closest === undefined ? '' : ` Did you mean "${closest}"?`;
}

/** Whether `text` fits a pattern in which * stands for any run of characters. Linear in practice: it never backtracks past the last *. */
function matchSegment(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * Whether a dotted path (`layer1.0.conv1.weight`) fits a pattern. `*` stands for any characters within one segment
 * (`bn*.weight`), a segment `**` for any number of segments, none included (`**.bias`, `layer1.**`).
 */
export function matchPath(pattern: string, path: string): boolean {
  const segments = path.split('.');
  // reached[j]: the pattern's segments so far fit the path's first j.
  let reached = [true, ...segments.map(() => false)];
  for (const part of pattern.split('.')) {
    const next = [part === '**' && reached[0]];
    for (let j = 0; j < segments.length; j++) {
      next.push(part === '**' ? next[j] || reached[j + 1] : reached[j] && matchSegment(part, segments[j]));
    }
    reached = next;
  }
  return reached[segments.length];
}

/** A number of bytes for people, with three significant digits: `0 B`, `980 B`, `12.3 KiB`, `4.56 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A whole number with a comma every three digits: `1,234,567`. The same in every locale. */
export function countText(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A text with a full stop, where it does not end as a sentence does. */
export function sentence(text: string): string {
  return /[.!?:;]["')`]*$/.test(text) ? text : `${text}.`;
}

/**
 * A value of any kind as it stands in a message, in JSON where it has one and cut to 60 characters. Never throws: what is nested too
 * deep, refers to itself or has no JSON is named by its kind.
 */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  if (typeof value === 'function') return `the function ${value.name || '(without a name)'}`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // RangeError of the engine's stack, or TypeError of a cycle.
    return Array.isArray(value) ? 'a list nested too deep to show' : 'an object nested too deep to show';
  }
  if (text === undefined) return typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** JSON of a file's text, in front of which an editor may have put a byte order mark. @throws SyntaxError for what is not JSON. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}
