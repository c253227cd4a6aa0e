/** Starts a loader's thread in a page or in another worker. */
import type { PrefetchPlatform, PrefetchThread } from './prefetch.js';
import type { PrefetchStart } from './prefetch-serve.js';

function startThread(start: PrefetchStart): Promise<PrefetchThread> {
  return new Promise((resolve, reject) => {
    // This form in one piece is what bundlers find the thread's module by.
    const worker = new Worker(new URL('./prefetch-thread.browser.js', import.meta.url), {
      type: 'module',
      name: 'octograd loader',
    });
    const thread: { failure?: Error; stop(): Promise<void> } = { stop: async () => worker.terminate() };
    worker.onerror = (event) => {
      thread.failure ??= new Error(event.message || 'its module cannot be loaded');
      reject(thread.failure);
    };
    worker.onmessage = () => resolve(thread);
    worker.postMessage(start);
  });
}

export const platform: PrefetchPlatform = {
  cores: globalThis.navigator?.hardwareConcurrency ?? 1,
  mayBlock: typeof document === 'undefined',
  startThread,
};
