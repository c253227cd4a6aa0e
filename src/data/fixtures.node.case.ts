/** Small data files for the tests of this folder, and a check of the errors they provoke. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { pack } from 'tar-stream';
import { afterEach } from 'vitest';
import wavefile from 'wavefile';
import { OctogradError } from '../core/errors.js';

/** Returns a maker of empty folders that are removed after each test. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'octograd-data-'));
    made.push(folder);
    return folder;
  };
}

/** Writes files given by relative path. */
export async function writeFiles(folder: string, files: Record<string, Uint8Array>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

/** An IDX file of unsigned bytes. */
export function idx(dims: readonly number[], values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dims.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + dims.length);
  dims.forEach((length, axis) => {
    view.setUint32(4 + 4 * axis, length);
  });
  bytes.set(Uint8Array.from(values), 4 + 4 * dims.length);
  return bytes;
}

/** The four files of a small MNIST: `train` and `test` images of 2x3 pixels. */
export function smallMnist(train = 12, test = 4): Record<string, Uint8Array> {
  const pixels = (count: number) => Uint8Array.from({ length: count * 6 }, (_, i) => (i * 37) % 256);
  const labels = (count: number) => Uint8Array.from({ length: count }, (_, i) => i % 10);
  return {
    'train-images-idx3-ubyte': idx([train, 2, 3], pixels(train)),
    'train-labels-idx1-ubyte': idx([train], labels(train)),
    't10k-images-idx3-ubyte': idx([test, 2, 3], pixels(test)),
    't10k-labels-idx1-ubyte': idx([test], labels(test)),
  };
}

/** CIFAR records with the given labels (one or two bytes each); pixel i of image n is (n + i) % 256 in file order. */
export function cifarRecords(labels: readonly (readonly number[])[]): Uint8Array {
  const records = labels.map((label, n) =>
    Uint8Array.from([...label, ...Array.from({ length: 3072 }, (_, i) => (n + i) % 256)]),
  );
  return Buffer.concat(records);
}

/** The files of a small CIFAR-10 in the binary version: 2 images a batch. */
export function smallCifar10(): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = { 'test_batch.bin': cifarRecords([[3], [9]]) };
  for (let n = 1; n <= 5; n++) files[`data_batch_${n}.bin`] = cifarRecords([[n - 1], [n + 4]]);
  return files;
}

/** A JPEG of one colour. */
export function jpegOf(colour: readonly [number, number, number], height = 8, width = 8): Uint8Array {
  const data = Buffer.alloc(height * width * 4, 255);
  for (let i = 0; i < data.length; i += 4) data.set(colour, i);
  return jpeg.encode({ width, height, data }, 95).data;
}

/** A mono WAV file of 16 bits at 8000 Hz: a sine of `hertz` and a little of `speaker` that differs between speakers. */
export function toneOf(hertz: number, milliseconds = 300, speaker = 0): Uint8Array {
  const samples = Int16Array.from({ length: milliseconds * 8 }, (_, i) =>
    Math.round(
      12_000 * Math.sin((2 * Math.PI * hertz * i) / 8000) + 200 * Math.sin(i * (0.3 + speaker / 10)),
    ),
  );
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, 8000, '16', samples);
  return wav.toBuffer();
}

/** Recordings of every digit by each speaker, `each` times; the pitch tells the digit. */
export function spokenDigits(speakers: readonly string[], each = 1): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  speakers.forEach((speaker, s) => {
    for (let digit = 0; digit < 10; digit++) {
      for (let n = 0; n < each; n++) {
        files[`recordings/${digit}_${speaker}_${n}.wav`] = toneOf(250 + 350 * digit, 250 + 40 * n, s);
      }
    }
  });
  return files;
}

/** A tar.gz of files given by path. */
export async function tarGz(files: Record<string, Uint8Array>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name }, Buffer.from(bytes));
  archive.finalize();
  return gzipSync(await buffer(archive as unknown as NodeJS.ReadableStream));
}

/** What an action throws; fails when it throws nothing, or something that is no error of octograd's. */
export async function errorOf(action: () => unknown): Promise<OctogradError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof OctogradError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
