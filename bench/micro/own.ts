/** Our side of the micro-benchmarks, on one thread: kernels through the Backend interface, and the machine's limits beside them. */
import { createRequire } from 'node:module';
import { backend as backends, createSession, groupProfile, type ProfiledGroup, profileStep } from 'octograd';
import { networkOf } from '../octograd.js';
import type { ChildConfig, Served } from '../protocol.js';
import { fixedBatch, works } from '../works.js';
import { allConvCases, gemmCases, gemmSizes, prepareProducts } from './kernels.js';
import { limitJobs } from './limits.js';

/** A step of W3 by kernel. */
export interface StepKernels {
  readonly recipe: string;
  readonly threads: number;
  readonly batch: number;
  readonly groups: readonly ProfiledGroup[];
  /** Of the step in one piece. */
  readonly stepMilliseconds: number;
}

async function stepKernels(
  recipe: string,
  threads: number,
  batch: number,
  steps: number,
): Promise<StepKernels> {
  const work = works.find(({ id }) => id === 'W3');
  if (!work) throw new Error('there is no work W3');
  const { inputs, labels } = fixedBatch(work, batch);
  const session = await createSession({
    model: networkOf(work),
    input: { shape: [...work.inputShape], storage: 'float' },
    recipe,
    batchSize: batch,
    threads,
  });
  try {
    const profile = profileStep(session, { inputs, targets: labels, size: batch }, { steps });
    const { stepMilliseconds } = profile;
    return { recipe, threads, batch, groups: groupProfile(profile), stepMilliseconds };
  } finally {
    await session.dispose();
  }
}

/** `variant.smoke`: small products, for a trial; `variant.threads`: numbers of threads of the profiled steps, `1,2`. */
export async function create({ batch, variant }: ChildConfig): Promise<Served> {
  const smoke = variant['smoke'] === true;
  const backend = await backends.createWasmBackend({ threads: 1 });
  const sizes = smoke ? gemmSizes.slice(0, 1) : gemmSizes;
  const cases = [
    ...gemmCases.filter(({ size }) => sizes.some((n) => size === `${n}^3`)),
    ...allConvCases(batch),
  ];
  const jobs = new Map([...prepareProducts(backend, cases), ...(await limitJobs())]);
  const steps = smoke ? 1 : 15;
  const { version } = createRequire(import.meta.url)('octograd/package.json') as { version: string };
  return {
    version: `octograd ${version}`,
    description: backend.description,
    run: (job) => {
      const work = jobs.get(job);
      if (!work) throw new Error(`there is no job "${job}"`);
      work();
      return 0;
    },
    calls: {
      jobs: () => [...jobs.keys()],
      steps: async (): Promise<readonly StepKernels[]> => {
        const profiled: StepKernels[] = [];
        for (const threads of String(variant['threads']).split(',').map(Number)) {
          for (const recipe of ['int8', 'fp32']) {
            profiled.push(await stepKernels(recipe, threads, batch, steps));
          }
        }
        return profiled;
      },
    },
  };
}
