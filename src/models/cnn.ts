/** A small convolutional network: two 3x3 convolutions, each with norm, ReLU and a maximum over 2x2, then two linear layers. */
import { UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { Conv2d, Linear, Module, Norm } from '../nn/index.js';
import { flatten, maxPool2d, relu } from '../ops/index.js';

/** Options of {@link Cnn}. */
export interface CnnOptions {
  /** [height, width, channels], at least 4 x 4 pixels. */
  readonly inputShape: Shape;
  readonly classes: number;
}

/** Images [batch, H, W, C] to logits [batch, classes]. Throws UsageError for images that are too small. */
export class Cnn extends Module {
  readonly conv1: Conv2d;
  readonly bn1 = new Norm(16);
  readonly conv2 = new Conv2d(16, 32, 3, { padding: 1, bias: false });
  readonly bn2 = new Norm(32);
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor({ inputShape, classes }: CnnOptions) {
    super();
    const [height, width, channels] = inputShape;
    if (inputShape.length !== 3 || height < 4 || width < 4) {
      throw new UsageError(
        `cnn takes images [height, width, channels] of at least 4 x 4 pixels, got ${shapeText(inputShape)}; use mlp for vectors and smaller images`,
      );
    }
    this.conv1 = new Conv2d(channels, 16, 3, { padding: 1, bias: false });
    // Two poolings, each of which drops an odd row or column.
    this.fc1 = new Linear(Math.floor(height / 4) * Math.floor(width / 4) * 32, 128);
    this.fc2 = new Linear(128, classes);
  }

  forward(input: Value): Value {
    let x = maxPool2d(relu(this.bn1.apply(this.conv1.apply(input))), { kernel: 2 });
    x = maxPool2d(relu(this.bn2.apply(this.conv2.apply(x))), { kernel: 2 });
    return this.fc2.apply(relu(this.fc1.apply(flatten(x))));
  }
}
