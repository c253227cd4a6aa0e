/** Remedies of later papers in whole steps: the same bits on both backends, and what each of them is for. */
import { describe, expect, it } from 'vitest';
import { firstBatch, stripes, tinySession, trainedNumbers } from './support/tiny.js';

const data = stripes(32);

describe.each(['int8-channel-gradients', 'int8-previous-ranges'])('%s', (recipe) => {
  it('gives the same bits on the reference and on 1 and 3 threads, on integer kernels', async () => {
    const reference = await trainedNumbers(data, recipe, 0);
    const one = await trainedNumbers(data, recipe, 1);
    expect(one).toEqual(reference);
    expect(await trainedNumbers(data, recipe, 3)).toEqual(one);
    const session = await tinySession(data, { recipe, threads: 1 });
    expect(session.work().integerMacShare).toBe(1);
    await session.dispose();
  });
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
