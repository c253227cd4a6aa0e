/**
 * Learning-rate schedules: plain data, and one pure function from data and step to the rate. All times are shares of the
 * run (0.5 is half-way), so a schedule means the same at any batch size and length; an epoch e of E is the share e/E.
 */
import { UsageError } from '../core/errors.js';
import { cos } from '../core/math.js';
import { didYouMean } from '../core/text.js';

/** The same rate throughout. */
export interface ConstantSchedule {
  readonly kind: 'constant';
  readonly learningRate: number;
}

/** Times `factor` after each further share `every` of the run. */
export interface StepSchedule {
  readonly kind: 'step';
  readonly learningRate: number;
  readonly every: number;
  readonly factor: number;
}

/** Times `factor` at each of `milestones`, ascending shares of the run. */
export interface MultiStepSchedule {
  readonly kind: 'multiStep';
  readonly learningRate: number;
  readonly milestones: readonly number[];
  readonly factor: number;
}

/** Half a cosine from `learningRate` to `end`, met after the last step (Loshchilov & Hutter 2017, without restarts). */
export interface CosineSchedule {
  readonly kind: 'cosine';
  readonly learningRate: number;
  readonly end: number;
}

/** Up from `start` to `learningRate` at the share `peak`, then down to `end`, both along `shape` (Smith & Topin 2019). */
export interface OneCycleSchedule {
  readonly kind: 'oneCycle';
  readonly learningRate: number;
  readonly start: number;
  readonly end: number;
  readonly peak: number;
  readonly shape: 'cosine' | 'linear';
}

/** For the share `share` of the run a line from near zero to the first rate of `followedBy`, which has the remaining steps to itself. */
export interface WarmupSchedule {
  readonly kind: 'warmup';
  readonly share: number;
  readonly followedBy: Exclude<Schedule, WarmupSchedule>;
}

/** A learning-rate schedule, as plain data; {@link learningRateAt} gives its rate at a step. */
export type Schedule =
  | ConstantSchedule
  | StepSchedule
  | MultiStepSchedule
  | CosineSchedule
  | OneCycleSchedule
  | WarmupSchedule;

/** The `kind` of a schedule, which is also the name of the function that makes it. */
export type ScheduleKind = Schedule['kind'];

/** Steps are compared with shares times length; this much of a step is put down to rounding. */
const slack = 1e-6;

const isRate = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isPositive = (value: unknown): boolean => isRate(value) && value !== 0;
const isShare = (value: unknown): boolean => isPositive(value) && (value as number) < 1;
const isMilestones = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((share, i) => isShare(share) && (i === 0 || share > value[i - 1]));

type Check = readonly [fits: (value: unknown) => boolean, range: string];
const rate: Check = [isRate, 'a number of at least 0'];
const positive: Check = [isPositive, 'a number above 0'];
const share: Check = [isShare, 'a share of the run, above 0 and below 1'];

const fields: { readonly [K in ScheduleKind]: Readonly<Record<string, Check>> } = {
  constant: { learningRate: rate },
  step: { learningRate: rate, every: share, factor: positive },
  multiStep: {
    learningRate: rate,
    milestones: [isMilestones, 'ascending shares of the run, each above 0 and below 1'],
    factor: positive,
  },
  cosine: { learningRate: rate, end: rate },
  oneCycle: {
    learningRate: rate,
    start: rate,
    end: rate,
    peak: share,
    shape: [(value) => value === 'cosine' || value === 'linear', '"cosine" or "linear"'],
  },
  warmup: {
    share,
    followedBy: [(value) => isSchedule(value) && value.kind !== 'warmup', 'another schedule, not a warm-up'],
  },
};

function isSchedule(value: unknown): value is Schedule {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** A frozen copy of the schedule, after checking every field. Throws UsageError that names the field. For data from files too. */
export function checkSchedule<S extends Schedule>(schedule: S): S {
  const kinds = Object.keys(fields);
  const { kind } = schedule;
  if (!Object.hasOwn(fields, kind)) {
    throw new UsageError(
      `there is no schedule "${kind}".${didYouMean(String(kind), kinds)} Known: ${kinds.join(', ')}.`,
    );
  }
  const checks = fields[kind];
  const given = schedule as unknown as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (key === 'kind' || Object.hasOwn(checks, key)) continue;
    const known = Object.keys(checks);
    throw new UsageError(
      `schedule "${kind}" has no field "${key}".${didYouMean(key, known)} Known: ${known.join(', ')}.`,
    );
  }
  for (const [key, [fits, range]] of Object.entries(checks)) {
    if (!fits(given[key])) {
      throw new UsageError(`schedule "${kind}": ${key} must be ${range}, got ${JSON.stringify(given[key])}`);
    }
  }
  if (schedule.kind === 'warmup') checkSchedule(schedule.followedBy);
  return Object.freeze<S>({ ...schedule });
}

/** A constant rate. */
export function constant(learningRate: number): ConstantSchedule {
  return checkSchedule({ kind: 'constant', learningRate });
}

/** Times `factor` after each share `every` of the run: `step(0.1, 1 / 3)` divides by 10 at one and two thirds. */
export function step(learningRate: number, every: number, factor = 0.1): StepSchedule {
  return checkSchedule({ kind: 'step', learningRate, every, factor });
}

/** Times `factor` at each milestone: `multiStep(0.1, [81 / 200, 122 / 200, 164 / 200])`. */
export function multiStep(
  learningRate: number,
  milestones: readonly number[],
  factor = 0.1,
): MultiStepSchedule {
  return checkSchedule({
    kind: 'multiStep',
    learningRate,
    milestones: Object.freeze([...milestones]),
    factor,
  });
}

/** Half a cosine from `learningRate` down to `end`. */
export function cosine(learningRate: number, end = 0): CosineSchedule {
  return checkSchedule({ kind: 'cosine', learningRate, end });
}

/** One cycle with its top at `learningRate`. Defaults: start = learningRate/25, end = 0, peak = 0.3, shape = cosine. */
export function oneCycle(
  learningRate: number,
  options: Partial<Omit<OneCycleSchedule, 'kind' | 'learningRate'>> = {},
): OneCycleSchedule {
  const { start = learningRate / 25, end = 0, peak = 0.3, shape = 'cosine', ...unknown } = options;
  return checkSchedule({ kind: 'oneCycle', learningRate, start, end, peak, shape, ...unknown });
}

/** `followedBy` after a warm-up that takes `share` of the run (at least one step). */
export function warmup(share: number, followedBy: WarmupSchedule['followedBy']): WarmupSchedule {
  return checkSchedule({ kind: 'warmup', share, followedBy });
}

/** From `from` (at 0) to `to` (at 1) along half a cosine. */
function halfCosine(from: number, to: number, at: number): number {
  return to + (from - to) * 0.5 * (1 + cos(Math.PI * at));
}

/**
 * The rate of `step`, counted from 0, in a run of `totalSteps`; beyond the end it stays what it is there.
 * Throws UsageError for counts that are none.
 */
export function learningRateAt(schedule: Schedule, step: number, totalSteps: number): number {
  if (!Number.isInteger(step) || step < 0 || !Number.isInteger(totalSteps) || totalSteps < 1) {
    throw new UsageError(
      `a learning rate is asked for by step (from 0) and number of steps (from 1), got ${step} and ${totalSteps}`,
    );
  }
  const done = Math.min(step, totalSteps);
  const at = done / totalSteps;
  const passed = (share: number): boolean => done >= share * totalSteps - slack;
  switch (schedule.kind) {
    case 'constant':
      return schedule.learningRate;
    case 'step': {
      let value = schedule.learningRate;
      for (let k = 1; k * schedule.every < 1 && passed(k * schedule.every); k++) value *= schedule.factor;
      return value;
    }
    case 'multiStep':
      return schedule.milestones.reduce(
        (value, milestone) => (passed(milestone) ? value * schedule.factor : value),
        schedule.learningRate,
      );
    case 'cosine':
      return halfCosine(schedule.learningRate, schedule.end, at);
    case 'oneCycle': {
      const { learningRate, start, end, peak } = schedule;
      const [from, to, along] =
        at < peak ? [start, learningRate, at / peak] : [learningRate, end, (at - peak) / (1 - peak)];
      return schedule.shape === 'cosine' ? halfCosine(from, to, along) : from + (to - from) * along;
    }
    case 'warmup': {
      const steps = Math.min(totalSteps - 1, Math.max(1, Math.ceil(schedule.share * totalSteps - slack)));
      const remaining = totalSteps - steps;
      if (done >= steps) return learningRateAt(schedule.followedBy, done - steps, remaining);
      return (learningRateAt(schedule.followedBy, 0, remaining) * (done + 1)) / (steps + 1);
    }
  }
}
