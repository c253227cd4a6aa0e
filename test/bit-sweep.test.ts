/** Sweeps over bits: each kind of tensor alone and all, the same bits on both backends, integer where formats allow. */
import { describe, expect, it } from 'vitest';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import type { Value } from '../src/graph/graph.js';
import { Conv2d, GlobalAvgPool2d, Linear, Module, Norm } from '../src/nn/index.js';
import { relu } from '../src/ops/index.js';
import type { Recipe } from '../src/quant/recipe.js';
import { recipes } from '../src/quant/recipes.js';
import { type TensorBits, withBits } from '../src/quant/with-bits.js';
import { createSession, type Session } from '../src/train/index.js';

class Net extends Module {
  readonly conv1 = new Conv2d(2, 4, 3, { padding: 1, bias: false });
  readonly bn1 = new Norm(4);
  readonly conv2 = new Conv2d(4, 5, 3, { stride: 2, padding: 1, bias: false });
  readonly bn2 = new Norm(5);
  readonly pool = new GlobalAvgPool2d();
  readonly fc = new Linear(5, 3);
  forward(x: Value): Value {
    const first = relu(this.bn1.apply(this.conv1.apply(x)));
    return this.fc.apply(this.pool.apply(relu(this.bn2.apply(this.conv2.apply(first)))));
  }
}

const batch = {
  inputs: Float32Array.from({ length: 4 * 72 }, (_, i) => Math.sin(i * 1.7)),
  targets: [0, 1, 2, 0],
  size: 4,
};

const sweeps = (bits: number): TensorBits[] => [
  { weights: bits },
  { activations: bits },
  { gradients: bits },
  { weights: bits, activations: bits, gradients: bits },
];

function session(recipe: Recipe, backend: 'reference' | Awaited<ReturnType<typeof createWasmBackend>>) {
  return createSession({
    model: new Net(),
    input: { shape: [6, 6, 2], storage: 'float' },
    batchSize: 4,
    recipe,
    backend,
  });
}

/** Losses, the output under running values, and the weights after three steps. */
function trained(run: Session): number[] {
  const losses = Array.from({ length: 3 }, () => run.step(batch, 0.05).loss);
  const weights = run.bound.parameters.flatMap(({ path }) => [...run.read(path)]);
  return [...losses, ...run.predict(batch.inputs), ...weights];
}

/** The share of integer work, after both backends were seen to agree. */
async function integerShare(recipe: Recipe): Promise<number> {
  // Simulated products are float products: their bits agree only without fused multiply-add.
  const wasm = await session(
    recipe,
    await createWasmBackend({ threads: 2, spreadSmall: true, relaxed: false }),
  );
  const reference = await session(recipe, 'reference');
  const numbers = trained(wasm);
  expect(numbers).toEqual(trained(reference));
  expect(numbers.every(Number.isFinite)).toBe(true);
  const { integerMacShare, simulatedMacs, macs } = wasm.work();
  // Whatever is not integer is quantised all the same, and says so.
  expect(integerMacShare + simulatedMacs / macs).toBeCloseTo(1, 12);
  await Promise.all([wasm.dispose(), reference.dispose()]);
  return integerMacShare;
}

describe.each(['int8', 'paper'])('%s', (base) => {
  it.each([2, 3, 4, 5, 6, 7])('at %i bits runs on integer kernels', async (bits) => {
    for (const tensors of sweeps(bits)) {
      expect(await integerShare(withBits(recipes[base], tensors))).toBe(1);
    }
  });

  it('at 16 bits is simulated where both sides have them', async () => {
    const shares: number[] = [];
    for (const tensors of sweeps(16)) shares.push(await integerShare(withBits(recipes[base], tensors)));
    const [weights, activations, gradients, all] = shares;
    expect([weights, gradients, all]).toEqual([1, 1, 0]);
    expect(activations).toBeGreaterThan(0.5);
    expect(activations).toBeLessThan(0.75);
  });
});
