import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { Graph } from '../graph/graph.js';
import { bind, parameterCount } from '../nn/index.js';
import { createModel, modelNames, ResNet, ResNetCifar, Transformer, takesTokens } from './index.js';

const cifar = { inputShape: [32, 32, 3], classes: 10 };
const mnist = { inputShape: [28, 28, 1], classes: 10 };

describe('models', () => {
  it.each(modelNames.filter((name) => !takesTokens(name)))('%s maps images to logits', (name) => {
    for (const data of [cifar, mnist]) {
      const { model } = bind(createModel(name, data));
      const input = new Graph().source('input', 'images', [2, ...data.inputShape], 'float');
      expect(model.apply(input).shape).toEqual([2, 10]);
    }
  });

  it.each([
    // Weights and biases: 784*128 + 128 + 128*10 + 10.
    ['mlp', mnist, 101_770],
    // 156 + 2,416 + 400*120+120 + 120*84+84 + 84*10+10.
    ['lenet', mnist, 61_706],
    // 144+32 + 16*32*9+64 + 49*32*128+128 + 128*10+10.
    ['cnn', mnist, 206_970],
    // Stem 144+32; a block from a to b: 9a + 2a + ab + 2b; fc 128*10+10.
    ['mobilenet', mnist, 36_874],
    // With projections; 269,722 of the convolutions and fc of option A, and 2,752 of the two projections.
    ['resnet20', cifar, 272_474],
    ['resnet8', cifar, 78_042],
    ['resnet32', cifar, 466_906],
    ['resnet56', cifar, 855_770],
    // Embeddings 65*128 + 64*128; a block 4*(128*128+128) + 2*256 + 2*4*128*128 + 5*128; norm 256; head 65*128+65.
    ['transformer', { inputShape: [64], classes: 65 }, 421_697],
    // torchvision's resnet18 with 1000 classes.
    ['resnet18', { inputShape: [224, 224, 3], classes: 1000 }, 11_689_512],
  ] as const)('%s has its known number of parameters', (name, data, count) => {
    expect(parameterCount(createModel(name, data))).toBe(count);
  });

  it('transformer maps rows of tokens to logits at every place', () => {
    expect(modelNames.filter(takesTokens)).toEqual(['transformer']);
    const { model, parameters } = bind(createModel('transformer', { inputShape: [16], classes: 30 }));
    const tokens = (storage: 'int32' | 'uint8') => new Graph().source('input', 'tokens', [2, 16], storage);
    expect(model.apply(tokens('int32')).shape).toEqual([2, 16, 30]);
    expect(() => model.apply(tokens('uint8'))).toThrow(/tokens stored as int32, got uint8/);
    const paths = parameters.map(({ path }) => path);
    expect(paths.slice(0, 6)).toEqual([
      'embed.weight',
      'position',
      'blocks.0.norm1.weight',
      'blocks.0.norm1.bias',
      'blocks.0.attention.query.weight',
      'blocks.0.attention.query.bias',
    ]);
    expect(() => createModel('transformer', mnist)).toThrow(
      /rows of tokens \[context\], got samples of \[28/,
    );
    const data = { inputShape: [16], classes: 30 };
    expect(() => new Transformer({ ...data, heads: 3 })).toThrow(/width 128 must be a multiple of heads 3/);
    expect(() => new Transformer({ ...data, layers: 0 })).toThrow(/layers must be a positive integer, got 0/);
  });

  it("names ResNet-20's parts as torchvision does", () => {
    const { parameters, buffers } = bind(createModel('resnet20', cifar));
    const block = (path: string, projection: boolean): string[] => [
      `${path}.conv1.weight`,
      `${path}.bn1.weight`,
      `${path}.bn1.bias`,
      `${path}.conv2.weight`,
      `${path}.bn2.weight`,
      `${path}.bn2.bias`,
      ...(projection
        ? [`${path}.downsample.0.weight`, `${path}.downsample.1.weight`, `${path}.downsample.1.bias`]
        : []),
    ];
    expect(parameters.map(({ path }) => path)).toEqual([
      'conv1.weight',
      'bn1.weight',
      'bn1.bias',
      ...[1, 2, 3].flatMap((stage) =>
        [0, 1, 2].flatMap((i) => block(`layer${stage}.${i}`, stage > 1 && i === 0)),
      ),
      'fc.weight',
      'fc.bias',
    ]);
    expect(buffers).toHaveLength(2 * 21);
    expect(buffers.map(({ path }) => path)).toContain('layer3.0.downsample.1.running_spread');
  });

  it("names ResNet-18's parts as torchvision does, and quarters the image before its stages", () => {
    const { model, parameters, buffers } = bind(
      createModel('resnet18', { inputShape: [64, 64, 3], classes: 10 }),
    );
    const paths = parameters.map(({ path }) => path);
    expect(paths).toHaveLength(62);
    expect(buffers).toHaveLength(2 * 20);
    expect(paths.slice(0, 4)).toEqual(['conv1.weight', 'bn1.weight', 'bn1.bias', 'layer1.0.conv1.weight']);
    expect(paths.filter((path) => path.includes('downsample.0'))).toEqual(
      [2, 3, 4].map((stage) => `layer${stage}.0.downsample.0.weight`),
    );
    const graph = new Graph();
    model.apply(graph.source('input', 'images', [2, 64, 64, 3], 'float'));
    const sizeAt = (path: string): readonly number[] | undefined =>
      graph.nodes.find((node) => node.path === path && node.op.name === 'conv2d')?.outputs.output.shape;
    expect(sizeAt('conv1')).toEqual([2, 32, 32, 64]);
    expect(sizeAt('layer1.0.conv1')).toEqual([2, 16, 16, 64]);
    expect(sizeAt('layer4.1.conv2')).toEqual([2, 2, 2, 512]);
    expect(() => new ResNet({ ...cifar, depth: 50 as 18 })).toThrow(/depth 18 or 34/);
  });

  it('widens, and starts blocks as their shortcut on request', () => {
    const plain = bind(new ResNetCifar({ ...cifar, depth: 8, width: 4 }));
    expect(plain.parameters.find(({ path }) => path === 'fc.weight')?.shape).toEqual([10, 16]);
    const { parameters } = bind(new ResNetCifar({ ...cifar, depth: 8, zeroInitLastNorm: true }));
    const first = (path: string): number | undefined =>
      parameters.find((parameter) => parameter.path === path)?.initial(1)[0];
    expect([first('layer1.0.bn1.weight'), first('layer1.0.bn2.weight')]).toEqual([1, 0]);
    expect(first('layer2.0.downsample.1.weight')).toBe(1);
  });

  it('builds one graph node for each convolution, norm and shortcut', () => {
    const { model } = bind(createModel('resnet20', cifar));
    const graph = new Graph();
    model.apply(graph.source('input', 'images', [2, 32, 32, 3], 'float'));
    const count = (name: string): number => graph.nodes.filter(({ op }) => op.name === name).length;
    expect([count('conv2d'), count('norm'), count('add'), count('relu')]).toEqual([21, 21, 9, 19]);
    const strided = graph.nodes.find(({ path }) => path === 'layer2.0.conv1');
    expect(strided?.outputs.output.shape).toEqual([2, 16, 16, 32]);
  });

  it('refuses what it cannot build, with the remedy', () => {
    expect(() => createModel('resnet21', cifar)).toThrow(UsageError);
    expect(() => createModel('resnet21', cifar)).toThrow(/Did you mean "resnet20"\?.*mlp, lenet, cnn/);
    expect(() => createModel('toString', cifar)).toThrow(UsageError);
    expect(() => createModel('mlp', { inputShape: [28, 0], classes: 10 })).toThrow(/positive integers/);
    expect(() => createModel('lenet', { inputShape: [8, 8, 1], classes: 10 })).toThrow(/at least 12 x 12/);
    expect(() => createModel('cnn', { inputShape: [28, 3, 1], classes: 10 })).toThrow(/at least 4 x 4/);
    expect(() => createModel('mobilenet', { inputShape: [784], classes: 10 })).toThrow(/takes images/);
    expect(() => createModel('resnet8', { inputShape: [784], classes: 10 })).toThrow(/takes images/);
    expect(() => new ResNetCifar({ ...cifar, depth: 18 })).toThrow(/depth 6n \+ 2/);
  });
});
