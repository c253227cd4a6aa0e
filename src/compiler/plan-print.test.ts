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
  // A weight's update is followed by its scale and its codes.
  const three = (path: string): string[] => [path, path, path];
  expect(updated.sort()).toEqual(['1.bias', ...three('1.weight'), '3.bias', ...three('3.weight')]);
  const weight = list.calls.flatMap(({ operands }) => operands).find(({ name }) => name === '1.weight');
  expect(weight).toMatchObject({ storage: 'float', shape: [4, 8], bytes: 128, category: 'parameter' });
  expect(list.arena.saved).toBe(list.memory.savedForBackwardBytes);
});

it('prints the same text for the same plan', async () => {
  expect(printPlan(await listing('fp32'))).toMatchInlineSnapshot(`
    "mlp, input [2, 2, 2], batch 2, recipe fp32: training plan, 25 kernel calls
    backend: any

     #  module    kernel                 product          MACs  operands read -> written
    forward
     0  -         channel_affine                                input u8[2, 2, 2, 2] 16 B, coef f32[16] 64 B -> output f32[2, 2, 2, 2] 64 B
     1  1         matmul                 float forward      64  left f32[2, 2, 2, 2] 64 B, right f32[4, 8] 128 B, bias f32[4] 16 B -> output f32[2, 4] 32 B
     2  2         relu                                          input f32[2, 4] 32 B -> output f32[2, 4] 32 B, mask u8[1] 1 B
     3  3         matmul                 float forward      24  left f32[2, 4] 32 B, right f32[3, 4] 48 B, bias f32[3] 12 B -> output f32[2, 3] 24 B
     4  loss      softmax_cross_entropy                         logits f32[2, 3] 24 B, labels i32[2] 8 B -> loss f32[2] 8 B, gradLogits f32[2, 3] 24 B, correct f32[2] 8 B
     5  loss      reduce_sum                                    input f32[2] 8 B -> output f32[1, 1] 4 B
    backward
     6  -         fill                                          -> output f32[] 4 B
     7  loss      affine                                        input f32[] 4 B -> output f32[1, 1, 1] 4 B
     8  loss      copy_strided                                  input f32[1, 1, 1] 4 B -> output f32[1, 2, 1] 8 B
     9  loss      copy_strided                                  input f32[1, 2, 1] 8 B -> output f32[2, 3] 24 B
    10  loss      binary                                        left f32[2, 3] 24 B, right f32[2, 3] 24 B -> output f32[2, 3] 24 B
    11  3         matmul                 float gradRight    24  left f32[2, 3] 24 B, right f32[2, 4] 32 B -> output f32[3, 4] 48 B
    12  3         reduce_sum                                    input f32[2, 3] 24 B -> output f32[3] 12 B
    13  3         matmul                 float gradLeft     24  left f32[2, 3] 24 B, right f32[3, 4] 48 B -> output f32[2, 4] 32 B
    14  2         relu_grad                                     gradOutput f32[2, 4] 32 B, mask u8[1] 1 B -> output f32[2, 4] 32 B
    15  1         matmul                 float gradRight    64  left f32[2, 4] 32 B, right f32[2, 2, 2, 2] 64 B -> output f32[4, 8] 128 B
    16  1         reduce_sum                                    input f32[2, 4] 32 B -> output f32[4] 16 B
    17  1.weight  range                                         input f32[4, 8] 128 B -> cells f32[1, 2] 8 B
    18  1.bias    range                                         input f32[4] 16 B -> cells f32[1, 2] 8 B
    19  3.weight  range                                         input f32[3, 4] 48 B -> cells f32[1, 2] 8 B
    20  3.bias    range                                         input f32[3] 12 B -> cells f32[1, 2] 8 B
    update
    21  1.weight  sgd                                           parameter f32[4, 8] 128 B, gradient f32[4, 8] 128 B, velocity f32[4, 8] 128 B -> parameter f32[4, 8] 128 B, velocity f32[4, 8] 128 B
    22  1.bias    sgd                                           parameter f32[4] 16 B, gradient f32[4] 16 B, velocity f32[4] 16 B -> parameter f32[4] 16 B, velocity f32[4] 16 B
    23  3.weight  sgd                                           parameter f32[3, 4] 48 B, gradient f32[3, 4] 48 B, velocity f32[3, 4] 48 B -> parameter f32[3, 4] 48 B, velocity f32[3, 4] 48 B
    24  3.bias    sgd                                           parameter f32[3] 12 B, gradient f32[3] 12 B, velocity f32[3] 12 B -> parameter f32[3] 12 B, velocity f32[3] 12 B

    multiply-accumulates of a batch
      integer kernels       0    0.0 %
      simulated in float    0    0.0 %
      float               200  100.0 %
      all                 200  100.0 %

    memory in bytes
      parameters                     204     204 B
      gradients                      204     204 B
      optimiser state                204     204 B
      running state and constants    112     112 B
      arena at its peak              289     289 B
      scratch of the kernels           0       0 B
      peak                         1,025  1.00 KiB
      saved for the backward pass    121     121 B
      buffers of the arena before sharing: input 24 B, saved 121 B, weight 0 B, transient 200 B, output 36 B"
  `);
});
