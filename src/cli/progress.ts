/**
 * Progress for people: one line drawn again and again on a terminal, a plain line now and then elsewhere. A reader of the event
 * stream; it changes nothing.
 */
import { countText } from '../core/text.js';
import { leftOutLines } from './distributions.js';
import type { CliEvent } from './events.js';
import { type Output, useColor } from './io.js';
import { clockText, percentText } from './table.js';

/** Milliseconds between two drawings on a terminal, and between two plain lines. */
const redrawInterval = 100;
const lineInterval = 5000;
/** Weight of a new step in the shown loss, accuracy and rate. */
const smoothing = 0.05;

type Start = Extract<CliEvent, { type: 'start' }>;
type Step = Extract<CliEvent, { type: 'step' }>;

export interface ProgressOptions {
  readonly out: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs that the command makes in all. */
  readonly runs: number;
  /** What samples are called; default images. */
  readonly samples?: string;
  /** Milliseconds; for tests. */
  readonly clock?: () => number;
}

export class Progress {
  private readonly out: Output;
  private readonly redraws: boolean;
  private readonly color: boolean;
  private readonly clock: () => number;
  private readonly samples: string;
  private run = 0;
  private start: Start | undefined;
  private began = 0;
  private shown = Number.NEGATIVE_INFINITY;
  private loss = 0;
  /** Milliseconds a sample. */
  private pace = 0;
  private accuracy: number | undefined;
  private drawn = false;

  constructor(private readonly options: ProgressOptions) {
    this.out = options.out;
    this.redraws = options.out.isTTY === true && options.env.TERM !== 'dumb';
    this.color = useColor(options.out, options.env);
    this.clock = options.clock ?? (() => performance.now());
    this.samples = options.samples ?? 'images';
  }

  readonly listen = (event: CliEvent): void => {
    switch (event.type) {
      case 'start':
        this.run += 1;
        this.start = event;
        this.began = this.clock();
        this.shown = Number.NEGATIVE_INFINITY;
        if (this.run === 1) this.line(`${countText(event.parameters)} parameters; ${event.backend}`);
        break;
      case 'warning':
        this.line(`warning: ${event.message}`);
        break;
      case 'step':
        this.step(event);
        break;
      case 'distributions':
        for (const text of leftOutLines(event)) this.line(`${this.title(event)}${text}`);
        break;
      case 'evaluation':
        this.line(
          `${this.title(event)}step ${event.step}: test accuracy ${percentText(event.accuracy)}, test loss ${event.loss.toFixed(4)}`,
        );
        break;
      case 'run-done':
        if (event.reason === 'aborted') this.line(`${this.title(event)}stopped after ${event.steps} steps`);
        else {
          const early = event.reason === 'early-stop' ? 'stopped early: ' : '';
          this.line(
            `${this.title(event)}${early}${event.steps} steps in ${event.seconds.toFixed(1)} s, ${countText(event.imagesPerSecond)} ${this.samples}/s`,
          );
        }
        break;
      case 'run-failed':
        this.line(`${this.title(event)}${event.message}`);
        break;
      default:
        break;
    }
  };

  /** Prints a line of its own, the progress line out of the way. */
  line(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
  }

  /** Takes the progress line away. */
  clear(): void {
    if (this.drawn) this.out.write('\r\u001b[2K');
    this.drawn = false;
  }

  private title({ recipe, seed }: { readonly recipe: string; readonly seed: number }): string {
    const count = this.options.runs > 1 ? `[${this.run}/${this.options.runs}] ` : '';
    const seeded = seed === 0 ? '' : ` seed ${seed}`;
    return `${count}${recipe}${seeded}: `;
  }

  private step(event: Step): void {
    const { start } = this;
    if (!start) return;
    const first = event.step === 1;
    this.loss = first ? event.loss : this.loss + smoothing * (event.loss - this.loss);
    const pace = event.milliseconds / event.samples;
    this.pace = first ? pace : this.pace + smoothing * (pace - this.pace);
    if (event.accuracy !== undefined) {
      this.accuracy =
        first || this.accuracy === undefined
          ? event.accuracy
          : this.accuracy + smoothing * (event.accuracy - this.accuracy);
    }
    const now = this.clock();
    if (now - this.shown < (this.redraws ? redrawInterval : lineInterval)) return;
    this.shown = now;
    const elapsed = Math.max(1e-3, (now - this.began) / 1000);
    const left = (elapsed / event.step) * (start.totalSteps - event.step);
    const parts = [
      `${this.title(event)}${epochText(event.step / start.stepsPerEpoch, start.epochs)}`,
      `step ${event.step}/${start.totalSteps}`,
      `loss ${this.loss.toFixed(4)}`,
      ...(this.accuracy === undefined ? [] : [`accuracy ${percentText(this.accuracy, 1)}`]),
      `${countText(1000 / Math.max(1e-6, this.pace))} ${this.samples}/s`,
      ...(first ? [] : [`${clockText(left)} left`]),
    ];
    const text = parts.join('  ');
    if (!this.redraws) {
      this.out.write(`${text}\n`);
      return;
    }
    const fitting = text.slice(0, Math.max(20, (this.out.columns || 80) - 1));
    this.out.write(`\r\u001b[2K${this.color ? `\u001b[36m${fitting}\u001b[0m` : fitting}`);
    this.drawn = true;
  }
}

/** `epoch 0.35/2`, with as many digits as two of the run's length take: `epoch 0.0011/0.0032`. */
function epochText(now: number, all: number): string {
  const digits = Math.min(20, Math.max(2, 1 - Math.floor(Math.log10(all))));
  return `epoch ${now.toFixed(digits)}/${Number(all.toFixed(digits))}`;
}
