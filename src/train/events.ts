/** The events of a training run: the one stream that the terminal, the log, the report, a page and the tests read. */
import type { MemorySummary } from './summary.js';

/** First of a run, before any step: what will be trained, how long, and what it takes. */
export interface StartEvent {
  readonly type: 'start';
  readonly recipe: string;
  readonly seed: number;
  readonly backend: string;
  readonly parameters: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly batchSize: number;
  /** Whether a thread makes batches ahead of the step. */
  readonly prefetch: boolean;
  readonly memory: MemorySummary;
  /** Share of a step's multiply-accumulates that integer kernels do. */
  readonly integerMacShare: number;
  /** Share whose operands are quantised, decoded and multiplied in float. */
  readonly simulatedMacShare: number;
}

/** Something a user should know that stops nothing. */
export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
}

/** One update done. */
export interface StepEvent {
  readonly type: 'step';
  /** Updates done, from 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Share of right predictions in the batch, where the loss counts them. */
  readonly accuracy?: number;
  readonly learningRate: number;
  readonly samples: number;
  /** Milliseconds of the step itself, loading apart. */
  readonly milliseconds: number;
}

/** How well one quantised operand keeps its tensor. */
export interface OperandProbe {
  readonly path: string;
  readonly product: string;
  readonly role: string;
  readonly format: string;
  /** Signal to quantisation noise in dB. */
  readonly sqnr: number;
  readonly cosine: number;
}

/** What quantisation does to the run, measured on a few samples of the training set at the current weights. */
export interface ProbeEvent {
  readonly type: 'probe';
  readonly step: number;
  readonly operands: readonly OperandProbe[];
  /** Cosine of each parameter's gradient with the gradient in float at the same weights. */
  readonly gradients: readonly { readonly path: string; readonly cosine: number }[];
}

/** Loss and accuracy on the test set, as `evaluate` gives them, after `step` updates. */
export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly samples: number;
}

/** An epoch (counted from 0) ended, or the run's last step fell in it. Means over its samples, as they were trained on. */
export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly seconds: number;
  /** Samples trained on per second of step time. */
  readonly imagesPerSecond: number;
}

/**
 * Last of a run, and why it ended. Test figures are of the latest evaluation; an aborted run has them only where no step
 * came after that.
 */
export interface DoneEvent {
  readonly type: 'done';
  readonly reason: 'finished' | 'aborted' | 'early-stop';
  readonly steps: number;
  readonly seconds: number;
  /** Samples trained on per second of step time. */
  readonly imagesPerSecond: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
}

/** Any event of a run; `type` tells which. */
export type TrainEvent =
  | StartEvent
  | WarningEvent
  | StepEvent
  | ProbeEvent
  | EvaluationEvent
  | EpochEvent
  | DoneEvent;
