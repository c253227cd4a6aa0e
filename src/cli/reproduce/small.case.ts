/** A small experiment for the tests of what runs leave on disk: two arms under two seeds, three steps each. */
export const smallExperiment = {
  ...{ formatVersion: 1, title: 'T', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
  ...{ settings: { maxSteps: 3, batch: 16, limit: 96, testLimit: 32 }, seeds: 2, baseline: 'fp32' },
  arms: ['fp32', 'int8'].map((name) => ({ name, recipe: name })),
  smoke: { maxSteps: 2 },
};
