/** Remedies of later papers in whole steps: the same bits on both backends, and what each of them is for. */
import { describe, expect, it } from 'vitest';
import { cosine } from '../src/quant/measure.js';
import { dequantizeArray, quantizeArray } from '../src/quant/quantize-array.js';
import { recipes } from '../src/quant/recipes.js';
import { parseRecipe } from '../src/quant/validate.js';
import { withBits } from '../src/quant/with-bits.js';
import { probe } from '../src/train/index.js';
import { firstBatch, stripes, tinySession, trainedNumbers } from './support/tiny.js';

const data = stripes(32);

/** Everything by the cosine that may be: weights, activations with a running range, and gradients, at 4 bits. */
const cosineEverywhere = parseRecipe({
  extends: 'int8-cosine-clip',
  name: 'cosine everywhere',
  products: {
    forward: { left: { format: 'uint4', clip: 'cosine' }, right: { format: 'int4', clip: 'cosine' } },
    gradLeft: { gradOutput: { format: 'int4', range: 'previous' } },
  },
  norm: { input: { format: 'uint6', clip: 'cosine', range: 'running' } },
});

describe.each([
  ['int8-channel-norm', 'int8-channel-norm'],
  ['int8-channel-gradients', 'int8-channel-gradients'],
  ['int8-previous-ranges', 'int8-previous-ranges'],
  ['int8-cosine-clip', 'int8-cosine-clip'],
  ['cosine everywhere', cosineEverywhere],
])('%s', (_, recipe) => {
  it('gives the same bits on the reference and on 3 threads, on integer kernels', async () => {
    expect(await trainedNumbers(data, recipe, 3)).toEqual(await trainedNumbers(data, recipe, 0));
    const session = await tinySession(data, { recipe, threads: 1 });
    expect(session.work().integerMacShare).toBe(1);
    await session.dispose();
  });
});

it("a norm's input has a scale per channel that inference keeps, whatever batch it is asked for", async () => {
  const session = await tinySession(data, { recipe: 'int8-channel-norm', threads: 1 });
  for (let step = 0; step < 3; step++) session.step(firstBatch(data, 8, step * 8), 0.05);
  const ranges = session.read('bn1.input_range');
  expect(ranges).toHaveLength(16 * 4);
  const spans = Array.from({ length: 16 }, (_, c) => ranges[4 * c + 1] - ranges[4 * c]);
  expect(new Set(spans).size).toBe(16);
  expect(Array.from({ length: 16 }, (_, c) => ranges[4 * c + 2])).toEqual(Array(16).fill(3));
  const all = session.predict(firstBatch(data, 8).inputs);
  const alone = session.predict(firstBatch(data, 1).inputs);
  expect([...alone]).toEqual([...all.subarray(0, alone.length)]);
  expect(session.read('bn1.input_range')).toEqual(ranges);
  await session.dispose();
});

it('a scale per channel keeps a channel whose values are small beside those of another', async () => {
  const cosineUnder = async (granularity: 'tensor' | 'channel'): Promise<number> => {
    // Products in float32, so that only the norm's input is rounded.
    const norm = { input: { format: 'uint8', scheme: 'affine', granularity } };
    const recipe = parseRecipe({ extends: 'fp32', name: granularity, norm });
    const session = await tinySession(data, { recipe, threads: 1 });
    const weight = session.read('conv1.weight');
    // The first of 16 output channels a hundred times as large as the others.
    for (let i = 0; i < weight.length / 16; i++) weight[i] *= 100;
    session.write('conv1.weight', weight);
    const found = probe(session, firstBatch(data, 8)).gradients.find(({ path }) => path === 'conv1.weight');
    await session.dispose();
    return found?.cosine ?? Number.NaN;
  };
  const [tensor, channel] = [await cosineUnder('tensor'), await cosineUnder('channel')];
  expect(channel).toBeGreaterThan(0.95);
  expect(tensor).toBeLessThan(channel - 0.1);
});

/** The share of multiply-accumulates that run on integer kernels: gradInput is a third, but the first layer has none. */
const simulated = [
  ['int8-log4-gradients', 0.6, 0.8],
  ['fp8', 0, 0],
] as const;

describe.each(simulated)('%s', (recipe, least, most) => {
  it('gives the same bits on the reference and on 3 threads, and counts what is simulated', async () => {
    expect(await trainedNumbers(data, recipe, 3)).toEqual(await trainedNumbers(data, recipe, 0));
    const session = await tinySession(data, { recipe, threads: 1 });
    const { integerMacShare, simulatedMacs, macs } = session.work();
    expect(integerMacShare).toBeGreaterThanOrEqual(least);
    expect(integerMacShare).toBeLessThanOrEqual(most);
    expect(simulatedMacs / macs).toBeCloseTo(1 - integerMacShare, 12);
    await session.dispose();
  });

  it('is seen by a probe as what it is', async () => {
    const session = await tinySession(data, { recipe, threads: 1 });
    const { operands, gradients } = probe(session, firstBatch(data, 8));
    const floats = operands.filter(({ format }) => format.startsWith('fp'));
    expect(floats.length).toBeGreaterThan(5);
    for (const { format, cosine } of floats)
      expect(cosine).toBeGreaterThan(format === 'fp4-e3m0' ? 0.9 : 0.99);
    for (const { cosine } of gradients) expect(cosine).toBeGreaterThan(recipe === 'fp8' ? 0.5 : 0.2);
    await session.dispose();
  });
});

it('weights in fp8 without a master copy are levels of E4M3 after each update', async () => {
  const recipe = parseRecipe({ extends: 'fp8', name: 'x', masterWeights: 'quantized' });
  const numbers = await trainedNumbers(data, recipe, 2);
  expect(numbers).toEqual(await trainedNumbers(data, recipe, 0));
  const session = await tinySession(data, { recipe, threads: 1 });
  session.step(firstBatch(data, 8), 0.05);
  const weight = [...session.read('conv1.weight')];
  const scale = Math.fround(Math.max(...weight.map(Math.abs)) / 448);
  for (const x of weight) {
    const steps = Math.abs(x / scale);
    const step = 2 ** Math.max(Math.floor(Math.log2(steps)) - 3, -9);
    expect(Math.abs(steps / step - Math.round(steps / step))).toBeLessThan(1e-4);
  }
  await session.dispose();
});

it('int8-previous-ranges quantises gradients by the step before, the first by its own', async () => {
  const session = await tinySession(data, { recipe: 'int8-previous-ranges', threads: 1 });
  const scaleAt = (from: number): { scale: number; own: number } => {
    const { operands, read } = session.trace(firstBatch(data, 8, from));
    const gradient = operands.find(({ path, product }) => path === 'fc' && product === 'gradRight');
    if (!gradient) throw new Error('fc has no gradient');
    const values = read(gradient.original);
    const own = [...values].reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
    return { scale: read(gradient.quantized.qparams)[0], own: Math.fround(own / 32767) };
  };
  const first = scaleAt(0);
  expect(first.scale).toBe(first.own);
  session.step(firstBatch(data, 8, 0), 0.05);
  const second = scaleAt(8);
  expect(second.scale).toBe(first.own);
  expect(second.scale).not.toBe(second.own);
  await session.dispose();
});

it('int8-cosine-clip draws in the range of each gradient to where the cosine is greatest', async () => {
  const recipe = withBits(recipes['int8-cosine-clip'], { gradients: 4 });
  const session = await tinySession(data, { recipe, threads: 2 });
  const { operands, read } = session.trace(firstBatch(data, 8));
  const clipped = operands.filter(({ quantized }) => quantized.spec.clip === 'cosine');
  // The small network has nine layer gradients.
  expect(clipped).toHaveLength(9);
  let drawnIn = 0;
  for (const { original, quantized } of clipped) {
    const values = read(original);
    const [scale] = read(quantized.qparams);
    const factor = (scale * 7) / [...values].reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
    // A factor is a number of sixteenths; the scale was rounded to float32.
    expect(Math.abs(factor * 16 - Math.round(factor * 16))).toBeLessThan(1e-5);
    const others = [1, 1.25, 0.75].map((part) => {
      const clip = Math.min(1, Math.round(factor * 16 * part) / 16);
      const nearest = { ...quantized.spec, rounding: 'nearest', clip } as const;
      return cosine(values, dequantizeArray(quantizeArray(values, nearest)));
    });
    // Chosen under noise, so the best to nearest may lie a little elsewhere.
    expect(others[0]).toBeGreaterThan(Math.max(...others) - 0.02);
    if (factor < 0.99) drawnIn++;
  }
  expect(drawnIn).toBeGreaterThan(3);
  await session.dispose();
});
