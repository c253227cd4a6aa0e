import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.js';
import { readSafetensors, type SafeTensor, writeSafetensors } from './safetensors.js';

/** A file with this header text and this many zero bytes of data. */
function fileOf(header: string, dataBytes = 0, announced = header.length): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(announced), true);
  bytes.set(json, 8);
  return bytes;
}

const weight: SafeTensor = {
  name: 'conv1.weight',
  dtype: 'F32',
  shape: [2, 1],
  data: Float32Array.of(1.5, -2),
};

describe('writeSafetensors', () => {
  it('writes the documented layout', () => {
    const bytes = writeSafetensors([weight], { format: 'pt' });
    const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes));
    expect(JSON.parse(header)).toEqual({
      __metadata__: { format: 'pt' },
      'conv1.weight': { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    });
    expect(bytes.length).toBe(8 + headerBytes + 8);
    expect([...bytes.subarray(8 + headerBytes)]).toEqual([0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
  });

  it('aligns every tensor to its element size, whatever the order given', () => {
    const codes: SafeTensor = { name: 'a', dtype: 'I8', shape: [3], data: Int8Array.of(1, 2, 3) };
    const count: SafeTensor = { name: 'z', dtype: 'I64', shape: [], data: BigInt64Array.of(-5n) };
    const bytes = writeSafetensors([codes, weight, count]);
    expect(bytes).toEqual(writeSafetensors([count, codes, weight]));
    expect(readSafetensors(bytes).tensors.map(({ name }) => name)).toEqual(['z', 'conv1.weight', 'a']);
  });

  it.each<[string, SafeTensor[], Record<string, string>, RegExp]>([
    ['a name twice', [weight, weight], {}, /"conv1.weight" is there twice/],
    ['the reserved name', [{ ...weight, name: '__metadata__' }], {}, /taken by the format/],
    ['the wrong array', [{ ...weight, dtype: 'I32' }], {}, /dtype I32 needs a Int32Array/],
    [
      'an unknown dtype',
      [{ ...weight, dtype: 'F33' as 'F32' }],
      {},
      /unknown dtype "F33".*Did you mean "F32"/,
    ],
    ['a shape that does not fit', [{ ...weight, shape: [3] }], {}, /shape \[3\] holds 3 values, data 2/],
    ['metadata that is no text', [], { step: 3 as unknown as string }, /metadata "step" must be a text/],
  ])('refuses %s', (_, tensors, metadata, message) => {
    expect(() => writeSafetensors(tensors, metadata)).toThrow(DataError);
    expect(() => writeSafetensors(tensors, metadata)).toThrow(message);
  });
});

const tensor = fc
  .record({
    name: fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    pick: fc.constantFrom('F32', 'F64', 'I32', 'I64', 'I16', 'U8', 'I8', 'BF16', 'BOOL'),
    fill: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ name, shape, pick, fill }): SafeTensor => {
    const count = shape.reduce((product, length) => product * length, 1);
    const values = Array.from({ length: count }, (_, i) => (i * 7 + fill) % 101);
    if (pick === 'I64') return { name, shape, dtype: 'I64', data: BigInt64Array.from(values.map(BigInt)) };
    if (pick === 'F64') return { name, shape, dtype: 'F64', data: Float64Array.from(values, (x) => x / 3) };
    if (pick === 'F32') return { name, shape, dtype: 'F32', data: Float32Array.from(values, (x) => x / 3) };
    if (pick === 'I32') return { name, shape, dtype: 'I32', data: Int32Array.from(values) };
    if (pick === 'I16') return { name, shape, dtype: 'I16', data: Int16Array.from(values) };
    if (pick === 'BF16') return { name, shape, dtype: 'BF16', data: Uint16Array.from(values) };
    if (pick === 'I8') return { name, shape, dtype: 'I8', data: Int8Array.from(values) };
    return { name, shape, dtype: pick === 'U8' ? 'U8' : 'BOOL', data: Uint8Array.from(values) };
  });

const byName = (a: SafeTensor, b: SafeTensor) => (a.name < b.name ? -1 : 1);

describe('readSafetensors', () => {
  it('gives back what was written', () => {
    const files = fc.record({
      tensors: fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 }),
      metadata: fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
      offset: fc.nat(9),
    });
    fc.assert(
      fc.property(files, ({ tensors, metadata, offset }) => {
        const bytes = writeSafetensors(tensors, metadata);
        // The file may lie anywhere in a larger buffer.
        const elsewhere = new Uint8Array(bytes.length + offset).subarray(offset);
        elsewhere.set(bytes);
        const read = readSafetensors(elsewhere);
        expect(read.tensors.sort(byName)).toEqual([...tensors].sort(byName));
        expect({ ...read.metadata }).toEqual({ ...metadata });
      }),
      { numRuns: 200 },
    );
  });

  it('copies: the tensors do not change with the bytes', () => {
    const bytes = writeSafetensors([weight]);
    const [read] = readSafetensors(bytes).tensors;
    bytes.fill(0);
    expect(read.data).toEqual(weight.data);
  });

  it('refuses a file cut anywhere, or with something after it', () => {
    const bytes = writeSafetensors([weight], { note: 'x' });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSafetensors(bytes.subarray(0, length), 'w.safetensors')).toThrow(DataError);
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(() => readSafetensors(longer)).toThrow('has 1 bytes that belong to no tensor');
  });

  it('answers damaged bytes with a DataError or a whole file, never with another error', () => {
    const good = writeSafetensors([weight, { ...weight, name: 'b' }], { note: 'x' });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (position, value) => {
        const bytes = good.slice();
        bytes[position] = value;
        try {
          expect(readSafetensors(bytes).tensors.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 500 },
    );
  });

  const entry = '{"dtype":"U8","shape":[2],"data_offsets":[0,2]}';
  it.each<[string, Uint8Array, RegExp]>([
    ['seven bytes', new Uint8Array(7), /7 bytes, the header's length alone takes 8/],
    ['a header past the limit', fileOf('{}', 0, 100_000_001), /announces a header of 100000001 bytes/],
    ['a header past 53 bits', fileOf('{}').fill(0xff, 0, 8), /announces a header of 18446744073709551615/],
    ['a header past the end', fileOf('{}', 0, 3), /cut short: the header takes 3 bytes/],
    ['broken JSON', fileOf('{"a":'), /header that is no JSON/],
    ['a list', fileOf('[]'), /no JSON object/],
    ['space before the header', fileOf(' {}'), /no JSON object/],
    ['bytes that are no UTF-8', fileOf('{"a":"?"}').fill(0xff, 14, 15), /header that is no JSON/],
    ['a name twice', fileOf(`{"a":${entry},"\\u0061":${entry}}`, 2), /names "a" twice/],
    [
      'a field twice',
      fileOf(`{"a":{"dtype":"U8","dtype" :"I8","shape":[0],"data_offsets":[0,0]}}`),
      /"dtype" twice/,
    ],
    ['metadata that is no text', fileOf('{"__metadata__":{"a":1}}'), /metadata that is not text/],
    ['a tensor that is none', fileOf('{"a":[]}'), /tensor "a" has no description/],
    ['an unknown dtype', fileOf('{"a":{"dtype":"toString"}}'), /unknown dtype "toString"/],
    ['a missing shape', fileOf('{"a":{"dtype":"U8","data_offsets":[0,0]}}'), /undefined is no shape/],
    [
      'a negative length',
      fileOf('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}'),
      /\[-1\] is no shape/,
    ],
    [
      'a shape past all integers',
      fileOf('{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'),
      /is no shape/,
    ],
    ['missing offsets', fileOf('{"a":{"dtype":"U8","shape":[0]}}'), /data_offsets must be/],
    [
      'offsets that do not fit the shape',
      fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,2]}}', 2),
      /F32 \[2\] takes 8 bytes, its offsets 2/,
    ],
    [
      'offsets the wrong way',
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}', 1),
      /its offsets -1/,
    ],
    ['offsets past the end', fileOf(`{"a":${entry}}`, 1), /tensors take 2 bytes, the file has 1/],
    [
      'tensors that overlap',
      fileOf(`{"a":${entry},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
      /"b" starts at byte 1, not 2/,
    ],
    [
      'a gap',
      fileOf(`{"a":${entry},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}`, 4),
      /"b" starts at byte 3, not 2/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, 'w.safetensors')).toThrow(DataError);
    expect(() => readSafetensors(bytes, 'w.safetensors')).toThrow(message);
    expect(() => readSafetensors(bytes, 'w.safetensors')).toThrow(/^w\.safetensors: /);
  });

  it('reads a header with spaces around its colons and a name that looks like JSON', () => {
    const name = '{"a": 1, "a": 2}';
    const { tensors } = readSafetensors(
      fileOf(`{ ${JSON.stringify(name)} : {"shape" : [2], "dtype" : "U8", "data_offsets": [0, 2]} } `, 2),
    );
    expect(tensors).toEqual([{ name, dtype: 'U8', shape: [2], data: new Uint8Array(2) }]);
  });
});
