import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { type Announcement, kindOf, readAnnounced, readTarGz, readWhole } from './files.node.js';
import { errorOf, tarGz, temporaryFolders } from './fixtures.node.case.js';

const folder = temporaryFolders();

/** Expects `totalBytes` whatever the file begins with. */
const announcing = (totalBytes: number) => (): Announcement => ({
  totalBytes,
  check(length) {
    if (length !== totalBytes) throw new DataError(`length ${length}`);
  },
});

describe('reading files', () => {
  it('tells files from folders', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'a'), 'abc');
    expect(await kindOf(join(dir, 'a'))).toBe('file');
    expect(await kindOf(dir)).toBe('folder');
    expect(await kindOf(join(dir, 'b'))).toBeUndefined();
  });

  it('names the file that is missing, a folder or too long', async () => {
    const dir = await folder();
    const path = join(dir, 'a');
    await writeFile(path, 'abc');
    expect(new TextDecoder().decode(await readWhole(path))).toBe('abc');
    expect((await errorOf(() => readWhole(join(dir, 'b')))).message).toBe(
      `${join(dir, 'b')}: does not exist`,
    );
    expect((await errorOf(() => readWhole(dir))).message).toBe(`${dir}: is not a file`);
    expect((await errorOf(() => readWhole(path, 2))).message).toMatch(/holds 3 bytes, more than the 2/);
  });

  it('checks a plain file before reading it', async () => {
    const path = join(await folder(), 'a');
    await writeFile(path, 'abc');
    expect(await readAnnounced(path, announcing(3))).toEqual(Uint8Array.of(97, 98, 99));
    expect((await errorOf(() => readAnnounced(path, announcing(4)))).message).toBe('length 3');
  });

  it('unpacks gzip, but no further than announced', async () => {
    const path = join(await folder(), 'zeros.gz');
    // 64 MB of zeros are 64 kB packed.
    await writeFile(path, gzipSync(new Uint8Array(64 * 2 ** 20)));
    const message = (await errorOf(() => readAnnounced(path, announcing(1000)))).message;
    expect(message).toMatch(/zeros\.gz: unpacks to more than the 1000 bytes its header announces/);
    await writeFile(path, gzipSync(Uint8Array.of(1, 2, 3)));
    expect(await readAnnounced(path, announcing(3))).toEqual(Uint8Array.of(1, 2, 3));
    expect((await errorOf(() => readAnnounced(path, announcing(4)))).message).toBe('length 3');
  });

  it('refuses gzip cut off or damaged at any byte', async () => {
    const dir = await folder();
    const text = Buffer.from('the quick brown fox jumps over the lazy dog');
    const packed = gzipSync(text);
    for (let i = 3; i < packed.length; i++) {
      const path = join(dir, `cut${i}.gz`);
      await writeFile(path, packed.subarray(0, i));
      const error = await errorOf(() => readAnnounced(path, announcing(text.length)));
      expect(error).toBeInstanceOf(DataError);
    }
    // From byte 10 on come data, checksum and length; before that, fields that do not matter (time, system).
    for (let i = 10; i < packed.length; i++) {
      const path = join(dir, `damaged${i}.gz`);
      const damaged = Buffer.from(packed);
      damaged[i] ^= 0x55;
      await writeFile(path, damaged);
      expect(await errorOf(() => readAnnounced(path, announcing(text.length)))).toBeInstanceOf(DataError);
    }
  });
});

describe('reading archives', () => {
  const files = {
    'a/one.txt': Buffer.from('one'),
    'a/two.bin': Buffer.alloc(2000, 2),
    'a/empty.txt': Buffer.alloc(0),
  };

  const take = async (path: string, wanted: (name: string, size: number) => boolean, maxBytes?: number) => {
    const seen: [string, number][] = [];
    await readTarGz(
      path,
      (entry) => wanted(entry.path, entry.size),
      (entry, bytes) => seen.push([entry.path, bytes.length]),
      maxBytes,
    );
    return seen;
  };

  it('hands over the wanted files of a packed or plain archive', async () => {
    const dir = await folder();
    const archive = await tarGz(files);
    await writeFile(join(dir, 'x.tar.gz'), archive);
    await writeFile(join(dir, 'x.tar'), gunzipSync(archive));
    for (const name of ['x.tar.gz', 'x.tar']) {
      expect(await take(join(dir, name), () => true)).toEqual([
        ['a/one.txt', 3],
        ['a/two.bin', 2000],
        ['a/empty.txt', 0],
      ]);
      expect(await take(join(dir, name), (path) => path.endsWith('.bin'))).toEqual([['a/two.bin', 2000]]);
    }
  });

  it('passes on what the caller throws and stops', async () => {
    const path = join(await folder(), 'x.tar.gz');
    await writeFile(path, await tarGz(files));
    const refuse = () => {
      throw new DataError('too large', 'two.bin');
    };
    expect((await errorOf(() => readTarGz(path, refuse, () => undefined))).message).toBe(
      'two.bin: too large',
    );
    expect((await errorOf(() => readTarGz(path, () => true, refuse))).message).toBe('two.bin: too large');
  });

  it('stops at the limit', async () => {
    const path = join(await folder(), 'x.tar.gz');
    await writeFile(path, await tarGz({ zeros: Buffer.alloc(8 * 2 ** 20) }));
    expect((await errorOf(() => take(path, () => false, 2 ** 20))).message).toMatch(
      /more than 1048576 bytes/,
    );
  });

  it('refuses damaged and cut archives, and what is none, without hanging', async () => {
    const dir = await folder();
    const archive = await tarGz(files);
    const plain = gunzipSync(archive);
    const bad: [string, Uint8Array][] = [['text.tar.gz', Buffer.from('this is no archive'.repeat(100))]];
    for (let i = 2; i < archive.length; i += 17) bad.push([`cut${i}.tar.gz`, archive.subarray(0, i)]);
    // Cuts inside the header or the body of an entry; one between two entries cannot be told from a short archive.
    for (const i of [100, 600, 1500, 2000]) bad.push([`cut${i}.tar`, plain.subarray(0, i)]);
    const checksum = Buffer.from(plain);
    checksum[150] ^= 1;
    bad.push(['checksum.tar', checksum]);
    for (const [name, bytes] of bad) {
      await writeFile(join(dir, name), bytes);
      const error = await errorOf(() => take(join(dir, name), () => true));
      expect(error, name).toBeInstanceOf(DataError);
      expect(error.message, name).toContain(join(dir, name));
    }
  });

  it('names an archive that is missing or a folder', async () => {
    const dir = await folder();
    await mkdir(join(dir, 'sub'));
    expect((await errorOf(() => take(join(dir, 'no.tar'), () => true))).message).toMatch(
      /no\.tar: does not exist/,
    );
    expect((await errorOf(() => take(join(dir, 'sub'), () => true))).message).toMatch(/sub: is not a file/);
  });
});
