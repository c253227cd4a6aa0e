/** The training loop as its callers meet it: which events come, in which order, how it ends, and what it refuses. */
import { describe, expect, it, vi } from 'vitest';
import { DataError, DivergenceError, UsageError } from '../src/core/errors.js';
import { cutout, type Dataset, flip, fromArrays, padCrop, subset } from '../src/data/index.js';
import type { BatchStream } from '../src/data/prefetch.js';
import { createModel } from '../src/models/index.js';
import { constant, warmup } from '../src/optim/index.js';
import {
  createSession,
  type FitOptions,
  fit,
  type Session,
  type SessionOptions,
  type TrainEvent,
} from '../src/train/index.js';
import { stripes, tinySession } from './support/tiny.js';

/** Streams of batches that loops have opened, their `close` watched. */
const opened = vi.hoisted((): BatchStream[] => []);
vi.mock('../src/data/prefetch.js', async (importOriginal) => {
  const real = await importOriginal<typeof import('../src/data/prefetch.js')>();
  const openStream: typeof real.openStream = async (...given) => {
    const stream = await real.openStream(...given);
    vi.spyOn(stream, 'close');
    opened.push(stream);
    return stream;
  };
  return { ...real, openStream };
});

// 20 samples in batches of 8: two full ones and one of 4.
const train = stripes(20, 8, 1);
const test = stripes(12, 8, 1);
const base = { train, epochs: 1, learningRate: 0.01 };

type Options = Partial<FitOptions>;
type Made = Partial<SessionOptions> & { readonly recipe?: string };

async function withSession<T>(use: (session: Session) => Promise<T>, made: Made = {}): Promise<T> {
  const session = await tinySession(train, { recipe: 'fp32', modelName: 'mlp', threads: 1, ...made });
  try {
    return await use(session);
  } finally {
    await session.dispose();
  }
}

async function eventsOf(session: Session, options: Options): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of fit(session, { ...base, ...options })) events.push(event);
  return events;
}

const run = (options: Options, made?: Made): Promise<TrainEvent[]> =>
  withSession((session) => eventsOf(session, options), made);

const only = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T) =>
  events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);

const types = (events: readonly TrainEvent[]): string[] => events.map(({ type }) => type);
const sizes = (events: readonly TrainEvent[]): number[] => only(events, 'step').map(({ samples }) => samples);

describe('events', () => {
  it('come in order, each with what it is about', async () => {
    const events = await run({ test, epochs: 2, seed: 4 });
    const epoch = ['step', 'step', 'step', 'epoch', 'evaluation'];
    expect(types(events)).toEqual(['start', ...epoch, ...epoch, 'done']);
    expect(events[0]).toMatchObject({
      recipe: 'fp32',
      seed: 4,
      parameters: 64 * 128 + 128 + 128 * 4 + 4,
      epochs: 2,
      stepsPerEpoch: 3,
      totalSteps: 6,
      batchSize: 8,
      integerMacShare: 0,
      simulatedMacShare: 0,
    });
    const steps = only(events, 'step');
    expect(steps.map(({ step, epoch: at, samples }) => [step, at, samples])).toEqual([
      [1, 0, 8],
      [2, 0, 8],
      [3, 0, 4],
      [4, 1, 8],
      [5, 1, 8],
      [6, 1, 4],
    ]);
    const [first] = only(events, 'epoch');
    const weighed = (key: 'loss' | 'accuracy'): number =>
      steps.slice(0, 3).reduce((sum, step) => sum + (step[key] as number) * step.samples, 0) / 20;
    expect(first.loss).toBeCloseTo(weighed('loss'), 10);
    expect(first.accuracy).toBeCloseTo(weighed('accuracy'), 10);
    const evaluations = only(events, 'evaluation');
    expect(evaluations.map(({ step, epoch: at, samples }) => [step, at, samples])).toEqual([
      [3, 0, 12],
      [6, 1, 12],
    ]);
    expect(events[events.length - 1]).toMatchObject({
      reason: 'finished',
      steps: 6,
      testLoss: evaluations[1].loss,
      testAccuracy: evaluations[1].accuracy,
    });
  });

  it.each([
    [0.1, 1],
    [0.67, 2],
    [1.34, 4],
  ])('%d epochs of 3 steps are %d steps, with an evaluation at the end', async (epochs, steps) => {
    const events = await run({ test, epochs });
    expect(only(events, 'step')).toHaveLength(steps);
    expect(types(events).slice(-3)).toEqual(['epoch', 'evaluation', 'done']);
    expect(only(events, 'evaluation')[0].step).toBe(Math.min(steps, 3));
  });

  it('follow the schedule over the whole run', async () => {
    const events = await run({ epochs: 2, learningRate: warmup(0.5, constant(0.04)) });
    const rates = only(events, 'step').map(({ learningRate }) => Number(learningRate.toFixed(6)));
    expect(rates).toEqual([0.01, 0.02, 0.03, 0.04, 0.04, 0.04]);
  });

  it('warn of what is odd about the data', async () => {
    const one = subset(train, [0, 1, 2, 4, 5, 6]);
    expect(only(await run({ train: one }), 'warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('no sample of class "stripe 3"'),
    ]);
  });

  it('evaluateEvery: every so many epochs, and at the end', async () => {
    const events = await run({ test, epochs: 5, evaluateEvery: 2 });
    expect(only(events, 'evaluation').map(({ epoch }) => epoch)).toEqual([1, 3, 4]);
  });

  it('probeEvery: probes at every so many steps and the last one, of which training takes no note', async () => {
    const probed = await run({ epochs: 1.67, probeEvery: 3 }, { recipe: 'int8' });
    const probes = only(probed, 'probe');
    expect(probes.map(({ step }) => step)).toEqual([3, 5]);
    for (const { operands, gradients } of probes) {
      expect(operands.length).toBeGreaterThan(0);
      for (const { sqnr } of operands) expect(sqnr).toBeGreaterThan(15);
      expect(gradients.map(({ path }) => path)).toContain('fc1.weight');
    }
    const plain = await run({ epochs: 1.67 }, { recipe: 'int8' });
    const losses = (events: TrainEvent[]): number[] => only(events, 'step').map(({ loss }) => loss);
    expect(losses(probed)).toEqual(losses(plain));
  });

  it('speak of the batches that are trained where the data set is smaller than one', async () => {
    const five = subset(train, 5);
    const [start, ...rest] = await run({ train: five, epochs: 2 }, { recipe: 'int8' });
    const [equal] = await run({ train: five }, { recipe: 'int8', batchSize: 5 });
    expect(start).toMatchObject({ batchSize: 5, stepsPerEpoch: 1, totalSteps: 2 });
    expect(sizes(rest)).toEqual([5, 5]);
    if (start.type !== 'start' || equal.type !== 'start') throw new Error('the first event is the start');
    const { arenaBytes, savedForBackwardBytes, scratchBytes } = equal.memory;
    expect(start.memory).toMatchObject({ arenaBytes, savedForBackwardBytes, scratchBytes });
  });
});

describe('batches', () => {
  it('dropLast leaves out the batch that is not full', async () => {
    const events = await run({ epochs: 2, dropLast: true });
    expect(events[0]).toMatchObject({ stepsPerEpoch: 2, totalSteps: 4 });
    expect(sizes(events)).toEqual([8, 8, 8, 8]);
    await expect(run({ train: subset(train, 5), dropLast: true })).rejects.toThrow(
      /dropLast leaves no batch/,
    );
  });

  it('accumulate: a step takes so many batches, the last one of an epoch those that are left', async () => {
    const events = await run({ epochs: 2 }, { accumulate: 2 });
    expect(events[0]).toMatchObject({ stepsPerEpoch: 2, totalSteps: 4, batchSize: 8 });
    expect(sizes(events)).toEqual([16, 4, 16, 4]);
    // More than an epoch has: one step of all, full batches and the ragged one.
    expect(sizes(await run({ epochs: 2 }, { accumulate: 5 }))).toEqual([20, 20]);
  });

  it('accumulate: two batches of 4 make the step of one of 8', async () => {
    const eight = { train: subset(train, 8), learningRate: 0.1, epochs: 3 };
    const losses = async (made: Made): Promise<number[]> =>
      only(await run(eight, made), 'step').map(({ loss }) => loss);
    const [whole, parts] = [await losses({}), await losses({ batchSize: 4, accumulate: 2 })];
    expect(whole).toHaveLength(3);
    for (const [i, loss] of parts.entries()) expect(loss).toBeCloseTo(whole[i], 4);
  });

  it('augment changes the images that are trained on, the same way under one seed', async () => {
    const losses = async (options: Options): Promise<number[]> =>
      only(await run({ epochs: 2, ...options }), 'step').map(({ loss }) => loss);
    const augment = [padCrop(2), flip(), cutout(3)];
    const augmented = await losses({ augment });
    expect(augmented).toHaveLength(6);
    expect(await losses({ augment })).toEqual(augmented);
    expect(await losses({})).not.toEqual(augmented);
  });
});

describe('prefetch', () => {
  const augment = [padCrop(2), flip()];
  const ways: [string, Options, Made][] = [
    ['augmented', { augment, epochs: 2.4, seed: 5 }, {}],
    ['of several batches a step', { augment, epochs: 2, seed: 6 }, { accumulate: 2 }],
    ['without ragged batches, with evaluations between', { dropLast: true, epochs: 2, test }, {}],
  ];
  it.each(ways)('gives the events that batches made in line give: steps %s', async (_, options, made) => {
    const timeless = (events: readonly TrainEvent[]): object[] =>
      events.map((event) => ({ ...event, milliseconds: 0, seconds: 0, imagesPerSecond: 0, prefetch: 0 }));
    const [ahead, inLine] = [
      await run({ ...options, prefetch: true }, { recipe: 'int8', ...made }),
      await run({ ...options, prefetch: false }, { recipe: 'int8', ...made }),
    ];
    expect([ahead[0], inLine[0]]).toMatchObject([{ prefetch: true }, { prefetch: false }]);
    expect(timeless(ahead)).toEqual(timeless(inLine));
  });

  it('ends its thread with the loop: left, aborted, or failed', async () => {
    opened.length = 0;
    await withSession(async (session) => {
      for await (const { type } of fit(session, { ...base, prefetch: true })) if (type === 'step') break;
      const abort = AbortSignal.abort();
      const events = await eventsOf(session, { prefetch: true, signal: abort });
      expect(events[events.length - 1]).toMatchObject({ reason: 'aborted' });
      const failing = eventsOf(session, { prefetch: true, learningRate: 1, divergedAt: 1e-9 });
      await expect(failing).rejects.toThrow(DivergenceError);
    });
    expect(opened.map(({ ahead }) => ahead)).toEqual([true, true, true]);
    for (const { close } of opened) expect(close).toHaveBeenCalledTimes(1);
  });

  it('is off where there is no shared memory, with a word about it', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    try {
      const events = await run({ prefetch: true }, { backend: 'reference' });
      expect(events[0]).toMatchObject({ prefetch: false });
      expect(only(events, 'warning')[0].message).toMatch(/prefetch: batches are made in line/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is true, false or "auto"', async () => {
    await expect(run({ prefetch: 'on' as never })).rejects.toThrow(/prefetch must be true, false or "auto"/);
  });
});

describe('the end before its time', () => {
  it('patience: stops when the test loss has not fallen for so many evaluations', async () => {
    // A rate of 0 leaves the loss where it is: the first evaluation is the best, and two more are waited for.
    const events = await run({ test, epochs: 9, learningRate: 0, patience: 2 });
    const evaluations = only(events, 'evaluation');
    expect(evaluations).toHaveLength(3);
    expect(events[events.length - 1]).toMatchObject({
      type: 'done',
      reason: 'early-stop',
      steps: 9,
      testLoss: evaluations[2].loss,
    });
    const falling = await run({ test, epochs: 4, learningRate: 0.01, patience: 1 });
    expect(falling[falling.length - 1]).toMatchObject({ reason: 'finished', steps: 12 });
  });

  it('a signal that is aborted from the start: no step', async () => {
    const events = await run({ test, signal: AbortSignal.abort() });
    expect(types(events)).toEqual(['start', 'done']);
    expect(events[1]).toEqual({
      type: 'done',
      reason: 'aborted',
      steps: 0,
      seconds: expect.any(Number),
      imagesPerSecond: 0,
    });
  });

  it('a signal aborted midway: ends after that step, and says nothing of a test', async () => {
    const controller = new AbortController();
    const events = await withSession(async (session) => {
      const seen: TrainEvent[] = [];
      for await (const event of fit(session, { ...base, test, epochs: 3, signal: controller.signal })) {
        seen.push(event);
        if (event.type === 'step' && event.step === 5) controller.abort();
      }
      expect(session.updates).toBe(5);
      return seen;
    });
    const done = events[events.length - 1];
    expect(done).toMatchObject({ type: 'done', reason: 'aborted', steps: 5 });
    expect(done).not.toHaveProperty('testLoss');
  });

  it('a loop that is left early: the session is whole, and fits again', async () => {
    await withSession(async (session) => {
      for await (const event of fit(session, { ...base, epochs: 3 })) {
        if (event.type === 'step' && event.step === 2) break;
      }
      expect(session.updates).toBe(2);
      const again = await eventsOf(session, { test, epochs: 8 });
      expect(only(again, 'step').map(({ step }) => step)[0]).toBe(1);
      expect(session.updates).toBe(26);
      expect(only(again, 'evaluation')[7].loss).toBeLessThan(only(again, 'evaluation')[0].loss);
    });
  });

  it('a loss above divergedAt is an error with step, loss and remedy', async () => {
    const failed = run({ divergedAt: 1e-3 });
    await expect(failed).rejects.toThrow(DivergenceError);
    await expect(failed).rejects.toMatchObject({
      step: 1,
      message: expect.stringMatching(/lower the learning rate/),
    });
  });
});

describe('what cannot be used', () => {
  it.each([
    [{ epochs: 0 }, /^epochs must be a number above 0 .*got 0$/],
    [{ epochs: Number.POSITIVE_INFINITY }, /^epochs must be/],
    [{ evaluateEvery: 0 }, /^evaluateEvery must be a whole number of epochs from 1; .*got 0$/],
    [{ evaluateEvery: 0.5 }, /^evaluateEvery must be .*got 0.5$/],
    [{ probeEvery: -1 }, /^probeEvery must be a whole number of steps, or 0 .*got -1$/],
    [{ probeEvery: 1.5 }, /^probeEvery must be .*got 1.5$/],
    [{ patience: 0, test }, /^patience must be a whole number of evaluations from 1; .*got 0$/],
    [{ patience: 1 }, /^patience watches the test loss: give `test` too/],
    [{ divergedAt: 0 }, /^divergedAt must be a loss above 0; .*got 0$/],
    [{ divergedAt: Number.NaN }, /^divergedAt must be/],
    [{ seed: -1 }, /seed must be a non-negative integer/],
  ] as [Options, RegExp][])('%o', async (options, message) => {
    await withSession(async (session) => {
      const failed = eventsOf(session, options);
      await expect(failed).rejects.toThrow(UsageError);
      await expect(failed).rejects.toThrow(message);
      expect(session.updates).toBe(0);
    });
  });
});

describe('labels and targets', () => {
  const inputs = Float32Array.from({ length: 16 }, (_, i) => i / 8 - 1);
  const labels = Array.from(inputs, (x) => (x < 0 ? 0 : 1));
  const targets = Float32Array.from(inputs, (x) => 3 * x);
  const labelled = { name: 'labelled', inputs, inputShape: [1], labels, classes: ['low', 'high'] };
  const targeted = { name: 'targeted', inputs, inputShape: [1], targets, targetShape: [1] };
  const both = fromArrays({ ...labelled, ...targeted, name: 'both' });

  async function trainOn(data: Dataset, loss: 'cross-entropy' | 'mse', tested = data): Promise<TrainEvent[]> {
    const classes = loss === 'mse' ? 1 : 2;
    const session = await createSession({
      model: createModel('mlp', { inputShape: [1], classes }),
      input: data,
      recipe: 'fp32',
      loss,
      batchSize: 6,
      threads: 1,
    });
    try {
      return await eventsOf(session, { train: data, test: tested, epochs: 2 });
    } finally {
      await session.dispose();
    }
  }

  const losses = (events: TrainEvent[]): number[] =>
    [...only(events, 'step'), ...only(events, 'evaluation')].map(({ loss }) => loss);

  it.each([
    ['cross-entropy', fromArrays(labelled)],
    ['mse', fromArrays(targeted)],
  ] as const)('%s takes its own of a data set that has both', async (loss, own) => {
    const [mixed, alone] = [losses(await trainOn(both, loss)), losses(await trainOn(own, loss))];
    expect(mixed).toHaveLength(8);
    expect(mixed).toEqual(alone);
  });

  it.each([
    ['cross-entropy', fromArrays(targeted), /^"targeted" has no labels, .*give it labels.*"mse"/],
    ['mse', fromArrays(labelled), /^"labelled" has no targets, .*give it targets.*"cross-entropy"/],
  ] as const)('%s names the data set that lacks them', async (loss, other, message) => {
    // One after the other: a rejection that nobody awaits yet would end the run.
    for (const run of [() => trainOn(other, loss), () => trainOn(both, loss, other)]) {
      const failed = run();
      await expect(failed).rejects.toThrow(DataError);
      await expect(failed).rejects.toThrow(message);
    }
  });
});
