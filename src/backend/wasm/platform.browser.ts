/** The WASM backend's surroundings in a browser, a page or a worker: fetch, cores, workers from a blob. */
import { BackendError, UsageError } from '../../core/errors.js';
import type { Platform, WorkerHandle, WorkerStart } from './platform.js';
import { browserWorkerText } from './worker.js';

async function readWasm(relaxed: boolean): Promise<Uint8Array> {
  // Two literals: bundlers find and copy the files only by this form.
  const place = relaxed
    ? new URL('./octograd-relaxed.wasm', import.meta.url)
    : new URL('./octograd.wasm', import.meta.url);
  let response: Response;
  try {
    response = await fetch(place);
  } catch (error) {
    throw new BackendError(`${place.href} cannot be fetched: ${(error as Error).message}`);
  }
  if (!response.ok) {
    throw new BackendError(
      `${place.href}: HTTP ${response.status}; serve the .wasm files of the package beside its modules, or pass wasmBytes`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

function startWorker(start: WorkerStart): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([browserWorkerText], { type: 'text/javascript' }));
    const worker = new Worker(url, { name: `octograd ${start.thread}` });
    worker.onerror = (event) => {
      URL.revokeObjectURL(url);
      reject(
        new BackendError(
          `worker ${start.thread} could not start: ${event.message || 'a Content-Security-Policy without "worker-src blob:" forbids it'}`,
        ),
      );
    };
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      resolve({ stop: async () => worker.terminate() });
    };
    worker.postMessage(start);
  });
}

/** Threads need shared memory, which a page has only when it is cross-origin isolated. */
function usableCores(): number {
  if (typeof SharedArrayBuffer === 'undefined') return 1;
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

export const platform: Platform = {
  cores: usableCores(),
  mayBlock: typeof document === 'undefined',
  async enableRelaxed() {},
  compileWide() {
    throw new UsageError("wide: a page cannot switch on its engine's 256-bit vectoriser; leave it out");
  },
  readWasm,
  startWorker,
};
