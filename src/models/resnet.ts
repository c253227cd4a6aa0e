/**
 * Residual networks for photographs (He, Zhang, Ren & Sun 2016, table 1), those of basic blocks: ResNet-18 and ResNet-34. A
 * 7x7 convolution and a pooling take the image to a quarter of its side, then four stages halve it three times more.
 * Paths are torchvision's: `conv1`, `bn1`, `layer1.0.conv1`, `layer2.0.downsample.0`, `fc`.
 */
import { UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { type Conv2d, Linear, Module, Norm } from '../nn/index.js';
import { globalAvgPool2d, maxPool2d, relu } from '../ops/index.js';
import { type BasicBlock, conv, stage } from './basic-block.js';

/** Blocks of the four stages, by depth. */
const stages = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] } as const;

/** Options of {@link ResNet}. */
export interface ResNetOptions {
  /** [height, width, channels]; made for 224 x 224, and any size works. */
  readonly inputShape: Shape;
  readonly classes: number;
  readonly depth: keyof typeof stages;
  /** Channels of the first stage; each further one has twice as many. Default 64. */
  readonly width?: number;
  /** Start each block as its shortcut alone, by a zero weight in its last norm (Goyal et al. 2017). Default false. */
  readonly zeroInitLastNorm?: boolean;
}

/** Images [batch, H, W, C] to logits [batch, classes]. Throws UsageError for another depth or inputs that are no images. */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Norm;
  readonly layer1: readonly BasicBlock[];
  readonly layer2: readonly BasicBlock[];
  readonly layer3: readonly BasicBlock[];
  readonly layer4: readonly BasicBlock[];
  readonly fc: Linear;

  constructor(options: ResNetOptions) {
    super();
    const { inputShape, classes, depth, width = 64, zeroInitLastNorm: zeroInit = false } = options;
    if (!Object.hasOwn(stages, depth)) {
      throw new UsageError(`a residual network of basic blocks has depth 18 or 34, got ${depth}`);
    }
    if (inputShape.length !== 3) {
      throw new UsageError(
        `a residual network takes images [height, width, channels], got ${shapeText(inputShape)}`,
      );
    }
    const [first, second, third, fourth] = stages[depth];
    this.conv1 = conv(inputShape[2], width, 7, 2);
    this.bn1 = new Norm(width);
    this.layer1 = stage(width, width, 1, { blocks: first, zeroInit });
    this.layer2 = stage(width, 2 * width, 2, { blocks: second, zeroInit });
    this.layer3 = stage(2 * width, 4 * width, 2, { blocks: third, zeroInit });
    this.layer4 = stage(4 * width, 8 * width, 2, { blocks: fourth, zeroInit });
    this.fc = new Linear(8 * width, classes);
  }

  forward(input: Value): Value {
    let x = relu(this.bn1.apply(this.conv1.apply(input)));
    x = maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
    for (const block of [...this.layer1, ...this.layer2, ...this.layer3, ...this.layer4]) x = block.apply(x);
    return this.fc.apply(globalAvgPool2d(x));
  }
}
