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
  const byteDot = threads === 2;
  runConformance(`wasm, ${threads} threads, panels in pairs${byteDot ? ', products of bytes' : ''}`, () =>
    createWasmBackend({ threads, spreadSmall: true, relaxed: false, byteDot, pairPanels: true }),
  );
}

// What the experimental compiler made of all kernels, where there is one.
if (Number(process.versions.node.split('.')[0]) >= 24 && process.arch === 'x64') {
  runConformance(
    'wasm, 2 threads, 256-bit',
    () => createWasmBackend({ threads: 2, spreadSmall: true, wide: true }),
    { floatProductTolerance: 4 },
  );
}
