/** Starts a loader's thread in Node. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { whenReady } from '../core/worker.node.js';
import type { PrefetchPlatform, PrefetchThread } from './prefetch.js';
import type { PrefetchStart } from './prefetch-serve.js';

/** Beside this file in the package; in the repository's dist when this file runs as TypeScript. */
function threadFile(): URL {
  const name = 'prefetch-thread.node.js';
  const places = [`./${name}`, `../../dist/data/${name}`].map((place) => new URL(place, import.meta.url));
  return places.find((place) => existsSync(place)) ?? places[0];
}

function startThread(start: PrefetchStart): Promise<PrefetchThread> {
  return whenReady(new Worker(threadFile(), { workerData: start, execArgv: [], name: 'octograd loader' }));
}

export const platform: PrefetchPlatform = { cores: availableParallelism(), mayBlock: true, startThread };
