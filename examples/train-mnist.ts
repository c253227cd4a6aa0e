/**
 * Trains a small residual network on MNIST in 8-bit integer arithmetic and prints ten steps on the way and the accuracy.
 * Run it with: npm run example -- train-mnist [training images]
 */
import { loadMnist, subset } from 'octograd/data';
import { createModel } from 'octograd/models';
import { oneCycle } from 'octograd/optim';
import { createSession, fit } from 'octograd/train';

const { train, test } = await loadMnist();
const images = Number(process.argv[2] ?? train.count);

const session = await createSession({
  model: createModel('resnet8', { inputShape: train.inputShape, classes: train.classes.length }),
  input: train,
  recipe: 'int8',
  batchSize: 64,
  seed: 1,
});

const run = fit(session, {
  train: subset(train, images),
  test: subset(test, Math.min(images, test.count)),
  epochs: 1,
  learningRate: oneCycle(0.1),
});
let every = 1;
for await (const event of run) {
  if (event.type === 'start') every = Math.ceil(event.totalSteps / 10);
  if (event.type === 'step' && event.step % every === 0) {
    console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}  ${event.milliseconds.toFixed(0)} ms`);
  }
  if (event.type === 'evaluation') console.log(`test accuracy ${((event.accuracy ?? 0) * 100).toFixed(2)} %`);
}
await session.dispose();
