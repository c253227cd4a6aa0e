/** Our side of the micro-benchmarks, on one thread: kernels through the Backend interface, and the machine's limits beside them. */
import { createRequire } from 'node:module';
import { backend as backends, createSession, groupProfile, type ProfiledGroup, profileStep } from 'octograd';
import { networkOf } from '../octograd.js';
import type { ChildConfig, Served } from '../protocol.js';
import { median } from '../statistics.js';
import { fixedBatch, works } from '../works.js';
import { allConvCases, gemmCases, gemmSizes, prepareProducts } from './kernels.js';
import { type ArithmeticLimit, arithmeticLimits, gopsOf, limitJobs } from './limits.js';
import type { Limits } from './report.js';
import { measureScaling, type Scaling } from './scaling.js';

/** A step of W3 by kernel. */
export interface StepKernels {
  readonly recipe: string;
  readonly threads: number;
  readonly batch: number;
  readonly groups: readonly ProfiledGroup[];
  /** Of the step in one piece. */
  readonly stepMilliseconds: number;
  /** The arithmetic limits right before and after the step (medians), one thread: the machine is not equally fast at all times. */
  readonly gops: Limits['gops'];
}

/** Each limit that has a job, measured now: milliseconds of five runs. */
function timeLimits(jobs: ReadonlyMap<string, () => void>): Map<ArithmeticLimit, number[]> {
  const times = new Map<ArithmeticLimit, number[]>();
  for (const kind of Object.keys(arithmeticLimits) as ArithmeticLimit[]) {
    const run = jobs.get(arithmeticLimits[kind].job);
    if (!run) continue;
    const milliseconds: number[] = [];
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      run();
      milliseconds.push(performance.now() - start);
    }
    times.set(kind, milliseconds);
  }
  return times;
}

async function stepKernels(
  recipe: string,
  threads: number,
  batch: number,
  steps: number,
  limits: ReadonlyMap<string, () => void>,
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
    const before = timeLimits(limits);
    const profile = profileStep(session, { inputs, targets: labels, size: batch }, { steps });
    const { stepMilliseconds } = profile;
    const after = timeLimits(limits);
    const gops = gopsOf((kind) => {
      const both = [...(before.get(kind) ?? []), ...(after.get(kind) ?? [])];
      return both.length > 0 ? median(both) : undefined;
    });
    return { recipe, threads, batch, groups: groupProfile(profile), stepMilliseconds, gops };
  } finally {
    await session.dispose();
  }
}

/** `variant.smoke`: small products, for a trial; `variant.threads`: numbers of threads of the profiled steps, `1,2`. */
export async function create({ batch, variant }: ChildConfig): Promise<Served> {
  const smoke = variant['smoke'] === true;
  const backend = await backends.createWasmBackend({ threads: 1 });
  const byteDot = backend.description.includes('8-bit dot products');
  const sizes = smoke ? gemmSizes.slice(0, 1) : gemmSizes;
  const cases = [
    ...gemmCases.filter(({ size }) => sizes.some((n) => size === `${n}^3`)),
    ...allConvCases(batch),
  ];
  const jobs = new Map([...prepareProducts(backend, cases), ...(await limitJobs(byteDot))]);
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
      scaling: async (): Promise<readonly Scaling[]> => {
        const most = Math.max(...String(variant['threads']).split(',').map(Number));
        return most > 1 ? measureScaling(most, smoke) : [];
      },
      steps: async (): Promise<readonly StepKernels[]> => {
        const profiled: StepKernels[] = [];
        for (const threads of String(variant['threads']).split(',').map(Number)) {
          for (const recipe of ['int8', 'fp32']) {
            profiled.push(await stepKernels(recipe, threads, batch, steps, jobs));
          }
        }
        return profiled;
      },
    },
  };
}
