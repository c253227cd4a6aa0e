/** The WASM backend's surroundings in Node: files, cores, worker threads. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { BackendError, UsageError } from '../../core/errors.js';
import { whenReady } from '../../core/worker.node.js';
import type { Platform, WorkerHandle, WorkerStart } from './platform.js';
import { nodeWorkerText } from './worker.js';

/** Beside this file in the package; in the repository's dist when this file runs as TypeScript. */
async function readWasm(relaxed: boolean): Promise<Uint8Array> {
  const name = relaxed ? 'octograd-relaxed.wasm' : 'octograd.wasm';
  const places = [`./${name}`, `../../../dist/backend/wasm/${name}`].map((p) => new URL(p, import.meta.url));
  for (const place of places) {
    try {
      return new Uint8Array(await readFile(place));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new BackendError(
    `${fileURLToPath(places[0])} is missing: run "npm run build" in a checkout, or reinstall the package`,
  );
}

async function startWorker(start: WorkerStart): Promise<WorkerHandle> {
  const { thread } = start;
  try {
    return await whenReady(
      new Worker(nodeWorkerText, { eval: true, workerData: start, execArgv: [], name: `octograd ${thread}` }),
    );
  } catch (error) {
    throw new BackendError(`worker thread ${thread} could not start: ${(error as Error).message}`);
  }
}

/** Inlining is off since V8 14 needs the baseline compiler's records for it, and stops the process without them. */
const wideFlags = [
  'experimental-wasm-revectorize',
  'no-liftoff',
  'no-wasm-lazy-compilation',
  'no-wasm-inlining',
] as const;
const opposite = (flag: string): string => (flag.startsWith('no-') ? flag.slice(3) : `no-${flag}`);

export const platform: Platform = {
  cores: availableParallelism(),
  mayBlock: true,
  async enableRelaxed() {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  },
  compileWide(bytes) {
    const [major] = process.versions.node.split('.');
    if (Number(major) < 24 || process.arch !== 'x64') {
      throw new UsageError(
        `wide needs Node 24 or newer on x64 (this is Node ${process.versions.node}, ${process.arch}): leave it out`,
      );
    }
    for (const flag of wideFlags) setFlagsFromString(`--${flag}`);
    try {
      // At once, not as a promise: without lazy compilation a pending one does not keep the process alive.
      return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    } finally {
      for (const flag of wideFlags) setFlagsFromString(`--${opposite(flag)}`);
    }
  },
  readWasm,
  startWorker,
};
