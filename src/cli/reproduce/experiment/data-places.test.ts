/** What `--data` says of several data sets at once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { workFolder, writeSmallData } from '../../run.case.js';
import { placesOfData } from './data-places.js';
import { parseExperiment } from './experiment.js';

const folder = workFolder();
const place = join(folder, 'all');
const using = (...datasets: string[]) =>
  datasets.map((dataset) =>
    parseExperiment(
      {
        ...{ formatVersion: 1, title: 'T', question: 'Q?', method: 'M.', dataset, model: 'mlp', seeds: 1 },
        ...{ baseline: null, smoke: {}, arms: [{ name: 'fp32', recipe: 'fp32' }] },
      },
      dataset,
      'file',
    ),
  );
const placesFor = async (given: string[], ...datasets: string[]) =>
  Object.fromEntries(await placesOfData(given, using(...datasets)));

beforeAll(() => {
  mkdirSync(join(place), { recursive: true });
  writeFileSync(join(place, 'cifar-10-binary.tar.gz'), '');
  writeFileSync(join(place, 'input.txt'), '');
  writeSmallData(place);
});

it('a folder without a name is that of each set which lies in it', async () => {
  expect(await placesFor([place], 'cifar10', 'shakespeare', 'fsdd')).toEqual({
    cifar10: place,
    shakespeare: place,
  });
  expect(await placesFor([place, 'fashion-mnist=elsewhere'], 'mnist', 'fashion-mnist', 'cifar10')).toEqual({
    ...{ mnist: place, cifar10: place, 'fashion-mnist': 'elsewhere' },
  });
});

it('of one set alone it is the place whatever lies there', async () => {
  expect(await placesFor([folder], 'fsdd')).toEqual({ fsdd: folder });
});

it('of a set that none of them uses is refused', async () => {
  await expect(placesFor(['cifar10=/x', `mnist=${place}`], 'mnist')).rejects.toThrow(
    '--data cifar10=/x: none of these experiments uses cifar10; they use mnist',
  );
});

it('what holds none of them, or may be two, is refused with what to write', async () => {
  await expect(placesFor([folder], 'cifar10', 'mnist')).rejects.toThrow(
    `--data ${folder} holds none of the data sets that these experiments use (cifar10, mnist); where it is one of them all the same, write --data <name>=${folder}`,
  );
  await expect(placesFor([place], 'mnist', 'fashion-mnist')).rejects.toThrow(
    `--data ${place} could be mnist or fashion-mnist; write --data mnist=${place} or --data fashion-mnist=${place}`,
  );
});
