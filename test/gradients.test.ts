/** Every op's gradient against central differences, and proof that the check catches a wrong one. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Value } from '../src/graph/graph.js';
import { call, defineOp, type OpDef } from '../src/graph/op.js';
import {
  affine,
  allOps,
  crossEntropy,
  dropout,
  flatten,
  globalAvgPool2d,
  layerNorm,
  linear,
  matmul,
  mean,
  mse,
  mul,
  rangeLayerNorm,
  softmax,
} from '../src/ops/index.js';
import { type Case, caseOf, gradientErrors } from './gradient-check.js';

/** Central differences with a step of 1e-5 in float64 are good to about 1e-9 of the largest gradient. */
const tolerance = 1e-6;

function expectRight(errors: Record<string, number>): void {
  expect(Object.keys(errors).length).toBeGreaterThan(0);
  for (const [role, error] of Object.entries(errors)) expect(error, role).toBeLessThan(tolerance);
}

describe.each(allOps.map((op) => [op.name, op] as const))('%s', (_name, op) => {
  it.each((op.examples ?? []).map((example) => [example.title, example] as const))(
    '%s',
    (_title, example) => {
      const { build } = caseOf(op, example);
      expectRight(gradientErrors(build, example));
    },
  );

  it('has examples for its gradient, unless a recipe replaces it before it runs', () => {
    const runs = op.lower !== undefined || op.alias !== undefined;
    if (op.backward && runs) expect(op.examples?.length ?? 0).toBeGreaterThan(0);
    else expect(op.examples ?? []).toEqual([]);
  });
});

const composites: [Case, (inputs: Record<string, Value>) => Value][] = [
  [{ title: 'layerNorm', inputs: { x: [3, 2, 5], w: [5], b: [5] } }, ({ x, w, b }) => layerNorm(x, w, b)],
  [
    { title: 'rangeLayerNorm', inputs: { x: [3, 2, 6], w: [6], b: [6] } },
    ({ x, w, b }) => rangeLayerNorm(x, w, b, { constant: 0.4 }),
  ],
  [
    // 256 is above the largest window, so that the maximum is found in two steps.
    { title: 'rangeLayerNorm of a wide row', inputs: { x: [2, 256], w: [256], b: [256] } },
    ({ x, w, b }) => rangeLayerNorm(x, w, b, { constant: 0.2 }),
  ],
  [{ title: 'mse', inputs: { p: [4, 3], t: [4, 3] } }, ({ p, t }) => mse(p, t)],
  [
    { title: 'mean crossEntropy', inputs: { x: [3, 4], y: [3] }, fixed: { y: [3, 0, 1] } },
    ({ x, y }) => crossEntropy(x, y, { labelSmoothing: 0.2 }),
  ],
  [
    { title: 'linear on three axes', inputs: { x: [2, 3, 4], w: [5, 4], b: [5] } },
    ({ x, w, b }) => linear(x, w, b),
  ],
  [
    { title: 'attention', inputs: { q: [2, 3, 4], k: [2, 3, 4], v: [2, 3, 4] } },
    ({ q, k, v }) => matmul(softmax(affine(matmul(q, k, { transposeRight: true }), 0.5)), v),
  ],
  [{ title: 'mean over two runs of axes', inputs: { x: [2, 3, 4, 2] } }, ({ x }) => mean(x, [0, 2, 3])],
  [{ title: 'globalAvgPool2d', inputs: { x: [2, 3, 4, 2] } }, ({ x }) => globalAvgPool2d(x)],
  [{ title: 'broadcast product', inputs: { a: [3, 1], b: [2, 1, 4] } }, ({ a, b }) => mul(a, b)],
  [
    { title: 'a value with two readers', inputs: { x: [2, 6] } },
    ({ x }) => mul(flatten(dropout(x, 0.3)), softmax(x)),
  ],
];

describe('composites', () => {
  it.each(composites.map(([example, build]) => [example.title, example, build] as const))(
    '%s',
    (_title, example, build) => expectRight(gradientErrors((inputs) => [build(inputs)], example)),
  );
});

describe('the check itself', () => {
  const wrongBy = (factor: number): OpDef<Record<string, never>> =>
    defineOp<Record<string, never>>({
      name: 'twice',
      infer: ({ input }) => ({ output: { shape: input.shape } }),
      lower: ({ inputs, outputs }) => [
        call('affine', { input: inputs.input, output: outputs.output }, { count: 6, scale: 2, shift: 0 }),
      ],
      backward: ({ gradOutputs }) => ({ input: affine(gradOutputs.output as Value, 2 * factor) }),
      examples: [{ title: '2x3', inputs: { input: [2, 3] }, attrs: {} }],
    });
  const errorOf = (op: OpDef<Record<string, never>>): number => {
    const { build, example } = caseOf(op, { title: '2x3', inputs: { input: [2, 3] }, attrs: {} });
    return gradientErrors(build, example).input;
  };

  it('passes a right gradient and catches one that is wrong by 1 %', () => {
    expect(errorOf(wrongBy(1))).toBeLessThan(tolerance);
    expect(errorOf(wrongBy(1.01))).toBeGreaterThan(1e-3);
  });

  it('catches a gradient that is left out', () => {
    expect(errorOf({ ...wrongBy(1), backward: () => ({}) })).toBe(1);
  });

  it('walks every op with a gradient that src/ops defines', async () => {
    const folder = new URL('../src/ops/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    const defined: OpDef[] = [];
    for (const file of files) {
      const exported: Record<string, unknown> = await import(new URL(file, folder).href);
      for (const [name, value] of Object.entries(exported))
        if (name.endsWith('Op')) defined.push(value as OpDef);
    }
    const missing = defined.filter((op) => op.backward && !allOps.includes(op)).map((op) => op.name);
    expect(defined.length).toBeGreaterThanOrEqual(allOps.length);
    expect(missing).toEqual([]);
  });
});
