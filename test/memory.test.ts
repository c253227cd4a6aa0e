/** What the plan says of memory, held against what a step touches. */
import { describe, expect, it } from 'vitest';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(32, 28, 1, 10);

describe('memory', () => {
  it.each(['fp32', 'paper', 'int8'])(
    '%s: the planned peak of the arena is the highest byte that a step writes',
    async (recipe) => {
      const session = await tinySession(data, { recipe, threads: 2, batchSize: 16 });
      const batch = firstBatch(data, 16);
      session.step(batch, 0);
      const { plan } = session.planFor('train', 16);
      // Room beyond the arena, so that a write past its end would be seen.
      session.backend.reserve(plan.arenaOffset + plan.arenaBytes + 4096);
      const span = { offset: plan.arenaOffset, length: plan.arenaBytes + 4096, storage: 'uint8' as const };
      let highest = -1;
      for (const pattern of [0xa5, 0x5a]) {
        session.backend.view(span).fill(pattern);
        session.step(batch, 0);
        const bytes = session.backend.view(span);
        for (let i = bytes.length - 1; i > highest; i--) if (bytes[i] !== pattern) highest = i;
      }
      expect(highest + 1).toBe(plan.arenaBytes);
      await session.dispose();
    },
  );

  it('int8 keeps at most 0.3 of the bytes that fp32 keeps for the backward pass', async () => {
    const bytes: Record<string, number> = {};
    for (const recipe of ['fp32', 'paper', 'int8']) {
      const session = await tinySession(data, { recipe, backend: 'reference', batchSize: 16 });
      bytes[recipe] = session.memory().savedForBackwardBytes;
      await session.dispose();
    }
    expect(bytes.int8 / bytes.fp32).toBeLessThanOrEqual(0.3);
    expect(bytes.paper / bytes.fp32).toBeLessThanOrEqual(0.32);
  });

  it('all products of an 8-bit recipe run on integer kernels, none of fp32', async () => {
    const shares: number[] = [];
    for (const recipe of ['fp32', 'paper', 'int8', 'int8-no-bifurcation']) {
      const session = await tinySession(data, { recipe, backend: 'reference' });
      const { calls } = session.planFor('train', 8).plan;
      const counted = calls.filter(({ call }) => call.kernel.endsWith('_int')).length;
      const products = calls.filter(({ product }) => product).length;
      expect(counted / products).toBe(session.work().integerMacShare);
      shares.push(session.work().integerMacShare);
      await session.dispose();
    }
    expect(shares).toEqual([0, 1, 1, 1]);
  });
});
