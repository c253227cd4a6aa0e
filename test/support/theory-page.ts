/** docs/theory.md as its tests read it: sections, and tables by the marks around them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/theory-page.mjs', import.meta.url));
type Rows = readonly (readonly (string | null)[])[];
export const { cellsOf, differences, tableIn } = (await import(script)) as {
  cellsOf: (text: string) => string[][];
  differences: (page: string, name: string, rows: Rows) => string[];
  tableIn: (page: string, name: string) => { readonly text: string };
};

export const theoryPage = readFileSync(
  fileURLToPath(new URL('../../docs/theory.md', import.meta.url)),
  'utf8',
);

/** Rows as records by the header's names. */
export function rowsOf(table: string): Record<string, string>[] {
  const [header, ...rows] = cellsOf(tableIn(theoryPage, table).text);
  if (new Set(header).size !== header.length) throw new Error(`two columns of ${table} have one name`);
  return rows.map((row) => Object.fromEntries(row.map((one, i) => [header[i], one])));
}

/** The cell of the one row that has what `where` says. */
export function cell(table: string, where: Record<string, string | number>, column: string): string {
  const rows = rowsOf(table).filter((row) =>
    Object.entries(where).every(([name, value]) => row[name] === String(value)),
  );
  if (rows.length !== 1 || rows[0][column] === undefined) {
    throw new Error(`${rows.length} rows of ${table} have ${JSON.stringify(where)}, or none has "${column}"`);
  }
  return rows[0][column];
}

/** A column's cells. */
export function column(
  table: string,
  name: string,
  which: (row: Record<string, string>) => boolean = () => true,
): string[] {
  return rowsOf(table)
    .filter(which)
    .map((row) => row[name]);
}

/** The first number of a cell: the mean of `mean ± half`. */
export const number = (text: string): number => Number(/[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?/.exec(text)?.[0]);
export const least = (cells: readonly string[]): number => Math.min(...cells.map(number));
export const most = (cells: readonly string[]): number => Math.max(...cells.map(number));

function textUnder(heading: string): string {
  const [, text] = new RegExp(`\n## ${heading}([\\s\\S]*?)(?=\n## |$)`).exec(theoryPage) ?? [];
  if (text === undefined) throw new Error(`docs/theory.md has no section ${heading}`);
  return text;
}

/** The text of a section by its number. */
export const section = (which: string): string => textUnder(`${which}\\. `);

/** The summary. */
export const summary = textUnder('In short\n');

/** How much was drawn, and the notation. */
export const preface = `${theoryPage.split('\n## ')[0]}\n${textUnder('Notation\n')}`;

/** The programs of the page, in their order. */
export const programs: readonly string[] = [...theoryPage.matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code]) => code,
);
