/** The process's own growth against the plan, in a child process with the workers started and the data loaded first. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const dist = (file: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), 'dist', file)).href);

const program = (recipe: string): string => `
  const { createModel } = await import(${dist('models/index.js')});
  const { createWasmBackend } = await import(${dist('backend/wasm/index.js')});
  const { createSession } = await import(${dist('train/index.js')});
  const size = 64;
  const shape = [32, 32, 3];
  const inputs = new Uint8Array(size * 3072).map((_, i) => i * 37);
  const targets = new Int32Array(size).map((_, i) => i % 10);
  const make = async () => createSession({
    model: createModel('resnet20', { inputShape: shape, classes: 10 }),
    input: { shape, storage: 'uint8' },
    recipe: ${JSON.stringify(recipe)},
    backend: await createWasmBackend({ threads: 2, spreadSmall: true }),
    batchSize: size,
  });
  // A first session of the same kind, thrown away: code is compiled and the heap is warm.
  const first = await createSession({ model: createModel('mlp', { inputShape: shape, classes: 10 }), input: { shape, storage: 'uint8' }, recipe: ${JSON.stringify(recipe)}, threads: 2, batchSize: size });
  for (let i = 0; i < 3; i++) first.step({ inputs, targets, size }, 0.01);
  const session = await make();
  globalThis.gc();
  const before = process.memoryUsage();
  for (let i = 0; i < 3; i++) session.step({ inputs, targets, size }, 0.01);
  globalThis.gc();
  const after = process.memoryUsage();
  const { peakBytes } = session.memory();
  console.log(JSON.stringify({ planned: peakBytes, grown: after.rss - before.rss }));
  await session.dispose();
  await first.dispose();
`;

describe('the process', () => {
  it.each(['fp32', 'paper', 'int8'])('%s: grows by what the plan says, within 10 % or 8 MB', (recipe) => {
    const file = join(tmpdir(), `octograd-memory-${process.pid}-${recipe}.mjs`);
    writeFileSync(file, program(recipe));
    const child = spawnSync(process.execPath, ['--expose-gc', file], { encoding: 'utf8' });
    expect(child.stderr).toBe('');
    const { planned, grown } = JSON.parse(child.stdout) as { planned: number; grown: number };
    expect(Math.abs(grown - planned)).toBeLessThan(Math.max(0.1 * planned, 8e6));
  });
});
