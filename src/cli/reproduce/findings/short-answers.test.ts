/** RESULTS.md: the overview and the short answers at its top, and the rows of its table. */
import { describe, expect, it } from 'vitest';
import { resultsMarkdown } from '../documents/documents.js';
import { parseExperiment } from '../experiment/experiment.js';
import { experiment, no, type Points, results } from './claims.case.js';
import { claimTable, type Measured } from './claims.js';

describe('RESULTS.md', () => {
  const named = (name: string, claims: object[], arms?: Readonly<Record<string, Points>>): Measured => {
    const { name: _n, file: _f, ...made } = experiment({ expects: 'no loss' });
    const one = { ...parseExperiment({ ...made, claims }, name, 'x'), name };
    return { experiment: one, ...(arms ? { results: { ...results(arms), experiment: name } } : {}) };
  };
  const parity = { claim: 'It trains', source: 's', arm: 'int8', expects: 'no loss', about: 'parity' };
  const part = {
    ...{ claim: 'Zero is needed', source: 's', arm: 'without', against: 'int8' },
    ...{ expects: 'loss', about: 'part', ablation: '`int8` without a zero' },
  };
  const other = { claim: 'Another', source: 's', arm: 'int8', expects: 'loss' };
  const fine = [0.1, 0, -0.1];
  const bad = [-2, -2.1, -1.9];
  const none = { formatVersion: 1 as const, untested: [], elsewhere: [] };
  const zeros = [0, 0, 0];

  it('has the rows of one claim together, what answers in short first', () => {
    const arms = { fp32: zeros, int8: fine };
    const { rows } = claimTable(
      [named('a', [other, parity], arms), named('b', [parity, other], arms), named('c', [parity])],
      none,
    );
    expect(rows.map(([claim, source, what, verdict]) => [claim, source, what.slice(0, 3), verdict])).toEqual([
      ['It trains', 's', '[a]', 'holds'],
      ['', '', '[b]', 'holds'],
      ['', '', '[c]', 'not run yet: `octograd reproduce c --resume`'],
      ['Another', 's', '[a]', 'does not hold (no loss)'],
      ['', '', '[b]', 'does not hold (no loss)'],
    ]);
  });

  it('says once what each experiment trained and for how long, not in every row', () => {
    const text = resultsMarkdown(
      [named('a', [parity, other], { fp32: zeros, int8: fine }), named('b', [])],
      none,
    );
    const { schedule } = results({});
    // The first table has its first words.
    expect(text.split('## The experiments')[1].split(schedule)).toHaveLength(2);
    expect(text).toContain(`| [a](experiments/a/README.md) | A test | \`mlp\`, mnist | ${schedule} | 6 |`);
    expect(text).toContain('| [b](experiments/b/README.md) | A test | `mlp`, mnist | - | 0 |');
  });

  it.each([
    [
      [fine, fine],
      [fine, bad],
      "**no loss** in 2 of 2 (e0, e1); judged together by Holm's method, 2 of 2 verdicts of no loss remain.",
      'loss in 1 of 2 †; no loss in 1 | 0.00 [0.00, 0.00] (simulated), no loss | -2.00 [-2.43, -1.57] (simulated) †, **loss** |',
    ],
    [
      [fine, bad],
      [[-1, no, 0], bad],
      "**no loss** in 1 of 2 (e0); **loss** in 1 (e1); judged together by Holm's method, 1 of 1 verdicts of no loss and 1 of 1 verdicts of loss remain.",
      'some runs diverged, the others show no loss in 1 of 2; no loss in 1 | -0.50 [-8.12, +7.12]; 1 of 3 diverged (simulated), some runs diverged, the others show no loss | ',
    ],
    [
      [fine, []],
      [[no, no, no], []],
      '**no loss** in 1 of 2 (e0); **not run** in 1 (e1).',
      'loss in 1 of 2; not run in 1 | 3 of 3 diverged (simulated), **loss** | not run |',
    ],
    [
      [[0]],
      [[0]],
      '**not settled** in 1 of 1 (e0).',
      'not settled in 1 of 1 | 0.00 (one seed) (simulated), not settled |',
    ],
    [[[-0.2, -0.21, -0.19]], [[]], '**no loss, but worse** in 1 of 1 (e0).', 'not run in 1 of 1 | not run |'],
    [
      [fine],
      [[-0.1, -0.21, -0.29]],
      '**no loss** in 1 of 1 (e0).',
      'no loss, but worse in 1 of 1 † | -0.20 [-0.22, -0.18] (simulated) †, no loss, but worse |',
    ],
  ] as readonly [Points[], Points[], string, string][])(
    'says what training in 8 bits and without a part costs: of int8 %j and without %j',
    (int8, without, drop, cost) => {
      const measured = int8.map((own, i) =>
        named(`e${i}`, [parity, part, other], { fp32: zeros, int8: own, without: without[i] }),
      );
      const text = resultsMarkdown(measured, none);
      expect(text).toContain(`- It trains: ${drop}`);
      expect(text).toContain(`| \`int8\` without a zero | ${cost}`);
      expect(text.split('## The experiments')[0]).not.toContain('Another');
    },
  );

  it('says which verdicts of no loss are chance when all are judged together', () => {
    // One-sided p of b is 0.02, which stands beside one other, and not where three are judged.
    const wide = [-0.1, 0.1, 0.3, -0.3, 0.4, -0.5, 0.1].map((x) => 1.13 * x - 0.14);
    const text = resultsMarkdown(
      [
        named('a', [parity], { fp32: zeros, int8: fine }),
        named('b', [parity], { fp32: wide.map(() => 0), int8: wide }),
      ],
      none,
    );
    expect(text).toContain(
      "**no loss** in 2 of 2 (a, b); judged together by Holm's method, 2 of 2 verdicts of no loss remain.",
    );
    const third = named('c', [parity], { fp32: zeros, int8: [-1, 1, 0] });
    const more = resultsMarkdown(
      [
        named('b', [parity], { fp32: wide.map(() => 0), int8: wide }),
        named('a', [parity], { fp32: zeros, int8: fine }),
        third,
      ],
      none,
    );
    expect(more).toContain(
      "**no loss** in 2 of 3 (b, a); **not settled** in 1 (c); judged together by Holm's method, 1 of 2 verdicts of no loss (not b: int8 - fp32) remain.",
    );
  });

  it('says which verdicts of loss are chance when all are judged together', () => {
    const small = [-1, -0.1, -1.4, -0.2];
    const text = (...more: Measured[]) =>
      resultsMarkdown([named('b', [parity], { fp32: small.map(() => 0), int8: small }), ...more], none);
    const one = named('a', [parity], { fp32: zeros, int8: bad });
    // One-sided p of 0.049, which is not even a loss alone; with more seeds it is one alone, and not beside another.
    expect(text(one)).toContain('1 of 1 verdicts of loss remain');
    const more = named('c', [parity], { fp32: [...zeros, ...zeros], int8: [-1, -0.1, -1.4, -0.2, -0.1, -1] });
    expect(text(one, more)).toContain('1 of 2 verdicts of loss (not c: int8 - fp32) remain');
  });

  it('says what is better without a part, which is no plain absence of a loss', () => {
    const text = resultsMarkdown(
      [
        named('a', [parity, part], { fp32: zeros, int8: [0.2, 0.21, 0.19], without: [0.4, 0.5, 0.45] }),
        named('b', [parity, part], { fp32: zeros, int8: fine, without: fine }),
      ],
      none,
    );
    expect(text).toContain('- It trains: **no loss, and better** in 1 of 2 (a); **no loss** in 1 (b);');
    expect(text).toContain('| `int8` without a zero | no loss in 1 of 2; no loss, and better in 1 † |');
    expect(text).toContain('  - without a zero: `int8` no loss in 1 of 2; no loss, and better in 1 †');
  });

  it('counts what replaces another thing apart, an experiment with many such arms once', () => {
    const claims = ['int8', 'without'].map((arm) => ({
      ...parity,
      claim: 'It serves',
      arm,
      about: 'replacement',
    }));
    const arms = { fp32: zeros, int8: fine, without: fine };
    const text = resultsMarkdown([named('a', claims, arms), named('b', claims.slice(1), arms)], none);
    expect(text).toContain('- It serves: **no loss** in 3 of 3 (a 2 times, b);');
    expect(text).not.toContain('less float32');
    const [, , row] = claimTable([named('a', [part, ...claims, other, parity], arms)], none).rows;
    expect(row[0]).toBe('Zero is needed');
  });

  it('begins with a row for each experiment that claims training without a loss', () => {
    const paper = { ...parity, claim: 'As printed', arm: 'without' };
    const text = resultsMarkdown(
      [
        named('a', [parity, paper], { fp32: zeros, int8: fine, without: [-0.1] }),
        named('b', [other], { fp32: zeros, int8: bad }),
        named('c', [parity, paper], { fp32: zeros, int8: [no, -79, -79] }),
        named('d', [paper]),
        named('e', [paper], { fp32: zeros, int8: fine }),
      ],
      none,
    );
    const [overview] = text.split('## The experiments');
    expect(overview.split('\n').filter((line) => line.startsWith('| '))).toEqual([
      '| experiment | network | data | trained for | n | float32 | `int8` less float32 | `without` less float32 | `int8` less `without` |',
      '| [a](experiments/a/README.md) | `mlp` | mnist | 1 epoch | 3 | 90.00 % | 0.00 [-0.25, +0.25] points, no loss | -0.10 (one seed) points, not settled, n = 1 (simulated) | +0.20 (one seed) |',
      '| [c](experiments/c/README.md) | `mlp` | mnist | 1 epoch | 3 | 90.00 % | -79.00 [-79.00, -79.00] points, diverged (1 of 3), collapsed (2 of 3) | not run |  |',
      '| [d](experiments/d/README.md) | `mlp` | mnist | - | 0 | - | not run | not run |  |',
      '| [e](experiments/e/README.md) | `mlp` | mnist | 1 epoch | 3 | 90.00 % | 0.00 [-0.25, +0.25] points, not judged here | not run |  |',
    ]);
    expect(text.indexOf('less float32')).toBeLessThan(text.indexOf('It trains'));
    expect(text.replace(/\s+/g, ' ')).toContain('"Not judged here": these runs are of seeds by which');
    const judged = resultsMarkdown([named('a', [parity], { fp32: zeros, int8: fine })], none);
    expect(judged).not.toContain('Not judged here');
  });

  it('says which parts show a loss anywhere, and which nowhere, recipes that lack the same together', () => {
    const also = (ablation: string) => ({ ...part, claim: ablation, against: 'fp32', ablation });
    const text = resultsMarkdown(
      [
        named('a', [part, also('`int8` without a sign'), also('`paper` without a sign'), also('other')], {
          ...{ fp32: [-2, -2.1, -1.9], int8: zeros, without: bad },
        }),
        named('b', [{ ...part, claim: 'An end is needed', ablation: '`int8` without an end' }], {
          ...{ int8: zeros, without: [-0.2, -0.21, -0.19] },
        }),
        named('d', [{ ...part, claim: 'A middle is needed', ablation: '`int8` without a middle' }], {
          ...{ int8: [0, 0, 0], without: [no, 0.1, 0] },
        }),
        named('c', [{ ...part, claim: 'A start is needed', ablation: '`int8` without a start' }]),
      ],
      none,
    );
    expect(text).toContain(
      '- **Costs accuracy, or makes runs diverge, in one experiment or more**:\n  - without a zero: `int8` loss in 1 of 1 †\n  - without a middle: `int8` some runs diverged, the others show no loss in 1 of 1\n',
    );
    expect(text).toContain(
      '- **Costs less than the margin in one or more**:\n  - without an end: `int8` no loss, but worse in 1 of 1 †\n',
    );
    expect(text).toContain(
      '- **Costs nothing that was found**:\n  - without a sign: `int8` no loss in 1 of 1. `paper` no loss in 1 of 1\n  - other: no loss in 1 of 1\n',
    );
    expect(text).toContain('- **Not settled, or not run**:\n  - without a start: `int8` not run in 1 of 1\n');
  });

  it('says how many differences leave out 0, each once, and which remain when all are judged together', () => {
    const text = resultsMarkdown(
      [
        named('a', [parity, other, { ...part, against: 'fp32' }], { fp32: zeros, int8: fine, without: bad }),
        // One that leaves out 0 by itself, not among three: p = 0.04.
        named('b', [parity], { fp32: zeros, int8: [0.12, 0.2, 0.25] }),
        named('c', [parity], { fp32: zeros, int8: [5, 6] }),
      ],
      none,
    ).replace(/\s+/g, ' ');
    expect(text).toContain(
      'Of the 3 differences that claims are about and that three seeds or more have measured, 2 leave out 0;',
    );
    expect(text).toContain("(Holm's method), 1 remains († in the tables): a (without - fp32).");
  });

  it('has the arms of one claim in one row for an experiment, with how many have which verdict', () => {
    const same = ['int8', 'without'].map((arm) => ({
      claim: 'It trains',
      source: 's',
      arm,
      expects: 'no loss',
    }));
    const { rows } = claimTable([named('a', same, { fp32: zeros, int8: fine, without: bad })], none);
    expect(rows).toEqual([
      [
        'It trains',
        's',
        '[a](experiments/a/README.md): int8 - fp32: 0.00 [-0.25, +0.25] points, n = 3; without (simulated) - fp32: -2.00 [-2.25, -1.75] points, n = 3 †',
        'holds in 1 of 2; does not hold (loss) in 1',
      ],
    ]);
  });

  it('says n of a difference of fewer seeds than float32 has', () => {
    const text = resultsMarkdown([named('a', [parity], { fp32: [0, 0, 0, 0], int8: fine })], none);
    expect(text).toContain('| 4 | 90.00 % | 0.00 [-0.25, +0.25] points, no loss, n = 3 |');
  });

  it('says what "no loss" excludes, by the margins, and where there is little to lose', () => {
    const nats = (name: string): Measured => {
      const one = named(name, [parity], { fp32: zeros, int8: fine });
      return { ...one, experiment: { ...one.experiment, metric: { name: 'loss', margin: 0.01 } } };
    };
    const high = [8, 8, 8];
    const text = resultsMarkdown(
      [
        named('a', [parity], { fp32: high, int8: high }),
        named('b', [parity], { fp32: zeros }),
        nats('c'),
        named('d', [other], { fp32: high }),
      ],
      none,
    ).replace(/\s+/g, ' ');
    expect(text).toContain(
      'a loss of half a point of accuracy or more; in c: of 0.01 nats or more; a smaller one it does not exclude',
    );
    expect(text).toContain(
      'near its ceiling, and "no loss" says less, of recipes and of parts, in a (float32 has 98.00 %: the margin is 25 % of its errors).',
    );
    expect(resultsMarkdown([named('b', [parity], { fp32: zeros })], none)).not.toContain('ceiling');
  });

  it('answers nothing where no claim asks for it', () => {
    expect(resultsMarkdown([named('a', [other])], none)).not.toContain('In short');
  });
});
