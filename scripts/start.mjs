/**
 * `npm start` and `npm run octograd`: builds what is stale, then runs the program with the arguments given after `--`, behind those
 * of the script: `npm start` is the main job, `octograd compare`. The program runs in this process, so that signals and the exit
 * code are its own.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, report } from './build.mjs';
import { root } from './run.mjs';

const result = await build();
if (result.code !== 0) {
  console.error(report(result));
  process.exit(1);
}
// Standard output is the program's own: --json prints nothing else there.
console.error(report(result));
const program = join(root, 'dist/cli/main.js');
process.argv.splice(1, process.argv.length, program, ...process.argv.slice(2));
await import(pathToFileURL(program).href);
