import { describe, expect, it } from 'vitest';
import { answerText } from './answer.js';
import { experiment, no, results } from './claims.case.js';

describe('the answer', () => {
  const claim = { against: 'fp32', expects: 'no loss' };
  const zeros = [0, 0, 0];

  it('says by what arms are compared with which lose, and which do not', () => {
    const one = experiment(claim, {
      claims: [{ claim: 'c', source: 's', arm: 'without', against: 'int8', expects: 'loss' }],
    });
    const of = (int8: readonly (number | undefined)[], without: readonly (number | undefined)[]) =>
      answerText({ experiment: one, results: results({ fp32: zeros, int8, without }) });
    expect(of([0.1, 0, -0.1], [-2, -2.1, -1.9])).toBe(
      'By the rule, compared with `fp32`: a loss for `without`; no loss for `int8`. Compared with `int8`: a loss for `without`.',
    );
    expect(of([0.1, 0.12, 0.11], [-0.1, 0, 0.1])).toContain(
      'with `fp32`: no loss (the whole interval better) for `int8`; no loss for `without`.',
    );
    expect(of([0.1], [no])).toBe(
      'By the rule, compared with `fp32`: runs that diverged for `without`; not settled for `int8`. Compared with `int8`: runs that diverged for `without`.',
    );
  });

  it('counts the arms without a loss where there are many', () => {
    const names = Array.from('abcdefgh');
    const many = experiment(claim, {
      arms: [{ name: 'fp32', recipe: 'fp32' }, ...names.map((name) => ({ name, recipe: 'int8' }))],
      claims: [],
    });
    const runs = Object.fromEntries(
      ['fp32', ...names].map((name) => [name, name === 'b' ? [-2, -2, -2.1] : zeros]),
    );
    expect(answerText({ experiment: many, results: results(runs) })).toBe(
      'By the rule, compared with `fp32`: a loss for `b`; no loss for the 7 others.',
    );
  });

  it('goes by claims where arms are compared with many others', () => {
    const names = Array.from('abcdefghi');
    const many = experiment(claim, {
      baseline: null,
      arms: names.flatMap((name) => [
        { name, recipe: 'fp32' },
        { name: `${name}-8`, recipe: 'int8', baseline: name },
      ]),
      claims: names.map((name) => ({
        ...claim,
        claim: 'It trains',
        source: 's',
        arm: `${name}-8`,
        against: name,
      })),
    });
    const runs = Object.fromEntries(
      names.flatMap((name) => [
        [name, zeros],
        [`${name}-8`, name === 'a' ? [1] : zeros],
      ]),
    );
    expect(answerText({ experiment: many, results: results(runs) })).toBe(
      'It trains: not settled, n = 1 in 1 of 9; holds in 8.',
    );
  });

  it('is empty where nothing was run', () => {
    expect(answerText({ experiment: experiment(claim) })).toBe('');
  });
});
