import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../io/safetensors.js';
import { Conv2d, Flatten, Linear, Norm, ReLU, Sequential } from '../nn/index.js';
import { createSession } from './create.js';
import { parseModel, restoreModel, saveModel } from './model-file.js';
import type { Session } from './session.js';

const inputShape = [4, 4, 2];
const facts = {
  model: 'tiny',
  inputShape,
  inputStorage: 'uint8',
  classes: ['a', 'b', 'c'],
  dataset: 'noise',
  normalization: { mean: [0.5, 0.25], std: [0.5, 1] },
} as const;

const makeSession = (recipe: string, seed: number): Promise<Session> =>
  createSession({
    model: new Sequential(
      new Conv2d(2, 3, [3, 2]),
      new Norm(3),
      new ReLU(),
      new Flatten(),
      new Linear(18, 3),
    ),
    input: { shape: inputShape, storage: 'uint8', normalization: facts.normalization },
    recipe,
    backend: 'reference',
    batchSize: 4,
    seed,
  });

const inputs = Uint8Array.from({ length: 4 * 32 }, (_, i) => (i * 97) % 256);

async function trained(recipe: string): Promise<Session> {
  const session = await makeSession(recipe, 1);
  for (let i = 0; i < 3; i++) session.step({ inputs, targets: [0, 1, 2, 0], size: 4 }, 0.1);
  return session;
}

describe('saveModel', () => {
  it('writes convolutions as [out, in, height, width]', async () => {
    const session = await trained('fp32');
    const { tensors } = readSafetensors(saveModel(session, facts));
    const weight = tensors.find(({ name }) => name === '0.weight') as SafeTensor;
    expect(weight.shape).toEqual([3, 2, 3, 2]);
    const own = session.read('0.weight');
    for (let o = 0; o < 3; o++)
      for (let c = 0; c < 2; c++)
        for (let y = 0; y < 3; y++)
          for (let x = 0; x < 2; x++) {
            expect(weight.data[((o * 2 + c) * 3 + y) * 2 + x]).toBe(own[((o * 3 + y) * 2 + x) * 2 + c]);
          }
  });

  it.each([
    ['int8', '1.running_var'],
    ['paper', '1.running_scale'],
  ])('%s: names the running spread %s and keeps ranges', async (recipe, name) => {
    const { tensors } = readSafetensors(saveModel(await trained(recipe), facts));
    const names = tensors.map((tensor) => tensor.name);
    expect(names).toContain(name);
    expect(names).toContain('1.running_mean');
    expect(names).toContain('0.input_range');
    expect(names.some((other) => other.includes('running_spread'))).toBe(false);
  });
});

describe('restoreModel', () => {
  it.each(['fp32', 'paper', 'int8'])(
    '%s: a session of another seed gives the same numbers',
    async (recipe) => {
      const session = await trained(recipe);
      const saved = parseModel(saveModel(session, facts), 'x');
      expect(saved).toMatchObject({ ...facts, recipe: session.recipe });
      const other = await makeSession(recipe, 2);
      expect(other.read('0.weight')).not.toEqual(session.read('0.weight'));
      restoreModel(other, saved);
      expect(other.predict(inputs)).toEqual(session.predict(inputs));
      expect(saveModel(other, facts)).toEqual(saveModel(session, facts));
    },
  );

  const change = (tensor: SafeTensor, edit: Partial<SafeTensor>): SafeTensor =>
    ({ ...tensor, ...edit }) as SafeTensor;
  it.each<[string, (tensor: SafeTensor) => SafeTensor[], RegExp]>([
    ['a missing tensor', () => [], /has no tensor "4.weight", which tiny needs under recipe int8/],
    [
      'another name',
      (t) => [change(t, { name: '4.wieght' })],
      /"4.wieght" belongs to nothing in tiny.*Did you mean "4.weight"/,
    ],
    [
      'another shape',
      (t) => [change(t, { shape: [18, 3] })],
      /"4.weight" has shape \[18, 3\], tiny needs \[3, 18\]/,
    ],
    [
      'another dtype',
      (t) => [change(t, { dtype: 'F64', data: new Float64Array(54) })],
      /has dtype F64, F32 is needed/,
    ],
    [
      'a NaN',
      (t) => [change(t, { data: new Float32Array(54).fill(Number.NaN) })],
      /"4.weight" holds a value that is not finite/,
    ],
  ])('refuses %s and changes nothing', async (_, edit, message) => {
    const bytes = saveModel(await trained('int8'), facts);
    const { tensors, metadata } = readSafetensors(bytes);
    const edited = tensors.flatMap((tensor) => (tensor.name === '4.weight' ? edit(tensor) : [tensor]));
    const saved = parseModel(writeSafetensors(edited, metadata), 'm.safetensors');
    const other = await makeSession('int8', 2);
    const before = saveModel(other, facts);
    expect(() => restoreModel(other, saved)).toThrow(DataError);
    expect(() => restoreModel(other, saved)).toThrow(message);
    expect(saveModel(other, facts)).toEqual(before);
  });

  it('passes over the counters that PyTorch writes', async () => {
    const session = await trained('int8');
    const { tensors, metadata } = readSafetensors(saveModel(session, facts));
    const counter: SafeTensor = {
      name: '1.num_batches_tracked',
      dtype: 'I64',
      shape: [],
      data: BigInt64Array.of(3n),
    };
    const other = await makeSession('int8', 2);
    restoreModel(other, parseModel(writeSafetensors([...tensors, counter], metadata), 'x'));
    expect(other.predict(inputs)).toEqual(session.predict(inputs));
  });
});

describe('parseModel', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['no metadata of ours', { formatVersion: '' }, /has format version /],
    ['a later version', { formatVersion: '2' }, /has format version 2, this octograd reads 1/],
    ['classes that are no list', { classes: '3' }, /metadata "classes" is not what octograd writes/],
    ['a shape that is none', { inputShape: '[4, -1]' }, /metadata "inputShape" is not what/],
    ['broken JSON', { normalization: '{' }, /metadata "normalization" is no JSON/],
    ['a spread of zero', { normalization: '{"mean":[0],"std":[0]}' }, /metadata "normalization" is not what/],
    ['an unknown storage', { inputStorage: 'int4' }, /"inputStorage" is "int4"/],
    ['a recipe that does not hold up', { recipe: '{"products":1}' }, /its recipe: /],
  ])('refuses %s', async (_, metadata, message) => {
    const file = readSafetensors(saveModel(await makeSession('int8', 0), facts));
    const bytes = writeSafetensors(file.tensors, { ...file.metadata, ...metadata });
    expect(() => parseModel(bytes, 'm.safetensors')).toThrow(DataError);
    expect(() => parseModel(bytes, 'm.safetensors')).toThrow(message);
    expect(() => parseModel(bytes, 'm.safetensors')).toThrow(/^m\.safetensors: /);
  });

  it('says what a file of tensors without metadata lacks', () => {
    expect(() => parseModel(writeSafetensors([]), 'x')).toThrow(/metadata has no "formatVersion"/);
  });
});
