/**
 * Loads the Free Spoken Digit Dataset (Jackson et al.): recordings of the digits 0 to 9 by several speakers, from its archive or
 * a folder, as log-mel images. Test speakers are heard in the test alone. What was made of an archive is cached.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DataError } from '../core/errors.js';
import { cacheFolder, keyOf, readCache, writeCache } from './cache.node.js';
import type { DataSplit } from './dataset.js';
import { kindOf, readTarGz, readWhole } from './files.node.js';
import { type DecodedHalf, type DecodedImages, splitOfImages } from './jpeg.node.js';
import { logMelImage, melBands, melFrames, sampleRate } from './log-mel.js';
import type { LoadOptions } from './mnist.node.js';
import { sharedBytes } from './shared.js';
import { readWav } from './wav.node.js';

/** Options of {@link loadFsdd}. */
export interface FsddOptions extends LoadOptions {
  /** Speakers of the test set; all others train. Default `theo` and `yweweler`. */
  readonly testSpeakers?: readonly string[];
  /** Folder for what was made of an archive, by default `OCTOGRAD_CACHE` or the system's; false for none. */
  readonly cache?: string | false;
}

/** Speakers that are held out unless told otherwise: the last two of six by name, a third of the recordings. */
export const fsddTestSpeakers: readonly string[] = ['theo', 'yweweler'];

export const fsddRemedy =
  'give the folder or .tar.gz with recordings/<digit>_<speaker>_<number>.wav of https://github.com/Jakobovski/free-spoken-digit-dataset';

const archiveName = 'fsdd.tar.gz';
/** Half a minute; the longest recording of the set is 2.3 s. */
const MAX_WAV_BYTES = 480_044;
const MAX_RECORDINGS = 100_000;
/** Goes up when the images of the same recordings change. */
const featureVersion = 1;

interface Recording {
  readonly digit: number;
  readonly speaker: string;
  readonly number: number;
  readonly where: string;
  /** Its bytes, or the path to read them from. */
  readonly source: Uint8Array | string;
}

type Name = Pick<Recording, 'digit' | 'speaker' | 'number'>;

function nameOf(path: string): Name | undefined {
  const match = /(?:^|\/)(\d)_([^/_]+)_(\d+)\.wav$/i.exec(path);
  return match ? { digit: Number(match[1]), speaker: match[2], number: Number(match[3]) } : undefined;
}

/** Path of the archive, or of the folder of recordings, at or in `dir`; undefined when there is none. */
export async function findFsdd(dir: string): Promise<string | undefined> {
  const kind = await kindOf(dir);
  if (kind === 'file') return dir;
  if (kind === undefined) return undefined;
  for (const folder of [join(dir, 'recordings'), dir]) {
    if ((await kindOf(folder)) === 'folder' && (await readdir(folder)).some(nameOf)) return folder;
  }
  const archive = join(dir, archiveName);
  return (await kindOf(archive)) === 'file' ? archive : undefined;
}

/**
 * The spoken digits as images [32, 64, 1] (log-mel.ts), ten classes; order: digit, speaker, number. `dir` is a folder or an archive.
 * @throws DataError for what is missing or damaged, and for test speakers who are not there or leave nobody to train on.
 */
export async function loadFsdd(options: FsddOptions = {}): Promise<DataSplit> {
  const { dir, testSpeakers = fsddTestSpeakers, onProgress } = options;
  if (dir === undefined) {
    throw new DataError(`Free Spoken Digit Dataset is not shipped with octograd; ${fsddRemedy}`);
  }
  const path = await findFsdd(dir);
  if (path === undefined) {
    throw new DataError(
      `${(await kindOf(dir)) ? 'holds no recordings' : 'does not exist'}; ${fsddRemedy}`,
      dir,
    );
  }
  const split = (images: DecodedImages): DataSplit =>
    splitOfImages(images, 'fsdd', `log-mel spectrograms; test speakers ${testSpeakers.join(', ')}`);
  if ((await kindOf(path)) === 'folder') return split(await imagesOf(await listed(path), path, testSpeakers));

  const folder = options.cache === false ? undefined : (options.cache ?? cacheFolder());
  const facts = JSON.stringify(['fsdd', featureVersion, testSpeakers]);
  const key = folder === undefined ? '' : keyOf(Buffer.from(`${keyOf(await readWhole(path))} ${facts}`));
  const cached = folder === undefined ? undefined : await readCache(folder, key);
  if (cached) return split(cached);
  const images = await imagesOf(await unpacked(path), path, testSpeakers);
  if (folder !== undefined && !(await writeCache(folder, key, images))) {
    onProgress?.(`the spectrograms could not be kept in ${folder}; set OCTOGRAD_CACHE to a writable folder`);
  }
  return split(images);
}

async function listed(folder: string): Promise<Recording[]> {
  return (await readdir(folder)).flatMap((file) => {
    const name = nameOf(file);
    const path = join(folder, file);
    return name ? [{ ...name, where: path, source: path }] : [];
  });
}

async function unpacked(path: string): Promise<Recording[]> {
  const recordings: Recording[] = [];
  let wanted = 0;
  await readTarGz(
    path,
    (entry) => {
      if (!nameOf(entry.path)) return false;
      wanted += 1;
      if (wanted > MAX_RECORDINGS) throw new DataError(`holds more than ${MAX_RECORDINGS} recordings`, path);
      checkLength(entry.size, `${path} (${entry.path})`);
      return true;
    },
    (entry, bytes) => {
      const name = nameOf(entry.path) as Name;
      recordings.push({ ...name, where: `${path} (${entry.path})`, source: bytes });
    },
  );
  return recordings;
}

function checkLength(bytes: number, where: string): void {
  if (bytes > MAX_WAV_BYTES) {
    throw new DataError(`holds ${bytes} bytes, which is no recording of a digit; remove it`, where);
  }
}

async function imagesOf(
  all: readonly Recording[],
  where: string,
  testSpeakers: readonly string[],
): Promise<DecodedImages> {
  if (all.length === 0) throw new DataError(`holds no recordings; ${fsddRemedy}`, where);
  const sorted = [...all].sort(
    (a, b) =>
      a.digit - b.digit || (a.speaker < b.speaker ? -1 : a.speaker > b.speaker ? 1 : a.number - b.number),
  );
  const speakers = [...new Set(sorted.map(({ speaker }) => speaker))].sort();
  const absent = testSpeakers.find((speaker) => !speakers.includes(speaker));
  if (absent !== undefined && testSpeakers === fsddTestSpeakers) {
    throw new DataError(
      `has no recording by "${absent}", who is in the test set (${testSpeakers.join(', ')}); its speakers are ${speakers.join(', ')}: get the whole data set`,
      where,
    );
  }
  if (absent !== undefined || testSpeakers.length === 0) {
    throw new DataError(
      `${absent === undefined ? 'no test speaker is named' : `has no recording by "${absent}"`}; its speakers are ${speakers.join(', ')}: choose among them with testSpeakers`,
      where,
    );
  }
  const isTest = ({ speaker }: Recording): boolean => testSpeakers.includes(speaker);
  const halves = [sorted.filter((recording) => !isTest(recording)), sorted.filter(isTest)];
  if (halves[0].length === 0) {
    throw new DataError('all its speakers are test speakers, so nobody is left to train on', where);
  }
  const [train, test] = [await halfOf(halves[0]), await halfOf(halves[1])];
  const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
  return { height: melBands, width: melFrames, channels: 1, classes, train, test };
}

async function halfOf(recordings: readonly Recording[]): Promise<DecodedHalf> {
  const size = melBands * melFrames;
  const pixels = sharedBytes(recordings.length * size);
  for (const [n, { source, where }] of recordings.entries()) {
    const bytes = typeof source === 'string' ? await readWhole(source, MAX_WAV_BYTES) : source;
    pixels.set(logMelImage(readWav(bytes, sampleRate, where)), n * size);
    if (n % 200 === 0) await setImmediate();
  }
  return { pixels, labels: Int32Array.from(recordings, ({ digit }) => digit) };
}
