/**
 * LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998) as it is built today: ReLU for the squashing functions, maxima for the
 * trainable averages, and every map connected.
 */
import { UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { Conv2d, Linear, Module } from '../nn/index.js';
import { flatten, maxPool2d, relu } from '../ops/index.js';

/** Options of {@link LeNet}. */
export interface LeNetOptions {
  /** [height, width, channels], at least 12 x 12 pixels. */
  readonly inputShape: Shape;
  readonly classes: number;
}

/** Images [batch, H, W, C] to logits [batch, classes]. Throws UsageError for images that are too small. */
export class LeNet extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly fc3: Linear;

  constructor({ inputShape, classes }: LeNetOptions) {
    super();
    const [height, width, channels] = inputShape;
    if (inputShape.length !== 3 || height < 12 || width < 12) {
      throw new UsageError(
        `lenet takes images [height, width, channels] of at least 12 x 12 pixels, got ${shapeText(inputShape)}; use mlp for vectors and smaller images`,
      );
    }
    // conv1 keeps the size, conv2 takes 4 off; a pooling after each halves it.
    const left = (size: number): number => Math.floor((Math.floor(size / 2) - 4) / 2);
    this.conv1 = new Conv2d(channels, 6, 5, { padding: 2 });
    this.conv2 = new Conv2d(6, 16, 5);
    this.fc1 = new Linear(16 * left(height) * left(width), 120);
    this.fc2 = new Linear(120, 84);
    this.fc3 = new Linear(84, classes);
  }

  forward(input: Value): Value {
    let x = maxPool2d(relu(this.conv1.apply(input)), { kernel: 2 });
    x = maxPool2d(relu(this.conv2.apply(x)), { kernel: 2 });
    x = relu(this.fc1.apply(flatten(x)));
    x = relu(this.fc2.apply(x));
    return this.fc3.apply(x);
  }
}
