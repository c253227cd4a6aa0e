/**
 * Reading data files with bounded memory: sizes are checked before anything is allocated, compressed data may only grow
 * to what its header announces, and every failure is a DataError that names the file. Knows no format but gzip and tar.
 */

import { createReadStream, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGunzip, gunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { DataError } from '../core/errors.js';

/** Largest file, packed or unpacked, that is read at all: 2 GiB, the most a buffer holds on every supported Node. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

const HEAD_BYTES = 4096;
const unzip = promisify(gunzip);

/** `file`, `folder`, or undefined when there is nothing (or something else) at a path. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : undefined;
  } catch {
    return undefined;
  }
}

/** A whole file. @throws DataError when it cannot be read or is longer than `maxBytes`; `remedy` ends the message of the latter. */
export function readWhole(path: string, maxBytes = MAX_FILE_BYTES, remedy = ''): Promise<Uint8Array> {
  return withFile(path, async (read, info) => {
    if (info.size > maxBytes) {
      throw new DataError(`holds ${info.size} bytes, more than the ${maxBytes} that fit here${remedy}`, path);
    }
    return read(info.size);
  });
}

/** A whole file, unpacked if it is gzip. @throws DataError when it cannot be read, is damaged or holds more than `maxBytes`. */
export async function readUnpacked(path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readWhole(path, maxBytes);
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return await inflate(path, bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new DataError(`unpacks to more than ${maxBytes} bytes, which is too much here`, path);
  }
}

/** What a reader of a format says about a file from its first bytes. */
export interface Announcement {
  /** Bytes of the whole file, unpacked. */
  readonly totalBytes: number;
  /** Throws when the true length is another one. */
  check(length: number): void;
}

/**
 * A file, unpacked if it is gzip. `announce` reads the (unpacked) first bytes and says how long the whole must be; no
 * more than that is read or unpacked.
 * @throws DataError
 */
export function readAnnounced(
  path: string,
  announce: (head: Uint8Array) => Announcement,
): Promise<Uint8Array> {
  return withFile(path, async (read, info) => {
    const head = await read(Math.min(info.size, HEAD_BYTES));
    if (!(head[0] === 0x1f && head[1] === 0x8b)) {
      announce(head).check(info.size);
      return read(info.size);
    }
    if (info.size > MAX_FILE_BYTES) throw new DataError(`holds ${info.size} bytes, more than 2 GiB`, path);
    // Z_SYNC_FLUSH gives what the first bytes unpack to without minding that the rest is missing.
    const start = await inflate(path, head, { finishFlush: constants.Z_SYNC_FLUSH });
    const announced = announce(start);
    const packed = await read(info.size);
    try {
      const bytes = await inflate(path, packed, { maxOutputLength: announced.totalBytes });
      announced.check(bytes.length);
      return bytes;
    } catch (error) {
      if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw error;
      throw new DataError(
        `unpacks to more than the ${announced.totalBytes} bytes its header announces; get the file again`,
        path,
      );
    }
  });
}

/** A file of an archive, or what {@link readTarGz} asks about it. */
export interface ArchiveEntry {
  /** Path inside the archive, with forward slashes. */
  readonly path: string;
  readonly size: number;
}

/**
 * Streams a .tar or .tar.gz and hands the wanted files, one after another, to `take`. Memory is bounded by the wanted
 * files: `wanted` sees the size before the bytes are read, and may throw.
 * @throws DataError when the archive is damaged, truncated or larger than `maxBytes` unpacked.
 */
export async function readTarGz(
  path: string,
  wanted: (entry: ArchiveEntry) => boolean,
  take: (entry: ArchiveEntry, bytes: Uint8Array) => void,
  maxBytes = MAX_FILE_BYTES,
): Promise<void> {
  const head = await withFile(path, (read, info) => read(Math.min(info.size, 2)));
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  let total = 0;
  const limit = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      total += chunk.length;
      if (total <= maxBytes) done(null, chunk);
      else done(new DataError(`unpacks to more than ${maxBytes} bytes`, path));
    },
  });
  const unpack = extract();
  // A failure ends the entry's stream and the archive's with the same error; pipeline reports it once, and without
  // these two listeners it would also end the process.
  const ignore = () => undefined;
  unpack.on('error', ignore);
  unpack.on('entry', (header, stream, next) => {
    stream.on('error', ignore);
    const entry: ArchiveEntry = { path: header.name, size: header.size };
    try {
      if (header.type !== 'file' || !wanted(entry)) {
        stream.on('end', () => next());
        stream.resume();
        return;
      }
    } catch (error) {
      next(error as Error);
      return;
    }
    const chunks: Uint8Array[] = [];
    stream.on('data', (chunk) => chunks.push(chunk as Uint8Array));
    stream.on('end', () => {
      try {
        take(entry, concat(chunks));
        next();
      } catch (error) {
        next(error as Error);
      }
    });
  });
  const source = createReadStream(path);
  // streamx's Writable is a Node stream in all that pipeline uses, but not to the type checker.
  const sink = unpack as unknown as NodeJS.WritableStream;
  try {
    await (packed ? pipeline(source, createGunzip(), limit, sink) : pipeline(source, limit, sink));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`is damaged or no tar archive (${reasonOf(error)}); get the file again`, path);
  }
}

type Reader = (length: number) => Promise<Uint8Array>;

/** Opens a regular file for reads from its beginning. */
async function withFile<T>(path: string, use: (read: Reader, info: Stats) => Promise<T>): Promise<T> {
  try {
    // Asked before opening: opening a pipe waits for its other end.
    if (!(await stat(path)).isFile()) throw new DataError('is not a file', path);
    const handle = await open(path);
    try {
      const info = await handle.stat();
      return await use(async (length) => {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          // One read call moves less than 2 GiB on every platform.
          const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), done);
          if (bytesRead === 0) throw new DataError('became shorter while it was being read', path);
          done += bytesRead;
        }
        return bytes;
      }, info);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (codeOf(error) === 'ENOENT') throw new DataError('does not exist', path);
    throw new DataError(`cannot be read (${reasonOf(error)})`, path);
  }
}

async function inflate(
  path: string,
  packed: Uint8Array,
  options: { finishFlush?: number; maxOutputLength?: number },
): Promise<Uint8Array> {
  try {
    const bytes = await unzip(packed, options);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw error;
    const truncated = codeOf(error) === 'Z_BUF_ERROR';
    throw new DataError(
      `is ${truncated ? 'truncated' : 'damaged'} (gzip: ${reasonOf(error)}); get the file again`,
      path,
    );
  }
}

function concat(chunks: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
