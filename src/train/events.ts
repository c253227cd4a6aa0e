/** The events of a training run: the one stream that the terminal, the log, the report, a page and the tests read. */
import type { MemorySummary } from './summary.js';

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

export interface ProbeEvent {
  readonly type: 'probe';
  readonly step: number;
  readonly operands: readonly OperandProbe[];
  /** Cosine of each parameter's gradient with the gradient in float at the same weights. */
  readonly gradients: readonly { readonly path: string; readonly cosine: number }[];
}

export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly samples: number;
}

export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly seconds: number;
  /** Samples trained on per second of step time. */
  readonly imagesPerSecond: number;
}

export interface DoneEvent {
  readonly type: 'done';
  readonly reason: 'finished' | 'aborted' | 'early-stop';
  readonly steps: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
}

export type TrainEvent =
  | StartEvent
  | WarningEvent
  | StepEvent
  | ProbeEvent
  | EvaluationEvent
  | EpochEvent
  | DoneEvent;
