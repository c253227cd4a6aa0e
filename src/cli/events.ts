/**
 * The event stream of a command: the events of each training run with its recipe and seed, and those of the command around them.
 * The terminal, `--json`, metrics.jsonl and the report are readers of this one stream.
 */
import type { DoneEvent, TrainEvent } from '../train/index.js';
import type { Snapshot } from './distributions.js';

/** One run of a command. */
export interface RunKey {
  readonly recipe: string;
  readonly seed: number;
}

/** The first event: where the run's folder is, and all that was decided before it. */
export interface ConfigEvent {
  readonly type: 'config';
  readonly folder: string;
  readonly config: object;
}

/** The end of one recipe's run; `model` is the saved file, relative to the folder. */
export type RunDoneEvent = Omit<DoneEvent, 'type'> &
  RunKey & { readonly type: 'run-done'; readonly model?: string };

/** A run that an error ended: the loss diverged, a NaN or infinity appeared, or whatever ended the command (a full disk). */
export interface RunFailedEvent extends RunKey {
  readonly type: 'run-failed';
  readonly error: string;
  readonly message: string;
  readonly step: number;
}

/** What the tensors of the layers are like at some step, where `--distributions` asks for it. */
export interface DistributionsEvent extends RunKey, Snapshot {
  readonly type: 'distributions';
}

/** One row of the comparison. */
export interface Result extends RunKey {
  /** 0..1; null for a run that did not come to its evaluation. */
  readonly testAccuracy: number | null;
  /** Mean cross-entropy in nats, of text for each character; null likewise. */
  readonly testLoss: number | null;
  /** Samples trained on per second of step time, whatever they are. */
  readonly imagesPerSecond: number;
  readonly peakBytes: number;
  readonly savedForBackwardBytes: number;
  /** Share of the multiply-accumulates of a training step that integer kernels do. */
  readonly integerMacShare: number;
}

/** The last event. */
export interface CommandDoneEvent {
  readonly type: 'done';
  readonly results: readonly Result[];
}

type Keyed<E> = E extends DoneEvent ? never : E & RunKey;

export type CliEvent =
  | ConfigEvent
  | Keyed<TrainEvent>
  | DistributionsEvent
  | RunDoneEvent
  | RunFailedEvent
  | CommandDoneEvent;

export type Listener = (event: CliEvent) => void;

/** The event as one line of JSON without a line end. Numbers that JSON lacks (infinite signal-to-noise) become null. */
export function eventLine(event: CliEvent): string {
  return JSON.stringify(event);
}
