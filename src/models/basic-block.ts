/**
 * The block of the shallower residual networks (He, Zhang, Ren & Sun 2016), and the stages made of it. Where a stage changes
 * the shape, the shortcut of its first block is a 1x1 convolution with a norm (the paper's option B).
 */
import type { Value } from '../graph/graph.js';
import { Conv2d, kaimingNormalFanOut, Module, Norm, Sequential, zeros } from '../nn/index.js';
import { add, relu } from '../ops/index.js';

/** A convolution as residual networks have it: padded by half its kernel, without a bias, since a norm follows. */
export function conv(from: number, to: number, kernel: number, stride: number): Conv2d {
  return new Conv2d(from, to, kernel, {
    stride,
    padding: (kernel - 1) / 2,
    bias: false,
    init: kaimingNormalFanOut,
  });
}

/** Two 3x3 convolutions beside a shortcut: [batch, H, W, from] to [batch, H/stride, W/stride, to]. */
export class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Norm;
  readonly conv2: Conv2d;
  readonly bn2: Norm;
  readonly downsample?: Sequential;

  /** `zeroInit`: the block starts as its shortcut alone. */
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

/** `blocks` blocks of which the first takes `from` channels and the stride. */
export function stage(
  from: number,
  to: number,
  stride: number,
  { blocks, zeroInit }: { readonly blocks: number; readonly zeroInit: boolean },
): BasicBlock[] {
  return Array.from(
    { length: blocks },
    (_, i) => new BasicBlock(i === 0 ? from : to, to, i === 0 ? stride : 1, zeroInit),
  );
}
