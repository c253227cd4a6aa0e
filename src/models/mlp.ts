/** A multi-layer perceptron: linear layers with ReLU between them. */
import { type Shape, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { Linear, Module } from '../nn/index.js';
import { flatten, relu } from '../ops/index.js';

/** Options of {@link Mlp}. */
export interface MlpOptions {
  /** Shape of one sample, such as [28, 28, 1]; flattened. */
  readonly inputShape: Shape;
  readonly classes: number;
  /** Widths of the hidden layers. Default [128]. */
  readonly hidden?: readonly number[];
}

/** Images or vectors [batch, ...inputShape] to logits [batch, classes]. Paths: `fc1`, `fc2`, ... */
export class Mlp extends Module {
  readonly layers: readonly Linear[];

  constructor({ inputShape, classes, hidden = [128] }: MlpOptions) {
    super();
    const widths = [sizeOf(inputShape), ...hidden, classes];
    this.layers = widths.slice(1).map((width, i) => new Linear(widths[i], width));
  }

  override children(): Iterable<readonly [string, Linear]> {
    return this.layers.map((layer, i) => [`fc${i + 1}`, layer] as const);
  }

  forward(input: Value): Value {
    return this.layers.reduce(
      (value, layer, i) => layer.apply(i === 0 ? value : relu(value)),
      flatten(input),
    );
  }
}
