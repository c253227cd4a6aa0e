/** A process that is stopped, or whose machine sleeps, for longer than a thread waits at the barrier goes on where it was. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { SIGN_WITHIN } from './control.js';
import { packageBackend } from './packaged.case.js';

/** How long a thread waits in this test, and how long the process is stopped. */
const WITHIN = 800;
const STOPPED = 1400;

// Windows cannot stop a process.
it.skipIf(process.platform === 'win32')('a stopped process goes on', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octograd-'));
  try {
    packageBackend(folder);
    const from = (file: string): string => JSON.stringify(pathToFileURL(join(folder, 'backend', file)).href);
    // Sums in order are the main thread's alone, so its worker sleeps at the barrier nearly all the time.
    const script = `
      import { writeSync } from 'node:fs';
      import { Machine } from ${from('wasm/machine.js')};
      import { platform } from ${from('wasm/platform.node.js')};
      import { encode } from ${from('wasm/records.js')};
      const machine = await Machine.start(platform, { threads: 2, relaxed: false, byteDot: false, wide: false });
      machine.grow(2 ** 28);
      const count = 2 ** 25;
      const float = (offset, length) => ({ offset, length, storage: 'float' });
      const buffers = { gradient: float(2 ** 20, count), sums: float(2 ** 19, 1) };
      const { kernel, words } = encode({ kernel: 'square_sum', buffers, params: { count, slot: 0 } }, 0, 2 ** 28);
      new Float32Array(machine.buffer, 2 ** 20, count).fill(1);
      const [list, record, calls] = [65536, 2 ** 18, 40];
      const heads = new Int32Array(machine.buffer, list, 2 * calls);
      for (let i = 0; i < calls; i++) heads.set([kernel, record], 2 * i);
      new Int32Array(machine.buffer, record, words.length).set(words);
      new Int32Array(machine.buffer)[${SIGN_WITHIN / 4}] = ${WITHIN};
      writeSync(1, 'begins ');
      machine.run({ list, spread: 'all' }, calls, 2 ** 27 + 2 ** 26, () => 'square_sum');
      writeSync(1, String(new Float32Array(machine.buffer, 2 ** 19, 1)[0]));
      await machine.dispose();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    let output = '';
    let errors = '';
    child.stderr.on('data', (bytes) => {
      errors += bytes;
    });
    const begun = new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes) => {
        output += bytes;
        if (output.startsWith('begins')) resolve();
      });
    });
    const ended = once(child, 'close');
    await Promise.race([begun, ended]);
    await sleep(200);
    expect(output, 'the run had ended before it was stopped').toBe('begins ');
    child.kill('SIGSTOP');
    await sleep(STOPPED);
    child.kill('SIGCONT');
    await ended;
    expect(errors).toBe('');
    expect(output).toBe(`begins ${2 ** 25}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
