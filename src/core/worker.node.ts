/** Worker threads in Node: how one that has said that it is ready is watched and ended. */
import type { Worker } from 'node:worker_threads';

/** A worker that is ready. It does not keep the process alive. */
export interface ReadyWorker {
  /** Why it is no more, if it has ended. */
  readonly failure?: Error;
  /** Resolves when it is gone. It must have been told to leave, and is terminated if it has not in two seconds. */
  stop(): Promise<void>;
}

/** Resolves at the worker's first message; rejects if it fails or ends before. */
export function whenReady(worker: Worker): Promise<ReadyWorker> {
  return new Promise((resolve, reject) => {
    let gone = false;
    const ready: { failure?: Error; stop(): Promise<void> } = {
      async stop() {
        if (gone) return;
        worker.ref();
        const slow = setTimeout(() => void worker.terminate(), 2000);
        await exited;
        clearTimeout(slow);
      },
    };
    const fail = (error: Error): void => {
      ready.failure ??= error;
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
      // From here on it must not keep the process alive by itself.
      worker.unref();
      resolve(ready);
    });
  });
}
