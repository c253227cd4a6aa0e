/** Starts a loader's thread in Node. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { PrefetchPlatform, PrefetchThread } from './prefetch.js';
import type { PrefetchStart } from './prefetch-serve.js';

/** Beside this file in the package; in the repository's dist when this file runs as TypeScript. */
function threadFile(): URL {
  const name = 'prefetch-thread.node.js';
  const places = [`./${name}`, `../../dist/data/${name}`].map((place) => new URL(place, import.meta.url));
  return places.find((place) => existsSync(place)) ?? places[0];
}

function startThread(start: PrefetchStart): Promise<PrefetchThread> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(threadFile(), { workerData: start, execArgv: [], name: 'octograd loader' });
    const thread: { failure?: Error; stop(): Promise<void> } = {
      async stop() {
        if (gone) return;
        worker.ref();
        const slow = setTimeout(() => void worker.terminate(), 2000);
        await exited;
        clearTimeout(slow);
      },
    };
    let gone = false;
    const fail = (error: Error): void => {
      thread.failure ??= error;
      reject(error);
    };
    const exited = new Promise<void>((done) => {
      worker.once('exit', () => {
        gone = true;
        fail(new Error('the thread ended'));
        done();
      });
    });
    worker.once('error', fail);
    worker.once('message', () => {
      // From here on the thread must not keep the process alive by itself.
      worker.unref();
      resolve(thread);
    });
  });
}

export const platform: PrefetchPlatform = { cores: availableParallelism(), mayBlock: true, startThread };
