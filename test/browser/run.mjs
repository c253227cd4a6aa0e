/**
 * A short training run and a digest of its numbers, as plain JavaScript so that Node and a page run the very same text.
 * `octograd` is the package's main module.
 */

const size = 8;
const shape = [12, 12, 3];

function batchAt(step) {
  const inputs = new Uint8Array(size * 432);
  for (let i = 0; i < inputs.length; i++) inputs[i] = Math.imul(i + 7919 * step, 2654435761) >>> 24;
  return { inputs, targets: Int32Array.from({ length: size }, (_, i) => (i + step) % 4), size };
}

/** FNV-1a over the bytes of some float32 numbers. */
function digest(hash, numbers) {
  const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
  let value = hash;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** Losses of the training loop with batches made ahead by a thread, and whether there was one. */
async function prefetched(octograd, recipe, threads) {
  const inputs = new Uint8Array(20 * 432).map((_, i) => Math.imul(i + 31, 2654435761) >>> 24);
  const labels = Array.from({ length: 20 }, (_, i) => i % 4);
  const data = octograd.fromArrays({ inputs, inputShape: shape, labels });
  const session = await octograd.createSession({
    model: octograd.createModel('mlp', { inputShape: shape, classes: 4 }),
    input: data,
    recipe,
    threads,
    batchSize: size,
  });
  const augment = [octograd.data.padCrop(2), octograd.data.flip()];
  const found = { ahead: undefined, losses: [] };
  const options = { train: data, epochs: 2, learningRate: 0.01, augment, prefetch: true };
  for await (const event of octograd.fit(session, options)) {
    if (event.type === 'start') found.ahead = event.prefetch;
    if (event.type === 'step') found.losses.push(event.loss);
  }
  await session.dispose();
  return found;
}

export async function train(octograd, recipe, threads) {
  const session = await octograd.createSession({
    model: octograd.createModel('resnet8', { inputShape: shape, classes: 4 }),
    input: { shape, storage: 'uint8' },
    recipe,
    threads,
    batchSize: size,
    seed: 3,
  });
  const losses = [];
  for (let step = 0; step < 4; step++) losses.push(session.step(batchAt(step), 0.05).loss);
  let hash = digest(0x811c9dc5, losses);
  for (const { path } of session.bound.parameters) hash = digest(hash, session.read(path));
  hash = digest(hash, session.predict(batchAt(9).inputs));
  const { threads: used, description } = session.backend;
  await session.dispose();
  const loop = await prefetched(octograd, recipe, threads);
  return { losses, hash, threads: used, description, loop };
}
