/**
 * Keeps decoded images in a file, so that an archive of JPEGs is decoded once. A cache is only ever a convenience: one
 * that is damaged, foreign or unwritable is as good as none. Knows nothing of where the images came from but a key.
 *
 * Layout: magic with the format's version, uint32 length of the header, header (JSON padded to four bytes), training
 * pixels, training labels (int32), test pixels, test labels, SHA-256 of all before it. Numbers in the machine's order.
 */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readWhole } from './files.node.js';
import type { DecodedHalf, DecodedImages } from './jpeg.node.js';
import { inSharedMemory } from './shared.js';

const MAGIC = 'OCTOIMG1';
const DIGEST_BYTES = 32;
const PREFIX_BYTES = MAGIC.length + 4;

/** `OCTOGRAD_CACHE`, else the operating system's folder for caches. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env.OCTOGRAD_CACHE) return env.OCTOGRAD_CACHE;
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'octograd', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'octograd');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'octograd');
}

/** SHA-256 of some bytes, in hexadecimal: the key of what was decoded from them. */
export function keyOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Path of the cache file for a key. */
export function cacheFile(folder: string, key: string): string {
  return join(folder, `images-${key.slice(0, 24)}.bin`);
}

interface Header {
  readonly key: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: readonly string[];
  readonly train: number;
  readonly test: number;
}

/** The images cached under a key; undefined when there are none or the file is not exactly what was written. */
export async function readCache(folder: string, key: string): Promise<DecodedImages | undefined> {
  try {
    const bytes = await readWhole(cacheFile(folder, key));
    const end = bytes.length - DIGEST_BYTES;
    if (end < PREFIX_BYTES || text(bytes.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
    const digest = createHash('sha256').update(bytes.subarray(0, end)).digest();
    if (!digest.equals(bytes.subarray(end))) return undefined;
    const headerBytes = new Uint32Array(bytes.slice(MAGIC.length, PREFIX_BYTES).buffer)[0];
    const header = JSON.parse(text(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes))) as Header;
    if (header.key !== key) return undefined;
    const { height, width, channels, classes } = header;
    const size = height * width * channels;
    if (PREFIX_BYTES + headerBytes + (header.train + header.test) * (size + 4) !== end) return undefined;
    let at = PREFIX_BYTES + headerBytes;
    const half = (count: number): DecodedHalf => {
      const pixels = inSharedMemory(bytes.subarray(at, at + count * size));
      at += count * size;
      const labels = new Int32Array(bytes.slice(at, at + count * 4).buffer);
      at += count * 4;
      return { pixels, labels };
    };
    return { height, width, channels, classes, train: half(header.train), test: half(header.test) };
  } catch {
    return undefined;
  }
}

/** Writes a cache file as a whole or not at all. @returns whether it is there now. */
export async function writeCache(folder: string, key: string, images: DecodedImages): Promise<boolean> {
  const target = cacheFile(folder, key);
  const draft = `${target}.${randomUUID()}.tmp`;
  const { height, width, channels, classes, train, test } = images;
  const header: Header = {
    key,
    height,
    width,
    channels,
    classes,
    train: train.labels.length,
    test: test.labels.length,
  };
  const json = Buffer.from(JSON.stringify(header));
  // Padded with spaces, which JSON ignores, so that the pixels start at a multiple of four.
  const padded = Buffer.concat([json, Buffer.alloc((4 - (json.length % 4)) % 4, ' ')]);
  const parts = [
    Buffer.from(MAGIC),
    asBytes(Uint32Array.of(padded.length)),
    padded,
    train.pixels,
    asBytes(train.labels),
    test.pixels,
    asBytes(test.labels),
  ];
  const hash = createHash('sha256');
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(draft, 'wx');
    try {
      for (const part of parts) {
        hash.update(part);
        await handle.writeFile(part);
      }
      await handle.writeFile(hash.digest());
    } finally {
      await handle.close();
    }
    await rename(draft, target);
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
    return false;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function asBytes(values: Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
