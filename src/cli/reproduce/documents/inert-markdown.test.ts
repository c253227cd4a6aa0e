/** What texts of an experiment may not do in its documents, and what stays. */
import { expect, it } from 'vitest';
import { parseExperiment } from '../experiment/experiment.js';
import { smallExperiment } from '../small.case.js';
import { readmeText, resultsMarkdown } from './documents.js';
import { inertMarkdown } from './inert-markdown.js';

it.each([
  'p < 0.05, n <3, a <- b',
  '`<dir>` and ``a ` <b>``',
  '[docs/theory.md](docs/theory.md), [there](https://arxiv.org/abs/1805.11046?a=1&b=c:d), <https://example.org/x>',
  '![The figures](plot.svg)',
  '| a \\| b | `octograd reproduce --data <dir>` | 3 † |',
])('leaves %s', (text) => {
  expect(inertMarkdown(text)).toBe(text);
});

it.each([
  ['<script>x</script>', '&lt;script>x&lt;/script>'],
  ['<img src=x onerror=y>', '&lt;img src=x onerror=y>'],
  ['a <!-- b', 'a &lt;!-- b'],
  ['[y](javascript:x)', '[y]&#40;javascript:x)'],
  ['[y]( javascript:x)', '[y]&#40; javascript:x)'],
  ['[y](java&#115;cript:x)', '[y]&#40;java&#115;cript:x)'],
  ['[y](<javascript:x>)', '[y]&#40;&lt;javascript:x>)'],
  ['- [y]: javascript:x', '- [y]&#58; javascript:x'],
  ['[y\\]\nz]: javascript:x', '[y\\]\nz]&#58; javascript:x'],
  // A backtick alone, one that is plain, and one in another cell or item make no code.
  ['` <b>', '` &lt;b>'],
  ['\\` <b> `', '\\` &lt;b> `'],
  ['`` <b> `x`', '`` &lt;b> `x`'],
  ['| ` | <b> ` |', '| ` | &lt;b> ` |'],
  ['`a\n- <b>`', '`a\n- &lt;b>`'],
  ['```', '&#96;&#96;&#96;'],
  ['~~~ x', '&#126;&#126;&#126; x'],
])('takes the meaning from %s', (text, inert) => {
  expect(inertMarkdown(text)).toBe(inert);
});

it('holds for whole documents, whose own marks stay', () => {
  const odd = '<!-- <script>x</script>';
  const claim = { claim: odd, source: odd, arm: 'int8', expects: 'no loss' };
  const made = { ...smallExperiment, title: odd, question: odd, method: odd, notes: [odd], claims: [claim] };
  const experiment = parseExperiment(made, 'a', 'file');
  const others = {
    formatVersion: 1,
    elsewhere: [],
    untested: [{ claim: odd, source: odd, why: odd }],
  } as const;
  const texts = [
    readmeText({ experiment }),
    resultsMarkdown([{ experiment }], { ...others, elsewhere: [], untested: [...others.untested] }),
  ];
  for (const text of texts) {
    expect(text).toContain('&lt;!-- &lt;script>x&lt;/script>');
    expect(text.match(/<[a-z/!][^\n]*/g)).toHaveLength(1);
    expect(text).toMatch(/^<!-- Written by `octograd reproduce --docs`.* -->$/m);
  }
});
