import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../core/errors.js';
import { type ArraySource, fromArrays, imageDataset } from './arrays.js';
import { channelStats, datasetWarnings, subset } from './dataset.js';

const floats = (): ArraySource => ({
  name: 'points',
  inputs: Float32Array.of(1, 2, 3, 4, 5, 6),
  inputShape: [2],
  labels: [0, 1, 2],
});

describe('channelStats', () => {
  it('gives the exact mean and population deviation of each channel', () => {
    const { mean, std } = channelStats(Uint8Array.of(0, 10, 255, 10, 0, 10, 255, 10), 2);
    expect(mean).toEqual([0.5, 10 / 255]);
    expect(std).toEqual([0.5, 0]);
  });

  it('refuses pixels that are not whole', () => {
    expect(() => channelStats(Uint8Array.of(1, 2, 3), 2)).toThrow(DataError);
    expect(() => channelStats(new Uint8Array(0), 1)).toThrow(DataError);
  });
});

describe('fromArrays', () => {
  it('takes floats with labels and names the classes by number', () => {
    const data = fromArrays(floats());
    expect(data.count).toBe(3);
    expect(data.classes).toEqual(['0', '1', '2']);
    expect(data.labels).toEqual(Int32Array.of(0, 1, 2));
    expect(data.normalization).toBeUndefined();
  });

  it('computes the normalisation of byte images and never divides by zero', () => {
    const data = fromArrays({ inputs: new Uint8Array(8).fill(51), inputShape: [2, 2, 1], labels: [0, 1] });
    expect(data.normalization).toEqual({ mean: [0.2], std: [1] });
  });

  it('takes targets instead of labels, and labels at every position', () => {
    const regression = fromArrays({
      inputs: Float32Array.of(1, 2),
      inputShape: [1],
      targets: Float32Array.of(1, 2, 3, 4),
    });
    expect(regression.targetShape).toEqual([2]);
    expect(regression.classes).toEqual([]);
    const sequence = fromArrays({
      inputs: new Uint8Array(6),
      inputShape: [3],
      labels: [0, 1, 2, 2, 1, 0],
      labelsPerSample: 3,
    });
    expect(sequence.count).toBe(2);
  });

  it.each<[string, Partial<Record<keyof ArraySource, unknown>>, RegExp]>([
    ['inputs of another type', { inputs: [1, 2] }, /points: inputs must be a Uint8Array or a Float32Array/],
    ['a shape that is no list', { inputShape: undefined }, /inputShape must be a list of positive integers/],
    ['a shape with a zero', { inputShape: [2, 0] }, /inputShape must be a list of positive integers/],
    [
      'inputs that are not whole samples',
      { inputShape: [4] },
      /6 values, which is not a whole number .*\[4\]/,
    ],
    ['no sample', { inputs: new Float32Array(0) }, /which is no sample/],
    ['too few labels', { labels: [0, 1] }, /3 samples but 2 labels/],
    ['a negative label', { labels: [0, -1, 0] }, /label of sample 1 is -1/],
    ['a fractional label', { labels: [0, 0, 0.5] }, /label of sample 2 is 0.5/],
    ['a label that is no number', { labels: [Number.NaN, 0, 0] }, /label of sample 0 is NaN/],
    [
      'a label beyond the classes',
      { classes: ['a', 'b'] },
      /label of sample 2 is 2; .* 0 to 1 \(2 classes\)/,
    ],
    ['NaN', { inputs: Float32Array.of(1, 2, 3, Number.NaN, 5, 6) }, /input of sample 1 is NaN at position 1/],
    ['infinity', { inputs: Float32Array.of(1, 2, 3, 4, -Infinity, 6) }, /input of sample 2 is -Infinity/],
    ['neither labels nor targets', { labels: undefined }, /give labels .* or targets/],
    ['too few targets', { targets: new Float32Array(5), targetShape: [2] }, /need 6 values, got 5/],
    ['NaN in targets', { targets: Float32Array.of(0, Number.NaN, 0) }, /target of sample 1 is NaN/],
    ['labelsPerSample of zero', { labelsPerSample: 0 }, /labelsPerSample must be a positive integer/],
    ['statistics of too few channels', { normalization: { mean: [0], std: [1] } }, /2 channels/],
    ['a deviation of zero', { normalization: { mean: [0, 0], std: [1, 0] } }, /stds above zero/],
  ])('refuses %s', (_, change, message) => {
    const action = () => fromArrays({ ...floats(), ...change } as ArraySource);
    expect(action).toThrow(DataError);
    expect(action).toThrow(message);
  });

  it('refuses images without three axes', () => {
    const source = { inputs: new Uint8Array(4), inputShape: [4], labels: [0] };
    expect(() => imageDataset(source)).toThrow(/\[height, width, channels\], not \[4\]/);
  });
});

describe('subset', () => {
  const images = imageDataset({
    inputs: Uint8Array.from({ length: 40 }, (_, i) => i),
    inputShape: [1, 2, 2],
    labels: Array.from({ length: 10 }, (_, i) => i >> 1),
  });

  it('takes samples by index and keeps the normalisation', () => {
    const part = subset(images, [9, 0]);
    expect(part.count).toBe(2);
    expect([...part.images]).toEqual([36, 37, 38, 39, 0, 1, 2, 3]);
    expect(part.inputs).toBe(part.images);
    expect([...part.labels]).toEqual([4, 0]);
    expect(part.normalization).toBe(images.normalization);
    expect(part.classes).toBe(images.classes);
  });

  it('draws a count by seed, without repeats, in order', () => {
    const labels = (seed: number) => [...subset(images, 6, seed).inputs].filter((_, i) => i % 4 === 0);
    expect(labels(1)).toEqual(labels(1));
    expect(labels(1)).not.toEqual(labels(2));
    expect(new Set(labels(1)).size).toBe(6);
    expect(labels(1)).toEqual([...labels(1)].sort((a, b) => a - b));
    expect(subset(images, 10).inputs).toEqual(images.inputs);
  });

  it('keeps targets beside their samples', () => {
    const data = fromArrays({
      inputs: Float32Array.of(1, 2, 3),
      inputShape: [1],
      targets: Float32Array.of(1, 1, 2, 2, 3, 3),
      targetShape: [2],
    });
    expect([...(subset(data, [2, 1]).targets as Float32Array)]).toEqual([3, 3, 2, 2]);
  });

  it('refuses what is not there', () => {
    expect(() => subset(images, [10])).toThrow(UsageError);
    expect(() => subset(images, [0.5])).toThrow(/no sample 0.5/);
    expect(() => subset(images, [])).toThrow(/at least one/);
    expect(() => subset(images, 11)).toThrow(/from 1 to 10, got 11/);
    expect(() => subset(images, 0)).toThrow(UsageError);
  });
});

describe('datasetWarnings', () => {
  it('names empty classes and flat channels', () => {
    const data = imageDataset({
      name: 'pets',
      inputs: Uint8Array.of(1, 7, 2, 7),
      inputShape: [1, 1, 2],
      labels: [0, 2],
      classes: ['cat', 'dog', 'fox', 'owl'],
    });
    const warnings = datasetWarnings(data);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/pets: no sample of classes "dog", "owl"/);
    expect(warnings[1]).toMatch(/channel 1 has the same value/);
  });

  it('warns of a single class and is silent about sound data', () => {
    expect(datasetWarnings(fromArrays({ ...floats(), labels: [0, 0, 0] }))[0]).toMatch(/only one class/);
    expect(datasetWarnings(fromArrays(floats()))).toEqual([]);
  });
});
