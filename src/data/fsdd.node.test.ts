import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { needs } from '../../test/support/needs.js';
import { DataError } from '../core/errors.js';
import { errorOf, spokenDigits, tarGz, temporaryFolders, toneOf, writeFiles } from './fixtures.node.case.js';
import { findFsdd, loadFsdd } from './fsdd.node.js';

const folder = temporaryFolders();
const speakers = ['anna', 'theo', 'yweweler'];

/** An archive of small recordings. */
async function archive(files = spokenDigits(speakers, 2)): Promise<string> {
  const path = join(await folder(), 'fsdd.tar.gz');
  await writeFile(path, await tarGz(files));
  return path;
}

describe('spoken digits', () => {
  it('are images of ten classes, held-out speakers in the test alone', async () => {
    const { train, test } = await loadFsdd({ dir: await archive(), cache: false });
    expect([train.count, test.count]).toEqual([20, 40]);
    expect(train.inputShape).toEqual([32, 64, 1]);
    expect(train.classes).toEqual([...'0123456789']);
    expect([...train.labels]).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)));
    expect(test.normalization).toEqual(train.normalization);
    expect(train.note).toMatch(/log-mel.*test speakers theo, yweweler/);
    const other = await loadFsdd({ dir: await archive(), cache: false, testSpeakers: ['anna'] });
    expect(other.test.images).toEqual(train.images);
    expect(other.train.images).toEqual(test.images);
  });

  it('are the same from a folder, its recordings, the archive and the cache', async () => {
    const dir = await folder();
    await writeFiles(dir, spokenDigits(speakers, 2));
    const cache = await folder();
    const path = await archive();
    const first = await loadFsdd({ dir: path, cache });
    expect(await readdir(cache)).toHaveLength(1);
    expect(await loadFsdd({ dir: path, cache })).toEqual(first);
    expect(await loadFsdd({ dir })).toEqual(first);
    expect(await loadFsdd({ dir: join(dir, 'recordings') })).toEqual(first);
    expect(await findFsdd(dir)).toBe(join(dir, 'recordings'));
    // Other test speakers are another entry of the cache.
    const other = await loadFsdd({ dir: path, cache, testSpeakers: ['anna'] });
    expect(other.train.count).toBe(40);
    expect(await readdir(cache)).toHaveLength(2);
  });

  it('are refused by file and remedy where something is wrong', async () => {
    const message = async (files: Record<string, Uint8Array>, testSpeakers?: string[]): Promise<string> => {
      const dir = await archive(files);
      const error = await errorOf(() =>
        loadFsdd({ dir, cache: false, ...(testSpeakers ? { testSpeakers } : {}) }),
      );
      expect(error).toBeInstanceOf(DataError);
      return error.message;
    };
    const good = spokenDigits(speakers);
    const with0 = (bytes: Uint8Array) => ({ ...good, 'recordings/0_anna_0.wav': bytes });
    expect(await message({ 'a.txt': Uint8Array.of(1) })).toMatch(
      /fsdd\.tar\.gz.*no recordings; give the folder/,
    );
    expect(await message(good, ['bob'])).toMatch(/"bob"; its speakers are anna, theo, yweweler/);
    // Whoever has chosen none is not told to choose others, which the command line has no option for.
    const whole = await message(spokenDigits(['anna']));
    expect(whole).toMatch(/"theo", who is in the test set \(theo, yweweler\).*get the whole data set$/);
    expect(await message(good, [])).toMatch(/no test speaker is named/);
    expect(await message(good, speakers)).toMatch(/nobody is left to train on/);
    expect(await message(with0(Uint8Array.of(1, 2, 3)))).toMatch(/0_anna_0\.wav.*no WAV file/);
    expect(await message(with0(toneOf(440).subarray(0, 30)))).toMatch(/0_anna_0\.wav.*no WAV file/);
    expect(await message(with0(new Uint8Array(500_000)))).toMatch(/0_anna_0\.wav.*no recording of a digit/);
    const stereo = new wavefile.WaveFile();
    stereo.fromScratch(2, 44_100, '16', new Int16Array(64));
    expect(await message(with0(stereo.toBuffer()))).toMatch(/2 channels of 16 bits at 44100 Hz; convert it/);
    const empty = new wavefile.WaveFile();
    empty.fromScratch(1, 8000, '16', new Int16Array(0));
    expect(await message(with0(empty.toBuffer()))).toMatch(/no samples/);
    expect((await errorOf(() => loadFsdd())).message).toMatch(/not shipped/);
    expect((await errorOf(() => loadFsdd({ dir: '/nowhere' }))).message).toMatch(/does not exist/);
    const none = await folder();
    expect((await errorOf(() => loadFsdd({ dir: none }))).message).toMatch(/holds no recordings/);
  });

  const data = needs('data');
  data.it('are 2000 and 1000 of four and two speakers in the real archive', async () => {
    const { train, test } = await loadFsdd({ dir: join(data.path, 'fsdd.tar.gz'), cache: false });
    expect([train.count, test.count]).toEqual([2000, 1000]);
    for (const { labels, count } of [train, test]) {
      const counts = Array.from({ length: 10 }, (_, digit) => labels.filter((l) => l === digit).length);
      expect(counts).toEqual(new Array(10).fill(count / 10));
    }
  });
});
