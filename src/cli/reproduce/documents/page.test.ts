/** The page of all experiments: it has what the READMEs have, and takes no side. */
import { expect, it } from 'vitest';
import { parseExperiment } from '../experiment/experiment.js';
import type { OtherClaims } from '../findings/claims.js';
import type { RunResult } from '../results/run-result.js';
import { experimentsPage } from './page.js';

const json = {
  ...{ formatVersion: 1, title: 'Title <1>', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
  ...{ seeds: 3, baseline: 'fp32', smoke: {}, notes: ['A limit.'] },
  arms: [
    { name: 'fp32', recipe: 'fp32' },
    { name: 'int8', recipe: 'int8', note: 'a note & more' },
    { name: 'paper', recipe: 'paper' },
  ],
  claims: [
    { claim: 'It learns', source: 'a paper', arm: 'int8', expects: 'no loss', about: 'parity' },
    { claim: 'It fails', source: 'a reviewer', arm: 'int8', expects: 'loss' },
    { claim: 'It was tried', source: 'nobody', arm: 'paper', expects: 'no loss' },
  ],
  full: { what: 'Longer.', settings: { epochs: 90 } },
};
const experiment = parseExperiment(json, 'test', 'file');
const runs = ['fp32', 'int8'].flatMap((arm) =>
  [0, 1, 2].map(
    (seed): RunResult => ({
      ...{ arm, seed, testAccuracy: 0.9 + seed / 100, recipe: arm, status: 'finished', settingsHash: '' },
      ...{ epochs: 1, steps: 1, testLoss: 1, trainLoss: 1, seconds: 5, threads: 2, octograd: '9.8.7' },
      ...{ node: 'v77', platform: 'linux-x64', cpu: 'a <processor>', startedAt: `2026-01-0${seed + 1}` },
    }),
  ),
);
const results = {
  ...{ formatVersion: 1 as const, experiment: 'test', smoke: false, schedule: '1 epoch', runs },
};
const others: OtherClaims = {
  formatVersion: 1,
  elsewhere: [],
  untested: [
    { claim: 'It is large', source: 'a paper', why: 'no room', command: 'octograd train --model large' },
  ],
};
const page = experimentsPage(
  [{ experiment, results }, { experiment: { ...experiment, name: 'other' } }],
  others,
);
/** Rows of cells as a table has them, without names of columns and classes. */
const bare = (html: string): string => html.replace(/ (data-name|class)="[^"]*"/g, '');
const section = (name: string): string => page.split(`<section id="${name}">`)[1].split('</section>')[0];

it('says of each experiment when, where and with what it was run', () => {
  expect(section('test')).toContain(
    '6 runs from 2026-01-01 to 2026-01-03. octograd 9.8.7, Node v77, linux-x64, a &#60;processor&#62;, 2 threads.',
  );
  expect(page).toContain('<p>2 experiments, 1 of them with results. Differences');
  expect(experimentsPage([{ experiment }], others)).toContain('<p>1 experiment, 0 of them with results. ');
});

it('has the remarks on arms, and the full schedule with its commands', () => {
  expect(section('test')).toContain('<li><code>int8</code>: a note &#38; more</li>');
  expect(section('test')).toContain('<li>A limit.</li>');
  const [, full] = section('test').split('<h3>The full schedule</h3>');
  expect(full).toContain('octograd reproduce test --full --data mnist=DIR --resume');
  expect(full).toMatch(/octograd train --recipe paper [^\n]*--epochs 90 /);
});

it('has the verdicts of its claims, marked by whether they are settled and not by whom they please', () => {
  const [, verdicts] = section('test').split('<h3>Verdict</h3>');
  const cellOf = (claim: string): string =>
    new RegExp(`>${claim}</td>.*<td class="([^"]*)" data-name="verdict"[^>]*>([^<]*)`)
      .exec(verdicts)
      ?.slice(1)
      .join(': ') ?? '';
  expect(cellOf('It learns')).toBe('settled: holds');
  expect(cellOf('It fails')).toBe('settled: does not hold (no loss)');
  expect(cellOf('It was tried')).toBe('open: not run yet: ');
});

it('begins with the short answers, their marks made into elements', () => {
  const [, answers] = page.split('<h2>In short</h2>');
  expect(answers).toContain(
    '<li>It learns: <b>no loss</b> in 1 of 2 (test); <b>not run</b> in 1 (other).</li>',
  );
  expect(bare(answers.split('</section>')[0])).toContain(
    '<td><a href="#test">test</a></td><td><code>mlp</code></td><td>mnist</td><td>1 epoch</td><td>3</td><td>91.00&nbsp;%</td>',
  );
});

it('gives the reason why nothing was measured the room of both columns, and its command in words', () => {
  expect(page).toContain(
    '<td class="open" data-name="verdict" colspan="2">could not be tested here: no room; <code><span>octograd</span> <span>train</span> <span>--model</span> <span>large</span></code></td></tr>',
  );
  // A row of three cells under four heads.
  const [row] = /<tr><td[^>]*>It is large.*?<\/tr>/.exec(page) ?? [''];
  expect(row.match(/<td/g)).toHaveLength(3);
});

it('says in each cell of a table of texts its column, which narrow screens show', () => {
  const tables = [...page.matchAll(/<table class="blocks (\w+)">(.*?)<\/table>/gs)];
  expect(new Set(tables.map(([, name]) => name))).toEqual(new Set(['overview', 'trained', 'claims', 'arms']));
  for (const [, , html] of tables) expect(html).not.toMatch(/<td(?![^>]* data-name="[^"]+")/);
  // A name without the marks of its head.
  expect(page).toContain('data-name="int8 less float32"');
  expect(page).toContain('<th><code>int8</code> less float32</th>');
});

it('marks cells without a value, and keeps figures in one line', () => {
  expect(section('test')).toContain(
    '<td class="none" data-name="difference in points [95 % interval]">-</td><td class="open" data-name="verdict"></td>',
  );
  expect(section('test')).toContain('<span class="figures">0.00 [0.00, 0.00]</span> points, n&nbsp;=&nbsp;3');
});

it('lets no name out of its element, though folders are not called so', () => {
  const name = 'a"><img src=x>';
  const html = experimentsPage([{ experiment: { ...experiment, name } }], others);
  expect(html).not.toContain('<img');
  expect(html).toContain('Not run yet: octograd reproduce a&#34;&#62;&#60;img src=x&#62;');
});

it('names the command of what was not run, and its claims', () => {
  expect(section('other')).toContain('Not run yet: octograd reproduce other');
  expect(section('other')).toContain('<h3>Verdict</h3>');
});

it('has names that are each there once, and links to them', () => {
  const ids = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual(['test', 'other']);
  for (const id of ids) expect(page).toContain(`<a href="#${id}">Title &#60;1&#62;</a>`);
});
