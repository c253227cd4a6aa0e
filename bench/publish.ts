/** Results of a run to the terminal and into files. */
import { writeFileSync } from 'node:fs';
import { circumstances, circumstancesText } from './machine.js';
import { writeSection } from './markdown.js';
import type { BenchOptions } from './options.js';
import { type Table, tableMarkdown, tableText } from './tables.js';

const smokeNotice = 'a trial with --smoke: these figures mean nothing';

/** Prints the tables and writes the files that were asked for. */
export function publish(
  options: BenchOptions,
  result: {
    readonly tables: readonly Table[];
    readonly notices: readonly string[];
    readonly versions: readonly string[];
    readonly data: object;
  },
): void {
  const at = circumstances();
  const { tables, versions } = result;
  const { section } = options;
  const notices = options.smoke ? [smokeNotice, ...result.notices] : result.notices;
  const head = circumstancesText(at, versions);
  const texts = [head, ...tables.map(tableText), ...(notices.length > 0 ? [notices.join('\n')] : [])];
  process.stdout.write(`${texts.join('\n\n')}\n`);
  if (options.json !== undefined) {
    const { works: _, asked: command, ...asked } = options;
    const data = {
      formatVersion: 1,
      ...at,
      command,
      options: { ...asked, works: options.works.map(({ id }) => id) },
      notices,
      ...result.data,
    };
    writeFileSync(options.json, `${JSON.stringify(data, undefined, 2)}\n`);
  }
  if (options.markdown !== undefined) {
    const list = notices.map((notice) => `- ${notice}`).join('\n');
    const command = `\`npm run bench${options.asked === '' ? '' : ` -- ${options.asked}`}\``;
    writeSection(options.markdown, section, [head, command, ...tables.map(tableMarkdown), list].join('\n\n'));
  }
}
