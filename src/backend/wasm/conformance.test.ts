/**
 * The WASM backend against the shared conformance suite, on one, two and an odd number of threads. With fused
 * multiply-add a product of n terms differs from the reference by at most n roundings of 2^-24 of the sum of |a||b| on
 * each side; the cases' longest sums have 2,048 terms, and errors of random sign grow as the root of n: 16 units.
 */
import { runConformance } from '../conformance.case.js';
import { createWasmBackend } from './index.js';

for (const threads of [1, 2, 3]) {
  runConformance(`wasm, ${threads} threads`, () => createWasmBackend({ threads, relaxed: false }));
  runConformance(`wasm, ${threads} threads, relaxed`, () => createWasmBackend({ threads, relaxed: true }), {
    floatProductTolerance: 16,
  });
}
