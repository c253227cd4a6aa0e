/** Everything of `index.ts`, and files that are written whole or not at all. */
export { appendLines, writeFileAtomic } from './files.node.js';
export * from './index.js';
