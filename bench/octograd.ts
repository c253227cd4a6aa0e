/** Our own side of the works, through the public interface alone. */
import { createRequire } from 'node:module';
import { backend as backends, createModel, createSession, Mlp, type Module, sgd } from 'octograd';
import type { ChildConfig, Served } from './protocol.js';
import { fixedBatch, type Work } from './works.js';

/** The network of a work. */
export function networkOf(work: Work): Module {
  const data = { inputShape: [...work.inputShape], classes: work.classes };
  // Of the MLP the works have their own widths.
  return work.network === 'mlp' ? new Mlp({ ...data, hidden: [256, 128] }) : createModel(work.network, data);
}

/** A session on the fixed batch; `variant` has the recipe, and which of the kernels' ways to take (participants.ts). */
export async function create(config: ChildConfig): Promise<Served> {
  const { work, batch, threads, variant } = config;
  if (!work) throw new Error('octograd takes part in works only');
  const { inputs, labels } = fixedBatch(work, batch);
  const backend = await backends.createWasmBackend({
    threads,
    ...(variant['plain'] === true ? { relaxed: false } : {}),
    ...(variant['pairs'] === true ? { byteDot: false } : {}),
    ...(variant['wide'] === true ? { wide: true } : {}),
  });
  const session = await createSession({
    model: networkOf(work),
    input: { shape: [...work.inputShape], storage: 'float' },
    recipe: String(variant['recipe']),
    optimizer: sgd({ momentum: config.momentum }),
    batchSize: batch,
    backend,
  });
  const { version } = createRequire(import.meta.url)('octograd/package.json') as { version: string };
  const data = { inputs, targets: labels, size: batch };
  return {
    version: `octograd ${version}`,
    description: backend.description,
    run: () => session.step(data, work.learningRate).loss,
  };
}
