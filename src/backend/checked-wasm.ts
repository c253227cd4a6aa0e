/** The WASM backend as the package hands it out: what an experimental compiler made is checked before it is used. */
import { BackendError } from '../core/errors.js';
import type { Backend } from './backend.js';
import { differenceOf } from './self-check.js';
import { createWasmBackend, type WasmBackendOptions } from './wasm/index.js';

/**
 * Makes a WASM backend and starts its threads. Without SharedArrayBuffer (a page that is not cross-origin isolated) it has one
 * thread. With `wide`, a twin compiled in the same way, with a thread beside it where there are more, is first held against the reference on a
 * handful of calls.
 * @throws UsageError for a bad number of threads or `wide` where there is none; BackendError where WebAssembly SIMD cannot be
 * had, or where the wide kernels compute something else than the reference
 */
export async function createCheckedWasmBackend(options: WasmBackendOptions = {}): Promise<Backend> {
  const backend = await createWasmBackend(options);
  if (!options.wide) return backend;
  const { createReferenceBackend } = await import('./reference/index.js');
  const twin = await createWasmBackend({
    ...options,
    threads: Math.min(2, backend.threads),
    spreadSmall: true,
  });
  const difference = differenceOf(twin, createReferenceBackend());
  await twin.dispose();
  if (difference === undefined) return backend;
  await backend.dispose();
  throw new BackendError(`the 256-bit kernels are wrong on this engine (${difference}): leave out wide`);
}
