/** The ablations that take more than other formats: what is special about each, in whole steps, on both backends. */
import { describe, expect, it } from 'vitest';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { probe, type Session, type SessionOptions } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(32);

/** Losses of some steps on both backends, then every parameter and state, as one list of numbers. */
async function trained(recipe: SessionOptions['recipe'], threads: number, steps = 2): Promise<number[]> {
  // Without fused multiply-add: simulated products are float products, whose bits would differ.
  const backend = threads === 0 ? 'reference' : await createWasmBackend({ threads, relaxed: false });
  const session = await tinySession(data, { recipe: recipe as string, backend });
  const numbers: number[] = [];
  for (let step = 0; step < steps; step++) {
    numbers.push(session.step(firstBatch(data, 8, step * 8), 0.05).loss);
  }
  numbers.push(...session.predict(firstBatch(data, 5).inputs));
  for (const { path } of session.bound.parameters) numbers.push(...session.read(path));
  for (const name of session.stateNames()) numbers.push(...session.read(name));
  await session.dispose();
  return numbers;
}

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
    const session = await tinySession(data, { recipe, threads: 1 });
    session.step(firstBatch(data, 8), 0.05);
    const { macs, simulatedMacs, integerMacShare } = session.work();
    expect([simulatedMacs, integerMacShare]).toEqual([macs, 0]);
    expect(zerosDecoded(session)).toBeGreaterThan(0);
    const { operands } = probe(session, firstBatch(data, 8));
    for (const { cosine, path, role } of operands)
      expect(`${path} ${role} ${cosine > 0.7}`).toBe(`${path} ${role} true`);
    await session.dispose();
    const exact = await tinySession(data, { recipe: recipe.replace('-no-exact-zero', ''), threads: 1 });
    exact.step(firstBatch(data, 8), 0.05);
    expect(zerosDecoded(exact)).toBe(0);
    await exact.dispose();
  });
});

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
