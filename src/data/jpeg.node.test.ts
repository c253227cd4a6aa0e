import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { datasetWarnings } from './dataset.js';
import { errorOf, jpegOf, temporaryFolders, writeFiles } from './fixtures.node.case.js';
import { jpegPath, loadImageFolder } from './jpeg.node.js';

const folder = temporaryFolders();
const red = jpegOf([250, 10, 10]);
const blue = jpegOf([10, 10, 250]);

const files = {
  'train/red/b.jpg': red,
  'train/red/a.JPEG': red,
  'train/blue/z.jpg': blue,
  'train/blue/notes.txt': Buffer.from('not an image'),
  'train/readme.txt': Buffer.from('not a class'),
  'test/red/1.jpg': red,
};

async function pictures(changes: Record<string, Uint8Array> = {}): Promise<string> {
  const dir = await folder();
  await writeFiles(dir, { ...files, ...changes });
  return dir;
}

describe('image folders', () => {
  it('finds half, class and file in a path', () => {
    expect(jpegPath('train/cat/1.jpg')).toEqual({ half: 'train', className: 'cat', file: '1.jpg' });
    expect(jpegPath('data/set/test/cat/1.jpeg')).toEqual({ half: 'test', className: 'cat', file: '1.jpeg' });
    for (const path of [
      'valid/cat/1.jpg',
      'train/1.jpg',
      'train/cat/1.png',
      'train/cat/._1.jpg',
      'retrain/cat/1.jpg',
    ]) {
      expect(jpegPath(path), path).toBeUndefined();
    }
  });

  it('sorts classes by name and decodes to NHWC', async () => {
    const { train, test } = await loadImageFolder({ dir: await pictures(), name: 'colours' });
    expect(train.name).toBe('colours');
    expect(train.classes).toEqual(['blue', 'red']);
    expect([...train.labels]).toEqual([0, 1, 1]);
    expect([...test.labels]).toEqual([1]);
    expect(train.inputShape).toEqual([8, 8, 3]);
    const [r, g, b] = train.images.subarray(8 * 8 * 3);
    // JPEG at quality 95 of one colour: rounding in the colour transform only.
    for (const [value, expected] of [
      [r, 250],
      [g, 10],
      [b, 10],
    ])
      expect(Math.abs(value - expected)).toBeLessThan(4);
    expect(datasetWarnings(train)).toEqual([]);
  });

  it('warns of, but takes, a class that has no training sample', async () => {
    const { train } = await loadImageFolder({ dir: await pictures({ 'test/green/1.jpg': red }) });
    expect(datasetWarnings(train)[0]).toMatch(/no sample of class "green"/);
  });

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    [
      'an image of another size',
      { 'test/red/2.jpg': jpegOf([1, 2, 3], 8, 16) },
      /2\.jpg: is 8x16, the first image is 8x8/,
    ],
    [
      'an image that is none',
      { 'train/red/c.jpg': Buffer.from('GIF89a') },
      /c\.jpg: is a damaged JPEG \(.*replace/,
    ],
    ['an empty image', { 'train/red/c.jpg': new Uint8Array(0) }, /c\.jpg: is a damaged JPEG/],
    ['a cut image', { 'train/red/c.jpg': red.subarray(0, 300) }, /c\.jpg: is a damaged JPEG/],
  ])('refuses %s', async (_, changes, message) => {
    const error = await errorOf(async () => loadImageFolder({ dir: await pictures(changes) }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
  });

  it('refuses an image cut off at any byte, or decodes what is there', async () => {
    const dir = await folder();
    let refused = 0;
    for (let length = 0; length < red.length; length += 7) {
      await writeFiles(dir, { 'train/red/1.jpg': red.subarray(0, length), 'test/red/1.jpg': red });
      try {
        const { train } = await loadImageFolder({ dir });
        expect(train.inputShape).toHaveLength(3);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(50);
  });

  it('says where images belong when there are none', async () => {
    const dir = await folder();
    expect((await errorOf(() => loadImageFolder({ dir }))).message).toMatch(
      /no folder "train"; images belong in/,
    );
    await writeFiles(dir, { 'train/red/1.jpg': red, 'test/red/x.txt': red });
    expect((await errorOf(() => loadImageFolder({ dir }))).message).toMatch(/has no images in test\//);
    expect((await errorOf(() => loadImageFolder({ dir: join(dir, 'no') }))).message).toMatch(
      /no folder "train"/,
    );
  });
});
