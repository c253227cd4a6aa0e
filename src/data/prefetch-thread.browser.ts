/** What a loader's thread runs in a page, as a module; prefetch.browser.ts starts it. */
import { type PrefetchStart, serveBatches } from './prefetch-serve.js';

self.onmessage = (event: MessageEvent<PrefetchStart>) => {
  self.postMessage('ready');
  serveBatches(event.data);
  self.close();
};
