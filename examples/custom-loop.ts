/**
 * A training loop of one's own: `step(batch, learningRate)` is all it needs. Compares the same model and data under two
 * recipes, one of them changed in place. Run it with: npm run example -- custom-loop
 */
import { BatchLoader, fromArrays } from 'octograd/data';
import { createModel } from 'octograd/models';
import { adam } from 'octograd/optim';
import { parseRecipe } from 'octograd/quant';
import { createSession } from 'octograd/train';

// Two interleaved spirals of numbers of our own.
const count = 600;
const inputs = new Float32Array(count * 2);
const labels = new Int32Array(count);
for (let i = 0; i < count; i++) {
  const angle = (i / count) * 6;
  labels[i] = i % 2;
  inputs[2 * i] = (angle / 6) * Math.cos(angle + labels[i] * Math.PI);
  inputs[2 * i + 1] = (angle / 6) * Math.sin(angle + labels[i] * Math.PI);
}
const spirals = fromArrays({ name: 'spirals', inputs, inputShape: [2], labels, classes: ['a', 'b'] });

// Our 8-bit recipe, but gradients in 6 bits.
const sixBit = parseRecipe({
  extends: 'int8',
  name: 'int8 with 6-bit gradients',
  products: { gradLeft: { gradOutput: { format: 'int6' } } },
});

for (const recipe of ['fp32', 'int8', sixBit]) {
  const session = await createSession({
    model: createModel('mlp', { inputShape: [2], classes: 2 }),
    input: spirals,
    recipe,
    optimizer: adam(),
    batchSize: 60,
  });
  const loader = new BatchLoader(spirals, { batchSize: 60, seed: 1 });
  let loss = 0;
  for (let epoch = 0; epoch < 40; epoch++) {
    for (const batch of loader.epoch(epoch)) {
      loss = session.step({ inputs: batch.inputs, targets: batch.labels, size: batch.size }, 0.003).loss;
    }
  }
  const name = typeof recipe === 'string' ? recipe : recipe.name;
  console.log(
    `${name}: loss ${loss.toFixed(4)}, ${(session.work().integerMacShare * 100).toFixed(0)} % integer`,
  );
  await session.dispose();
}
