import { expect, it } from 'vitest';
import { shapeVerdict } from './distributions.js';
import { type Experiment, parseExperiment } from './experiment.js';
import type { Results } from './results.js';

const experiment: Experiment = parseExperiment(
  {
    ...{ formatVersion: 1, title: 't', question: 'q', method: 'm', dataset: 'mnist', model: 'mlp' },
    ...{ settings: { epochs: 1, distributions: '0,1' }, seeds: 1, baseline: 'fp32', smoke: { maxSteps: 1 } },
    arms: ['fp32', 'int8'].map((name) => ({ name, recipe: name })),
    distributions: { layer: 'fc1' },
  },
  'test',
  'test/experiment.json',
);

/** A weight of n values, nearest to a Gaussian or to a log-normal distribution, at that distance by KS. */
function weight(nearest: 'gaussian' | 'log-normal', ks: number, count: number, zeroShare = 0) {
  const fit = (name: string) => ({ parameters: {}, ks, andersonDarling: name === nearest ? 0.1 : 0.2 });
  return {
    ...{ layer: 'fc1', kind: 'weights', rms: 1, histogram: [], count, zeroShare },
    cosine: { measured: 1, byStep: 1, gaussian: 1 },
    fits: { gaussian: fit('gaussian'), laplace: fit('laplace'), 'log-normal': fit('log-normal') },
  };
}

const judge = (...arms: readonly (readonly ReturnType<typeof weight>[])[]) =>
  shapeVerdict(
    experiment,
    {
      runs: arms.map((tensors, i) => ({
        arm: experiment.arms[i].name,
        seed: 0,
        distributions: [{ step: 0, tensors }],
      })),
    } as unknown as Results,
    { claim: 'c', source: 's', kind: 'weights', nearest: 'gaussian' },
  );

it('a claim of what is nearest is judged over all tensors, and says how many of the fits are good', () => {
  // 1.36/sqrt(10000) is 0.0136; half zeros leave 5000 values, whose distance is 0.0192 by chance.
  const good = weight('gaussian', 0.0135, 10_000);
  const far = weight('gaussian', 0.0137, 10_000);
  const half = weight('gaussian', 0.0191, 10_000, 0.5);
  // Of more values than are fitted it is 1.36/sqrt(50000) = 0.0061.
  const long = weight('gaussian', 0.006, 10_000_000);
  expect(judge([good, far], [half, long])).toMatchObject({
    measured: expect.stringContaining(
      'nearest to gaussian by A²/n in 4 of 4 tensors (layers, steps and arms pooled); a good fit to 3 of them (KS within chance)',
    ),
    verdict: 'holds',
  });
  const other = weight('log-normal', 0.5, 100);
  expect(judge([good, good], [other, good])?.verdict).toBe('holds in part');
  expect(judge([other, other], [other, good])?.verdict).toBe('does not hold');
  expect(judge()).toBeUndefined();
});
