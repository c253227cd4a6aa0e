/**
 * The text of a worker: plain JavaScript, so that it needs no file of its own and runs the same from the compiled
 * package, from the sources under a test runner, and in a page through a blob. Knows no kernel.
 */
import { CLAIMED, FAILED, FAILED_AT, GENERATION, MESSAGE, MESSAGE_LENGTH, MESSAGE_LIMIT } from './control.js';

/**
 * Defines `serve(data, ready)`: makes an instance on the shared memory and stays in its loop. After a trap it leaves
 * the message in the control block and wakes every thread, which then trap at their barrier.
 */
const serve = `
function serve(data, ready) {
  let instance;
  try {
    instance = new WebAssembly.Instance(data.module, { env: { memory: data.memory } });
    ready();
    instance.exports.serve(data.thread, data.start);
  } catch (error) {
    const words = new Int32Array(data.memory.buffer, 0, 256);
    if (Atomics.compareExchange(words, ${CLAIMED / 4}, 0, 1) === 0) {
      const text = new TextEncoder().encode(String(error && error.message || error)).subarray(0, ${MESSAGE_LIMIT});
      new Uint8Array(data.memory.buffer, ${MESSAGE}, text.length).set(text);
      words[${MESSAGE_LENGTH / 4}] = text.length;
      words[${FAILED_AT / 4}] = instance ? instance.exports.position.value : -1;
      Atomics.store(words, ${FAILED / 4}, 1);
      Atomics.add(words, ${GENERATION / 4}, 1);
      Atomics.notify(words, ${GENERATION / 4});
    }
  }
}
`;

/** For `new Worker(text, { eval: true, workerData })` of node:worker_threads. */
export const nodeWorkerText = `'use strict';
const { parentPort, workerData } = require('node:worker_threads');
${serve}
serve(workerData, () => parentPort.postMessage('ready'));
`;

/** For a classic Worker in a page, which gets its data in the first message. */
export const browserWorkerText = `'use strict';
${serve}
self.onmessage = (event) => {
  serve(event.data, () => self.postMessage('ready'));
  self.close();
};
`;
