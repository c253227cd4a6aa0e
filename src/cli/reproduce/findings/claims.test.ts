import { describe, expect, it } from 'vitest';
import { experiment, no, type Points, results } from './claims.case.js';
import { type ClaimRow, claimRows } from './claims.js';

const rowOf = (claim: object, arms: Readonly<Record<string, Points>>, changes: object = {}): ClaimRow =>
  claimRows({ experiment: experiment(claim, changes), results: results(arms) })[0];

describe('the verdict on a claim', () => {
  it.each([
    ['no loss', [0.1, 0, -0.1], 'holds'],
    ['no loss', [-2, -2.1, -1.9], 'does not hold (loss)'],
    ['no loss', [-2, 2, 0], 'not settled, n = 3'],
    // By the rule no loss, and below for sure: said wherever the verdict is.
    ['no loss', [-0.2, -0.21, -0.19], 'holds (no loss, but worse)'],
    ['no loss', [no, 0, 0.1], 'does not hold (1 of 3 diverged)'],
    ['no loss', [no, no, no], 'does not hold (3 of 3 diverged)'],
    ['no loss', [no], 'not settled, n = 1 (1 of 1 diverged)'],
    ['loss', [-2, -2.1, -1.9], 'holds'],
    ['loss', [0.1, 0, -0.1], 'does not hold (no loss)'],
    ['loss', [0.2, 0.21, 0.19], 'does not hold (no loss, and better)'],
    // One run that diverged does not decide for those that did not.
    ['loss', [no, 0, 0.1, -0.1], 'holds in part (1 of 4 diverged, else no loss)'],
    ['loss', [no, -1, -1.1], 'holds in part (1 of 3 diverged, else not settled, n = 2)'],
    ['loss', [no, -2, -2.1, -1.9], 'holds (1 of 4 diverged)'],
    ['loss', [-0.2, -0.21, -0.19], 'holds in part (no loss, but worse)'],
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
    // Neither that there is a gain nor that there is none, but for one of the margin.
    ['gain', [0.1, -0.1, 0], 'not settled, n = 3 (if any, less than 0.5)'],
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
    ['no loss', [], [0, 0, 0], 'not run yet (no run of fp32): `octograd reproduce test --resume`'],
    ['no loss', [], [], 'not run yet: `octograd reproduce test --resume`'],
    ['no loss', [0], [], 'not run yet: `octograd reproduce test --resume`'],
    ['loss', [no, no, no], [0, 0, 0], 'does not hold (fp32: 3 of 3 diverged)'],
    ['loss', [no, no], [0, 0], 'not settled'],
    ['loss', [no, no, no], [no, no, no], 'not settled (no run of fp32 came to its end)'],
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
    expect(of(0.2, 0.21, 0.19)).toBe('holds (no loss, but worse)');
    expect(of(-0.2, -0.21, -0.19)).toBe('holds');
  });

  it('says how many runs have no figures', () => {
    const { figures } = rowOf({ expects: 'loss' }, { fp32: [0, 0, no, no], int8: [0, no, 0, no] });
    expect(figures).toBe(
      'int8 - fp32: 0.00 (one seed) points, n = 1; 1 of int8 diverged; 1 of fp32 diverged; 1 of both diverged',
    );
  });
});
