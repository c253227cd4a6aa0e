/**
 * IDX, the format of MNIST and its relatives: two zero bytes, a type code, the number of axes, then each axis length as a
 * big-endian uint32, then the values (http://yann.lecun.com/exdb/mnist). Only unsigned bytes (type 0x08) occur in these
 * sets. Pure functions on bytes: they know no files and check every length before they touch or allocate anything.
 */

import { DataError } from '../core/errors.js';
import { shapeText } from '../core/shape.js';

/** Bytes that hold any header with up to four axes. */
export const IDX_MAX_HEADER = 20;

/** More than this is no data set for this library, whatever a header claims. */
const MAX_BYTES = 2 ** 31 - 1;

export type IdxKind = 'images' | 'labels';

const magics = { images: 0x00000803, labels: 0x00000801 } as const;

export interface IdxHeader {
  /** Axis lengths: [count, height, width] for images, [count] for labels. */
  readonly dims: readonly number[];
  /** Bytes before the first value. */
  readonly headerBytes: number;
  /** Bytes of the whole file. */
  readonly totalBytes: number;
}

/**
 * Reads the header of an images or labels file from its first {@link IDX_MAX_HEADER} bytes (fewer if the file is
 * shorter).
 * @param file named in errors.
 * @throws DataError when it is no IDX file, one of the other kind, or announces nothing or too much.
 */
export function parseIdxHeader(bytes: Uint8Array, kind: IdxKind, file = ''): IdxHeader {
  if (bytes.length < 4) {
    throw new DataError(
      `holds only ${bytes.length} bytes, too few for an IDX header; get the file again`,
      file,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const expected = magics[kind];
  if (magic !== expected) {
    const other: IdxKind = kind === 'images' ? 'labels' : 'images';
    if (magic === magics[other]) {
      throw new DataError(
        `is an IDX file of ${other} (magic ${hex(magic)}) where ${kind} (${hex(expected)}) are expected; ` +
          'the two files have probably been exchanged',
        file,
      );
    }
    if (magic >>> 16 === 0x1f8b) {
      throw new DataError('is compressed twice; unpack it once', file);
    }
    throw new DataError(
      `is no IDX file of ${kind}: it begins with ${hex(magic)}, not with ${hex(expected)}; get the file again`,
      file,
    );
  }
  const rank = magic & 0xff;
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new DataError(
      `ends inside its header (${bytes.length} of ${headerBytes} bytes); get the file again`,
      file,
    );
  }
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // Doubles: four factors below 2**32 cannot overflow, only become inexact far above the limit.
  const values = dims.reduce((product, length) => product * length, 1);
  if (values === 0) throw new DataError(`announces no ${kind}: its shape is ${shapeText(dims)}`, file);
  if (values > MAX_BYTES - headerBytes) {
    throw new DataError(
      `announces ${kind} of shape ${shapeText(dims)}, more than 2 GiB; the header is damaged`,
      file,
    );
  }
  return { dims, headerBytes, totalBytes: headerBytes + values };
}

/** Compares the length a header announces with what is there. @throws DataError when they differ. */
export function checkIdxLength(header: IdxHeader, length: number, file = ''): void {
  const { totalBytes, dims } = header;
  if (length < totalBytes) {
    throw new DataError(
      `is truncated: its header announces ${shapeText(dims)}, ${totalBytes} bytes in all, but it holds ${length}; get the file again`,
      file,
    );
  }
  if (length > totalBytes) {
    throw new DataError(
      `has ${length - totalBytes} bytes more than the ${totalBytes} its header announces ${shapeText(dims)}; get the file again`,
      file,
    );
  }
}

/** Images of an IDX file, one byte a pixel, row by row. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** count * height * width bytes, a view of the given ones. */
  readonly pixels: Uint8Array;
}

/** Images of one channel. @throws DataError, see {@link parseIdxHeader} and {@link checkIdxLength}. */
export function parseIdxImages(bytes: Uint8Array, file = ''): IdxImages {
  const header = parseIdxHeader(bytes, 'images', file);
  checkIdxLength(header, bytes.length, file);
  const [count, height, width] = header.dims;
  return { count, height, width, pixels: bytes.subarray(header.headerBytes) };
}

/** Labels in 0..classCount-1. @throws DataError, also for a label beyond the classes. */
export function parseIdxLabels(bytes: Uint8Array, classCount: number, file = ''): Int32Array {
  const header = parseIdxHeader(bytes, 'labels', file);
  checkIdxLength(header, bytes.length, file);
  const labels = Int32Array.from(bytes.subarray(header.headerBytes));
  const wrong = labels.findIndex((label) => label >= classCount);
  if (wrong >= 0) {
    throw new DataError(
      `label ${wrong} is ${labels[wrong]}, but there are only classes 0 to ${classCount - 1}; ` +
        'the file belongs to another data set or is damaged',
      file,
    );
  }
  return labels;
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, '0')}`;
}
