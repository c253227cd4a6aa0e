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
  return { losses, hash, threads: used, description };
}
