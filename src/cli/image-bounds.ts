/**
 * What an image file may cost, found before it is decoded: its size from the header, and for PNG whether its pixels unpack to
 * what that size needs and no more. Decoders trust the file; this does not. Knows bytes, not what the pixels show.
 */
import { inflateSync } from 'node:zlib';

/** Colour profiles, previews and comments that cameras and editors put beside the pixels. */
const EXTRA_BYTES = 4 * 2 ** 20;
/** The most that a pixel takes as it is: four channels of 16 bits, and twice that where it does not compress. */
const PIXEL_BYTES = 16;

/** The longest file that is read for an image of that many pixels. */
export function largestImageFile(pixels: number): number {
  return EXTRA_BYTES + PIXEL_BYTES * pixels;
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

export const isPng = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e;
export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Size from the first chunk. Throws an Error for what is no PNG. */
export function pngSize(bytes: Uint8Array): ImageSize {
  if (bytes.length < 33) throw new Error('the header is cut short');
  const view = viewOf(bytes);
  if (view.getUint32(8) !== 13 || chunkType(bytes, 8) !== 'IHDR') throw new Error('the header is missing');
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** Size from the frame header. Throws an Error where there is none. */
export function jpegSize(bytes: Uint8Array): ImageSize {
  const view = viewOf(bytes);
  let at = 2;
  while (at + 9 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new Error('a marker is missing');
    const marker = bytes[at + 1];
    // Frame headers are C0 to CF, less the tables among them: DHT, JPG and DAC.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    // Fill bytes, and the scan before any frame.
    if (marker === 0xff) at += 1;
    else if (marker === 0xda || marker === 0xd9) break;
    else at += 2 + view.getUint16(at + 2);
  }
  throw new Error('it has no frame header');
}

const chunkType = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(...bytes.subarray(at + 4, at + 8));

/** Chunks that say what the pixels are; all others (text, profiles, animation) are left out. */
const needed = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

/** Channels by colour type. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** First column and row, and the steps, of each pass of an interlaced image (PNG specification, 8.2). */
const passes: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Bytes of all rows, each with its filter byte. */
function rowBytes({ width, height }: ImageSize, bits: number, interlaced: boolean): number {
  const whole: typeof passes = interlaced ? passes : [[0, 0, 1, 1]];
  return whole.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.max(0, Math.ceil((width - x) / stepX));
    const rows = Math.max(0, Math.ceil((height - y) / stepY));
    return sum + (columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bits) / 8)));
  }, 0);
}

/**
 * The chunks of a PNG that its pixels need, as a PNG: what stands after its end or beside its pixels is left out. Throws an Error
 * where a chunk is cut short, or the pixels unpack to more than their size needs, after unpacking no more than that.
 */
export function boundedPng(bytes: Uint8Array): Uint8Array {
  const size = pngSize(bytes);
  const [depth, colorType, , , interlace] = bytes.subarray(24, 29);
  const channels = channelsOf[colorType];
  if (channels === undefined) throw new Error(`colour type ${colorType} is unknown`);
  const view = viewOf(bytes);
  const kept = [bytes.subarray(0, 8)];
  const packed: Uint8Array[] = [];
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    const length = at + 12 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 12 + length > bytes.length) throw new Error('it is cut short');
    type = chunkType(bytes, at);
    if (needed.includes(type)) kept.push(bytes.subarray(at, at + 12 + length));
    if (type === 'IDAT') packed.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const maxOutputLength = rowBytes(size, depth * channels, interlace === 1);
  try {
    inflateSync(Buffer.concat(packed), { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error(
      `its pixels unpack to more than the ${maxOutputLength} bytes that ${size.width}x${size.height} need`,
    );
  }
  return Buffer.concat(kept);
}
