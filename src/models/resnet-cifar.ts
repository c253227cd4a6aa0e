/**
 * Residual networks for small images (He, Zhang, Ren & Sun 2016, section 4.2): three stages of n basic blocks, depth
 * 6n + 2. Where a stage changes the shape, the shortcut is a 1x1 convolution with a norm (the paper's option B).
 * Paths are torchvision's: `conv1`, `bn1`, `layer1.0.conv1`, `layer2.0.downsample.0`, `fc`.
 */
import { UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { Conv2d, kaimingNormalFanOut, Linear, Module, Norm, Sequential, zeros } from '../nn/index.js';
import { add, globalAvgPool2d, relu } from '../ops/index.js';

export interface ResNetCifarOptions {
  /** [height, width, channels]. */
  readonly inputShape: Shape;
  readonly classes: number;
  /** 6n + 2: 8, 14, 20, 32, 44, 56, 110. */
  readonly depth: number;
  /** Channels of the first stage; the others have twice and four times as many. Default 16. */
  readonly width?: number;
  /** Start each block as its shortcut alone, by a zero weight in its last norm (Goyal et al. 2017). Default false. */
  readonly zeroInitLastNorm?: boolean;
}

function conv(from: number, to: number, kernel: number, stride: number): Conv2d {
  return new Conv2d(from, to, kernel, {
    stride,
    padding: (kernel - 1) / 2,
    bias: false,
    init: kaimingNormalFanOut,
  });
}

/** Two 3x3 convolutions beside a shortcut: [batch, H, W, from] to [batch, H/stride, W/stride, to]. */
class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Norm;
  readonly conv2: Conv2d;
  readonly bn2: Norm;
  readonly downsample?: Sequential;

  constructor(from: number, to: number, stride: number, zeroInit: boolean) {
    super();
    this.conv1 = conv(from, to, 3, stride);
    this.bn1 = new Norm(to);
    this.conv2 = conv(to, to, 3, 1);
    this.bn2 = new Norm(to, zeroInit ? { init: zeros } : {});
    if (stride !== 1 || from !== to) {
      this.downsample = new Sequential(conv(from, to, 1, stride), new Norm(to));
    }
  }

  forward(input: Value): Value {
    const shortcut = this.downsample ? this.downsample.apply(input) : input;
    let x = relu(this.bn1.apply(this.conv1.apply(input)));
    x = this.bn2.apply(this.conv2.apply(x));
    return relu(add(x, shortcut));
  }
}

/** Images [batch, H, W, C] to logits [batch, classes]. Throws UsageError for another depth or inputs that are no images. */
export class ResNetCifar extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Norm;
  readonly layer1: readonly BasicBlock[];
  readonly layer2: readonly BasicBlock[];
  readonly layer3: readonly BasicBlock[];
  readonly fc: Linear;

  constructor(options: ResNetCifarOptions) {
    super();
    const { inputShape, classes, depth, width = 16, zeroInitLastNorm = false } = options;
    const blocks = (depth - 2) / 6;
    if (!Number.isInteger(blocks) || blocks < 1) {
      throw new UsageError(`a CIFAR residual network has depth 6n + 2 (8, 14, 20, ...), got ${depth}`);
    }
    if (inputShape.length !== 3) {
      throw new UsageError(
        `a residual network takes images [height, width, channels], got ${shapeText(inputShape)}`,
      );
    }
    const stage = (from: number, to: number, stride: number): BasicBlock[] =>
      Array.from(
        { length: blocks },
        (_, i) => new BasicBlock(i === 0 ? from : to, to, i === 0 ? stride : 1, zeroInitLastNorm),
      );
    this.conv1 = conv(inputShape[2], width, 3, 1);
    this.bn1 = new Norm(width);
    this.layer1 = stage(width, width, 1);
    this.layer2 = stage(width, 2 * width, 2);
    this.layer3 = stage(2 * width, 4 * width, 2);
    this.fc = new Linear(4 * width, classes);
  }

  forward(input: Value): Value {
    let x = relu(this.bn1.apply(this.conv1.apply(input)));
    for (const block of [...this.layer1, ...this.layer2, ...this.layer3]) x = block.apply(x);
    return this.fc.apply(globalAvgPool2d(x));
  }
}
