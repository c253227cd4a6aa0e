/**
 * Where the time of a training step goes, kernel by kernel. Each call of the plan becomes a program of its own, and whole
 * steps are run through those, in order: every kernel so finds the caches as its predecessors leave them. What is lost by
 * running calls singly shows as the difference to the whole step, which is timed beside it.
 */
import type { Call, Program } from '../backend/backend.js';
import type { BufferRef } from '../backend/kernels.js';
import { bytesMoved, isProductKernel, macsOf } from '../backend/work.js';
import type { Plan, PlannedCall } from '../compiler/plan.js';
import { updatedPath } from '../compiler/plan-print.js';
import type { FloatBytes } from '../core/dtype.js';
import { UsageError } from '../core/errors.js';
import { inputName, targetName } from './program.js';
import type { Session } from './session.js';
import type { Batch } from './session-config.js';

/** One call of the step. */
export interface ProfiledCall {
  readonly phase: 'forward' | 'backward' | 'update';
  /** Path of the module, or of the parameter that an update changes. */
  readonly path: string;
  /** Kernel, or `host:<name>` for a function of the user's. */
  readonly kernel: string;
  /** Median over the steps. */
  readonly milliseconds: number;
  /** Bytes of the operands: read once, written once; those changed in place count twice. */
  readonly bytes: number;
  /** Multiply-accumulates; 0 for what is no product. */
  readonly macs: number;
}

/** Calls that belong together. */
export interface ProfiledGroup {
  readonly name: string;
  /** Whether all are products. */
  readonly product: boolean;
  readonly calls: number;
  readonly milliseconds: number;
  /** Of all calls' time together. */
  readonly share: number;
  readonly bytes: number;
  readonly macs: number;
  /** 10^9 operations a second, a multiply-accumulate being two; undefined where there are none. */
  readonly gops: number | undefined;
  /** 10^9 bytes a second. */
  readonly gbs: number;
}

/** What {@link profileStep} gives. Times are in milliseconds. */
export interface Profile {
  readonly calls: readonly ProfiledCall[];
  /** Medians added up. */
  readonly sumMilliseconds: number;
  /** Median of the step as it is trained, in one program a segment. */
  readonly stepMilliseconds: number;
  readonly steps: number;
  readonly batchSize: number;
}

/** Options of {@link profileStep}. */
export interface ProfileOptions {
  /** Steps that are timed, after some that are not. */
  readonly steps: number;
  readonly warmUp?: number;
  readonly learningRate?: number;
  /** Milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

const nameOf = (call: Call): string => (call.kernel === 'host' ? `host:${call.name}` : call.kernel);

type Described = Omit<ProfiledCall, 'milliseconds'> & { readonly call: Call };

function described({ call, path, phase }: PlannedCall, floatBytes: FloatBytes): Described {
  return { call, phase, path, kernel: nameOf(call), bytes: bytesMoved(call, floatBytes), macs: macsOf(call) };
}

function describedUpdate(call: Call, floatBytes: FloatBytes): Described {
  return {
    call,
    phase: 'update',
    path: updatedPath(call),
    kernel: nameOf(call),
    bytes: bytesMoved(call, floatBytes),
    macs: 0,
  };
}

/** Puts the batch where the plan reads it: its buffers are used again within a step. */
function load(session: Session, plan: Plan, batch: Batch): void {
  const { backend } = session;
  const set = (buffer: BufferRef | undefined, data: ArrayLike<number>): void => {
    if (buffer) backend.view(buffer).set(data);
  };
  set(plan.inputs[inputName], batch.inputs);
  set(plan.inputs[targetName], batch.targets);
  backend.view(plan.status).fill(0);
}

/**
 * Profiles training steps of a session on one batch. Its parameters are trained meanwhile, so use one made for this. Throws
 * UsageError for sessions that accumulate gradients, and what {@link Session.step} throws.
 */
export function profileStep(session: Session, batch: Batch, options: ProfileOptions): Profile {
  const { steps, warmUp = 3, learningRate = 0.01, now = () => performance.now() } = options;
  if (!Number.isInteger(steps) || steps < 1)
    throw new UsageError(`steps must be a positive integer, got ${steps}`);
  if (session.accumulate > 1) {
    throw new UsageError('a profile is of one batch a step; make the session without accumulate');
  }
  const { backend } = session;
  const { plan } = session.planFor('train', batch.size);
  const gradients = plan.calls.map((planned) => described(planned, backend.floatBytes));
  const updates = session.updateCalls.map((call) => describedUpdate(call, backend.floatBytes));
  const calls = [...gradients, ...updates];
  // As many threads as run the whole list, which may be more than the call alone would be worth.
  const programs: Program[] = [gradients, updates].flatMap((list) => {
    const whole = list.map(({ call }) => call);
    return whole.map((call) => backend.compile([call], whole));
  });
  const samples = calls.map(() => new Float64Array(steps));
  const whole = new Float64Array(steps);
  for (let at = -warmUp; at < steps; at++) {
    const began = now();
    session.step(batch, learningRate);
    if (at >= 0) whole[at] = now() - began;
    // The step before has set the counters and the learning rate.
    load(session, plan, batch);
    let before = now();
    programs.forEach((program, i) => {
      program.run();
      const after = now();
      if (at >= 0) samples[i][at] = after - before;
      before = after;
    });
  }
  const profiled = calls.map(({ call: _, ...rest }, i) => ({ ...rest, milliseconds: median(samples[i]) }));
  return {
    calls: profiled,
    sumMilliseconds: profiled.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    stepMilliseconds: median(whole),
    steps,
    batchSize: batch.size,
  };
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** What {@link groupProfile} puts together. */
export type ProfileKey = 'kernel' | 'module' | 'call';

function keyOf({ phase, path, kernel }: ProfiledCall, by: ProfileKey): string {
  if (by === 'kernel') return kernel;
  const owner = path === '' ? '(step)' : path;
  return by === 'module' ? owner : `${phase} ${owner} ${kernel}`;
}

/**
 * A profile's calls put together by kernel, by module, or (`call`) by phase, module and kernel; products of a group apart from the
 * rest. Products first, the longest first among each.
 */
export function groupProfile(profile: Profile, by: ProfileKey = 'kernel'): ProfiledGroup[] {
  const groups = new Map<string, ProfiledCall[]>();
  for (const call of profile.calls) {
    const key = `${isProductKernel(call.kernel) ? 'p' : 'e'}${keyOf(call, by)}`;
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  return [...groups]
    .map(([key, calls]) => ({ ...sumOf(key.slice(1), calls, profile), product: key.startsWith('p') }))
    .sort((a, b) => Number(b.product) - Number(a.product) || b.milliseconds - a.milliseconds);
}

/** Products and the rest, each as one group. */
export function totalsOf(profile: Profile): {
  readonly products: ProfiledGroup;
  readonly elementwise: ProfiledGroup;
} {
  const of = (product: boolean): ProfiledCall[] =>
    profile.calls.filter(({ kernel }) => isProductKernel(kernel) === product);
  return {
    products: { ...sumOf('products', of(true), profile), product: true },
    elementwise: { ...sumOf('element-wise', of(false), profile), product: false },
  };
}

function sumOf(
  name: string,
  calls: readonly ProfiledCall[],
  profile: Profile,
): Omit<ProfiledGroup, 'product'> {
  const total = (of: (call: ProfiledCall) => number): number =>
    calls.reduce((sum, call) => sum + of(call), 0);
  const milliseconds = total((call) => call.milliseconds);
  const bytes = total((call) => call.bytes);
  const macs = total((call) => call.macs);
  const perSecond = (count: number): number => (milliseconds > 0 ? count / milliseconds / 1e6 : 0);
  return {
    name,
    calls: calls.length,
    milliseconds,
    share: profile.sumMilliseconds > 0 ? milliseconds / profile.sumMilliseconds : 0,
    bytes,
    macs,
    gops: macs > 0 ? perSecond(2 * macs) : undefined,
    gbs: perSecond(bytes),
  };
}
