/** Losses: softmax cross-entropy with integer labels, and the mean square. Each reduces to one number. */
import { ShapeError, UsageError } from '../core/errors.js';
import { sameShape, shapeText, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { call, defineOp, type OpDef } from '../graph/op.js';
import { mul, sub } from './arithmetic.js';
import { broadcastTo } from './copy.js';
import { mean } from './reduce.js';
import { reshape } from './reshape.js';

interface CrossEntropyAttrs {
  readonly smoothing: number;
}

/**
 * One loss a row, with its gradient (of the row's loss, not of the mean) and whether the prediction was right. The
 * compiler adds the kernel's status operand and site.
 */
export const crossEntropyOp: OpDef<CrossEntropyAttrs> = defineOp<CrossEntropyAttrs>({
  name: 'softmax_cross_entropy',
  infer: ({ logits, labels }, _attrs, fail) => {
    if (logits.shape.length < 2) fail(`logits must be [..., classes], got ${shapeText(logits.shape)}`);
    if (labels.storage !== 'int32') {
      fail(
        `labels must be class numbers stored as int32, got ${labels.storage}; one-hot targets are not taken`,
      );
    }
    const lead = logits.shape.slice(0, -1);
    if (!sameShape(labels.shape, lead)) {
      fail(
        `labels ${shapeText(labels.shape)} must have the shape of the logits ${shapeText(logits.shape)} less their last axis, ${shapeText(lead)}`,
      );
    }
    const rows = sizeOf(lead);
    return {
      loss: { shape: [rows] },
      gradLogits: { shape: logits.shape },
      correct: { shape: [rows] },
    };
  },
  lower: ({ inputs, outputs, attrs, used }) => [
    call(
      'softmax_cross_entropy',
      {
        logits: inputs.logits,
        labels: inputs.labels,
        loss: outputs.loss,
        gradLogits: used('gradLogits') ? outputs.gradLogits : undefined,
        correct: used('correct') ? outputs.correct : undefined,
        status: undefined,
      },
      {
        rows: sizeOf(inputs.labels.shape),
        cols: inputs.logits.shape[inputs.logits.shape.length - 1],
        smoothing: attrs.smoothing,
        scale: 1,
        site: -1,
      },
    ),
  ],
  backward: ({ outputs, gradOutputs }) => {
    const { loss } = gradOutputs;
    if (gradOutputs.gradLogits || !loss) {
      throw new UsageError(
        'crossEntropy: only its loss can be differentiated, not its gradient or its count of correct predictions',
      );
    }
    const { shape } = outputs.gradLogits;
    const perRow = reshape(loss, [...shape.slice(0, -1), 1]);
    return { logits: mul(outputs.gradLogits, broadcastTo(perRow, shape)) };
  },
  examples: [
    {
      title: 'plain',
      inputs: { logits: [4, 5], labels: [4] },
      attrs: { smoothing: 0 },
      fixed: { labels: [0, 4, 2, 2] },
      outputs: ['loss'],
    },
    {
      title: 'smoothing 0.1, two leading axes',
      inputs: { logits: [2, 3, 4], labels: [2, 3] },
      attrs: { smoothing: 0.1 },
      fixed: { labels: [0, 3, 1, 1, 2, 0] },
      outputs: ['loss'],
    },
  ],
});

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target spread evenly over all classes (Szegedy et al. 2016), in [0, 1). Default 0. */
  readonly labelSmoothing?: number;
}

/** {@link crossEntropy}, and `correct` [rows]: 1 where the largest logit is the label's, else 0. */
export function crossEntropyParts(
  logits: Value,
  labels: Value,
  options: CrossEntropyOptions = {},
): { loss: Value; correct: Value } {
  const { labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new UsageError(
      `crossEntropy: labelSmoothing must be at least 0 and below 1, got ${labelSmoothing}`,
    );
  }
  const { loss, correct } = logits.graph.emit(
    crossEntropyOp,
    { logits, labels },
    { smoothing: labelSmoothing },
  );
  return { loss: mean(loss), correct };
}

/**
 * Mean softmax cross-entropy of `logits` [..., classes] with `labels` int32 [...], in nats; a scalar. A label outside
 * 0..classes-1 is reported after the step. Throws ShapeError when the shapes do not fit, UsageError for a smoothing out of range.
 */
export function crossEntropy(logits: Value, labels: Value, options: CrossEntropyOptions = {}): Value {
  return crossEntropyParts(logits, labels, options).loss;
}

/** Mean of (prediction - target)**2 over all elements; a scalar. Throws ShapeError when the shapes differ. */
export function mse(prediction: Value, target: Value): Value {
  // Broadcasting here would hide a [batch] target against a [batch, 1] prediction.
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(
      `mse: prediction ${shapeText(prediction.shape)} and target ${shapeText(target.shape)} differ; reshape one of them`,
      prediction.graph.path,
    );
  }
  const difference = sub(prediction, target);
  return mean(mul(difference, difference));
}
