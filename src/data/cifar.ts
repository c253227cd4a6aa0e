/**
 * The binary version of CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte
 * (CIFAR-100: coarse label, fine label) and 3072 pixel bytes, the red plane first, each 32 rows of 32. Pure functions on
 * bytes: they know no files.
 */

import { DataError } from '../core/errors.js';

/** Which CIFAR: 10 classes, or 100. */
export type CifarVariant = 'cifar10' | 'cifar100';

const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const PIXELS = PLANE * CHANNELS;

/** Shape of one image. */
export const cifarShape: readonly [number, number, number] = [SIDE, SIDE, CHANNELS];

/** Class names in the order of their labels, which is alphabetical. */
export const cifarClasses: { readonly [V in CifarVariant]: readonly string[] } = {
  cifar10: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
  cifar100: (
    'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle ' +
    'caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant ' +
    'flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man ' +
    'maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree ' +
    'plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper ' +
    'snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train ' +
    'trout tulip turtle wardrobe whale willow_tree wolf woman worm'
  ).split(' '),
};

const labelBytes: { readonly [V in CifarVariant]: number } = { cifar10: 1, cifar100: 2 };

/** Number of images in a file of `length` bytes. @throws DataError when it is not a whole number, or none. */
export function cifarCount(length: number, variant: CifarVariant, file = ''): number {
  const record = labelBytes[variant] + PIXELS;
  if (length > 0 && length % record === 0) return length / record;
  const other: CifarVariant = variant === 'cifar10' ? 'cifar100' : 'cifar10';
  if (length > 0 && length % (labelBytes[other] + PIXELS) === 0) {
    throw new DataError(
      `is a file of ${other} by its length, ${variant} is expected; name the other data set`,
      file,
    );
  }
  throw new DataError(
    `is truncated or no CIFAR file: ${length} bytes are ${length === 0 ? 'no record' : 'not a whole number of records'} ` +
      `of ${record} bytes; get the file again (binary version)`,
    file,
  );
}

/**
 * Decodes records into NHWC pixels and labels (fine labels for CIFAR-100), at image number `first` of the given arrays.
 * @returns the number of images written.
 * @throws DataError for a length or a label that does not fit.
 */
export function decodeCifar(
  bytes: Uint8Array,
  variant: CifarVariant,
  pixels: Uint8Array,
  labels: Int32Array,
  first = 0,
  file = '',
): number {
  const count = cifarCount(bytes.length, variant, file);
  if (first + count > labels.length || (first + count) * PIXELS > pixels.length) {
    throw new DataError(`holds ${count} images, more than there is room for`, file);
  }
  const heading = labelBytes[variant];
  const classCount = cifarClasses[variant].length;
  for (let n = 0; n < count; n++) {
    const record = n * (heading + PIXELS);
    const label = bytes[record + heading - 1];
    if (label >= classCount) {
      throw new DataError(
        `label of image ${n} is ${label}, but there are only classes 0 to ${classCount - 1}; ` +
          'the file is damaged or no CIFAR file in the binary version',
        file,
      );
    }
    labels[first + n] = label;
    let to = (first + n) * PIXELS;
    const from = record + heading;
    for (let i = 0; i < PLANE; i++) {
      pixels[to] = bytes[from + i];
      pixels[to + 1] = bytes[from + PLANE + i];
      pixels[to + 2] = bytes[from + 2 * PLANE + i];
      to += CHANNELS;
    }
  }
  return count;
}

/** {@link decodeCifar} into new arrays. */
export function parseCifar(
  bytes: Uint8Array,
  variant: CifarVariant,
  file = '',
): { count: number; pixels: Uint8Array; labels: Int32Array } {
  const count = cifarCount(bytes.length, variant, file);
  const pixels = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  decodeCifar(bytes, variant, pixels, labels, 0, file);
  return { count, pixels, labels };
}
