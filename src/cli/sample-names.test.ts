import { expect, it } from 'vitest';
import { datasetChoices } from './options.js';
import { sampleNames } from './sample-names.js';

it('calls samples what they are', () => {
  expect(Object.fromEntries(datasetChoices.map((name) => [name, sampleNames(name)]))).toEqual({
    ...{ mnist: 'images', 'fashion-mnist': 'images', cifar10: 'images', cifar100: 'images' },
    ...{ images: 'images', fsdd: 'recordings', shakespeare: 'sequences', text: 'sequences' },
  });
});
