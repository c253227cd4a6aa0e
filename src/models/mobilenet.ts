/**
 * A depthwise-separable network for small images, after MobileNet v1 (Howard et al. 2017): a 3x3 stem, then blocks of a 3x3
 * convolution of each channel alone and a 1x1 convolution over the channels, each with norm and ReLU; strides halve the
 * image twice, so that 28x28 ends as 7x7.
 */
import { UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { Conv2d, kaimingNormalFanOut, Linear, Module, Norm, normal } from '../nn/index.js';
import { globalAvgPool2d, relu } from '../ops/index.js';
import { conv } from './basic-block.js';

/** Output channels and stride of each block. */
const blockPlan: readonly (readonly [channels: number, stride: number])[] = [
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  [128, 1],
];

const stemChannels = 16;

/** Options of {@link MobileNet}. */
export interface MobileNetOptions {
  /** [height, width, channels]. */
  readonly inputShape: Shape;
  readonly classes: number;
}

/** 3x3 depthwise, then 1x1: [batch, H, W, from] to [batch, H/stride, W/stride, to]. */
export class SeparableBlock extends Module {
  readonly depthwise: Conv2d;
  readonly bn1: Norm;
  readonly pointwise: Conv2d;
  readonly bn2: Norm;

  constructor(from: number, to: number, stride: number) {
    super();
    this.depthwise = new Conv2d(from, from, 3, {
      stride,
      padding: 1,
      groups: from,
      bias: false,
      // An input reaches nine outputs of its own channel alone, which fanOut, made for full convolutions, does not see.
      init: normal(Math.sqrt(2 / 9)),
    });
    this.bn1 = new Norm(from);
    this.pointwise = new Conv2d(from, to, 1, { bias: false, init: kaimingNormalFanOut });
    this.bn2 = new Norm(to);
  }

  forward(input: Value): Value {
    const x = relu(this.bn1.apply(this.depthwise.apply(input)));
    return relu(this.bn2.apply(this.pointwise.apply(x)));
  }
}

/** Images [batch, H, W, C] to logits [batch, classes]. Throws UsageError for inputs that are no images. */
export class MobileNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1 = new Norm(stemChannels);
  readonly blocks: readonly SeparableBlock[];
  readonly fc: Linear;

  constructor({ inputShape, classes }: MobileNetOptions) {
    super();
    if (inputShape.length !== 3) {
      throw new UsageError(
        `mobilenet takes images [height, width, channels], got ${shapeText(inputShape)}; use mlp for vectors`,
      );
    }
    this.conv1 = conv(inputShape[2], stemChannels, 3, 1);
    let from = stemChannels;
    this.blocks = blockPlan.map(([to, stride]) => {
      const block = new SeparableBlock(from, to, stride);
      from = to;
      return block;
    });
    this.fc = new Linear(from, classes);
  }

  forward(input: Value): Value {
    let x = relu(this.bn1.apply(this.conv1.apply(input)));
    for (const block of this.blocks) x = block.apply(x);
    return this.fc.apply(globalAvgPool2d(x));
  }
}
