/** The network of W2: two convolutions with norms and poolings, then two linear layers. */
import { Module, nn, ops, type Shape, type Value } from 'octograd';

/** Images [batch, 28, 28, channels] to logits [batch, classes]. */
export class Cnn extends Module {
  readonly conv1: nn.Conv2d;
  readonly bn1 = new nn.Norm(16);
  readonly conv2 = new nn.Conv2d(16, 32, 3, { padding: 1, bias: false });
  readonly bn2 = new nn.Norm(32);
  readonly fc1: nn.Linear;
  readonly fc2: nn.Linear;

  constructor({ inputShape, classes }: { readonly inputShape: Shape; readonly classes: number }) {
    super();
    const [height, width, channels] = inputShape;
    this.conv1 = new nn.Conv2d(channels, 16, 3, { padding: 1, bias: false });
    this.fc1 = new nn.Linear((height / 4) * (width / 4) * 32, 128);
    this.fc2 = new nn.Linear(128, classes);
  }

  forward(input: Value): Value {
    let x = ops.maxPool2d(ops.relu(this.bn1.apply(this.conv1.apply(input))), { kernel: 2 });
    x = ops.maxPool2d(ops.relu(this.bn2.apply(this.conv2.apply(x))), { kernel: 2 });
    return this.fc2.apply(ops.relu(this.fc1.apply(ops.flatten(x))));
  }
}
