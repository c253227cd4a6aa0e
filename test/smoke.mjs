/**
 * The built package on the Node that runs this file: the program starts, and 20 steps of 8-bit training on each backend
 * (256-bit kernels too, where there are any) bring the loss down. For versions of Node on which the whole suite does not run. Ends with `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = new URL('../dist/', import.meta.url);

function version() {
  const { version: wanted } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const program = fileURLToPath(new URL('cli/main.js', dist));
  const { stdout, stderr } = spawnSync(process.execPath, [program, '--version'], { encoding: 'utf8' });
  if (stdout.trim() !== wanted)
    throw new Error(`octograd --version says "${stdout}${stderr}" instead of ${wanted}`);
}

/** @param settings of the session: which backend, and how */
async function train(settings) {
  const { createModel, createSession } = await import(new URL('index.js', dist));
  const inputShape = [8];
  const session = await createSession({
    model: createModel('mlp', { inputShape, classes: 2 }),
    input: { shape: inputShape, storage: 'float' },
    recipe: 'int8',
    batchSize: 16,
    ...settings,
  });
  // Class 1 where the first half of the numbers is the larger one.
  const inputs = Float32Array.from({ length: 16 * 8 }, (_, i) => Math.sin(1 + i * i));
  const half = (row, from) => inputs.slice(row * 8 + from, row * 8 + from + 4).reduce((sum, x) => sum + x, 0);
  const targets = Int32Array.from({ length: 16 }, (_, row) => Number(half(row, 0) > half(row, 4)));
  try {
    const losses = Array.from({ length: 20 }, () => session.step([{ inputs, targets, size: 16 }], 0.1).loss);
    if (!(losses[19] < losses[0] / 2)) throw new Error(`the loss went from ${losses[0]} to ${losses[19]}`);
  } finally {
    await session.dispose();
  }
}

const tests = {
  'octograd --version': version,
  'training on the reference backend': () => train({ backend: 'reference' }),
  'training on the WASM backend': () => train({ backend: 'wasm' }),
};
// The kernels are held against the reference before such a session is handed out.
if (Number(process.versions.node.split('.')[0]) >= 24 && process.arch === 'x64') {
  tests['training on 256-bit kernels'] = () => train({ backend: 'wasm', wide: true });
}

const count = { passed: 0, failed: 0 };
for (const [name, run] of Object.entries(tests)) {
  try {
    await run();
    count.passed += 1;
    console.log(`ok: ${name}`);
  } catch (error) {
    count.failed += 1;
    console.log(`FAILED: ${name}: ${error.message}`);
  }
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 ? 1 : 0;
