/**
 * The safetensors format (huggingface/safetensors): 8 bytes of header length, a JSON header, then the tensors' bytes without gaps,
 * all little-endian. Works on bytes in memory; knows no files and no models. Any fault is a DataError, since files come
 * from anywhere: nothing is read or allocated that the header announces before it has been checked.
 */
import { DataError } from '../core/errors.js';
import { didYouMean, shown } from '../core/text.js';

/** A tensor's elements in row-major order; {@link SafetensorsDtype} says which array holds which dtype. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Arrays by dtype. F16 and BF16 come as their raw 16 bits, BOOL and the 8-bit floats as bytes. */
const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
} as const;

/**
 * Element types of a file. F16 and BF16 come as raw bits in a Uint16Array, BOOL and the 8-bit floats as bytes in a
 * Uint8Array, all others in the array of their name.
 */
export type SafetensorsDtype = keyof typeof arrays;

/** One named tensor of a file. Its data has as many elements as the shape. */
export interface SafeTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  /** Outermost axis first; [] is a scalar, an axis of length 0 holds nothing. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What {@link readSafetensors} gives. */
export interface SafetensorsFile {
  /** In the order of their bytes. */
  readonly tensors: SafeTensor[];
  readonly metadata: Record<string, string>;
}

/** Longest header that the format's own reader takes. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Elements of a shape; NaN if an axis is not a length or the product is past all integers. */
function countOf(shape: readonly unknown[]): number {
  if (!shape.every(isLength)) return Number.NaN;
  if (shape.includes(0)) return 0;
  const count = (shape as number[]).reduce((product, length) => product * length, 1);
  return Number.isSafeInteger(count) ? count : Number.NaN;
}

/**
 * The bytes of a safetensors file. Tensors are laid out by element size (largest first), then by name, so that each starts
 * on a multiple of its element size; the header is padded to a multiple of 8. The same content gives the same bytes.
 * @throws DataError for a name used twice, `__metadata__` as a name, data of the wrong kind or length, metadata that is no text.
 */
export function writeSafetensors(
  tensors: readonly SafeTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = new Set<string>();
  for (const { name, dtype, shape, data } of tensors) {
    const tensor = `tensor ${JSON.stringify(name)}`;
    if (name === METADATA) throw new DataError(`${tensor}: this name is taken by the format; rename it`);
    if (names.has(name)) throw new DataError(`${tensor} is there twice; names must differ`);
    names.add(name);
    if (!Object.hasOwn(arrays, dtype)) throw new DataError(`${tensor}: ${unknownDtype(dtype)}`);
    if (!(data instanceof arrays[dtype])) {
      throw new DataError(`${tensor}: dtype ${dtype} needs a ${arrays[dtype].name}`);
    }
    const count = countOf(shape);
    if (count !== data.length) {
      throw new DataError(
        `${tensor}: shape [${shape.join(', ')}] holds ${count} values, data ${data.length}`,
      );
    }
  }
  const ordered = [...tensors].sort(
    (a, b) =>
      b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );

  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) {
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof value !== 'string')
        throw new DataError(`metadata "${key}" must be a text; use JSON.stringify`);
    }
    entries.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  }
  let end = 0;
  for (const { name, dtype, shape, data } of ordered) {
    const begin = end;
    end += data.byteLength;
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new DataError(
      `the header would take ${headerBytes} bytes, at most ${MAX_HEADER_BYTES} are read; shorten metadata`,
    );
  }

  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(json, 8);
  let position = 8 + headerBytes;
  for (const { data } of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

function unknownDtype(dtype: unknown): string {
  const known = Object.keys(arrays);
  return `unknown dtype ${shown(dtype)}; known are ${known.join(', ')}.${didYouMean(typeof dtype === 'string' ? dtype : '', known)}`;
}

interface Entry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Tensors and metadata of a safetensors file; tensors are copies, so `bytes` may be dropped or reused.
 * @param file name for messages.
 * @throws DataError for anything the format does not allow: truncated, offsets that overlap, leave gaps, run out of the
 *   file or do not fit the shape, a header that is too long or no JSON, a name twice.
 */
export function readSafetensors(bytes: Uint8Array, file = ''): SafetensorsFile {
  const fail = (message: string): never => {
    throw new DataError(message, file);
  };
  if (bytes.length < 8)
    fail(`is no safetensors file: ${bytes.length} bytes, the header's length alone takes 8`);
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (announced > BigInt(MAX_HEADER_BYTES)) {
    fail(
      `is no safetensors file: it announces a header of ${announced} bytes, at most ${MAX_HEADER_BYTES} are allowed`,
    );
  }
  const headerBytes = Number(announced);
  if (headerBytes > bytes.length - 8) {
    fail(
      `is cut short: the header takes ${headerBytes} bytes, the file has ${bytes.length}; get or save it again`,
    );
  }
  const { entries, metadata } = readHeader(bytes.subarray(8, 8 + headerBytes), fail);

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const dataBytes = bytes.length - 8 - headerBytes;
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      fail(
        `tensor ${JSON.stringify(name)} starts at byte ${begin}, not ${position}: offsets overlap or leave a gap`,
      );
    }
    position = end;
  }
  if (position > dataBytes) {
    fail(`is cut short: the tensors take ${position} bytes, the file has ${dataBytes}; get or save it again`);
  }
  if (position < dataBytes) fail(`has ${dataBytes - position} bytes that belong to no tensor`);

  const start = bytes.byteOffset + 8 + headerBytes;
  const tensors = entries.map(({ name, dtype, shape, begin, end }): SafeTensor => {
    const data = new arrays[dtype](bytes.buffer.slice(start + begin, start + end) as ArrayBuffer);
    return { name, dtype, shape, data };
  });
  return { tensors, metadata };
}

type Fail = (message: string) => never;

function readHeader(bytes: Uint8Array, fail: Fail): { entries: Entry[]; metadata: Record<string, string> } {
  let text: string;
  let header: Record<string, unknown>;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    return fail(`has a header that is no JSON: ${(error as Error).message}`);
  }
  if (!text.startsWith('{')) return fail('has a header that is no JSON object');
  const twice = repeatedKey(text);
  if (twice !== undefined) fail(`names ${JSON.stringify(twice)} twice in its header`);

  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      if (!isRecord(value) || !Object.values(value).every((item) => typeof item === 'string')) {
        return fail('has metadata that is not text by name');
      }
      metadata = value as Record<string, string>;
    } else {
      entries.push(readEntry(name, value, fail));
    }
  }
  return { entries, metadata };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEntry(name: string, value: unknown, fail: Fail): Entry {
  const tensor = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(value)) return fail(`${tensor} has no description`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(arrays, dtype)) {
    return fail(`${tensor}: ${unknownDtype(dtype)}`);
  }
  const count = Array.isArray(shape) ? countOf(shape) : Number.NaN;
  if (Number.isNaN(count)) return fail(`${tensor}: ${shown(shape)} is no shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isLength)) {
    return fail(`${tensor}: data_offsets must be [begin, end], not ${shown(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const known = dtype as SafetensorsDtype;
  const size = count * arrays[known].BYTES_PER_ELEMENT;
  if (end - begin !== size) {
    return fail(
      `${tensor}: ${dtype} [${(shape as number[]).join(', ')}] takes ${size} bytes, its offsets ${end - begin}`,
    );
  }
  return { name, dtype: known, shape: shape as number[], begin, end };
}

/**
 * A key that one object of valid JSON text holds twice, which JSON.parse passes over in silence. A loop and no regular
 * expression, because a header may hold strings of many megabytes.
 */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') open.push(new Set());
    else if (text[i] === '}') open.pop();
    else if (text[i] === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
      let next = i + 1;
      while (' \t\r\n'.includes(text[next])) next++;
      if (text[next] !== ':') continue;
      const key: string = JSON.parse(text.slice(start, i + 1));
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
