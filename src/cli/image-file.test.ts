/** Image files: what they may cost, whatever they say or hold. What a model sees in them is tested in training.test.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { largestImageFile } from './image-bounds.js';
import { readImage } from './image-file.js';
import { workFolder } from './run.case.js';

const folder = workFolder();
const width = 12;
const height = 10;
const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i * 37) % 256);
const grey = encode({ width, height, channels: 1, data: pixels });
let files = 0;

function read(bytes: Uint8Array, shape = [height, width, 1]): Promise<Uint8Array> {
  const path = join(folder, `${files++}.img`);
  writeFileSync(path, bytes);
  return readImage(path, shape);
}

/** A PNG's chunk; its checksum is not looked at. */
function chunk(type: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, data, Buffer.alloc(4)]);
}

/** The PNG above with chunks before its pixels, other pixels, and bytes after its end. */
function png(parts: { before?: Buffer; idat?: Uint8Array; after?: Uint8Array; header?: number[] }): Buffer {
  const rows = Buffer.concat(
    Array.from({ length: height }, (_, y) =>
      Buffer.concat([Buffer.of(0), pixels.subarray(y * width, (y + 1) * width)]),
    ),
  );
  const { before = Buffer.alloc(0), idat = deflateSync(rows), after = Buffer.alloc(0), header } = parts;
  return Buffer.concat([
    grey.subarray(0, 8),
    chunk('IHDR', Buffer.from(header ?? [0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0])),
    before,
    chunk('IDAT', idat),
    chunk('IEND', Buffer.alloc(0)),
    after,
  ]);
}

const gigantic = deflateSync(Buffer.alloc(300 << 20));

/** Bytes by which the process's memory grew at most while `work` ran. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage();
  const sum = ({ heapUsed, external }: NodeJS.MemoryUsage): number => heapUsed + external;
  await work();
  return sum(process.memoryUsage()) - sum(before);
}

describe('PNG', () => {
  it.each([
    ['as the encoder writes it', () => grey],
    ['with bytes after its end', () => png({ after: Buffer.from('a few more bytes') })],
    ['with chunks that its pixels do not need', () => png({ before: chunk('prVt', Buffer.alloc(1000)) })],
    ['interlaced', () => encode({ width, height, channels: 1, data: pixels }, { interlace: 'Adam7' })],
    [
      'with 16 bits a sample',
      () => encode({ width, height, channels: 1, depth: 16, data: Uint16Array.from(pixels, (v) => v << 8) }),
    ],
  ])('%s gives its pixels', async (_title, make) => {
    expect([...(await read(make()))]).toEqual([...pixels]);
  });

  it.each([
    [
      'pixels that unpack to 300 MiB',
      () => png({ idat: gigantic }),
      /damaged PNG \(its pixels unpack to more than the 130 bytes that 12x10 need\)/,
    ],
    [
      'a colour type that there is not',
      () => png({ header: [0, 0, 0, width, 0, 0, 0, height, 8, 5, 0, 0, 0] }),
      /colour type 5 is unknown/,
    ],
    ['a chunk longer than the file', () => png({}).subarray(0, 60), /damaged PNG \(it is cut short\)/],
    ['no header', () => grey.slice(0, 20), /damaged PNG \(the header is cut short\)/],
    [
      'a header of four billion pixels a side',
      () => png({ header: [255, 255, 255, 255, 255, 255, 255, 255, 8, 0, 0, 0, 0] }),
      /is 4294967295x4294967295 pixels, the model takes 12x10; scale it/,
    ],
    [
      'more bytes than such an image needs',
      () => png({ after: Buffer.alloc(largestImageFile(width * height)) }),
      /holds \d+ bytes, more than the \d+ that fit here; the model takes images of 12x10 pixels: scale it/,
    ],
  ])('with %s is refused, naming the file, before its memory is taken', async (_title, make, message) => {
    const bytes = make();
    const grown = await growth(async () => {
      const error: unknown = await read(bytes).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DataError);
      expect((error as DataError).file).toMatch(/\.img$/);
      expect((error as Error).message).toMatch(message);
    });
    expect(grown).toBeLessThan(64 << 20);
  });

  it('with a colour profile that unpacks to 300 MiB: the profile is left alone', async () => {
    const profile = Buffer.concat([Buffer.from('icc\0\0', 'latin1'), gigantic]);
    const bytes = png({ before: chunk('iCCP', profile) });
    const grown = await growth(async () => expect([...(await read(bytes))]).toEqual([...pixels]));
    expect(grown).toBeLessThan(64 << 20);
  });
});

describe('JPEG', () => {
  const data = new Uint8Array(40 * 30 * 4).fill(128);
  const { data: bytes } = jpeg.encode({ width: 40, height: 30, data }, 90);

  it('is decoded in its own size only', async () => {
    expect(await read(bytes, [30, 40, 3])).toHaveLength(3600);
    await expect(read(bytes)).rejects.toThrow(/is 40x30 pixels, the model takes 12x10; scale it/);
  });

  it('without a frame is damaged', async () => {
    await expect(read(bytes.subarray(0, 60))).rejects.toThrow(/damaged JPEG \(it has no frame header\)/);
    await expect(read(Buffer.of(0xff, 0xd8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))).rejects.toThrow(
      /damaged JPEG \(a marker is missing\)/,
    );
  });
});
