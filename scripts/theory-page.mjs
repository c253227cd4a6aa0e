/** The marked tables of docs/theory.md: found, replaced, and held against what was computed. Knows no figures. */

/** The table between its marks in the page's text, with the text before and after it. */
export function tableIn(page, name) {
  const [, before, text, after] =
    new RegExp(`^([\\s\\S]*<!-- table ${name} -->\n)([\\s\\S]*?)(\n<!-- end ${name} -->[\\s\\S]*)$`).exec(
      page,
    ) ?? [];
  if (before === undefined) throw new Error(`docs/theory.md has no marks for the table ${name}`);
  return { before, text, after };
}

/** Rows of cells, the first the header; null is a cell that was not computed. */
export function tableText(rows) {
  const [header, ...rest] = rows;
  return [header, header.map(() => '---'), ...rest]
    .map((cells) => `| ${cells.map((cell) => cell ?? '?').join(' | ')} |`)
    .join('\n');
}

/** Header and rows of a table's text. */
export function cellsOf(text) {
  const [header, , ...rows] = text.split('\n').map((line) => line.slice(2, -2).split(/(?<!\\) \| /));
  return [header, ...rows];
}

/** What the page's table has otherwise than was computed, a line each. Cells that were not computed (null) may be anything. */
export function differences(page, name, rows) {
  const found = cellsOf(tableIn(page, name).text);
  const lines = [];
  const differs = (where, has, computed) =>
    lines.push(`${name}${where}: the page has "${has}", computed is "${computed}"`);
  if (found.length !== rows.length) differs('', `${found.length - 1} rows`, `${rows.length - 1} rows`);
  rows.forEach((cells, i) => {
    const row = found[i];
    if (!row) return;
    if (cells.length !== row.length)
      differs(`, row ${row[0]}`, `${row.length} cells`, `${cells.length} cells`);
    cells.forEach((cell, j) => {
      if (cell !== null && String(cell) !== row[j]) differs(`, ${row[0]}, ${rows[0][j]}`, row[j], cell);
    });
  });
  return lines;
}
