/** The ablations that take more than other formats: what is special about each, in whole steps, on both backends. */
import { describe, expect, it } from 'vitest';
import { listPlan } from '../src/compiler/plan-print.js';
import type { Recipe } from '../src/quant/recipe.js';
import { getRecipe } from '../src/quant/recipes.js';
import { parseRecipe } from '../src/quant/validate.js';
import { probe, type Session } from '../src/train/index.js';
import { firstBatch, stripes, tinySession, trainedNumbers } from './support/tiny.js';

const data = stripes(32);

const trained = (recipe: string, threads: number): Promise<number[]> => trainedNumbers(data, recipe, threads);

/** int8's norms read their gradient, which has a ReLU's exact zeros, in float32: here in 8 bits. */
const gradOutput = { format: 'int8', rounding: 'stochastic' } as const;
const quantizedNorms = (name: string): Recipe =>
  name.startsWith('paper') ? getRecipe(name) : parseRecipe({ extends: name, name, norm: { gradOutput } });

describe.each(['int8-no-exact-zero', 'paper-no-exact-zero'])('%s', (recipe) => {
  it('gives the same bits on the reference and on 1 and 3 threads', async () => {
    const [reference, one, three] = [
      await trained(recipe, 0),
      await trained(recipe, 1),
      await trained(recipe, 3),
    ];
    expect(one).toEqual(reference);
    expect(three).toEqual(one);
  });

  it('has all products simulated, and zeros that come back as something else', async () => {
    const scheme = 'affine-float-zero' as const;
    const ablated = recipe.startsWith('paper')
      ? recipe
      : parseRecipe({ extends: recipe, name: 'x', norm: { gradOutput: { ...gradOutput, scheme } } });
    const session = await tinySession(data, { recipe: ablated, threads: 1 });
    session.step(firstBatch(data, 8), 0.05);
    const { macs, simulatedMacs, integerMacShare } = session.work();
    expect([simulatedMacs, integerMacShare]).toEqual([macs, 0]);
    expect(zerosDecoded(session)).toBeGreaterThan(0);
    const { operands } = probe(session, firstBatch(data, 8));
    for (const { cosine, path, role } of operands)
      expect(`${path} ${role} ${cosine > 0.7}`).toBe(`${path} ${role} true`);
    await session.dispose();
    const exact = await tinySession(data, {
      recipe: quantizedNorms(recipe.replace('-no-exact-zero', '')),
      threads: 1,
    });
    exact.step(firstBatch(data, 8), 0.05);
    expect(zerosDecoded(exact)).toBe(0);
    await exact.dispose();
  });
});

const noMaster = ['int8-no-master', 'int8-no-master-stochastic', 'paper-no-master'];

describe.each(noMaster)('%s', (recipe) => {
  it('gives the same bits on the reference and on 1 and 3 threads', async () => {
    const [reference, one, three] = [
      await trained(recipe, 0),
      await trained(recipe, 1),
      await trained(recipe, 3),
    ];
    expect(one).toEqual(reference);
    expect(three).toEqual(one);
  });

  it('keeps no weight finer than the codes of its own range; biases and norms stay float', async () => {
    const session = await tinySession(data, { recipe, threads: 2 });
    for (let step = 0; step < 3; step++) session.step(firstBatch(data, 8, step * 8), 0.05);
    const bits = recipe.startsWith('paper') ? 256 : 255;
    for (const { path, shape } of session.bound.parameters) {
      const values = [...session.read(path)];
      if (shape.length < 2) {
        // A float has a fine mantissa; a code times a scale that fits 255 steps does not.
        expect(onGrid(values, bits)).toBe(values.length < 3 || values.every((x) => x === 0));
        continue;
      }
      expect(new Set(values).size).toBeLessThanOrEqual(bits);
      expect(`${path} ${onGrid(values, bits)}`).toBe(`${path} true`);
      expect(new Set(values).size).toBeGreaterThan(20);
    }
    await session.dispose();
  });
});

it('int8-no-master-stochastic moves weights by steps that rounding to nearest loses', async () => {
  const moved = async (recipe: string): Promise<number> => {
    const session = await tinySession(data, { recipe, threads: 1 });
    // The first update puts the weights on their grid.
    session.step(firstBatch(data, 8), 0);
    const before = session.read('conv1.weight');
    session.step(firstBatch(data, 8), 1e-4);
    const after = session.read('conv1.weight');
    await session.dispose();
    return Array.from(after).reduce((count, x, i) => count + Number(Math.abs(x - before[i]) > 1e-5), 0);
  };
  expect(await moved('int8-no-master')).toBe(0);
  expect(await moved('int8-no-master-stochastic')).toBeGreaterThan(0);
});

it('a weight whose product is in float keeps its float values, scales per channel are kept', async () => {
  const float = { left: 'float32', right: 'float32' };
  const recipe = parseRecipe({
    extends: 'int8-channel-weights',
    name: 'x',
    masterWeights: 'quantized',
    overrides: [
      {
        modules: 'fc',
        products: {
          forward: float,
          gradLeft: { gradOutput: 'float32' },
          gradRight: { gradOutput: 'float32' },
        },
      },
    ],
  });
  const session = await tinySession(data, { recipe, threads: 2 });
  session.step(firstBatch(data, 8), 0.05);
  expect(onGrid([...session.read('fc.weight')], 255)).toBe(false);
  const weight = [...session.read('conv1.weight')];
  const row = weight.length / 16;
  expect(onGrid(weight, 255)).toBe(false);
  for (let c = 0; c < 16; c++) expect(onGrid(weight.slice(c * row, (c + 1) * row), 255)).toBe(true);
  await session.dispose();
});

it('an update that breaks a weight without a master copy is named', async () => {
  const session = await tinySession(data, { recipe: 'int8-no-master', threads: 2 });
  session.step(firstBatch(data, 8), 0.05);
  session.write('fc.weight/velocity', new Float32Array(session.read('fc.weight').length).fill(3e38));
  expect(() => session.step(firstBatch(data, 8), 10)).toThrow(
    /^fc.weight \(weight\): the update of step 1 made it NaN or infinite; lower the learning rate/,
  );
  await session.dispose();
});

it('the plan lists the calls that quantise the weights', async () => {
  const session = await tinySession(data, { recipe: 'int8-no-master', threads: 1 });
  const kernels = session.updateCalls.map(({ kernel }) => kernel);
  const weights = session.bound.parameters.filter(({ shape }) => shape.length > 1).length;
  expect(kernels.filter((kernel) => kernel === 'dequantize')).toHaveLength(weights);
  const { calls } = listPlan({
    plan: session.planFor('train', 8).plan,
    update: session.updateCalls,
    memory: session.memory(),
    facts: { model: 'm', recipe: 'r', inputShape: [], batchSize: 8, kind: 'train', backend: 'b' },
    shapes: new Map(),
  });
  const last = calls[calls.length - 1];
  expect([last.phase, last.kernel, last.path]).toEqual(['update', 'dequantize', 'fc.weight']);
  await session.dispose();
});

/** Whether values are whole multiples of a step of which `codes` - 1 or fewer span them and zero. */
function onGrid(values: readonly number[], codes: number): boolean {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  if (low === high) return true;
  const steps = codes === 255 ? [Math.max(-low, high) / 127] : [(high - low) / 255];
  // Float32 rounds each value to 2^-24 of it, some hundred-thousandths of a step.
  return steps.some((step) => values.every((x) => Math.abs(x / step - Math.round(x / step)) < 1e-3));
}

/** Number of gradient elements that are 0 and decode to something else. */
function zerosDecoded(session: Session): number {
  const { operands, read } = session.trace(firstBatch(data, 8));
  let wrong = 0;
  for (const { role, original, quantized } of operands) {
    if (role !== 'gradOutput' || quantized.grouping.groups !== 1) continue;
    const [scale, , zeroPoint, offset] = read(quantized.qparams);
    const [values, codes] = [read(original), read(quantized.codes)];
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0 && scale * (codes[i] - zeroPoint) + offset !== 0) wrong++;
    }
  }
  return wrong;
}
