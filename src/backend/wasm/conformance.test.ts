/**
 * The WASM backend against the shared conformance suite, on one, two and an odd number of threads. Without fused
 * multiply-add float products have the reference's bits too. With it each of n additions drops one rounding of at most
 * 2^-24 of the running sum: errors of random sign that stay far below the sum of |a||b|; the largest seen is 1.7 units.
 */
import { runConformance } from '../conformance.case.js';
import { createWasmBackend } from './index.js';

for (const threads of [1, 2, 3]) {
  runConformance(`wasm, ${threads} threads`, () =>
    createWasmBackend({ threads, spreadSmall: true, relaxed: false }),
  );
  runConformance(
    `wasm, ${threads} threads, relaxed`,
    () => createWasmBackend({ threads, spreadSmall: true, relaxed: true }),
    {
      floatProductTolerance: 4,
    },
  );
  runConformance(`wasm, ${threads} threads, products of bytes`, () =>
    createWasmBackend({ threads, spreadSmall: true, relaxed: false, byteDot: true }),
  );
  runConformance(`wasm, ${threads} threads, panels in pairs`, () =>
    createWasmBackend({ threads, spreadSmall: true, relaxed: false, pairPanels: true }),
  );
}
