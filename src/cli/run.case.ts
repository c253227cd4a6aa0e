/** Runs the program in this process on a small data set, for the tests of this folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { idx } from '../data/fixtures.node.case.js';
import type { CliIo } from './io.js';
import { runCli } from './program.js';

/** A folder that is removed after the file's tests. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'octograd-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const side = 12;

/** Images of 12x12: a bright row and column at a place that says the class, on noise. */
function images(count: number): { pixels: Uint8Array; labels: Uint8Array } {
  const pixels = new Uint8Array(count * side * side);
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10);
  for (let i = 0; i < pixels.length; i++) {
    const n = Math.floor(i / (side * side));
    const [y, x] = [Math.floor(i / side) % side, i % side];
    pixels[i] = y === labels[n] || x === labels[n] ? 255 : (i * 7919) % 61;
  }
  return { pixels, labels };
}

/** Writes a data set in MNIST's files: 128 images to train on, 40 to test. */
export function writeSmallData(folder: string): string {
  for (const [half, count] of [
    ['train', 128],
    ['t10k', 40],
  ] as const) {
    const { pixels, labels } = images(count);
    writeFileSync(join(folder, `${half}-images-idx3-ubyte`), idx([count, side, side], pixels));
    writeFileSync(join(folder, `${half}-labels-idx1-ubyte`), idx([count], labels));
  }
  return folder;
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program on arguments; `onOutput` hears what it prints, as it does. */
export async function run(
  args: readonly string[],
  options: {
    readonly signal?: AbortSignal;
    readonly env?: CliIo['env'];
    onOutput?: (text: string) => void;
  } = {},
): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    stdout: {
      write: (text) => {
        out += text;
        options.onOutput?.(text);
      },
    },
    stderr: {
      write: (text) => {
        err += text;
      },
    },
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, out, err };
}

/** The JSON objects of an output, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Runs `octograd reproduce` on a folder of experiments: what trains, with one thread, so that digits and times are alike everywhere. */
export function runReproduce(
  experiments: string,
  args: readonly string[],
  options?: Parameters<typeof run>[1],
): Promise<Outcome> {
  const trains = !args.some((arg) => ['--docs', '--report', '--list', '--adopt'].includes(arg));
  const all = ['reproduce', '--experiments', experiments, ...(trains ? ['--threads', '1'] : []), ...args];
  return run(all, options);
}
