/**
 * Residual networks for small images (He, Zhang, Ren & Sun 2016, section 4.2): three stages of n basic blocks, depth
 * 6n + 2. Where a stage changes the shape, the shortcut is a 1x1 convolution with a norm (the paper's option B).
 * Paths are torchvision's: `conv1`, `bn1`, `layer1.0.conv1`, `layer2.0.downsample.0`, `fc`.
 */
import { UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { type Conv2d, Linear, Module, Norm } from '../nn/index.js';
import { globalAvgPool2d, relu } from '../ops/index.js';
import { type BasicBlock, conv, stage } from './basic-block.js';

/** Options of {@link ResNetCifar}. */
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
    this.conv1 = conv(inputShape[2], width, 3, 1);
    this.bn1 = new Norm(width);
    const inStages = { blocks, zeroInit: zeroInitLastNorm };
    this.layer1 = stage(width, width, 1, inStages);
    this.layer2 = stage(width, 2 * width, 2, inStages);
    this.layer3 = stage(2 * width, 4 * width, 2, inStages);
    this.fc = new Linear(4 * width, classes);
  }

  forward(input: Value): Value {
    let x = relu(this.bn1.apply(this.conv1.apply(input)));
    for (const block of [...this.layer1, ...this.layer2, ...this.layer3]) x = block.apply(x);
    return this.fc.apply(globalAvgPool2d(x));
  }
}
