/** Figures in the list of claims that documents settle are those of the documents. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readClaims } from '../src/cli/reproduce/claims.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { elsewhere } = await readClaims(`${root}experiments`);

it('there are such claims', () => {
  expect(elsewhere.length).toBeGreaterThan(0);
});

it.each(elsewhere.map((one) => [one.claim, one.measured]))('%s', (_claim, measured) => {
  const [, link] = /\]\(([^)]+\.md)\)/.exec(measured) ?? [];
  expect(link, 'a link to the document').toBeDefined();
  const document = new Set(readFileSync(`${root}${link}`, 'utf8').match(/\d+\.\d+/g));
  const figures = measured.replace(/\]\([^)]*\)/, '').match(/\d+\.\d+/g) ?? [];
  expect(figures.filter((figure) => !document.has(figure))).toEqual([]);
});
