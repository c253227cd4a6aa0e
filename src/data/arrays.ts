/**
 * Data sets from arrays of your own, with every check a data set promises to have passed. The file loaders end here too.
 * Knows neither files nor graphs.
 */

import { DataError, UsageError } from '../core/errors.js';
import { type Shape, shapeText, sizeOf } from '../core/shape.js';
import { shown } from '../core/text.js';
import {
  type Dataset,
  type ImageDataset,
  type Normalization,
  normalizationOf,
  type SampleArray,
} from './dataset.js';

/** Arrays of your own, see {@link fromArrays}. */
export interface ArraySource {
  readonly name?: string;
  readonly note?: string;
  /** Bytes, floats, or int32 for whole numbers such as the tokens that an embedding looks up. */
  readonly inputs: SampleArray;
  /** Shape of ONE sample, without the batch axis; images are [height, width, channels]. */
  readonly inputShape: Shape;
  readonly labels?: ArrayLike<number>;
  /** Labels of one sample, 1 unless said otherwise. */
  readonly labelsPerSample?: number;
  /** Names of the classes; by default "0", "1", … up to the largest label. */
  readonly classes?: readonly string[];
  readonly targets?: Float32Array;
  /** Shape of one sample's targets, by default [targets.length / count]. */
  readonly targetShape?: Shape;
  /**
   * Statistics of the training set. When omitted they are computed for byte images (three axes). Hand the training
   * set's own to its test set.
   */
  readonly normalization?: Normalization;
}

/**
 * A data set from arrays of your own; the arrays are kept, not copied (labels other than an Int32Array are).
 * @throws DataError naming the sample, when lengths do not fit, a label is no class index, or a value is not finite.
 */
export function fromArrays(source: ArraySource): Dataset {
  if (typeof source !== 'object' || source === null) {
    throw new UsageError(`fromArrays takes { inputs, inputShape, labels, ... }, got ${shown(source)}`);
  }
  const { inputs, name = 'arrays' } = source;
  if (
    !(inputs instanceof Uint8Array) &&
    !(inputs instanceof Float32Array) &&
    !(inputs instanceof Int32Array)
  ) {
    throw new DataError(
      `${name}: inputs must be a Uint8Array or a Float32Array, or an Int32Array of an embedding's indices`,
    );
  }
  const inputShape = checkShape(source.inputShape, 'inputShape', name);
  const size = sizeOf(inputShape);
  const count = inputs.length / size;
  if (!Number.isInteger(count) || count === 0) {
    throw new DataError(
      `${name}: inputs hold ${inputs.length} values, which is ${count === 0 ? 'no sample' : 'not a whole number of samples'} ` +
        `of shape ${shapeText(inputShape)} (${size} values each)`,
    );
  }
  if (inputs instanceof Float32Array) checkFinite(inputs, size, 'input', name);
  if (source.labels === undefined && source.targets === undefined) {
    throw new DataError(`${name}: give labels (classification) or targets (regression)`);
  }
  const labelled = checkLabels(source, count, name);
  const targeted = checkTargets(source, count, name);
  let normalization: Normalization | undefined;
  if (source.normalization !== undefined) {
    if (inputs instanceof Int32Array) {
      throw new DataError(
        `${name}: int32 inputs are indices and are not normalised; leave normalization out`,
      );
    }
    normalization = checkNormalization(source.normalization, inputShape[inputShape.length - 1], name);
  } else if (inputs instanceof Uint8Array && inputShape.length === 3) {
    normalization = normalizationOf(inputs, inputShape[2]);
  }
  return {
    name,
    ...(source.note === undefined ? {} : { note: source.note }),
    count,
    inputShape,
    inputs,
    ...labelled,
    ...targeted,
    ...(normalization === undefined ? {} : { normalization }),
  };
}

/** What {@link imageDataset} takes: {@link ArraySource} for labelled byte images. */
export interface ImageSource extends ArraySource {
  readonly inputs: Uint8Array;
  readonly labels: ArrayLike<number>;
}

/** {@link fromArrays} for byte images of shape [height, width, channels] with one label each. */
export function imageDataset(source: ImageSource): ImageDataset {
  const dataset = fromArrays(source);
  if (dataset.inputShape.length !== 3 || dataset.normalization === undefined) {
    throw new DataError(
      `${dataset.name}: an image has shape [height, width, channels], not ${shapeText(dataset.inputShape)}`,
    );
  }
  const [height, width, channels] = dataset.inputShape;
  const { normalization } = dataset;
  const { mean, std } = normalization;
  return {
    ...dataset,
    inputs: source.inputs,
    images: source.inputs,
    height,
    width,
    channels,
    normalization,
    mean,
    std,
  };
}

function checkShape(shape: Shape, field: string, name: string): Shape {
  const fits =
    Array.isArray(shape) &&
    shape.length > 0 &&
    shape.every((length) => Number.isSafeInteger(length) && length > 0);
  if (!fits) {
    throw new DataError(
      `${name}: ${field} must be a list of positive integers (one sample, without the batch axis)`,
    );
  }
  return Object.freeze([...shape]);
}

function checkFinite(values: Float32Array, size: number, what: string, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DataError(
        `${name}: ${what} of sample ${Math.floor(i / size)} is ${values[i]} at position ${i % size}; ` +
          'remove or repair the sample',
      );
    }
  }
}

function checkLabels(
  source: ArraySource,
  count: number,
  name: string,
): Pick<Dataset, 'labels' | 'labelsPerSample' | 'classes'> {
  const { labels } = source;
  if (labels === undefined) return { labels: new Int32Array(0), labelsPerSample: 0, classes: [] };
  const { labelsPerSample = 1 } = source;
  if (!Number.isSafeInteger(labelsPerSample) || labelsPerSample < 1) {
    throw new DataError(`${name}: labelsPerSample must be a positive integer, got ${labelsPerSample}`);
  }
  if (labels.length !== count * labelsPerSample) {
    const each = labelsPerSample === 1 ? '' : ` of ${labelsPerSample} labels each`;
    throw new DataError(`${name}: ${count} samples${each} but ${labels.length} labels`);
  }
  const limit = source.classes?.length ?? 0x10000;
  let largest = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!Number.isInteger(label) || label < 0 || label >= limit) {
      const range = source.classes ? `0 to ${limit - 1} (${limit} classes)` : `0 to ${limit - 1}`;
      throw new DataError(
        `${name}: label of sample ${Math.floor(i / labelsPerSample)} is ${label}; labels are integers from ${range}`,
      );
    }
    if (label > largest) largest = label;
  }
  return {
    labels: labels instanceof Int32Array ? labels : Int32Array.from(labels),
    labelsPerSample,
    classes: source.classes
      ? Object.freeze([...source.classes])
      : Object.freeze(Array.from({ length: largest + 1 }, (_, index) => String(index))),
  };
}

function checkTargets(
  source: ArraySource,
  count: number,
  name: string,
): Pick<Dataset, 'targets' | 'targetShape'> | undefined {
  const { targets } = source;
  if (targets === undefined) return undefined;
  if (!(targets instanceof Float32Array)) throw new DataError(`${name}: targets must be a Float32Array`);
  const targetShape = checkShape(source.targetShape ?? [targets.length / count], 'targetShape', name);
  const size = sizeOf(targetShape);
  if (targets.length !== count * size) {
    throw new DataError(
      `${name}: ${count} samples with targets of shape ${shapeText(targetShape)} need ${count * size} values, got ${targets.length}`,
    );
  }
  checkFinite(targets, size, 'target', name);
  return { targets, targetShape };
}

function checkNormalization(given: Normalization, channels: number, name: string): Normalization {
  const { mean, std } = given;
  if (mean.length !== channels || std.length !== channels) {
    throw new DataError(
      `${name}: normalization has ${mean.length} means and ${std.length} stds, the last axis of a sample has ${channels} channels`,
    );
  }
  if (!mean.every(Number.isFinite) || !std.every((value) => Number.isFinite(value) && value > 0)) {
    throw new DataError(`${name}: normalization needs finite means and finite stds above zero`);
  }
  return { mean: Object.freeze([...mean]), std: Object.freeze([...std]) };
}
