/**
 * Interleaved rounds: all participants of a work stand ready, and in each round each runs for some time, in turns that go
 * forwards and backwards, so that what slows the machine for a while slows all. Ratios are taken within a round.
 */
import { Child } from './child.js';
import type { Participant } from './participants.js';
import { median, type Spread, spreadOf } from './statistics.js';
import type { Work } from './works.js';

export interface RoundOptions {
  readonly rounds: number;
  /** A participant's turn in a round. */
  readonly seconds: number;
  /** Steps that a turn has at most; for trials. */
  readonly maxSteps: number;
  /** Told what is going on. */
  readonly log: (text: string) => void;
}

/** One participant's figures in one work. */
export interface Figure {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly threads: number;
  readonly batch: number;
  /** Median step of each round it took part in; a gap is null. */
  readonly roundMilliseconds: readonly (number | null)[];
  readonly milliseconds: Spread;
  readonly samplesPerSecond: number;
  /** From the start of the process to the end of its first step. */
  readonly startMilliseconds: number;
  readonly peakRss: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/** A participant without a figure, and why. */
export interface Refusal {
  readonly name: string;
  readonly reason: string;
}

export interface WorkResult {
  readonly work: Work;
  readonly figures: readonly Figure[];
  readonly refused: readonly Refusal[];
}

/** Turns of those that take longer than a turn's time for one step; more would make the others wait for hours. */
const slowRounds = 3;

class Runner {
  readonly rounds: (number | null)[] = [];
  lastLoss = Number.NaN;
  peakRss = 0;
  steps = 1;
  private slow = false;

  private constructor(
    readonly participant: Participant,
    readonly child: Child,
    readonly ready: Awaited<ReturnType<Child['ready']>>,
  ) {}

  static async start(participant: Participant): Promise<Runner> {
    const child = new Child(participant.command, participant.args, participant.env);
    try {
      return new Runner(participant, child, await child.ready());
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  async turn(seconds: number, maxSteps: number, counts: boolean): Promise<void> {
    if (counts && this.slow && this.rounds.length >= slowRounds) {
      this.rounds.push(null);
      return;
    }
    const ran = await this.child.run({ job: 'step', seconds, maxSteps });
    this.lastLoss = ran.loss;
    this.peakRss = Math.max(this.peakRss, ran.peakRss);
    this.steps += ran.milliseconds.length;
    const step = median(ran.milliseconds);
    this.slow = step > seconds * 1000;
    if (counts) this.rounds.push(step);
  }

  /** The figure, or why there is none. */
  figure(): Figure | Refusal {
    const { participant, ready, rounds, lastLoss } = this;
    const { name, threads, batch } = participant;
    if (!(lastLoss < ready.loss)) {
      return {
        name,
        reason: `the loss did not fall: ${ready.loss.toFixed(4)} in the first step, ${lastLoss.toFixed(4)} after ${this.steps}`,
      };
    }
    const milliseconds = spreadOf(rounds.filter((value) => value !== null));
    return {
      name,
      version: ready.version,
      description: ready.description,
      threads,
      batch,
      roundMilliseconds: rounds,
      milliseconds,
      samplesPerSecond: (1000 * batch) / milliseconds.median,
      startMilliseconds: ready.milliseconds,
      peakRss: this.peakRss,
      firstLoss: ready.loss,
      lastLoss,
    };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Measures a work. A participant that fails is refused with its message; the others go on. */
export async function measureWork(
  work: Work,
  participants: readonly Participant[],
  { rounds, seconds, maxSteps, log }: RoundOptions,
): Promise<WorkResult> {
  const refused: Refusal[] = [];
  let live: Runner[] = [];
  const attempt = async (name: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      refused.push({ name, reason: messageOf(error) });
      log(`${work.id}: ${name} refused: ${messageOf(error)}`);
    }
  };
  const turns = async (counts: boolean, order: readonly Runner[]): Promise<void> => {
    const failed = new Set<Runner>();
    for (const runner of order) {
      failed.add(runner);
      await attempt(runner.participant.name, async () => {
        await runner.turn(seconds, maxSteps, counts);
        failed.delete(runner);
      });
    }
    for (const runner of failed) await runner.child.stop();
    live = live.filter((runner) => !failed.has(runner));
  };
  try {
    // One after the other, so that the time to the first step is each one's own.
    for (const participant of participants) {
      await attempt(participant.name, async () => {
        const runner = await Runner.start(participant);
        live.push(runner);
        log(`${work.id}: ${participant.name}: first step after ${Math.round(runner.ready.milliseconds)} ms`);
      });
    }
    await turns(false, live);
    for (let round = 0; round < rounds; round++) {
      await turns(true, round % 2 === 0 ? live : [...live].reverse());
      log(`${work.id}: round ${round + 1} of ${rounds}`);
    }
  } finally {
    await Promise.all(live.map(({ child }) => child.stop()));
  }
  const figures: Figure[] = [];
  for (const runner of live) {
    const figure = runner.figure();
    if ('reason' in figure) refused.push(figure);
    else figures.push(figure);
  }
  return { work, figures, refused };
}

/** How many times as many samples a second `baseline` does as `other`, in the rounds that both took part in. */
export function ratioOf(baseline: Figure, other: Figure): Spread | undefined {
  const ratios = baseline.roundMilliseconds.flatMap((own, round) => {
    const its = other.roundMilliseconds[round] ?? null;
    if (own === null || its === null) return [];
    return [baseline.batch / own / (other.batch / its)];
  });
  return ratios.length > 0 ? spreadOf(ratios) : undefined;
}
