/**
 * Progress over all runs of a command: how many are done, and how long the others will take by what the steps of their arm, their
 * experiment or any other took so far. Reads the events of runs; prints.
 */
import { useColor } from '../../io.js';
import type { ProgressOptions } from '../../progress.js';
import { clockText, percentText } from '../../table.js';
import type { Task } from '../experiment/tasks.js';

const redrawInterval = 200;
const lineInterval = 30_000;
/** What a run must have behind it before its own pace says anything: the first steps compile and warm up. */
const leastSteps = 10;
const leastMilliseconds = 2000;

interface Pace {
  seconds: number;
  steps: number;
}

interface Current {
  readonly task: Task;
  readonly began: number;
  /** When its first event came, which the reading of data does not count for, and of which step it was. */
  first?: { readonly at: number; readonly step: number };
  step: number;
  loss: number;
}

/** Key of a task within a command. */
export const keyOf = ({ experiment, arm, seed }: Pick<Task, 'experiment' | 'arm' | 'seed'>): string =>
  `${experiment}/${arm}/${seed}`;

/** What is left and how long it takes; drawn as one line on a terminal, as a plain line now and then elsewhere. */
export class TotalProgress {
  private readonly paces = new Map<string, Pace>();
  private readonly current = new Map<string, Current>();
  private readonly pending: Map<string, Task>;
  private readonly redraws: boolean;
  private readonly color: boolean;
  private readonly clock: () => number;
  private done = 0;
  private drawn = false;
  private shown = Number.NEGATIVE_INFINITY;

  /** @param jobs runs at a time. */
  constructor(
    private readonly options: Omit<ProgressOptions, 'runs'>,
    tasks: readonly Task[],
    private readonly jobs: number,
  ) {
    this.pending = new Map(tasks.map((task) => [keyOf(task), task]));
    this.redraws = options.out.isTTY === true && options.env.TERM !== 'dumb';
    this.color = useColor(options.out, options.env);
    this.clock = options.clock ?? (() => performance.now());
  }

  /** A run of earlier times: how long its steps took. */
  learn(task: Pick<Task, 'experiment' | 'arm'>, steps: number, seconds: number): void {
    for (const key of ['', task.experiment, `${task.experiment}/${task.arm}`]) {
      const pace = this.paces.get(key) ?? { seconds: 0, steps: 0 };
      pace.seconds += seconds;
      pace.steps += steps;
      this.paces.set(key, pace);
    }
  }

  start(task: Task): void {
    this.current.set(keyOf(task), { task, began: this.clock(), step: 0, loss: Number.NaN });
  }

  /** An event of a run, as a line of JSON. */
  hear(task: Task, line: string): void {
    const run = this.current.get(keyOf(task));
    if (!run || !line.startsWith('{"type":"step"')) return;
    const { step, loss } = JSON.parse(line) as { step: number; loss: number };
    run.step = step;
    run.loss = loss;
    const now = this.clock();
    run.first ??= { at: now, step };
    if (now - this.shown < (this.redraws ? redrawInterval : lineInterval)) return;
    this.shown = now;
    this.draw(run);
  }

  /** A run ended; `text` says how. */
  end(task: Task, text: string): void {
    const run = this.current.get(keyOf(task));
    if (run && run.step > 0) this.learn(task, run.step, (this.clock() - run.began) / 1000);
    this.current.delete(keyOf(task));
    this.pending.delete(keyOf(task));
    this.done += 1;
    const left = this.pending.size > 0 ? `; ${this.leftText()}` : '';
    this.line(
      `[${this.done}/${this.done + this.pending.size}] ${task.experiment} ${task.arm} seed ${task.seed}: ${text}${left}`,
    );
  }

  /** A run that is not to be done. */
  leaveOut(task: Task): void {
    this.pending.delete(keyOf(task));
  }

  line(text: string): void {
    this.clear();
    this.options.out.write(`${text}\n`);
  }

  clear(): void {
    if (this.drawn) this.options.out.write('\r\u001b[2K');
    this.drawn = false;
  }

  /** Seconds until the last run ends; undefined where neither runs of earlier times nor those that go on tell. */
  secondsLeft(): number | undefined {
    let total = 0;
    for (const [key, task] of this.pending) {
      const run = this.current.get(key);
      const known = [`${task.experiment}/${task.arm}`, task.experiment, '']
        .map((name) => this.paces.get(name))
        .find((found) => found && found.steps > 0);
      const pace = (run && this.ownPace(run)) ?? known ?? this.running();
      if (!pace) return undefined;
      total += ((task.totalSteps - (run?.step ?? 0)) * pace.seconds) / pace.steps;
    }
    return total / Math.min(this.jobs, Math.max(1, this.pending.size));
  }

  /** The pace of a run that goes on, when it says something. */
  private ownPace({ first, step }: Current): Pace | undefined {
    if (!first) return undefined;
    const [passed, steps] = [this.clock() - first.at, step - first.step];
    if (passed < leastMilliseconds || steps < leastSteps) return undefined;
    return { seconds: passed / 1000, steps };
  }

  /** The pace of what runs now, for the first of all runs. */
  private running(): Pace | undefined {
    for (const run of this.current.values()) {
      const pace = this.ownPace(run);
      if (pace) return pace;
    }
    return undefined;
  }

  private leftText(): string {
    const left = this.secondsLeft();
    return `${this.pending.size} ${this.pending.size === 1 ? 'run' : 'runs'} left${left === undefined ? '' : `, about ${clockText(left)}`}`;
  }

  private draw({ task, step, loss }: Current): void {
    const others = this.current.size > 1 ? ` and ${this.current.size - 1} more` : '';
    const text =
      `${task.experiment} ${task.arm} seed ${task.seed}${others}  ${percentText(step / task.totalSteps, 0)}  ` +
      `loss ${loss.toFixed(4)}  ${this.leftText()}`;
    if (!this.redraws) {
      this.options.out.write(`${text}\n`);
      return;
    }
    const fitting = text.slice(0, Math.max(20, (this.options.out.columns || 80) - 1));
    this.options.out.write(`\r\u001b[2K${this.color ? `\u001b[36m${fitting}\u001b[0m` : fitting}`);
    this.drawn = true;
  }
}
