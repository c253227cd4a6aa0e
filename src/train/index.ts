/** Training: sessions, the loop and its events. */
export { createSession, inputOf, type SessionOptions } from './create.js';
export type {
  DoneEvent,
  EpochEvent,
  EvaluationEvent,
  OperandProbe,
  ProbeEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  WarningEvent,
} from './events.js';
export { type Evaluation, evaluate, fit } from './fit.js';
export type { FitOptions } from './fit-options.js';
export { crossEntropyLoss, type Loss, type LossParts, mseLoss } from './loss.js';
export { type ModelFacts, parseModel, restoreModel, type SavedModel, saveModel } from './model-file.js';
export { probe } from './probe.js';
export {
  groupProfile,
  type Profile,
  type ProfiledCall,
  type ProfiledGroup,
  type ProfileKey,
  type ProfileOptions,
  profileStep,
  totalsOf,
} from './profile.js';
export type { InputSpec } from './program.js';
export { Session } from './session.js';
export type { Batch, BatchLike, SessionConfig, StepResult, Trace, TraceOptions } from './session-config.js';
export type { MemorySummary, WorkSummary } from './summary.js';
export { type LayerTensor, type LayerTensorKind, layerTensors } from './tensors.js';
