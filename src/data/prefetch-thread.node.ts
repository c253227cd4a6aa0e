/** What a loader's thread runs in Node; prefetch.node.ts starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PrefetchStart, serveBatches } from './prefetch-serve.js';

parentPort?.postMessage('ready');
serveBatches(workerData as PrefetchStart);
