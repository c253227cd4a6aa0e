/**
 * Augmentation of byte images, described by data (`{ kind: 'padCrop', pad: 4 }`) so that it can stand in a run's record.
 * The random numbers of a sample follow from (seed, epoch, its index) alone: neither batch size nor order nor thread
 * count changes what a sample looks like. Works in place and allocates nothing. Knows no batches and no normalisation.
 */

import { UsageError } from '../core/errors.js';
import { hashText, type NoiseKey, noiseBits, noiseKey, seedWords } from '../core/rng.js';
import { type Shape, shapeText } from '../core/shape.js';
import { didYouMean } from '../core/text.js';

/** Pads `pad` zero pixels on every side, then crops the old size at a random place. */
export interface PadCrop {
  readonly kind: 'padCrop';
  readonly pad: number;
}

/** Mirrors left and right with probability 1/2. */
export interface Flip {
  readonly kind: 'flip';
}

/** Covers a size x size square with the channels' mean; its centre is uniform over the image (DeVries and Taylor 2017). */
export interface Cutout {
  readonly kind: 'cutout';
  readonly size: number;
}

/** One augmentation, as plain data; {@link padCrop}, {@link flip} and {@link cutout} make them. */
export type Augmentation = PadCrop | Flip | Cutout;

/** Random crop after zero padding (zero is a black pixel: padding comes before normalisation). */
export const padCrop = (pad = 4): PadCrop => ({ kind: 'padCrop', pad });

/** Random horizontal mirroring. */
export const flip = (): Flip => ({ kind: 'flip' });

/** Random square of the channels' mean. */
export const cutout = (size = 16): Cutout => ({ kind: 'cutout', size });

/** The extent each kind carries, `undefined` for none; also the list of kinds. */
const extents: { readonly [K in Augmentation['kind']]: string | undefined } = {
  padCrop: 'pad',
  flip: undefined,
  cutout: 'size',
};

/** Random numbers reserved for one augmentation of one sample. */
const DRAWS = 2;

/** With 2 draws each this is 16 counters a sample, so counters stay below 2**32 for 268 million samples. */
const MAX_AUGMENTATIONS = 8;

/**
 * A checked, frozen copy of a list of augmentations, for instance one read from JSON.
 * @param shape shape of the samples it is for, [height, width, channels], where known.
 * @throws UsageError naming the entry.
 */
export function checkAugmentations(list: unknown, shape?: Shape): readonly Augmentation[] {
  if (!Array.isArray(list)) throw new UsageError('augment must be a list such as [padCrop(4), flip()]');
  if (list.length > MAX_AUGMENTATIONS) {
    throw new UsageError(`augment has ${list.length} entries, at most ${MAX_AUGMENTATIONS} are possible`);
  }
  if (shape && list.length > 0 && shape.length !== 3) {
    throw new UsageError(
      `augmentation needs images of shape [height, width, channels], these samples are ${shapeText(shape)}`,
    );
  }
  const side = shape ? Math.min(shape[0], shape[1]) : Number.MAX_SAFE_INTEGER;
  return Object.freeze(list.map((entry: unknown, index) => checkEntry(entry, `augment[${index}]`, side)));
}

function checkEntry(entry: unknown, where: string, side: number): Augmentation {
  if (typeof entry !== 'object' || entry === null || !('kind' in entry)) {
    throw new UsageError(`${where} must be an object with a "kind", for instance { kind: 'flip' }`);
  }
  const fields = entry as Record<string, unknown>;
  const kinds = Object.keys(extents);
  const kind = fields.kind;
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    const text = String(kind);
    throw new UsageError(
      `${where}: unknown kind "${text}"; there are ${kinds.join(', ')}.${didYouMean(text, kinds)}`,
    );
  }
  const field = extents[kind as Augmentation['kind']];
  for (const key of Object.keys(fields)) {
    if (key !== 'kind' && key !== field) throw new UsageError(`${where}: ${kind} has no field "${key}"`);
  }
  if (field !== undefined) {
    const extent = fields[field];
    if (typeof extent !== 'number' || !Number.isInteger(extent) || extent < 1 || extent > side) {
      const limit =
        side === Number.MAX_SAFE_INTEGER ? 'of at least 1' : `from 1 to ${side} (the image's shorter side)`;
      throw new UsageError(`${where}: ${kind} needs an integer "${field}" ${limit}, got ${String(extent)}`);
    }
  }
  return Object.freeze({ ...fields }) as unknown as Augmentation;
}

/** Applies a checked list to samples of one data set. */
export class Augmenter {
  private readonly height: number;
  private readonly width: number;
  private readonly channels: number;

  /** @param fill byte per channel that cutout paints: the channel's mean. */
  constructor(
    private readonly list: readonly Augmentation[],
    shape: Shape,
    private readonly fill: Uint8Array,
  ) {
    [this.height, this.width, this.channels] = shape;
  }

  /** The key of one epoch's random numbers. */
  static key(seed: number, epoch: number): NoiseKey {
    const [low, high] = seedWords(seed);
    return noiseKey(low, high, hashText('augment'), epoch, 0);
  }

  /** Augments the image that starts at `offset` of `pixels` in place; `index` is its number in the data set. */
  apply(pixels: Uint8Array, offset: number, index: number, key: NoiseKey): void {
    for (let i = 0; i < this.list.length; i++) {
      const counter = (index * MAX_AUGMENTATIONS + i) * DRAWS;
      const first = noiseBits(counter, key) / 0x100000000;
      const second = noiseBits(counter + 1, key) / 0x100000000;
      const entry = this.list[i];
      switch (entry.kind) {
        case 'padCrop': {
          const places = 2 * entry.pad + 1;
          this.shift(
            pixels,
            offset,
            Math.floor(first * places) - entry.pad,
            Math.floor(second * places) - entry.pad,
          );
          break;
        }
        case 'flip':
          if (first < 0.5) this.mirror(pixels, offset);
          break;
        case 'cutout': {
          const top = Math.floor(first * this.height) - (entry.size >> 1);
          const left = Math.floor(second * this.width) - (entry.size >> 1);
          this.cover(pixels, offset, top, left, entry.size);
          break;
        }
      }
    }
  }

  /** result[y][x] = image[y + down][x + right], zero outside: the crop of the padded image at (pad + down, pad + right). */
  private shift(pixels: Uint8Array, offset: number, down: number, right: number): void {
    const { height, width, channels } = this;
    const row = width * channels;
    const keptRows = Math.max(0, height - Math.abs(down));
    const kept = Math.max(0, width - Math.abs(right)) * channels;
    const from = Math.max(0, right) * channels;
    const to = Math.max(0, -right) * channels;
    for (let step = 0; step < keptRows; step++) {
      // Rows move towards the direction they come from, so none is overwritten before it is read.
      const y = down >= 0 ? step : height - 1 - step;
      const source = offset + (y + down) * row;
      const target = offset + y * row;
      pixels.copyWithin(target + to, source + from, source + from + kept);
      pixels.fill(0, target, target + to);
      pixels.fill(0, target + to + kept, target + row);
    }
    const firstEmpty = down >= 0 ? offset + keptRows * row : offset;
    pixels.fill(0, firstEmpty, firstEmpty + (height - keptRows) * row);
  }

  private mirror(pixels: Uint8Array, offset: number): void {
    const { height, width, channels } = this;
    for (let y = 0; y < height; y++) {
      let left = offset + y * width * channels;
      let right = left + (width - 1) * channels;
      while (left < right) {
        for (let c = 0; c < channels; c++) {
          const swap = pixels[left + c];
          pixels[left + c] = pixels[right + c];
          pixels[right + c] = swap;
        }
        left += channels;
        right -= channels;
      }
    }
  }

  private cover(pixels: Uint8Array, offset: number, top: number, left: number, size: number): void {
    const { height, width, channels, fill } = this;
    const bottom = Math.min(height, top + size);
    const end = Math.min(width, left + size);
    for (let y = Math.max(0, top); y < bottom; y++) {
      for (let x = Math.max(0, left); x < end; x++) {
        const pixel = offset + (y * width + x) * channels;
        for (let c = 0; c < channels; c++) pixels[pixel + c] = fill[c];
      }
    }
  }
}
