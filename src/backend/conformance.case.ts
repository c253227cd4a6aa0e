/**
 * The conformance suite that every backend passes: each kernel on many inputs, compared bit by bit with the reference
 * backend, and the rules of the backend contract. A backend's test file calls {@link runConformance}.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NumericArray } from '../core/dtype.js';
import type { Backend } from './backend.js';
import { allCases } from './conformance/all-cases.case.js';
import { declareContractTests } from './conformance/contract.case.js';
import { FLOAT_PRODUCTS } from './conformance/float-product.case.js';
import type { KernelCase } from './conformance/kernel-case.case.js';
import { compareOutputs, type Outputs, type ProductBound, runCase } from './conformance/runner.case.js';
import { type KernelName, kernelNames } from './kernels.js';
import { createReferenceBackend } from './reference/index.js';

export interface ConformanceOptions {
  /** Kernels that the backend does not have, each with the reason. */
  readonly skip?: Partial<Record<KernelName, string>>;
  /**
   * Bound on float products, in float32 units in the last place (2^-23) of the sum of |a||b| of each element. Absent:
   * the reference's bits are demanded.
   */
  readonly floatProductTolerance?: number;
}

/** Failing cases of a kernel that its message lists. */
const SHOWN_FAILURES = 12;
/** Cases of a kernel that may throw before the rest is left out: each costs a new backend. */
const BROKEN_LIMIT = 3;

const reference = createReferenceBackend();
const expectedOutputs = new Map<KernelCase, Outputs>();
const magnitudes = new Map<KernelCase, NumericArray>();

/** What the reference computes for a case; kept, as several backends are compared in one file. */
function expectedOf(kase: KernelCase): Outputs {
  let outputs = expectedOutputs.get(kase);
  if (!outputs) {
    outputs = runCase(reference, kase);
    expectedOutputs.set(kase, outputs);
  }
  return outputs;
}

/** Sum of |a||b| of each element of a float product: the product of the operands' absolute values. */
function magnitudeOf(kase: KernelCase): NumericArray {
  let magnitude = magnitudes.get(kase);
  if (!magnitude) {
    const buffers = Object.fromEntries(
      Object.entries(kase.buffers).map(([name, buffer]) => [
        name,
        buffer.data ? { ...buffer, data: (buffer.data as Float32Array).map(Math.abs) } : buffer,
      ]),
    );
    [magnitude] = runCase(reference, { ...kase, buffers }).values();
    magnitudes.set(kase, magnitude);
  }
  return magnitude;
}

function boundOf(kase: KernelCase, tolerance: number | undefined): ProductBound | undefined {
  if (tolerance === undefined || !FLOAT_PRODUCTS.has(kase.kernel)) return undefined;
  return { magnitude: magnitudeOf(kase), tolerance };
}

/**
 * Declares the tests of a backend.
 * @param name for the reports
 * @param create makes a fresh backend; called again after a kernel threw
 */
export function runConformance(
  name: string,
  create: () => Promise<Backend> | Backend,
  options: ConformanceOptions = {},
): void {
  const { skip = {}, floatProductTolerance } = options;
  describe(`conformance of ${name}`, () => {
    let backend: Backend | undefined;
    const current = async (): Promise<Backend> => {
      backend ??= await create();
      return backend;
    };
    beforeAll(current);
    afterAll(async () => {
      await backend?.dispose();
    });

    for (const kernel of kernelNames) {
      const cases = allCases().filter((kase) => kase.kernel === kernel);
      const reason = skip[kernel];
      it.skipIf(reason !== undefined)(reason ? `${kernel}: ${reason}` : kernel, async () => {
        expect(cases.length).toBeGreaterThan(0);
        const failures: string[] = [];
        let broken = 0;
        for (const kase of cases) {
          const target = await current();
          let difference: string;
          try {
            const actual = runCase(target, kase);
            difference = compareOutputs(kase, expectedOf(kase), actual, boundOf(kase, floatProductTolerance));
          } catch (error) {
            difference = (error as Error).message;
            // After a trap a backend may be of no more use.
            backend = undefined;
            await target.dispose();
            broken += 1;
          }
          if (difference) failures.push(`${kase.title}: ${difference}`);
          if (broken === BROKEN_LIMIT) break;
        }
        if (failures.length > 0) {
          const shown = failures.slice(0, SHOWN_FAILURES).join('\n');
          expect.fail(`${failures.length} of ${cases.length} cases of ${kernel} fail:\n${shown}`);
        }
      });
    }
    declareContractTests(create);
  });
}
