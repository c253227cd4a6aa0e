/** `npm run bench -- micro`: runs the jobs of our side and of onnxruntime-web in interleaved rounds and makes the tables. */
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Child } from '../child.js';
import type { BenchOptions } from '../options.js';
import { root } from '../participants.js';
import type { ChildConfig } from '../protocol.js';
import { publish } from '../publish.js';
import { median } from '../statistics.js';
import type { Table } from '../tables.js';
import { allConvCases, convBatch, gemmCases, jobOf, type ProductCase } from './kernels.js';
import { arithmeticLimits, copiedBytes, copyLimits, fillLimit, gopsOf } from './limits.js';
import type { StepKernels } from './own.js';
import { type Limits, limitTable, type Measured, productTable, scalingTable, stepTable } from './report.js';
import type { Scaling } from './scaling.js';

/** A job of one process, and its median in each round. */
interface Job {
  readonly side: 'octograd' | 'onnxruntime-web';
  readonly name: string;
  readonly milliseconds: number[];
}

function startChild(module: string, batch: number, { smoke, threads }: BenchOptions): Child {
  const variant = { smoke, threads: threads.join(',') };
  const config: ChildConfig = { module, batch, threads: 1, momentum: 0, variant };
  const entry = fileURLToPath(new URL('../participant.js', import.meta.url));
  return new Child(process.execPath, [entry, JSON.stringify(config)]);
}

type Children = Readonly<Record<Job['side'], Child | undefined>>;

/** Runs groups of jobs that are compared with each other: all of a group in turns, forwards and backwards. */
async function runGroup(jobs: readonly Job[], children: Children, options: BenchOptions): Promise<void> {
  const turn = async (job: Job, counts: boolean): Promise<void> => {
    const ran = await children[job.side]?.run({ ...options, job: job.name });
    if (counts && ran) job.milliseconds.push(median(ran.milliseconds));
  };
  for (const job of jobs) await turn(job, false);
  for (let round = 0; round < options.rounds; round++) {
    for (const job of round % 2 === 0 ? jobs : [...jobs].reverse()) await turn(job, true);
  }
}

/** The limits from their jobs' best rounds: a limit is what is possible, not what is usual. */
function limitsOf(jobs: readonly Job[]): Limits {
  const best = (name: string): number | undefined => {
    const job = jobs.find((other) => other.name === name);
    return job ? Math.min(...job.milliseconds) : undefined;
  };
  return {
    // Without fused multiply-add the plain rate is the limit of float products.
    gops: gopsOf((kind) => best(arithmeticLimits[kind].job)),
    copies: copyLimits.map((limit) => ({
      bytes: limit.bytes,
      gbs: copiedBytes(limit) / (best(limit.job) ?? Number.NaN) / 1e6,
    })),
    fillGbs: fillLimit.bytes / (best(fillLimit.job) ?? Number.NaN) / 1e6,
  };
}

function measuredOf(cases: readonly ProductCase[], jobs: readonly Job[]): Measured[] {
  return jobs.flatMap(({ side, name, milliseconds }) => {
    const [size, what] = name.split(': ');
    const item = cases.find((other) => jobOf(other) === name) ?? cases.find((other) => other.size === size);
    return item && milliseconds.length > 0
      ? [{ side, size, what, macs: item.macs, limit: limitKind(what), milliseconds }]
      : [];
  });
}

const limitKind = (what: string): ProductCase['limit'] =>
  what.endsWith('float32') ? 'fused' : what.includes('int16') ? 'integer' : 'bytes';

export async function runMicro(options: BenchOptions, log: (text: string) => void): Promise<number> {
  const batch = options.batchLimit ?? convBatch;
  const notices: string[] = [];
  const ort =
    options.peers.length > 0 && existsSync(`${root}bench/node_modules/onnxruntime-web/package.json`);
  if (!ort) notices.push('onnxruntime-web: skipped, no peers are asked for or it is not installed in bench/');
  const children: Children = {
    octograd: startChild('./micro/own.js', batch, options),
    'onnxruntime-web': ort
      ? startChild(pathToFileURL(`${root}bench/peers/onnxruntime.mjs`).href, batch, options)
      : undefined,
  };
  try {
    const versions: string[] = [];
    const names: { side: Job['side']; name: string }[] = [];
    for (const side of ['octograd', 'onnxruntime-web'] as const) {
      const child = children[side];
      if (!child) continue;
      versions.push((await child.ready()).version);
      for (const name of (await child.call('jobs')) as string[]) names.push({ side, name });
    }
    const failures = ((await children['onnxruntime-web']?.call('failures')) ?? {}) as Record<string, string>;
    for (const [job, why] of Object.entries(failures))
      notices.push(`onnxruntime-web cannot do ${job}: ${why}`);
    const jobs: Job[] = names.map((job) => ({ ...job, milliseconds: [] }));
    const groups = new Map<string, Job[]>();
    for (const job of jobs) {
      const group = job.name.split(': ')[0];
      groups.set(group, [...(groups.get(group) ?? []), job]);
    }
    for (const [name, group] of groups) {
      log(`micro: ${name}`);
      await runGroup(group, children, options);
    }
    log('micro: kernels of a step');
    const steps = (await children.octograd?.call('steps')) as readonly StepKernels[];
    log('micro: threads');
    const scaling = (await children.octograd?.call('scaling')) as readonly Scaling[];
    const limits = limitsOf(jobs);
    const convs = allConvCases(batch);
    const [gemms, convolutions] = [measuredOf(gemmCases, jobs), measuredOf(convs, jobs)];
    const tables: Table[] = [
      limitTable(limits),
      productTable('Matrix products, 1 thread', gemms, limits),
      productTable(`Convolutions of ResNet-20, batch ${batch}, 1 thread`, convolutions, limits),
      ...steps.map((step) => stepTable(step, limits)),
      ...(scaling.length > 0 ? [scalingTable(scaling)] : []),
    ];
    const data = { limits, products: [...gemms, ...convolutions], steps, scaling };
    publish(options, { tables, notices, versions, data });
    return 0;
  } finally {
    await Promise.all(Object.values(children).map((child) => child?.stop()));
  }
}
