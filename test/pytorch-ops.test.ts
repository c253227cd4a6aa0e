/** Every operation that has a twin in PyTorch, forward and the gradient of each input, against its numbers in float64. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../src/backend/backend.js';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { createWasmBackend } from '../src/backend/wasm/index.js';
import { allOps } from '../src/ops/index.js';
import { distances, farthest, readGolden } from './golden/golden.case.js';
import { builders, type OpsFile, runOpCase } from './golden/ops.case.js';

const { seed, cases } = readGolden<OpsFile>('ops');

const backends: [string, number, () => Promise<Backend>][] = [
  // Both sides compute in double; sums of some hundred terms in another order differ by 1e-15. 1e-8 is what is promised.
  ['reference, float64', 1e-12, async () => createReferenceBackend({ float64: true })],
  // float32 against double: units of 6e-8, some of them for each of up to 60 terms; 3e-7 at most. 1e-4 is what is promised.
  ['reference, float32', 1e-5, async () => createReferenceBackend()],
  ['wasm, float32', 1e-5, () => createWasmBackend({ threads: 2, spreadSmall: true })],
];

describe.each(backends)('%s', (_name, tolerance, create) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.dispose());

  it.each(cases.map((opCase) => [opCase.title, opCase] as const))('%s', (_title, opCase) => {
    const found = runOpCase(backend, seed, opCase);
    const compared = {
      ...distances((role) => found.outputs[role], opCase.outputs),
      ...(opCase.options.training === false
        ? {}
        : Object.fromEntries(
            Object.entries(distances((role) => found.gradients[role], opCase.gradients)).map(
              ([role, value]) => [`gradient of ${role}`, value],
            ),
          )),
    };
    const { name, distance } = farthest(compared);
    expect(distance, name).toBeLessThan(tolerance);
  });
});

describe('the cases', () => {
  it('cover every operation but dropout, whose noise is its own', () => {
    const twins: Record<string, string> = {
      leaky_relu: 'leakyRelu',
      broadcast: 'broadcastTo',
      reduce_sum: 'sum',
      max_pool: 'maxPool2d',
      avg_pool: 'avgPool2d',
      // What a recipe puts in its place.
      feature_norm: 'layerNorm',
      log_softmax: 'logSoftmax',
      softmax_cross_entropy: 'crossEntropy',
    };
    const tested = new Set(cases.map(({ op }) => op));
    expect(Object.keys(builders).filter((name) => !tested.has(name))).toEqual([]);
    const missing = allOps.map(({ name }) => twins[name] ?? name).filter((name) => !tested.has(name));
    expect(missing).toEqual(['dropout']);
  });

  it('tell a wrong number from a right one', () => {
    const opCase = cases.find(({ title }) => title === 'conv2d 3x3, padding 1') as OpsFile['cases'][number];
    const { outputs } = runOpCase(createReferenceBackend({ float64: true }), seed, opCase);
    // Most places are none of those that the file keeps: the projection sees them.
    for (const place of outputs.output.keys()) {
      const wrong = outputs.output.slice();
      wrong[place] += 1e-5;
      expect(farthest(distances(() => wrong, opCase.outputs)).distance).toBeGreaterThan(1e-8);
    }
  });
});
