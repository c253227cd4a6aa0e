/** The gradient of whole small networks with norms, in float64 against finite differences: what the precision pass puts in `norm`'s place. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { RandomStream } from '../src/core/rng.js';
import type { Value } from '../src/graph/graph.js';
import { Conv2d, GlobalAvgPool2d, Linear, Module, Norm } from '../src/nn/index.js';
import { add, relu } from '../src/ops/index.js';
import { sgd } from '../src/optim/index.js';
import type { Recipe } from '../src/quant/recipe.js';
import { getRecipe } from '../src/quant/recipes.js';
import { crossEntropyLoss, Session } from '../src/train/index.js';

class Small extends Module {
  readonly conv1 = new Conv2d(2, 4, 3, { padding: 1, bias: false });
  readonly bn1 = new Norm(4);
  readonly conv2 = new Conv2d(4, 4, 3, { padding: 1, bias: false });
  readonly bn2 = new Norm(4);
  readonly pool = new GlobalAvgPool2d();
  readonly fc = new Linear(4, 3);
  forward(x: Value): Value {
    const first = relu(this.bn1.apply(this.conv1.apply(x)));
    return this.fc.apply(this.pool.apply(relu(add(this.bn2.apply(this.conv2.apply(first)), first))));
  }
}

function session(recipe: Recipe): Session {
  return new Session({
    model: new Small(),
    input: { shape: [5, 4, 2], storage: 'float' },
    loss: crossEntropyLoss(),
    recipe,
    backend: createReferenceBackend({ float64: true }),
    optimizer: sgd(),
    batchSize: 6,
    seed: 11,
  });
}

const random = new RandomStream(5);
const batch = {
  inputs: Float64Array.from({ length: 6 * 40 }, () => random.normal(Math.log)),
  targets: Int32Array.from([0, 1, 2, 2, 1, 0]),
  size: 6,
};

/** Largest relative error of the gradient over some elements of every parameter. */
function worstError(recipe: Recipe, spoil = 1): number {
  const run = session(recipe);
  // Gamma away from 1 and beta from 0, so that their part in the gradient shows.
  for (const name of ['bn1', 'bn2']) {
    run.write(`${name}.weight`, [0.8, 1.3, 0.5, -0.7]);
    run.write(`${name}.bias`, [0.1, -0.2, 0.3, 0.4]);
  }
  const lossAt = (): number => run.step(batch, 0).loss;
  let worst = 0;
  for (const path of run.trainedPaths()) {
    lossAt();
    const gradient = run.readGradient(path).map((value) => value * spoil);
    const values = Float64Array.from(run.backend.view(run.bufferOf(path)), Number);
    const scale = Math.max(...gradient.map(Math.abs));
    for (let i = 0; i < values.length; i += Math.ceil(values.length / 6)) {
      const h = 1e-6;
      const at = (shift: number): number => {
        const moved = values.slice();
        moved[i] += shift;
        run.write(path, moved);
        return lossAt();
      };
      const numeric = (at(h) - at(-h)) / (2 * h);
      run.write(path, values);
      worst = Math.max(worst, Math.abs(numeric - gradient[i]) / scale);
    }
  }
  return worst;
}

describe('gradients through norms', () => {
  it.each(['fp32', 'fp32-range'])('%s agrees with finite differences', (name) => {
    // Central differences with h = 1e-6 in double: truncation and rounding stay below 1e-8 of the largest element.
    expect(worstError(getRecipe(name))).toBeLessThan(1e-8);
  });

  it('a gradient that is 1 % off is caught', () => {
    expect(worstError(getRecipe('fp32'), 1.01)).toBeGreaterThan(5e-3);
  });
});
