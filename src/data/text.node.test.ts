import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { needs } from '../../test/support/needs.js';
import { DataError, UsageError } from '../core/errors.js';
import { BatchLoader } from './batches.js';
import { datasetWarnings, subset } from './dataset.js';
import { describeDatasets } from './datasets.node.js';
import { errorOf, temporaryFolders, writeFiles } from './fixtures.node.case.js';
import { encodeText, textSplit, vocabularyOf } from './text.js';
import { findShakespeare, loadShakespeare, loadText } from './text.node.js';

const letters = 'abcdefghijklmnopqrstuvwxyz';
/** 1,000 characters in which the place says the character. */
const text = Array.from({ length: 1000 }, (_, i) => letters[(i * 7) % 26]).join('');

describe('a text', () => {
  it('is numbered by code point, characters beyond 16 bits included', () => {
    expect(vocabularyOf('b\na😀ab')).toEqual(['\n', 'a', 'b', '😀']);
    expect([...encodeText('😀ab', ['\n', 'a', 'b', '😀'])]).toEqual([3, 1, 2]);
    expect(() => encodeText('c', ['a'])).toThrow(/"c", which is not among the 1 of the vocabulary/);
    const many = String.fromCodePoint(...Array.from({ length: 5000 }, (_, i) => 0x4e00 + i));
    expect(() => vocabularyOf(many)).toThrow(DataError);
  });

  it('is cut into windows whose labels are the characters that follow, training and test apart', () => {
    const { train, test } = textSplit(text, { context: 16 });
    // 900 characters: 56 windows of 16 with a character behind the last; 100: 6.
    expect([train.count, test.count]).toEqual([56, 6]);
    expect(train.classes).toEqual([...letters]);
    expect(train.inputShape).toEqual([16]);
    expect(train.labelsPerSample).toBe(16);
    const spell = (numbers: ArrayLike<number>): string =>
      Array.from(numbers, (number) => letters[number]).join('');
    expect(spell(train.inputs)).toBe(text.slice(0, 896));
    expect(spell(train.labels)).toBe(text.slice(1, 897));
    expect(spell(test.inputs)).toBe(text.slice(900, 996));
    expect(spell(test.labels)).toBe(text.slice(901, 997));
    expect(datasetWarnings(train)).toEqual([]);
  });

  it('is refused when it is too short, or options are out of range', () => {
    expect(() => textSplit(text, { context: 100 })).toThrow(
      /1,000 characters.*smaller half has 100.*needs 101/,
    );
    expect(() => textSplit('')).toThrow(DataError);
    expect(() => textSplit(text, { context: 0 })).toThrow(UsageError);
    expect(() => textSplit(text, { trainShare: 1 })).toThrow(/trainShare/);
  });
});

describe('the windows of a text', () => {
  const { train } = textSplit(text, { context: 16 });
  /** Copies, since a loader's batches share their buffers. */
  const batchesOf = (options: { seed?: number; shuffle?: boolean }, epoch: number, data = train, start = 0) =>
    Array.from(
      new BatchLoader(data, { batchSize: 8, ...options }).epoch(epoch, start),
      ({ inputs, labels, indices }) => ({
        inputs: Array.from(inputs),
        labels: Array.from(labels),
        indices: Array.from(indices),
      }),
    );

  it('are moved in training: each below a length beyond its own place, its labels with it', () => {
    let moved = 0;
    for (const { inputs, labels, indices } of batchesOf({ seed: 3 }, 2)) {
      for (let i = 0; i < indices.length; i++) {
        const window = inputs.slice(i * 16, (i + 1) * 16);
        const found = Array.from({ length: 16 }, (_, shift) => indices[i] * 16 + shift).filter((start) =>
          window.every((token, k) => letters[token] === text[start + k]),
        );
        expect(found).toHaveLength(1);
        expect(
          labels
            .slice(i * 16, (i + 1) * 16)
            .map((token) => letters[token])
            .join(''),
        ).toBe(text.slice(found[0] + 1, found[0] + 17));
        // The last window has three more characters to move over.
        expect(found[0] + 17).toBeLessThanOrEqual(900);
        moved += found[0] % 16 > 0 ? 1 : 0;
      }
    }
    expect(moved).toBeGreaterThan(40);
  });

  it('follow from seed and epoch alone, and stay where they are without shuffling', () => {
    expect(batchesOf({ seed: 3 }, 2)).toEqual(batchesOf({ seed: 3 }, 2));
    expect(batchesOf({ seed: 3 }, 2)).not.toEqual(batchesOf({ seed: 3 }, 1));
    expect(batchesOf({ seed: 3 }, 2)).not.toEqual(batchesOf({ seed: 4 }, 2));
    const still = batchesOf({ shuffle: false }, 5);
    expect(still.flatMap(({ inputs }) => inputs)).toEqual(Array.from(train.inputs));
    expect(batchesOf({ seed: 3 }, 2, train, 4)).toEqual(batchesOf({ seed: 3 }, 2).slice(4));
  });

  it('stay with their samples in a subset', () => {
    const part = subset(train, [50, 3]);
    expect([...(part.windows?.starts ?? [])]).toEqual([800, 48]);
    const [batch] = batchesOf({ seed: 1 }, 0, part);
    for (const [i, index] of batch.indices.entries()) {
      const first = [800, 48][index];
      const window = batch.inputs
        .slice(i * 16, (i + 1) * 16)
        .map((token) => letters[token])
        .join('');
      expect(text.slice(first, first + 31)).toContain(window);
    }
  });
});

describe('Tiny Shakespeare', () => {
  const folder = temporaryFolders();

  it('is no other text, and what is missing says how to get it', async () => {
    const dir = await folder();
    expect((await errorOf(() => loadShakespeare({ dir }))).message).toMatch(
      /holds no such file; give the file/,
    );
    expect((await errorOf(() => loadShakespeare())).message).toMatch(/not shipped.*char-rnn/);
    await writeFiles(dir, { 'input.txt': Buffer.from(text) });
    expect(await findShakespeare(dir)).toBe(join(dir, 'input.txt'));
    const error = await errorOf(() => loadShakespeare({ dir }));
    expect(error.message).toMatch(/input\.txt.*holds 1000 characters.*for another text take --dataset text/);
  });

  const data = needs('data');
  data.it('has the sizes that the list of data sets states', async () => {
    const [stated] = (await describeDatasets()).filter(({ name }) => name === 'shakespeare');
    const { train, test } = await loadShakespeare({ dir: data.path });
    expect([train.count, test.count, train.classes.length]).toEqual([
      stated.train,
      stated.test,
      stated.classes,
    ]);
    expect(train.inputShape).toEqual(stated.shape);
    const [longer] = (await describeDatasets({ context: 100 })).filter(({ name }) => name === 'shakespeare');
    const cut = await loadShakespeare({ dir: data.path, context: 100 });
    expect([longer.train, longer.test, longer.shape]).toEqual([cut.train.count, cut.test.count, [100]]);
  });
});

describe('a text file', () => {
  const folder = temporaryFolders();

  it('is read plain or packed, and refused by name where it is no text', async () => {
    const dir = await folder();
    await writeFiles(dir, {
      'a.txt': Buffer.from(text),
      'a.txt.gz': gzipSync(text),
      'cut.gz': gzipSync(text).subarray(0, 40),
      binary: Uint8Array.of(0xff, 0xfe, 0xfd),
    });
    const plain = await loadText({ file: join(dir, 'a.txt'), context: 16 });
    const packed = await loadText({ file: join(dir, 'a.txt.gz'), context: 16 });
    expect(packed.train.inputs).toEqual(plain.train.inputs);
    expect([plain.train.name, plain.train.note, packed.test.note]).toEqual(['text', 'a.txt', 'a.txt.gz']);
    for (const [name, message] of [
      ['cut.gz', /cut\.gz.*truncated/],
      ['binary', /binary.*no text in UTF-8; give a UTF-8 text file/],
      ['none', /none.*does not exist/],
      ['', /is a folder/],
    ] as const) {
      const error = await errorOf(() => loadText({ file: join(dir, name) }));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(message);
    }
  });
});
