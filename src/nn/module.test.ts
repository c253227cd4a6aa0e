import { describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../core/errors.js';
import { hashText, RandomStream } from '../core/rng.js';
import { Graph, type Value } from '../graph/graph.js';
import { relu } from '../ops/relu.js';
import { filled, kaimingNormalFanOut, kaimingUniform, normal, uniform } from './init.js';
import { Conv2d, Embedding, LayerNorm, Linear, Norm } from './layers.js';
import { bind, buffersOf, Module, Parameter, parameterCount, parametersOf } from './module.js';
import { AvgPool2d, Dropout, Flatten, GlobalAvgPool2d, MaxPool2d, ReLU, Sequential } from './plain.js';

const paths = (parts: readonly { path: string }[]): string[] => parts.map(({ path }) => path);

class Block extends Module {
  readonly conv = new Conv2d(4, 4, 3, { padding: 1, bias: false });
  readonly bn = new Norm(4);
  forward(input: Value): Value {
    return relu(this.bn.apply(this.conv.apply(input)));
  }
}

class Net extends Module {
  readonly note = { width: 4 };
  readonly stem = new Conv2d(3, 4, 1);
  readonly stages = [[new Block()], [new Block(), new Block()]];
  readonly head = new Sequential(new GlobalAvgPool2d(), new Dropout(0.5), new Linear(4, 2));
  readonly scale = new Parameter([2], filled(1));
  forward(input: Value): Value {
    let x = this.stem.apply(input);
    for (const block of this.stages.flat()) x = block.apply(x);
    return this.head.apply(x);
  }
}

describe('bind', () => {
  it('names parts by properties and positions', () => {
    const { model, modules, parameters, buffers } = bind(new Net());
    expect(model.path).toBe('');
    expect(paths(parameters)).toEqual([
      'stem.weight',
      'stem.bias',
      ...['stages.0.0', 'stages.1.0', 'stages.1.1'].flatMap((block) => [
        `${block}.conv.weight`,
        `${block}.bn.weight`,
        `${block}.bn.bias`,
      ]),
      'head.2.weight',
      'head.2.bias',
      'scale',
    ]);
    expect(paths(buffers).slice(0, 2)).toEqual([
      'stages.0.0.bn.running_mean',
      'stages.0.0.bn.running_spread',
    ]);
    expect(paths(modules)).toContain('stages.1.1.bn');
    expect(buffersOf(model)).toHaveLength(6);
  });

  it('gives the same paths when bound again, and refuses a part of another model', () => {
    const net = new Net();
    expect(paths(parametersOf(net))).toEqual(paths(parametersOf(net)));
    expect(() => bind(net.head)).toThrow(UsageError);
    expect(() => bind(new Sequential(new ReLU(), net.stem))).toThrow(
      /Conv2d at stem already belongs to another Net; make a new one for "1"/,
    );
    expect(net.stem.path).toBe('stem');
  });

  it('shares a part that stands in two places under its first path', () => {
    const shared = new Linear(3, 3);
    const model = new Sequential(shared, new ReLU(), shared);
    expect(paths(parametersOf(model))).toEqual(['0.weight', '0.bias']);
    const graph = new Graph();
    model.apply(graph.source('input', 'x', [2, 3], 'float'));
    expect(graph.sources.map(({ source }) => source?.name)).toEqual(['x', '0.weight', '0.bias']);
    expect(parameterCount(model)).toBe(12);
  });

  it('refuses two parts of one name', () => {
    class Twice extends Module {
      readonly a = new ReLU();
      override children(): [string, Module][] {
        return [
          ['a', this.a],
          ['a', new ReLU()],
        ];
      }
      forward(input: Value): Value {
        return this.a.apply(input);
      }
    }
    expect(() => bind(new Twice())).toThrow(/two parts of Twice are named "a"/);
  });

  it('explains what is wrong with a module that was never bound', () => {
    const input = new Graph().source('input', 'x', [2, 3], 'float');
    expect(() => new Linear(3, 2).apply(input)).toThrow(/Linear belongs to no bound model.*bind\(model\)/);
    expect(() => new Parameter([1], filled(0)).value(input.graph)).toThrow(UsageError);
    class Forgetful extends Module {
      forward(value: Value): Value {
        return new ReLU().apply(value);
      }
    }
    expect(() => bind(new Forgetful()).model.apply(input)).toThrow(/ReLU belongs to no bound model/);
  });
});

describe('apply', () => {
  it('records nodes and errors under the module that made them', () => {
    const { model } = bind(new Net());
    const graph = new Graph();
    const output = model.apply(graph.source('input', 'x', [2, 8, 8, 3], 'float'));
    expect(output.shape).toEqual([2, 2]);
    const convs = graph.nodes.filter((node) => node.op.name === 'conv2d').map((node) => node.path);
    expect(convs).toEqual(['stem', 'stages.0.0.conv', 'stages.1.0.conv', 'stages.1.1.conv']);
    expect(graph.nodes.filter((node) => node.op.name === 'relu')[0].path).toBe('stages.0.0');
    const wrong = new Graph().source('input', 'x', [2, 8, 8, 5], 'float');
    expect(() => model.apply(wrong)).toThrow(ShapeError);
    expect(() => model.apply(wrong)).toThrow(/^stem: conv2d: .*expects 3 input channels.*has 5/);
  });

  it('keeps the shapes of PyTorch modules', () => {
    const cases: [Module, number[], number[]][] = [
      [new Linear(6, 2), [4, 3, 6], [4, 3, 2]],
      [new Conv2d(4, 8, [3, 1], { stride: 2, padding: [1, 0], groups: 2 }), [2, 9, 9, 4], [2, 5, 5, 8]],
      [new MaxPool2d(3, { stride: 2, padding: 1 }), [2, 8, 8, 4], [2, 4, 4, 4]],
      [new AvgPool2d(2), [2, 9, 8, 4], [2, 4, 4, 4]],
      [new Flatten(), [2, 3, 4, 5], [2, 60]],
      [new LayerNorm(5), [2, 3, 5], [2, 3, 5]],
      [new Norm(5), [2, 3, 5], [2, 3, 5]],
    ];
    for (const [module, input, output] of cases) {
      const { model } = bind(new Sequential(module));
      expect(model.apply(new Graph().source('input', 'x', input, 'float')).shape).toEqual(output);
    }
    const { model } = bind(new Sequential(new Embedding(10, 4)));
    expect(model.apply(new Graph().source('input', 'i', [2, 3], 'int32')).shape).toEqual([2, 3, 4]);
  });

  it('leaves dropout out of evaluation graphs', () => {
    const { model } = bind(new Sequential(new Dropout(0.5)));
    const count = (mode: 'train' | 'eval'): number => {
      const graph = new Graph(mode);
      model.apply(graph.source('input', 'x', [4], 'float'));
      return graph.nodes.length;
    };
    expect([count('train'), count('eval')]).toEqual([1, 0]);
  });

  it.each([
    [() => new Linear(0, 3), /Linear: inFeatures must be a positive integer, got 0/],
    [() => new Conv2d(3, 4, 3, { groups: 2 }), /groups 2 must divide inChannels 3/],
    [() => new Norm(1.5), /Norm: channels/],
    [() => new Embedding(3, -1), /Embedding: width/],
  ])('refuses sizes that make no sense (%#)', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('initial values', () => {
  const moments = (values: Float32Array): { mean: number; deviation: number; largest: number } => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return { mean, deviation: Math.sqrt(variance), largest };
  };
  const shape = [64, 3, 3, 32];
  const random = (): RandomStream => new RandomStream(3, hashText('layer.weight'));

  it('has the moments of its name', () => {
    // 18,432 draws: standard errors are 0.7 % of a deviation for the mean, 0.5 % for the deviation.
    const cases: [Float32Array, number][] = [
      [kaimingNormalFanOut(shape, random()), Math.sqrt(2 / (64 * 9))],
      [kaimingUniform(shape, random()), 1 / Math.sqrt(3 * 32 * 9)],
      [normal(0.02)(shape, random()), 0.02],
      [uniform(0.5)(shape, random()), 0.5 / Math.sqrt(3)],
    ];
    for (const [values, deviation] of cases) {
      const found = moments(values);
      expect(Math.abs(found.mean)).toBeLessThan(0.03 * deviation);
      expect(found.deviation / deviation).toBeGreaterThan(0.98);
      expect(found.deviation / deviation).toBeLessThan(1.02);
    }
    expect(moments(kaimingUniform(shape, random())).largest).toBeLessThanOrEqual(1 / Math.sqrt(288));
  });

  it('depends on the seed and the path, not on the order', () => {
    const first = bind(new Sequential(new Linear(8, 8), new Linear(8, 8))).parameters;
    const second = bind(new Sequential(new Linear(8, 8), new Linear(8, 8))).parameters;
    const reversed = [...second].reverse().map((parameter) => parameter.initial(5));
    expect(first.map((parameter) => parameter.initial(5))).toEqual(reversed.reverse());
    expect(first[0].initial(5)).not.toEqual(first[0].initial(6));
    expect(first[0].initial(5)).not.toEqual(first[2].initial(5));
  });

  it('starts norms as the identity', () => {
    const { parameters, buffers } = bind(new Sequential(new Norm(2)));
    expect(parameters.map((parameter) => [...parameter.initial(1)])).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(buffers.map((buffer) => [...buffer.initial()])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect([...filled(2)([2], random())]).toEqual([2, 2]);
  });
});
