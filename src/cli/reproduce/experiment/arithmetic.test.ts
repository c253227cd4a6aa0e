import { describe, expect, it } from 'vitest';
import { arithmeticOf } from './arithmetic.js';
import { parseExperiment } from './experiment.js';

function of(model: string, recipe: unknown, settings: object = {}): string {
  const experiment = parseExperiment(
    {
      ...{ formatVersion: 1, title: 't', question: 'q', method: 'm', dataset: 'mnist', seeds: 1 },
      ...{ model, baseline: null, arms: [{ name: 'arm', recipe, settings }], smoke: { maxSteps: 1 } },
    },
    'test',
    'test/experiment.json',
  );
  return arithmeticOf(experiment, experiment.arms[0]);
}

/** Small floats for the norms' gradient, too. */
const logarithmic = {
  extends: 'int8-log4-gradients',
  norm: { gradOutput: { format: 'fp4-e3m0', rounding: 'stochastic' } },
};

it('of norms whose kind only the graph knows leaves out what contradicts itself for one', () => {
  const overrides = [
    {
      modules: '**',
      kind: 'depthwise',
      norm: { input: 'float32', coefficientBits: 0, gradOutput: 'float32' },
    },
    { modules: 'bn1', norm: { coefficientBits: 4 } },
  ];
  expect(of('mobilenet', { extends: 'paper', overrides })).toBe('');
});

describe('the arithmetic of an arm', () => {
  it.each([
    ['cnn', 'int8', ''],
    ['cnn', 'paper', ''],
    ['cnn', 'int8-no-master', ''],
    ['cnn', 'fp32', 'float32'],
    ['cnn', 'fp32-range', 'float32'],
    ['cnn', 'int8-no-exact-zero', 'simulated'],
    ['cnn', 'fp8', 'simulated'],
    ['cnn', 'int8-log4-gradients', 'simulated: gradInput'],
    ['cnn', logarithmic, 'simulated: gradInput, norm'],
    // There is no norm in it.
    ['lenet', logarithmic, 'simulated: gradInput'],
    ['transformer', 'int8', 'simulated: layer norm'],
    ['transformer', 'int8-float-norm', ''],
    ['transformer', 'fp32-range', 'float32'],
    ['cnn', { base: 'int8', bits: { gradients: 2 } }, ''],
    ['cnn', { base: 'int8', bits: { weights: 16, activations: 16, gradients: 16 } }, 'simulated'],
    [
      'cnn',
      { extends: 'int8', overrides: [{ modules: 'fc1', products: { forward: { left: 'float32' } } }] },
      'simulated: forward, gradWeight',
    ],
  ])('%s under %j: "%s"', (model, recipe, expected) => {
    expect(of(model, recipe)).toBe(expected);
  });

  it('is of the model that the arm has in place of the experiment’s', () => {
    expect(of('cnn', 'int8', { model: 'transformer' })).toBe('simulated: layer norm');
  });
});
