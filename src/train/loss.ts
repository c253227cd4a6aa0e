/** What a session minimises: a function on symbolic values with the target's type. Knows graphs, not numbers. */
import type { Storage } from '../core/dtype.js';
import type { Shape } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { crossEntropyParts, mse } from '../ops/losses.js';

/** What a loss's graph computes. */
export interface LossParts {
  /** One element. */
  readonly loss: Value;
  /** 1 or 0 for each prediction, where the task has right and wrong. */
  readonly correct?: Value;
}

/** A loss: its target's shape and storage for a model's output, and the graph that computes it. */
export interface Loss {
  readonly name: string;
  /** Storage of the target; `int32` for class numbers. */
  readonly targetStorage: Extract<Storage, 'int32' | 'float'>;
  targetShape(outputShape: Shape): Shape;
  build(output: Value, target: Value): LossParts;
}

/** Mean softmax cross-entropy; labels are int32 class numbers of the output's shape less its last axis. */
export function crossEntropyLoss(options: { readonly labelSmoothing?: number } = {}): Loss {
  return {
    name: 'cross-entropy',
    targetStorage: 'int32',
    targetShape: (outputShape) => outputShape.slice(0, -1),
    build: (output, target) => crossEntropyParts(output, target, options),
  };
}

/** Mean squared error; targets are floats of the output's shape. */
export function mseLoss(): Loss {
  return {
    name: 'mse',
    targetStorage: 'float',
    targetShape: (outputShape) => outputShape,
    build: (output, target) => ({ loss: mse(output, target) }),
  };
}
