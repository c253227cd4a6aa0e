/**
 * An operation and a loss from outside the package: `defineOp` with a kernel in TypeScript, differentiable, in a model that
 * trains on numbers of one's own. Learns y = x^2. Run it with: npm run example -- own-op
 */
import { defineOp, type Value } from 'octograd';
import { fromArrays } from 'octograd/data';
import { Linear, Module } from 'octograd/nn';
import { mean, mul, sub } from 'octograd/ops';
import { oneCycle } from 'octograd/optim';
import { createSession, fit, type Loss } from 'octograd/train';

/** x * x, forward in a loop of our own; its gradient is made of operations. */
const squareOp = defineOp<Record<string, never>>({
  name: 'square',
  infer: ({ input }) => ({ output: { shape: input.shape } }),
  lower: ({ inputs, outputs }) => [
    {
      kernel: 'host',
      name: 'square',
      inputs: [inputs.input],
      outputs: [outputs.output],
      run: ([x], [y]) => {
        for (let i = 0; i < x.length; i++) y[i] = x[i] * x[i];
      },
    },
  ],
  backward: ({ inputs, gradOutputs }) => ({ input: mul(mul(gradOutputs.output as Value, 2), inputs.input) }),
});
const square = (input: Value): Value => input.graph.emit(squareOp, { input }, {}).output;

class Net extends Module {
  readonly fc1 = new Linear(1, 32);
  readonly fc2 = new Linear(32, 1);
  forward(x: Value): Value {
    return this.fc2.apply(square(this.fc1.apply(x)));
  }
}

const squaredError: Loss = {
  name: 'squared error',
  targetStorage: 'float',
  targetShape: (outputShape) => outputShape,
  build: (output, target) => ({ loss: mean(square(sub(output, target))) }),
};

const x = Float32Array.from({ length: 512 }, (_, i) => i / 256 - 1);
const train = fromArrays({
  inputs: x,
  inputShape: [1],
  targets: x.map((value) => value * value),
  targetShape: [1],
});
const session = await createSession({ model: new Net(), input: train, loss: squaredError, batchSize: 32 });
for await (const event of fit(session, { train, epochs: 30, learningRate: oneCycle(0.05) })) {
  if (event.type === 'epoch' && event.epoch % 10 === 9)
    console.log(`epoch ${event.epoch + 1}  loss ${event.loss.toFixed(5)}`);
}
console.log('the square of -0.5 is about', session.predict([-0.5])[0].toFixed(3));
await session.dispose();
