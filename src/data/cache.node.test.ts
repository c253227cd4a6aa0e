import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFile, cacheFolder, keyOf, readCache, writeCache } from './cache.node.js';
import { temporaryFolders } from './fixtures.node.case.js';
import type { DecodedImages } from './jpeg.node.js';
import { isShared } from './shared.js';

const folder = temporaryFolders();
const key = keyOf(Uint8Array.of(1, 2, 3));

// 9 pixel bytes an image: the labels behind them do not start at a multiple of four.
const images: DecodedImages = {
  height: 1,
  width: 3,
  channels: 3,
  classes: ['Käse', 'brot'],
  train: { pixels: Uint8Array.from({ length: 27 }, (_, i) => i), labels: Int32Array.of(0, 1, 1) },
  test: { pixels: new Uint8Array(9).fill(7), labels: Int32Array.of(1) },
};

describe('the cache of decoded images', () => {
  it('gives back what was put in, and leaves no draft behind', async () => {
    const dir = join(await folder(), 'made', 'here');
    expect(await readCache(dir, key)).toBeUndefined();
    expect(await writeCache(dir, key, images)).toBe(true);
    const read = await readCache(dir, key);
    expect(read).toEqual(images);
    expect(read && isShared(read.train.pixels)).toBe(true);
    expect(await readCache(dir, keyOf(Uint8Array.of(4)))).toBeUndefined();
    expect(await readdir(dir)).toHaveLength(1);
  });

  it('takes a file cut off or damaged at any byte for none', async () => {
    const dir = await folder();
    await writeCache(dir, key, images);
    const path = cacheFile(dir, key);
    const bytes = await readFile(path);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = Buffer.from(bytes);
      damaged[i] ^= 1;
      await writeFile(path, damaged);
      expect(await readCache(dir, key), `byte ${i}`).toBeUndefined();
      await writeFile(path, bytes.subarray(0, i));
      expect(await readCache(dir, key), `cut ${i}`).toBeUndefined();
    }
    await writeFile(path, Buffer.concat([bytes, bytes]));
    expect(await readCache(dir, key)).toBeUndefined();
    expect(await writeCache(dir, key, images)).toBe(true);
    expect(await readCache(dir, key)).toEqual(images);
  });

  it('does not take the file of another key for its own', async () => {
    const dir = await folder();
    await writeCache(dir, key, images);
    const other = keyOf(Uint8Array.of(9));
    await writeFile(cacheFile(dir, other), await readFile(cacheFile(dir, key)));
    expect(await readCache(dir, other)).toBeUndefined();
  });

  it('does without when the folder cannot be made', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    expect(await writeCache(join(file, 'sub'), key, images)).toBe(false);
    expect(await readCache(join(file, 'sub'), key)).toBeUndefined();
  });

  it('lies where OCTOGRAD_CACHE says, else where the system keeps caches', () => {
    expect(cacheFolder({ OCTOGRAD_CACHE: 'here' }, 'linux')).toBe('here');
    expect(cacheFolder({ XDG_CACHE_HOME: 'xdg' }, 'linux')).toBe(join('xdg', 'octograd'));
    expect(cacheFolder({}, 'linux')).toMatch(/\.cache.octograd$/);
    expect(cacheFolder({}, 'darwin')).toMatch(/Caches.octograd$/);
    expect(cacheFolder({ LOCALAPPDATA: 'app' }, 'win32')).toBe(join('app', 'octograd', 'cache'));
  });
});
