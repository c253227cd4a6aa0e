/** BENCHMARKS.md: a page of sections; a run replaces one section and leaves the others. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The first is that of the works, the last that of micro; those between are for works under other circumstances. */
export const sections = [
  ...(['works', 'works-node20', 'works-node26', 'works-pairs', 'works-changes'] as const),
  'micro',
] as const;
export type Section = (typeof sections)[number];

const commandOf = (section: Section): string =>
  `npm run bench -- ${section === 'micro' ? 'micro ' : section === 'works' ? '' : `--section ${section} `}--markdown BENCHMARKS.md`;

const mark = (section: Section, end: boolean): string => `<!-- ${end ? 'end of ' : ''}${section} -->`;

function framed(section: Section, text: string): string {
  return `${mark(section, false)}\n\n${text.trim()}\n\n${mark(section, true)}`;
}

/** The page before anything was measured. */
export function emptyPage(): string {
  const missing = (section: Section): string =>
    framed(section, `Not measured yet. This section is written by \`${commandOf(section)}\`.`);
  return `# Benchmarks

Everything here was measured in one run a section, on the machine that the section names. A figure means something beside the
others of its table; on another machine all are others. How it is measured:

- Each participant is a process of its own. All of a work stand ready at once and take turns of a few seconds, in rounds whose
  order turns about. A step is forward pass, loss, backward pass and SGD with momentum 0.9, in float32 unless a recipe is named,
  on one fixed batch; a participant whose loss does not fall has no figure.
- Times are medians over the rounds of each round's median. Ratios are taken within a round, then their median, with the least and
  the largest. Above 1, the participant that the column names is faster.
- Memory is the highest resident size of the whole process. The time to the first step counts from the start of the process.
- tfjs and jax-js run on one thread in Node. Where a peer needs a smaller batch, images/s are compared.
  \`tfjs-wasm-patched\` is tfjs's wasm backend with the one kernel that it lacks for training convolutions, composed of
  its own operations (bench/peers/tfjs-filter-gradient.mjs). PyTorch is Debian's. tfjs-node is not here: its installation
  downloads a binary.

## Training steps

${missing('works')}

## Training steps on other versions of Node

${missing('works-node20')}

${missing('works-node26')}

## Training steps without 8-bit dot products

\`int8-pairs\` multiplies int16 pairs, as on a processor without VNNI.

${missing('works-pairs')}

## Training steps since two changes

\`int8-norm-gradients-8bit\` is what \`int8\` was until its norms read their gradient in float32. \`fp32-wide\` runs float convolutions two panels
at a time.

${missing('works-changes')}

## Kernels

${missing('micro')}
`;
}

/** Puts text into a page's section; a page without that section gets it at its end. */
export function withSection(page: string, section: Section, text: string): string {
  const from = page.indexOf(mark(section, false));
  const to = page.indexOf(mark(section, true));
  if (from < 0 || to < from) return `${page.trimEnd()}\n\n${framed(section, text)}\n`;
  return page.slice(0, from) + framed(section, text) + page.slice(to + mark(section, true).length);
}

/** Writes a section of the page at that path, which is made if it is not there. */
export function writeSection(path: string, section: Section, text: string): void {
  const page = existsSync(path) ? readFileSync(path, 'utf8') : emptyPage();
  writeFileSync(path, withSection(page, section, text));
}
