/** Everything of `index.ts`, and recipes from files. */
export * from './index.js';
export { loadRecipeFile } from './recipes.node.js';
