import { describe, expect, it } from 'vitest';
import { type ClaimRow, claimRows, claimTable, type Measured } from './claims.js';
import { readmeText, resultsMarkdown } from './documents.js';
import { parseExperiment } from './experiment.js';
import type { Results } from './results.js';
import type { RunResult } from './run-result.js';
import { armTable } from './tables.js';

const experiment = (claim: object, changes: object = {}) =>
  parseExperiment(
    {
      ...{ formatVersion: 1, title: 'A test', question: 'Does it?', method: 'By trying.' },
      ...{ dataset: 'mnist', model: 'mlp', settings: { epochs: 1 }, seeds: 3, baseline: 'fp32' },
      arms: [
        { name: 'fp32', recipe: 'fp32' },
        { name: 'int8', recipe: 'int8' },
        { name: 'without', recipe: 'int8-no-exact-zero' },
      ],
      claims: [{ claim: 'A claim', source: 'somewhere', arm: 'int8', ...claim }],
      smoke: { maxSteps: 2 },
      ...changes,
    },
    'test',
    'test/experiment.json',
  );

type Points = readonly (number | undefined)[];

/** Runs by arm: points above or below 90 per cent (or a loss of 1 nat) under the seeds 0, 1, ...; undefined: diverged. */
function results(arms: Readonly<Record<string, Points>>): Results {
  const run = (arm: string, points: number | undefined, seed: number): RunResult => ({
    ...{ arm, recipe: arm, seed, settingsHash: 'x', epochs: 1, steps: 9, trainLoss: 1, threads: 1 },
    ...{ octograd: '0', node: 'v20', platform: 'linux', cpu: null, startedAt: '2026-01-01T00:00:00Z' },
    seconds: 1,
    status: points === undefined ? 'diverged' : 'finished',
    testAccuracy: points === undefined ? null : 0.9 + points / 100,
    testLoss: points === undefined ? null : 1 + points,
  });
  const runs = Object.entries(arms).flatMap(([arm, points]) =>
    points.map((one, seed) => run(arm, one, seed)),
  );
  return { formatVersion: 1, experiment: 'test', smoke: false, schedule: '1 epoch', runs };
}

const rowOf = (claim: object, arms: Readonly<Record<string, Points>>, changes: object = {}): ClaimRow =>
  claimRows({ experiment: experiment(claim, changes), results: results(arms) })[0];

const no = undefined;

describe('the verdict on a claim', () => {
  it.each([
    ['no loss', [0.1, 0, -0.1], 'holds'],
    ['no loss', [-2, -2.1, -1.9], 'does not hold (loss)'],
    ['no loss', [-2, 2, 0], 'not settled, n = 3'],
    // By the rule no loss, and below for sure: said wherever the verdict is.
    ['no loss', [-0.2, -0.21, -0.19], 'holds (no loss, but lower)'],
    ['no loss', [no, 0, 0.1], 'does not hold (1 of 3 diverged)'],
    ['no loss', [no, no, no], 'does not hold (3 of 3 diverged)'],
    ['no loss', [no], 'not settled, n = 1 (1 of 1 diverged)'],
    ['loss', [-2, -2.1, -1.9], 'holds'],
    ['loss', [0.1, 0, -0.1], 'does not hold (no loss)'],
    ['loss', [-0.2, -0.21, -0.19], 'does not hold (no loss, but lower)'],
    // One run that diverged does not decide for those that did not.
    ['loss', [no, 0, 0.1, -0.1], 'holds in part (1 of 4 diverged, else no loss)'],
    ['loss', [no, -1, -1.1], 'holds in part (1 of 3 diverged, else not settled, n = 2)'],
    ['loss', [no, -2, -2.1, -1.9], 'holds (1 of 4 diverged)'],
    ['loss', [no, no, no], 'holds (3 of 3 diverged)'],
    // Two thirds of a point lost for sure is a loss, and no crash.
    ['crash', [-0.6, -0.65, -0.7], 'does not hold (loss, no crash)'],
    ['crash', [-2, 2, 0], 'does not hold (not settled, n = 3, no crash)'],
    ['crash', [-60, -61, -62], 'holds'],
    ['crash', [-60, 0, -30], 'not settled, n = 3'],
    ['crash', [no, -60, -61], 'holds (1 of 3 diverged)'],
    ['crash', [no, 0, 0.1, 0], 'holds in part (1 of 4 diverged, else no loss)'],
    ['crash', [no, no, no], 'holds (3 of 3 diverged)'],
    ['gain', [0.1, 0.11, 0.09], 'holds'],
    ['gain', [0.1, -0.1, 0], 'does not hold (no gain)'],
    ['gain', [-2, -2.1, -1.9], 'does not hold (loss)'],
    ['gain', [-2, 2, 0], 'not settled, n = 3'],
    ['gain', [0.1, 0.1], 'not settled, n = 2'],
    ['gain', [no, 1, 1.1, 0.9], 'does not hold (1 of 4 diverged)'],
  ] as const)('that expects %s of differences %j is "%s"', (expects, int8, expected) => {
    expect(rowOf({ expects }, { fp32: int8.map(() => 0), int8 }).verdict).toBe(expected);
  });

  it.each([
    ['no loss', [no, no, no], [0, 0, 0], 'not settled (no run of fp32 came to its end)'],
    ['no loss', [no, no, no], [no, no, no], 'not settled (no run of fp32 came to its end)'],
    // Under a seed where the baseline diverges, too, it is no fault of the arm.
    ['no loss', [no, 0, 0, 0], [no, 0, 0.1, -0.1], 'holds'],
    ['no loss', [], [0, 0, 0], 'not run yet: `octograd reproduce test`'],
    ['gain', [no, no, no], [0, 0, 0], 'holds (fp32: 3 of 3 diverged)'],
    ['gain', [no, no], [0, 0], 'not settled'],
    ['gain', [no, 0, 0, 0], [0, 0, 0.1, -0.1], 'holds in part (fp32: 1 of 4 diverged, else no loss)'],
  ] as const)(
    'that expects %s of a baseline with %j and an arm with %j is "%s"',
    (expects, fp32, int8, expected) => {
      expect(rowOf({ expects }, { fp32, int8 }).verdict).toBe(expected);
    },
  );

  it('is by the arm that the claim names, under the same seeds', () => {
    const arms = { fp32: [0, 0, 0], int8: [1, 2, 3], without: [-1, 0, 1.01] };
    const claim = { arm: 'without', expects: 'loss' };
    expect(rowOf(claim, arms).verdict).toBe('not settled, n = 3');
    const { verdict, figures } = rowOf({ ...claim, against: 'int8' }, arms);
    expect(verdict).toBe('holds');
    expect(figures).toBe('without (simulated) - int8: -2.00 [-2.01, -1.98] points, n = 3');
  });

  it('turns signs for losses in nats, where lower is better', () => {
    const nats = { metric: { name: 'loss', margin: 0.5 } };
    const of = (...int8: number[]) => rowOf({ expects: 'no loss' }, { fp32: [0, 0, 0], int8 }, nats).verdict;
    expect(of(2, 2.1, 1.9)).toBe('does not hold (loss)');
    expect(of(0.2, 0.21, 0.19)).toBe('holds (no loss, but higher)');
    expect(of(-0.2, -0.21, -0.19)).toBe('holds');
  });

  it('says how many runs have no figures', () => {
    const { figures } = rowOf({ expects: 'loss' }, { fp32: [0, 0, no, no], int8: [0, no, 0, no] });
    expect(figures).toBe(
      'int8 - fp32: +0.00 (one seed) points, n = 1; 1 of int8 diverged; 1 of fp32 diverged; 1 of both diverged',
    );
  });
});

describe("an experiment's own table", () => {
  const table = (arms: Readonly<Record<string, Points>>) =>
    armTable(experiment({ arm: 'without', against: 'int8', expects: 'loss' }), results(arms)).rows;

  it('keeps differences to the baseline, and says what diverged and what is lower', () => {
    const rows = table({ fp32: [0, 0, 0, no], int8: [-0.2, -0.21, -0.19, 0], without: [no, 0, 0.1, no] });
    expect(rows.map((row) => [row[3], row[5]])).toEqual([
      ['-', 'diverged (1 of 4)'],
      ['fp32', 'no loss, but lower'],
      ['fp32', 'diverged (1 of 3), else not settled, n = 2'],
    ]);
    expect(table({ fp32: [no, no], int8: [0, 0] })[1][5]).toBe('no run of fp32 came to its end');
  });

  it('says which runs collapsed: at most twice the accuracy of guessing one of ten', () => {
    const verdicts = (...int8: Points): string => table({ fp32: [0, 0, 0], int8 })[1][5];
    // 90 % less 70 points is 20 %.
    expect(verdicts(-70.01, -78, 0)).toBe('not settled, n = 3, collapsed (2 of 3)');
    expect(verdicts(-69.9, -69.8, -69.9)).toBe('loss');
    expect(verdicts(-79, -79, -79)).toBe('loss, collapsed (3 of 3)');
    expect(verdicts(no, -79, -79)).toBe('diverged (1 of 3), collapsed (2 of 3)');
    expect(verdicts(no, -79, 0)).toBe('diverged (1 of 3), else not settled, n = 2, collapsed (1 of 3)');
  });

  it('has the difference to the arm that a claim names beside that to the baseline, which may say otherwise', () => {
    const arms = { fp32: [0, 0, 0], int8: [1, 2, 3], without: [-1, 0, 1.01] };
    const claim = { arm: 'without', against: 'int8', expects: 'loss' };
    const { head, rows } = armTable(experiment(claim), results(arms));
    expect(head[6]).toBe('against the arm that a claim names');
    expect(rows.map((row) => row[6])).toEqual(['-', '-', 'int8: -2.00 [-2.01, -1.98], loss']);
    expect(rows[2][5]).toBe('not settled, n = 3');
    const cell = (without: Points): string => table({ ...arms, without })[2][6];
    expect(cell([])).toBe('int8: not run');
    expect(cell([no, 0, no])).toBe('int8: -2.00 (one seed), not settled, n = 1, diverged (2 of 3)');
    expect(cell([no])).toBe('int8: diverged (1 of 1)');
    // Nothing to add where claims are about baselines.
    expect(armTable(experiment({ ...claim, against: 'fp32' }), results(arms)).head).toHaveLength(6);
  });

  it('says in the method that there are both comparisons, where there are', () => {
    const method = (against: string): string =>
      readmeText({ experiment: experiment({ arm: 'without', against, expects: 'loss' }) });
    expect(method('int8').replace(/\s+/g, ' ')).toContain('There are two comparisons');
    expect(method('fp32').replace(/\s+/g, ' ')).not.toContain('There are two comparisons');
  });

  it('says that a verdict is by the width of the interval, where two arms look like a contradiction', () => {
    const text = (int8: Points, without: Points): string => {
      const one = {
        experiment: experiment({ expects: 'loss' }),
        results: results({ fp32: [0, 0, 0], int8, without }),
      };
      return readmeText(one).replace(/\s+/g, ' ');
    };
    expect(text([0.9, -0.9, 0], [-0.2, -0.2, -0.21])).toContain(
      '`int8` (+0.00 [-2.24, +2.24]) is not settled where `without` (-0.20 [-0.22, -0.19]) has no loss',
    );
    expect(text([0.9, -0.9, -1], [-0.2, -0.2, -0.21])).not.toContain("interval's ends");
    expect(text([0, 0, 0.01], [-0.2, -0.2, -0.21])).not.toContain("interval's ends");
    expect(text([no, 0.9, -0.9, 0], [-0.2, -0.2, -0.21])).not.toContain("interval's ends");
  });

  it('has no times, which say how loaded a shared machine was', () => {
    const { head } = armTable(experiment({ expects: 'loss' }), results({ fp32: [0] }));
    expect(head.join()).not.toContain('time');
  });
});

describe('RESULTS.md', () => {
  const named = (name: string, claims: object[], arms?: Readonly<Record<string, Points>>): Measured => {
    const { name: _n, ...made } = experiment({ expects: 'no loss' });
    const one = { ...parseExperiment({ ...made, claims }, name, 'x'), name };
    return { experiment: one, ...(arms ? { results: { ...results(arms), experiment: name } } : {}) };
  };
  const parity = { claim: 'It trains', source: 's', arm: 'int8', expects: 'no loss', about: 'parity' };
  const part = {
    ...{ claim: 'Zero is needed', source: 's', arm: 'without', against: 'int8' },
    ...{ expects: 'loss', about: 'part' },
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
      ['', '', '[c]', 'not run yet: `octograd reproduce c`'],
      ['Another', 's', '[a]', 'does not hold (no loss)'],
      ['', '', '[b]', 'does not hold (no loss)'],
    ]);
  });

  it.each([
    [
      [fine, fine],
      [fine, bad],
      '**yes**. Holds in 2 of 2 experiments (e0, e1)',
      '**needed in some experiments, not in others**',
    ],
    [[fine, fine], [bad, bad], '**yes**', '**needed**. Holds in 2 of 2 experiments (e0, e1)'],
    [
      [fine, bad],
      [[-1, no, 0], bad],
      '**yes in some experiments, not in others**. Holds in 1 of 2 experiments (e0); does not hold in 1 (e1)',
      '**in part**. Holds in part in 1 of 2 experiments (e0); does not hold in 1 (e1)',
    ],
    [
      [bad, bad],
      [bad, bad],
      '**no**. Does not hold in 2 of 2 experiments',
      '**not needed**. Does not hold in 2 of 2',
    ],
    [
      [fine, []],
      [fine, []],
      '**yes where it is settled**. Holds in 1 of 2 experiments (e0); not run in 1 (e1)',
      '**not needed where',
    ],
    [[[0]], [[0]], '**not settled**. Not settled in 1 of 1 experiment (e0)', '**not settled**'],
    [
      [[-0.2, -0.21, -0.19]],
      [[]],
      '**yes**. Holds in 1 of 1 experiment (e0*)',
      '**not settled**. Not run in 1 of 1',
    ],
  ] as readonly [Points[], Points[], string, string][])(
    'answers by counts: of int8 %j and without %j',
    (int8, without, drop, needed) => {
      const measured = int8.map((own, i) =>
        named(`e${i}`, [parity, part, other], { fp32: zeros, int8: own, without: without[i] }),
      );
      const text = resultsMarkdown(measured, none);
      expect(text).toContain(`- It trains: ${drop}`);
      expect(text).toContain(`- Zero is needed: ${needed}`);
      expect(text).not.toContain('- Another');
      expect(text.includes('but the whole interval is on the worse side')).toBe(drop.includes('*)'));
    },
  );

  it('answers nothing where no claim asks for it', () => {
    expect(resultsMarkdown([named('a', [other])], none)).not.toContain('In short');
  });
});
