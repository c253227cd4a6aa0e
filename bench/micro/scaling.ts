/** What threads bring to a step and what they cost it: from tiny steps, where a barrier weighs most, to the fixed works. */
import { backend as backends, createModel, createSession, Mlp, type Module } from 'octograd';
import { networkOf } from '../octograd.js';
import { median } from '../statistics.js';
import { fixedBatch, type Work, works } from '../works.js';

/** One step, measured in turns: on one thread, on all as the backend would have it, on all whatever it takes. */
export interface Scaling {
  readonly what: string;
  readonly threads: number;
  readonly calls: number;
  /** Medians of the rounds, in milliseconds. */
  readonly one: readonly number[];
  readonly all: readonly number[];
  readonly spread: readonly number[];
}

interface Case extends Pick<Work, 'inputShape' | 'classes' | 'batch'> {
  readonly what: string;
  model(): Module;
}

const tiny: readonly Case[] = [
  {
    what: 'MLP 8-8-4',
    inputShape: [2, 4, 1],
    classes: 4,
    batch: 4,
    model: () => new Mlp({ inputShape: [2, 4, 1], classes: 4, hidden: [8] }),
  },
  ...[1, 8].map((batch) => ({
    what: 'LeNet',
    inputShape: [28, 28, 1] as const,
    classes: 10,
    batch,
    model: () => createModel('lenet', { inputShape: [28, 28, 1], classes: 10 }),
  })),
];

const whole: readonly Case[] = works.map((work) => ({
  ...work,
  what: work.id,
  model: () => networkOf(work),
}));

type Runner = () => void;

/** Runs them in turns, forwards and backwards, and gives each one's medians. */
function inTurns(runners: readonly Runner[], rounds: number, milliseconds: number): number[][] {
  const medians = runners.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    const order = runners.map((_, i) => (round % 2 === 0 ? i : runners.length - 1 - i));
    for (const i of order) {
      const times: number[] = [];
      const end = performance.now() + milliseconds;
      do {
        const start = performance.now();
        runners[i]();
        times.push(performance.now() - start);
      } while (performance.now() < end);
      if (round >= 0) medians[i].push(median(times));
    }
  }
  return medians;
}

const ways = (threads: number) => [{ threads: 1 }, { threads }, { threads, spreadSmall: true }];

async function scalingOf(
  item: Case,
  threads: number,
  rounds: number,
  milliseconds: number,
): Promise<Scaling> {
  const { what, inputShape, batch } = item;
  const { inputs, labels: targets } = fixedBatch(item, batch);
  const sessions = [];
  try {
    for (const way of ways(threads)) {
      sessions.push(
        await createSession({
          model: item.model(),
          input: { shape: [...inputShape], storage: 'float' },
          recipe: 'int8',
          batchSize: batch,
          backend: await backends.createWasmBackend(way),
        }),
      );
    }
    const runners = sessions.map(
      (session) => () => void session.step({ inputs, targets, size: batch }, 1e-3),
    );
    const [one, all, spread] = inTurns(runners, rounds, milliseconds);
    const calls = sessions[0].planFor('train', batch).plan.calls.length + sessions[0].updateCalls.length;
    return { what: `${what}, batch ${batch}`, threads, calls, one, all, spread };
  } finally {
    for (const session of sessions) await session.dispose();
  }
}

/** A list of calls that do nothing: what is left is the barrier after each. */
async function barriers(threads: number, rounds: number, milliseconds: number): Promise<Scaling> {
  const calls = 1000;
  const opened = await Promise.all(ways(threads).map((way) => backends.createWasmBackend(way)));
  const runners = opened.map((backend) => {
    backend.reserve(64);
    const output = { offset: 0, length: 0, storage: 'float' as const };
    const nothing = { kernel: 'fill' as const, buffers: { output }, params: { value: 0, count: 0 } };
    const program = backend.compile(Array.from({ length: calls }, () => nothing));
    return () => program.run();
  });
  const [one, all, spread] = inTurns(runners, rounds, milliseconds);
  for (const backend of opened) await backend.dispose();
  return { what: `${calls.toLocaleString('en-US')} calls that do nothing`, threads, calls, one, all, spread };
}

/** All cases for so many threads; `smoke`: the smallest only. */
export async function measureScaling(threads: number, smoke: boolean): Promise<Scaling[]> {
  const [rounds, milliseconds] = smoke ? [2, 1] : [9, 250];
  const measured = [await barriers(threads, rounds, milliseconds)];
  for (const item of smoke ? tiny.slice(0, 1) : [...tiny, ...whole]) {
    measured.push(await scalingOf(item, threads, rounds, milliseconds));
  }
  return measured;
}
