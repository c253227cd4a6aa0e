import { expect, it } from 'vitest';
import { Flatten, Linear, ReLU, Sequential } from '../nn/index.js';
import { createSession } from '../train/index.js';
import { listPlan, type PlanListing, printPlan } from './plan-print.js';

async function listing(recipe: string): Promise<PlanListing> {
  const session = await createSession({
    model: new Sequential(new Flatten(), new Linear(8, 4), new ReLU(), new Linear(4, 3)),
    input: { shape: [2, 2, 2], storage: 'uint8' },
    recipe,
    backend: 'reference',
    batchSize: 2,
  });
  const { plan } = session.planFor('train', 2);
  return listPlan({
    plan,
    update: session.updateCalls,
    memory: session.memory(),
    facts: { model: 'mlp', recipe, inputShape: [2, 2, 2], batchSize: 2, kind: 'train', backend: 'any' },
    shapes: new Map(session.bound.parameters.map(({ path, shape }) => [path, shape])),
  });
}

it('lists every call with its product, and sums work and memory up', async () => {
  const list = await listing('int8');
  const products = list.calls.flatMap(({ path, product }) => (product ? [{ path, ...product }] : []));
  expect(products).toContainEqual({ path: '1', kind: 'integer', role: 'forward', macs: 64 });
  expect(products).toContainEqual({ path: '3', kind: 'integer', role: 'gradLeft', macs: 24 });
  expect(products.map(({ macs }) => macs).reduce((a, b) => a + b)).toBe(list.work.macs);
  expect(list.work).toEqual({
    macs: 64 * 2 + 24 * 3,
    integerMacs: 200,
    simulatedMacs: 0,
    integerMacShare: 1,
  });
  const updated = list.calls.filter(({ phase }) => phase === 'update').map(({ path }) => path);
  expect(updated.sort()).toEqual(['1.bias', '1.weight', '3.bias', '3.weight']);
  const weight = list.calls.flatMap(({ operands }) => operands).find(({ name }) => name === '1.weight');
  expect(weight).toMatchObject({ storage: 'float', shape: [4, 8], bytes: 128, category: 'parameter' });
  expect(list.arena.saved).toBe(list.memory.savedForBackwardBytes);
});

it('prints the same text for the same plan', async () => {
  expect(printPlan(await listing('fp32'))).toMatchInlineSnapshot();
});
