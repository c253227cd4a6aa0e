/** One image file as the bytes that a model takes: PNG or JPEG, grey or colour as the model wants. Never changes its size. */
import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { DataError } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import { readWhole } from '../data/files.node.js';
import {
  boundedPng,
  type ImageSize,
  isJpeg,
  isPng,
  jpegSize,
  largestImageFile,
  pngSize,
} from './image-bounds.js';

/** Interleaved samples of 8 bits, 1 to 4 a pixel: grey, grey and alpha, RGB, RGBA. */
interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Samples of 1, 2 or 4 bits, rows padded to whole bytes, spread over 0..255. */
function unpackBits(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)];
      out[y * width + x] = Math.round((((byte >> (8 - depth - (bit & 7))) & most) * 255) / most);
    }
  }
  return out;
}

function pngRaster(bytes: Uint8Array): Raster {
  const png = decodePng(boundedPng(bytes));
  const { width, height, depth } = png;
  if (png.palette) {
    const data = convertIndexedToRgb(png);
    return { width, height, channels: data.length / (width * height), data };
  }
  if (depth < 8) return { width, height, channels: 1, data: unpackBits(png.data, width, height, depth) };
  const data = depth === 16 ? Uint8Array.from(png.data, (value) => value >> 8) : Uint8Array.from(png.data);
  return { width, height, channels: png.channels, data };
}

/** @param pixels the most that it may have. */
function jpegRaster(bytes: Uint8Array, pixels: number): Raster {
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: pixels / 1e6,
    maxMemoryUsageInMB: 512,
  });
  return { width, height, channels: 3, data };
}

/** Grey is weighted as in ITU-R BT.601; transparency is laid over black, the background of digit images. */
function toChannels({ data, channels, width, height }: Raster, wanted: number): Uint8Array {
  const out = new Uint8Array(width * height * wanted);
  const hasAlpha = channels === 2 || channels === 4;
  const colors = hasAlpha ? channels - 1 : channels;
  for (let i = 0; i < width * height; i++) {
    const at = i * channels;
    const alpha = hasAlpha ? data[at + colors] / 255 : 1;
    const [r, g, b] = colors === 1 ? [data[at], data[at], data[at]] : [data[at], data[at + 1], data[at + 2]];
    if (wanted === 1) out[i] = Math.round(alpha * (colors === 1 ? r : 0.299 * r + 0.587 * g + 0.114 * b));
    else out.set([Math.round(alpha * r), Math.round(alpha * g), Math.round(alpha * b)], i * 3);
  }
  return out;
}

/**
 * The image at `path` as height*width*channels bytes of `shape`. What reading it costs is bounded by that shape, whatever the file
 * says or holds: a file far longer than such an image needs, and one of another size, are refused before they are decoded. `model`
 * is what messages call the one that the image is for.
 * @throws DataError when it cannot be read, is damaged, neither PNG nor JPEG, of another size, or holds far more than its size needs.
 */
export async function readImage(path: string, shape: Shape, model = 'the model'): Promise<Uint8Array> {
  const [height, width, channels] = shape;
  const bytes = await readWhole(
    path,
    largestImageFile(width * height),
    `; ${model} takes images of ${width}x${height} pixels: scale it to that size first`,
  );
  const png = isPng(bytes);
  if (!png && !isJpeg(bytes)) throw new DataError('is neither PNG nor JPEG; convert it to one of them', path);
  let size: ImageSize;
  let raster: Raster | undefined;
  try {
    size = png ? pngSize(bytes) : jpegSize(bytes);
    if (size.width === width && size.height === height) {
      raster = png ? pngRaster(bytes) : jpegRaster(bytes, width * height);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`is a damaged ${png ? 'PNG' : 'JPEG'} (${reason}); get it again`, path);
  }
  if (!raster || raster.width !== width || raster.height !== height) {
    throw new DataError(
      `is ${size.width}x${size.height} pixels, ${model} takes ${width}x${height}; scale it to that size first`,
      path,
    );
  }
  return toChannels(raster, channels);
}
