import { describe, expect, it } from 'vitest';
import { type Experiment, parseExperiment } from '../experiment/experiment.js';
import type { Results } from '../results/results.js';
import { quantizerText, shapeVerdict } from './shapes.js';

const experiment: Experiment = parseExperiment(
  {
    ...{ formatVersion: 1, title: 't', question: 'q', method: 'm', dataset: 'mnist', model: 'mlp' },
    ...{ settings: { epochs: 1, distributions: '0,1' }, seeds: 1, baseline: 'fp32', smoke: { maxSteps: 1 } },
    arms: ['fp32', 'int8'].map((name) => ({ name, recipe: name })),
    distributions: { layers: ['fc1'] },
  },
  'test',
  'test/experiment.json',
);

type Family = 'gaussian' | 'laplace' | 'log-normal';

let size = 0;
/** A tensor unlike all others, of n values, nearest to a family and at that distance from each by KS. */
function tensor(nearest: Family, ks: number, count: number, zeroShare = 0, kind = 'weights', degrees = 1) {
  const fit = (name: string) => ({ parameters: {}, ks, andersonDarling: name === nearest ? 0.1 : 0.2 });
  size += 1;
  const cosine = (angle: number) => Math.cos((angle * Math.PI) / 180);
  return {
    ...{
      layer: 'fc1',
      kind,
      rms: size,
      histogram: [count * (1 - zeroShare), 0],
      count,
      zeroShare,
      crest: 20,
      belowHalfStep: 0.5,
    },
    cosine: { measured: cosine(degrees), byStep: 1, gaussian: cosine(1) },
    fits: { gaussian: fit('gaussian'), laplace: fit('laplace'), 'log-normal': fit('log-normal') },
  };
}
type Tensor = ReturnType<typeof tensor>;

/** Results of runs of two arms in turn, two for each seed. @param step of the snapshot. */
function resultsOf(runs: readonly (readonly Tensor[])[], step = 5): Results {
  return {
    runs: runs.map((tensors, i) => ({
      arm: experiment.arms[i % 2].name,
      seed: Math.floor(i / 2),
      distributions: [{ step, tensors }],
    })),
  } as unknown as Results;
}

const judge = (runs: readonly (readonly Tensor[])[], nearest: Family = 'gaussian', step = 5) =>
  shapeVerdict(experiment, resultsOf(runs, step), { claim: 'c', source: 's', kind: 'weights', nearest });

/** Of as many tensors how many are said to be fitted well. */
const goodOf = (tensors: readonly Tensor[], nearest: Family) =>
  Number(/a good fit to (\d+) of them/.exec(judge([tensors], nearest)?.measured ?? '')?.[1]);

describe('a claim of what is nearest', () => {
  it('is judged over all tensors', () => {
    const near = () => tensor('gaussian', 0.5, 100);
    const other = () => tensor('log-normal', 0.5, 100);
    expect(judge([[near(), near()], [near()], [near()]])).toMatchObject({
      measured: expect.stringContaining(
        'nearest to gaussian by A²/n in 4 of 4 tensors (layers, arms, seeds and the steps after the start)',
      ),
      verdict: 'holds',
    });
    expect(
      judge([
        [near(), near()],
        [other(), near()],
      ])?.verdict,
    ).toBe('holds in part');
    expect(
      judge([
        [other(), other()],
        [other(), near()],
      ])?.verdict,
    ).toBe('does not hold');
    expect(judge([])).toBeUndefined();
  });

  it('says how many of the fits are good: by the distance that a fit, not a fixed distribution, has by chance', () => {
    // 0.895/sqrt(10,000) is 0.00895, and 0.00893 with the correction; Kolmogorov's 1.36 would let 0.0135 pass.
    const gaussian = [0.0088, 0.0091, 0.0135].map((ks) => tensor('gaussian', ks, 10_000));
    expect(goodOf(gaussian, 'gaussian')).toBe(1);
    // 0.935/100 is 0.00935.
    const laplace = [0.0092, 0.0095].map((ks) => tensor('laplace', ks, 10_000));
    expect(goodOf(laplace, 'laplace')).toBe(1);
    expect(
      goodOf(
        [0.0088, 0.0091].map((ks) => tensor('log-normal', ks, 10_000)),
        'log-normal',
      ),
    ).toBe(1);
    // Half zeros leave 5000 values: 0.01265.
    expect(
      goodOf(
        [0.0125, 0.0128].map((ks) => tensor('gaussian', ks, 10_000, 0.5)),
        'gaussian',
      ),
    ).toBe(1);
    // Of 401,408 values every ninth is fitted, 44,601 in all: 0.00424. 50,000 would have 0.0040.
    expect(
      goodOf(
        [0.0042, 0.0043].map((ks) => tensor('gaussian', ks, 401_408)),
        'gaussian',
      ),
    ).toBe(1);
    // Half zeros leave 200,704, of which every fifth is: 40,141, and 0.00447.
    expect(
      goodOf(
        [0.0044, 0.0045].map((ks) => tensor('gaussian', ks, 401_408, 0.5)),
        'gaussian',
      ),
    ).toBe(1);
    expect(goodOf([tensor('gaussian', 0.0001, 4)], 'gaussian')).toBe(0);
  });

  it('is about training: the start is left out, and a tensor that runs or layers share counts once', () => {
    const near = tensor('gaussian', 0.5, 100);
    expect(judge([[near]], 'gaussian', 0)).toBeUndefined();
    const shared = judge([[near, { ...near, layer: 'fc2' }], [near], [tensor('gaussian', 0.5, 100)]]);
    expect(shared?.measured).toContain('in 2 of 2 tensors');
  });
});

describe('what that does to the quantiser', () => {
  const gradient = (degrees: number) => tensor('log-normal', 0.1, 100, 0, 'gradients', degrees);

  it('is said with the interval over the seeds', () => {
    const runs = [[gradient(2), gradient(4)], [gradient(3)], [gradient(4)], [gradient(4)], [gradient(5)]];
    // Means of 3, 4 and 5 degrees; 4.3027 sqrt(1/3) is 2.484.
    const text = quantizerText(experiment, resultsOf(runs));
    expect(text).toContain('turn layer gradients by 4.00 [1.52, 6.48] degrees, 4.0 times as far');
    expect(text).toContain('Gaussian values (1.00)');
    expect(text).toContain('is 20.0 times the root mean square, and 50 % of the values other than 0');
    expect(text).toContain('95 % t-interval over 3 seeds');
    expect(text).not.toContain('They turn');
    const more = quantizerText(experiment, resultsOf([[gradient(2), tensor('gaussian', 0.1, 100)]]));
    expect(more).toContain('by 2.00 degrees, 2.0 times');
    expect(more).toContain(
      'They turn weights by 1.00 (Gaussian: 1.00). Means over layers, arms and the steps after the first, of one seed.',
    );
  });

  it('is left unsaid without snapshots of training', () => {
    expect(quantizerText(experiment, undefined)).toBe('');
    expect(quantizerText(experiment, resultsOf([[gradient(2)]], 0))).toBe('');
  });
});
