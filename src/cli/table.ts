/** Tables and numbers as text, for terminals and reports. Knows nothing of what they mean. */

/** Rows as lines: columns as wide as their longest cell. `right` are the columns aligned to the right. */
export function tableLines(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

/** A share as a percentage: `98.76 %`; `-` where there is none. */
export function percentText(share: number | undefined | null, digits = 2): string {
  return share === undefined || share === null || Number.isNaN(share)
    ? '-'
    : `${(share * 100).toFixed(digits)} %`;
}

/** Seconds as `0:07`, `2:05` or `1:02:09`. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
