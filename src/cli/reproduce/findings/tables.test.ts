/** The table of an experiment's arms, and what its README says of reading it. */
import { describe, expect, it } from 'vitest';
import { readmeText } from '../documents/documents.js';
import { experiment, no, type Points, results } from './claims.case.js';
import { armTable, expectedTable, markdownTable } from './tables.js';

describe("an experiment's own table", () => {
  const table = (arms: Readonly<Record<string, Points>>) =>
    armTable(experiment({ arm: 'without', against: 'int8', expects: 'loss' }), results(arms)).rows;

  it('keeps differences to the baseline, and says what diverged and what is lower', () => {
    const rows = table({ fp32: [0, 0, 0, no], int8: [-0.2, -0.21, -0.19, 0], without: [no, 0, 0.1, no] });
    expect(rows.map((row) => [row[3], row[5]])).toEqual([
      ['-', 'diverged (1 of 4)'],
      ['fp32', 'no loss, but worse'],
      ['fp32', 'diverged (1 of 3), else not settled, n = 2'],
    ]);
    expect(table({ fp32: [no, no], int8: [0, 0] })[1][5]).toBe('no run of fp32 came to its end');
  });

  it('tells what was not run from what has nothing to be compared with', () => {
    const verdict = (fp32: Points, int8: Points): string => table({ fp32, int8 })[1][5];
    expect(verdict([0], [])).toBe('not run');
    expect(verdict([], [0, 0])).toBe('no run of fp32');
    expect(verdict([], [no])).toBe('no run of fp32');
    const { runs, ...rest } = results({ fp32: [0], int8: [0, 0] });
    const apart = { ...rest, runs: runs.filter(({ arm, seed }) => arm === 'fp32' || seed === 1) };
    expect(armTable(experiment({ expects: 'loss' }), apart).rows[1][5]).toBe(
      'no run of fp32 under the same seed',
    );
  });

  it('has no sign where nothing is left of a mean, and one at the ends, which decide verdicts', () => {
    const rows = table({ fp32: [0, 0, 0], int8: [-0.001, 0, 0.001], without: [0.004, 0.004, 0.004] });
    expect([rows[1][4], rows[2][4]]).toEqual(['0.00 [-0.00, +0.00]', '0.00 [+0.00, +0.00]']);
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
    expect(head[6]).toBe('less the arm that a claim names, by the rule');
    expect(rows.map((row) => row[6])).toEqual(['-', '-', 'int8: -2.00 [-2.01, -1.98], loss']);
    expect(rows[2][5]).toBe('not settled, n = 3');
    const cell = (without: Points): string => table({ ...arms, without })[2][6];
    expect(cell([])).toBe('int8: not run');
    expect(table({ fp32: [0], int8: [], without: [0] })[2][6]).toBe('int8: no run of int8');
    expect(cell([no, 0, no])).toBe('int8: -2.00 (one seed), not settled, n = 1, diverged (2 of 3)');
    expect(cell([no])).toBe('int8: diverged (1 of 1)');
    // Nothing to add where claims are about baselines.
    expect(armTable(experiment({ ...claim, against: 'fp32' }), results(arms)).head).toHaveLength(6);
  });

  it('says in the method that there are both comparisons, where there are', () => {
    const method = (against: string): string =>
      readmeText({ experiment: experiment({ arm: 'without', against, expects: 'loss' }) });
    expect(method('int8').replace(/\s+/g, ' ')).toContain('The last column of the table of arms');
    expect(method('fp32').replace(/\s+/g, ' ')).not.toContain('The last column of the table of arms');
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
      '`int8` (0.00 [-2.24, +2.24]) is not settled where `without` (-0.20 [-0.22, -0.19]) has no loss',
    );
    expect(text([0.9, -0.9, -1], [-0.2, -0.2, -0.21])).not.toContain("interval's ends");
    expect(text([0, 0, 0.01], [-0.2, -0.2, -0.21])).not.toContain("interval's ends");
    expect(text([no, 0.9, -0.9, 0], [-0.2, -0.2, -0.21])).not.toContain("interval's ends");
  });

  it("holds a source's shares against points of 100, and nats against nats", () => {
    const expected = ['accuracy', 'difference'].map((metric, i) => ({
      ...{ arm: 'int8', metric, value: [0.88, -0.02][i], tolerance: 0.01, source: 's', sameSchedule: true },
    }));
    const arms = results({ fp32: [0, 0, 0], int8: [-2.5, -2.6, -2.4] });
    const rows = expectedTable(experiment({ expects: 'loss' }, { expected }), arms)?.rows;
    expect(rows?.map((row) => row.slice(2, 5))).toEqual([
      ['88.00 +- 1', '87.50', 'within'],
      ['-2.00 +- 1', '-2.50', 'within'],
    ]);
    const metric = { name: 'loss', margin: 0.01, reason: 'so' };
    const nats = [{ ...expected[1], value: 2.6, tolerance: 0.05 }];
    const [row] =
      expectedTable(experiment({ expects: 'loss' }, { expected: nats, metric }), arms)?.rows ?? [];
    expect(row.slice(2, 5)).toEqual(['+2.6000 +- 0.05', '-2.5000', 'outside']);
  });

  it('has no times, which say how loaded a shared machine was', () => {
    const { head } = armTable(experiment({ expects: 'loss' }), results({ fp32: [0] }));
    expect(head.join()).not.toContain('time');
  });
});

it('a cell of Markdown ends at no bar of its own, nor at a line', () => {
  const rows = [['a|b', 'a\\|b', 'a\\\\|b', 'one\rtwo', 'one\r\ntwo\u2028three']];
  const [, , line] = markdownTable({ head: ['a', 'b', 'c', 'd', 'e'], rows, right: [] }).split('\n');
  expect(line).toBe('| a\\|b | a\\\\\\|b | a\\\\\\\\\\|b | one two | one two three |');
});
