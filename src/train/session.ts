/**
 * A session: one model under one recipe with its optimiser, planned for a backend and ready to step. It holds the set of plans (train,
 * ragged last batch, evaluation, prediction, trace) over one parameter region and one arena; it knows no epochs and no files.
 */
import type { Backend, Program as BackendProgram, Call } from '../backend/backend.js';
import type { BufferRef } from '../backend/kernels.js';
import { layOut, PersistentRegion, type Plan, registerSources } from '../compiler/plan.js';
import type { NumericArray } from '../core/dtype.js';
import { DataError, NonFiniteError, UsageError } from '../core/errors.js';
import { seedWords } from '../core/rng.js';
import { type Shape, sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { type BoundModel, bind } from '../nn/module.js';
import type { Recipe } from '../quant/recipe.js';
import type { Loss } from './loss.js';
import { PlanCache } from './plan-cache.js';
import { buildProgram, inputName, lossWeightName, type Program, targetName } from './program.js';
import { floatTwin, refuseUnmatched } from './recipe-twin.js';
import {
  asBatch,
  type Batch,
  type BatchLike,
  checkConfig,
  requireCount,
  requireNumbers,
  type SessionConfig,
  type StepResult,
  type Trace,
  type TraceOptions,
} from './session-config.js';
import {
  nonFiniteLoss,
  refuseBadBytes,
  refuseBadIntegers,
  refuseNonFinite,
  refuseUnseenRanges,
  throwStatus,
} from './status.js';
import { type MemorySummary, memorySummary, type WorkSummary, workSummary } from './summary.js';
import { runUntilNonFinite, type TracedSource } from './trace.js';
import { type UpdateSegment, updateSegment } from './update.js';
import { UpdateRun } from './update-run.js';

/** A planned program with its calls made ready. */
export interface ReadyPlan {
  readonly plan: Plan;
  readonly program: Program;
  /** The plan's calls; in training after them, where gradients are accumulated, one call for each of the program's gradients. */
  readonly calls: readonly Call[];
  readonly run: BackendProgram;
}

/** `float` is the trace plan of the recipe's float twin. */
type PlanKind = 'train' | 'eval' | 'predict' | 'trace' | 'float';

const trainingKinds: readonly PlanKind[] = ['train', 'trace', 'float'];
const traceKinds: readonly PlanKind[] = ['trace', 'float'];

/**
 * A model planned and ready to step, on a backend that it has to itself; createSession makes one from names and defaults. What
 * is handed to it is checked: an argument of the wrong kind is a UsageError, data that do not fit a DataError.
 */
export class Session {
  readonly bound: BoundModel;
  readonly recipe: Recipe;
  readonly backend: Backend;
  readonly batchSize: number;
  readonly accumulate: number;
  private readonly config: SessionConfig;
  private readonly region: PersistentRegion;
  private readonly plans: PlanCache<ReadyPlan>;
  private readonly update: UpdateSegment;
  private readonly updateRun: UpdateRun;
  private readonly seed: number;
  private counters: Int32Array = new Int32Array(4);
  private kept: NumericArray[] | undefined;
  private states: string[] | undefined;
  private disposed = false;
  /** Updates done. */
  updates = 0;

  /** Plans training and evaluation; throws ShapeError, RecipeError or UsageError before any number is touched. */
  constructor(config: SessionConfig) {
    checkConfig(config);
    const { batchSize, accumulate = 1, seed = 0 } = config;
    this.config = config;
    this.recipe = config.recipe;
    this.backend = config.backend;
    if (inUse.has(this.backend)) {
      throw new UsageError('this backend already serves a session; create one for each session');
    }
    this.batchSize = batchSize;
    this.plans = new PlanCache(batchSize, ({ run }) => run.release());
    this.accumulate = accumulate;
    this.seed = seed;
    this.bound = bind(config.model);
    refuseUnmatched(config.recipe, this.bound);
    this.region = new PersistentRegion(this.backend.floatBytes);
    const train = this.build('train', batchSize);
    const evaluation = this.build('eval', batchSize);
    for (const program of [train, evaluation]) registerSources(program.lowered, this.region);
    for (const parameter of this.bound.parameters) {
      this.region.buffer('parameter', parameter.path, sizeOf(parameter.shape), 'float');
    }
    this.update = updateSegment({
      region: this.region,
      bound: this.bound,
      gradients: train.gradients,
      optimizer: config.optimizer,
      masterWeights: config.recipe.masterWeights,
      quantizedWeights: train.quantizedWeights,
      derivedWeights: train.derivedWeights,
      ...(config.clipNorm === undefined ? {} : { clipNorm: config.clipNorm }),
    });
    this.region.seal();
    this.backend.reserve(this.region.bytes);
    this.initialise();
    this.install('train', batchSize, train);
    this.install('eval', batchSize, evaluation);
    this.updateRun = new UpdateRun(this.backend, this.update);
    inUse.add(this.backend);
  }

  private build(kind: PlanKind, batch: number): Program {
    return buildProgram({
      bound: this.bound,
      input: this.config.input,
      loss: this.config.loss,
      recipe: kind === 'float' ? floatTwin(this.recipe) : this.recipe,
      batch,
      mode: trainingKinds.includes(kind) ? 'train' : 'eval',
      trace: traceKinds.includes(kind),
      predictOnly: kind === 'predict',
      weighted: this.accumulate > 1,
    });
  }

  private install(kind: PlanKind, batch: number, program: Program): ReadyPlan {
    const training = trainingKinds.includes(kind);
    const placed = new Map<Value, BufferRef>();
    if (training && this.accumulate === 1) {
      for (const [path, value] of program.gradients) placed.set(value, this.update.gradient(path));
    }
    const outputs: Record<string, Value> = { ...program.outputs };
    if (training && this.accumulate > 1) {
      for (const [path, value] of program.gradients) outputs[`gradient:${path}`] = value;
    }
    const plan = layOut(program.lowered, {
      region: this.region,
      outputs,
      placed,
      trace: traceKinds.includes(kind),
    });
    this.backend.reserve(plan.arenaOffset + plan.arenaBytes);
    const calls = plan.calls.map(({ call }) => call);
    if (training && this.accumulate > 1) {
      for (const [path, value] of program.gradients) {
        const total = this.update.gradient(path);
        calls.push({
          kernel: 'accumulate',
          buffers: { input: plan.locate(value), total },
          params: { count: total.length },
        });
      }
    }
    const ready = { plan, program, calls, run: this.backend.compile(calls) };
    this.plans.set(kind, batch, ready);
    return ready;
  }

  /** The plan of that kind for that batch size, made when first asked for. */
  planFor(kind: PlanKind, batch: number): ReadyPlan {
    if (this.disposed) throw new UsageError('this session was disposed; create a new one');
    return this.plans.get(kind, batch) ?? this.install(kind, batch, this.build(kind, batch));
  }

  /** Plans that are kept: those of the usual batch size, and of others the 16 used last. */
  get planCount(): number {
    return this.plans.size;
  }

  /** Checks that batches of these sizes can be trained on, before the first step (a norm that would see one value a channel, say). */
  prepare(batchSizes: readonly number[]): void {
    for (const size of new Set(batchSizes)) {
      requireCount('batch size', size);
      this.planFor('train', size);
    }
  }

  private initialise(): void {
    for (const parameter of this.bound.parameters) {
      this.write(parameter.path, parameter.initial(this.seed));
    }
    for (const buffer of this.region.all()) {
      if (buffer.data) this.backend.view(buffer).set(buffer.data);
    }
    const [low, high] = seedWords(this.seed);
    this.counters[0] = low | 0;
    this.counters[1] = high | 0;
  }

  /** Where a parameter or state lies in memory, by path: to be read; what changes it goes through `write`. Throws UsageError for an unknown path. */
  bufferOf(name: string): BufferRef {
    const buffer = this.region.get(name);
    if (!buffer) {
      const known = this.region.all().map(({ name: other }) => other);
      throw new UsageError(
        `there is no parameter or state "${name}" in this session; it has ${known.slice(0, 8).join(', ')}, ...`,
      );
    }
    return buffer;
  }

  /** A copy of a parameter's or state's numbers, by path, in the backend's precision. Throws UsageError for an unknown path. */
  read(name: string): Float32Array | Float64Array {
    return this.floats(this.bufferOf(name));
  }

  private floats(buffer: BufferRef): Float32Array | Float64Array {
    const view = this.backend.view(buffer);
    return this.backend.floatBytes === 8 ? Float64Array.from(view) : Float32Array.from(view);
  }

  /** Replaces a parameter's or state's numbers. Throws UsageError for an unknown path or another length. */
  write(name: string, data: ArrayLike<number>): void {
    const buffer = this.bufferOf(name);
    if (data.length !== buffer.length) {
      throw new UsageError(`"${name}" has ${buffer.length} elements, got ${data.length}`);
    }
    this.backend.view(buffer).set(data);
    this.updateRun?.touch();
  }

  /** What the loss's targets are: class numbers, or floats. */
  get targetStorage(): Loss['targetStorage'] {
    return this.config.loss.targetStorage;
  }

  /** Shape of one sample. */
  get inputShape(): Shape {
    return this.config.input.shape;
  }

  /** Length of the model's output along its last axis: classes, of a classifier. */
  get outputs(): number {
    const { outputShape } = this.planFor('train', this.batchSize).program;
    return outputShape[outputShape.length - 1] ?? 1;
  }

  /** A copy of the last step's gradient of a parameter, by its path. */
  readGradient(path: string): Float64Array {
    return Float64Array.from(this.backend.view(this.update.gradient(path)), Number);
  }

  /** Paths of the parameters that the loss depends on. */
  trainedPaths(): string[] {
    return [...this.planFor('train', this.batchSize).program.gradients.keys()];
  }

  /** Paths of all state that a later session needs besides the parameters: running statistics and ranges. */
  stateNames(): string[] {
    this.states ??= this.region
      .all()
      .filter(({ kind }) => kind === 'state')
      .map(({ name }) => name);
    return [...this.states];
  }

  private load(ready: ReadyPlan, batch: Batch, targets: boolean): void {
    const { inputs } = ready.plan;
    this.fill(inputs[inputName], batch.inputs, 'inputs', batch.size);
    if (targets && inputs[targetName]) this.fill(inputs[targetName], batch.targets, 'targets', batch.size);
    this.backend.view(ready.plan.status).fill(0);
  }

  private fill(buffer: BufferRef | undefined, data: ArrayLike<number>, what: string, size: number): void {
    if (!buffer) return;
    if (data.length !== buffer.length) {
      throw new DataError(
        `a batch of ${size} needs ${buffer.length} ${what} (${buffer.length / size} a sample), got ${data.length}`,
      );
    }
    if (buffer.storage === 'int32') refuseBadIntegers(data, what);
    if (buffer.storage === 'uint8') refuseBadBytes(data);
    this.backend.view(buffer).set(data);
  }

  private setCounters(microStep: number): void {
    this.counters[2] = this.updates;
    this.counters[3] = microStep;
    this.backend.view(this.bufferOf('counters')).set(this.counters);
  }

  /**
   * Forward, backward and update on one batch (or `accumulate` micro-batches). Throws NonFiniteError naming module and role when a
   * NaN or infinity appears, before the parameters are changed, or after an update that made a quantised weight so; DataError when the batch does not fit.
   */
  step(batch: BatchLike | readonly BatchLike[], learningRate: number): StepResult {
    const micro = (Array.isArray(batch) ? (batch as readonly BatchLike[]) : [batch]).map(asBatch);
    if (micro.length === 0 || micro.length > this.accumulate) {
      throw new UsageError(`a step takes 1 to ${this.accumulate} micro-batches, got ${micro.length}`);
    }
    // The kernels' is a float32: 1e39 would be infinite there, and so would every weight.
    if (!Number.isFinite(Math.fround(learningRate)) || learningRate < 0) {
      throw new UsageError(`the learning rate must be a finite float32 of at least 0, got ${learningRate}`);
    }
    this.updateRun.refresh();
    if (this.accumulate > 1) this.update.clearGradients(this.backend);
    const samples = micro.reduce((count, { size }) => count + size, 0);
    let loss = 0;
    let correct: number | undefined;
    this.keepingState(() => {
      micro.forEach((part, i) => {
        const result = this.gradients(part, i, (part.size * micro.length) / samples);
        loss += (result.loss * part.size) / samples;
        if (result.correct !== undefined) correct = (correct ?? 0) + result.correct;
      });
    });
    const hyper = this.backend.view(this.bufferOf('hyper'));
    this.config.optimizer.hyper(hyper, this.updates, learningRate, 1 / micro.length);
    this.updateRun.run(this.updates);
    this.updates += 1;
    return { loss, correct };
  }

  /** Runs `work`; if it throws, running statistics and ranges are as they were before. */
  private keepingState(work: () => void, always = false): void {
    const names = this.stateNames();
    this.kept ??= names.map((name) => this.backend.view(this.bufferOf(name)).slice());
    names.forEach((name, i) => {
      this.kept?.[i].set(this.backend.view(this.bufferOf(name)));
    });
    let done = false;
    try {
      work();
      done = true;
    } finally {
      if (always || !done) {
        names.forEach((name, i) => {
          this.backend.view(this.bufferOf(name)).set(this.kept?.[i] ?? []);
        });
      }
    }
  }

  /** `weight` of this micro-batch's mean loss among those of its step; 1 where all are of one size. */
  private gradients(batch: Batch, microStep: number, weight: number): StepResult {
    const ready = this.planFor('train', batch.size);
    this.load(ready, batch, true);
    const weightInput = ready.plan.inputs[lossWeightName];
    if (weightInput) this.backend.view(weightInput)[0] = weight;
    this.setCounters(microStep);
    ready.run.run();
    return this.result(ready, batch);
  }

  private result(ready: ReadyPlan, batch: Batch): StepResult {
    this.checkStatus(ready, batch);
    const { loss: lossBuffer, correct } = ready.plan.outputs;
    const loss = this.backend.view(lossBuffer)[0];
    if (!Number.isFinite(loss)) throw nonFiniteLoss(loss, this.updates);
    return {
      loss,
      correct: correct === undefined ? undefined : sumOf(this.backend.view(correct)),
    };
  }

  private checkStatus({ plan }: ReadyPlan, batch: Partial<Batch>): void {
    throwStatus(plan, this.backend.view(plan.status), this.updates, batch);
  }

  private checkInference(plan: Plan, inputs: ArrayLike<number>): void {
    if (plan.inputs[inputName]?.storage === 'float') refuseNonFinite(inputs, this.updates);
    refuseUnseenRanges(plan, (buffer) => this.backend.view(buffer), this.recipe.name);
  }

  /** Loss and right predictions of a batch under running statistics; nothing is updated. */
  evaluate(like: BatchLike): StepResult {
    const batch = asBatch(like);
    const ready = this.planFor('eval', batch.size);
    this.checkInference(ready.plan, batch.inputs);
    this.load(ready, batch, true);
    this.setCounters(0);
    ready.run.run();
    return this.result(ready, batch);
  }

  /** The model's output for a batch of inputs, under running statistics: a copy, batch*outputSize numbers in the backend's precision. */
  predict(inputs: ArrayLike<number>): Float32Array | Float64Array {
    requireNumbers('inputs', inputs);
    const size = inputs.length / sizeOf(this.config.input.shape);
    if (!Number.isInteger(size) || size < 1) {
      throw new DataError(
        `inputs must be whole samples of ${sizeOf(this.config.input.shape)} numbers, got ${inputs.length}`,
      );
    }
    const ready = this.planFor('predict', size);
    this.checkInference(ready.plan, inputs);
    this.load(ready, { inputs, targets: [], size }, false);
    this.setCounters(0);
    ready.run.run();
    this.checkStatus(ready, { inputs, size });
    return this.floats(ready.plan.outputs.output);
  }

  /**
   * One forward and backward pass under the trace plan, which is unfused and keeps every value; parameters stay, running statistics
   * and ranges are put back. Throws NonFiniteError naming module, role and kernel of the first float that is not finite, whichever
   * kernel wrote it; no later call is run then. It looks at every float, so it takes some steps' time.
   */
  trace(like: BatchLike, options: TraceOptions = {}): Trace {
    const batch = asBatch(like);
    const { inFloat = false, everyValue = true } = options;
    const ready = this.planFor(inFloat ? 'float' : 'trace', batch.size);
    const callByCall = (): StepResult => this.traceOnce(ready, batch, () => this.runCallByCall(ready));
    let result: StepResult;
    if (everyValue) result = callByCall();
    else {
      try {
        result = this.traceOnce(ready, batch, () => ready.run.run());
      } catch (error) {
        // Once more call by call: where the first such number came from says more than which range met one.
        if (error instanceof NonFiniteError) callByCall();
        throw error;
      }
    }
    return {
      result,
      operands: ready.program.operands,
      read: (value) => this.backend.view(ready.plan.locate(value)),
      gradient: (path) => this.backend.view(this.update.gradient(path)),
    };
  }

  private traceOnce(ready: ReadyPlan, batch: Batch, run: () => void): StepResult {
    if (this.accumulate > 1) this.update.clearGradients(this.backend);
    let result: StepResult = { loss: Number.NaN, correct: undefined };
    this.keepingState(() => {
      const { arenaOffset: offset, arenaBytes: length } = ready.plan;
      // What other plans left behind is no number of this one.
      this.backend.view({ offset, length, storage: 'uint8' }).fill(0);
      this.load(ready, batch, true);
      const weightInput = ready.plan.inputs[lossWeightName];
      if (weightInput) this.backend.view(weightInput)[0] = 1;
      this.setCounters(0);
      run();
      result = this.result(ready, batch);
    }, true);
    return result;
  }

  private runCallByCall({ plan, program, calls }: ReadyPlan): void {
    const sources: TracedSource[] = [
      ...Object.entries(plan.inputs).map(([role, buffer]) => ({ buffer, path: '', role })),
      ...this.region
        .all()
        .filter(({ kind }) => kind === 'parameter' || kind === 'state')
        .map((buffer) => ({ buffer, path: buffer.name, role: buffer.kind })),
    ];
    const accumulated = [...program.gradients.keys()];
    const traced = calls.map((call, i) => ({
      call,
      path: plan.calls[i]?.path ?? accumulated[i - plan.calls.length],
    }));
    runUntilNonFinite(this.backend, sources, traced, this.updates);
  }

  /** Bytes of the training plan, by what they are for. */
  memory(): MemorySummary {
    const { plan } = this.planFor('train', this.batchSize);
    const calls = [...plan.calls.map(({ call }) => call), ...this.update.calls];
    return memorySummary(plan, this.region, this.backend.scratchBytes(calls));
  }

  /** Multiply-accumulates of a training step, and the share that integer kernels do. */
  work(): WorkSummary {
    return workSummary(this.planFor('train', this.batchSize).plan);
  }

  /** The planned update calls, for the printed plan. */
  get updateCalls(): UpdateSegment['calls'] {
    return this.update.calls;
  }

  /** Ends the backend's workers and frees its memory, so that the process can exit. */
  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    await this.backend.dispose();
  }
}

/** Sessions lay their plans from the start of a backend's memory, so a backend serves one. */
const inUse = new WeakSet<Backend>();

function sumOf(values: NumericArray): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
