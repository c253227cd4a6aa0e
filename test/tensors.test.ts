/** The tensors of a model's layers, whatever the recipe: what they are, and that nobody who trains takes note. */
import { describe, expect, it } from 'vitest';
import { type LayerTensor, layerTensors } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(16);
const batch = firstBatch(data, 8);
const find = (tensors: readonly LayerTensor[], path: string, kind: LayerTensor['kind']) =>
  tensors.find((tensor) => tensor.path === path && tensor.kind === kind);

describe('layerTensors', () => {
  it.each([
    ['fp32', undefined],
    ['int8', 'int8'],
    ['paper', 'uint8'],
    ['int8-channel-weights', 'int8'],
  ])('has every kind of every layer under %s', async (recipe, format) => {
    const session = await tinySession(data, { recipe, backend: 'reference' });
    session.step(batch, 0.05);
    const tensors = layerTensors(session, batch);
    const layers = [...new Set(tensors.map(({ path }) => path))];
    expect(layers).toHaveLength(10);
    for (const layer of layers) {
      const kinds = tensors.filter(({ path }) => path === layer).map(({ kind }) => kind);
      const all = ['weights', 'activations', 'gradients', 'weightGradients'];
      // Nothing asks for the gradient of the images.
      expect(kinds.sort()).toEqual(all.filter((kind) => layer !== 'conv1' || kind !== 'gradients').sort());
    }
    const weights = find(tensors, 'fc', 'weights');
    expect([...(weights?.values ?? [])]).toEqual([...session.read('fc.weight')]);
    expect([...(find(tensors, 'fc', 'weightGradients')?.values ?? [])]).toEqual([
      ...session.readGradient('fc.weight'),
    ]);
    expect(weights?.spec?.format).toBe(format);
    expect(find(tensors, 'fc', 'weightGradients')?.spec).toBeUndefined();
    // 8 images of 12x12 after the first convolution of 16 channels.
    expect(find(tensors, 'layer1.0.conv1', 'activations')?.values).toHaveLength(8 * 144 * 16);
    expect(find(tensors, 'layer1.0.conv1', 'gradients')?.values).toHaveLength(8 * 144 * 16);
    await session.dispose();
  });

  it('are those before quantisation: the gradient at the last layer is what float32 has at the same weights', async () => {
    const [eight, float] = await Promise.all(
      ['int8', 'fp32'].map((recipe) =>
        tinySession(data, { recipe, backend: 'reference', modelName: 'lenet' }),
      ),
    );
    const gradients = [eight, float].map((session) => {
      const tensor = find(layerTensors(session, batch), 'fc3', 'gradients');
      return Float64Array.from(tensor?.values ?? []);
    });
    expect(gradients[0]).toHaveLength(8 * 4);
    // Softmax less target, over the batch: logits differ by what 8 bits did before, and by no step of 1/127.
    for (const [i, value] of gradients[0].entries())
      expect(Math.abs(value - gradients[1][i])).toBeLessThan(2e-3);
    expect(new Set(gradients[0]).size).toBe(32);
    await Promise.all([eight.dispose(), float.dispose()]);
  });

  it('leave training as it is', async () => {
    const losses = async (look: boolean): Promise<number[]> => {
      const session = await tinySession(data, { recipe: 'int8', threads: 1 });
      const found = [0, 1, 2].map(() => {
        if (look) layerTensors(session, batch);
        return session.step(batch, 0.05).loss;
      });
      await session.dispose();
      return found;
    };
    expect(await losses(true)).toEqual(await losses(false));
  });
});
