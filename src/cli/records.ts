/** What a run leaves in memory for its tables and report: the events of each training run, gathered from the stream. */
import type { Recipe } from '../quant/recipe.js';
import type { EpochEvent, EvaluationEvent, ProbeEvent, StartEvent } from '../train/index.js';
import type { Snapshot } from './distributions.js';
import type { CliEvent, Result, RunDoneEvent, RunFailedEvent } from './events.js';

export interface StepPoint {
  readonly step: number;
  readonly loss: number;
  readonly accuracy?: number;
}

/** One recipe under one seed. */
export interface RunRecord {
  readonly recipe: Recipe;
  readonly seed: number;
  start?: StartEvent;
  readonly steps: StepPoint[];
  readonly evaluations: EvaluationEvent[];
  readonly epochs: EpochEvent[];
  readonly probes: ProbeEvent[];
  readonly snapshots: Snapshot[];
  done?: RunDoneEvent;
  failed?: RunFailedEvent;
}

export class Records {
  readonly runs: RunRecord[] = [];

  constructor(private readonly recipes: readonly Recipe[]) {}

  readonly listen = (event: CliEvent): void => {
    if (event.type === 'start') {
      const recipe = this.recipes.find(({ name }) => name === event.recipe);
      if (!recipe) throw new Error(`a run started under a recipe that was not asked for: ${event.recipe}`);
      this.runs.push({
        recipe,
        seed: event.seed,
        start: event,
        steps: [],
        evaluations: [],
        epochs: [],
        probes: [],
        snapshots: [],
      });
      return;
    }
    const run = this.runs[this.runs.length - 1];
    if (!run) return;
    switch (event.type) {
      case 'step': {
        const { step, loss, accuracy } = event;
        run.steps.push({ step, loss, ...(accuracy === undefined ? {} : { accuracy }) });
        break;
      }
      case 'evaluation':
        run.evaluations.push(event);
        break;
      case 'epoch':
        run.epochs.push(event);
        break;
      case 'probe':
        run.probes.push(event);
        break;
      case 'distributions':
        run.snapshots.push(event);
        break;
      case 'run-done':
        run.done = event;
        break;
      case 'run-failed':
        run.failed = event;
        break;
      default:
        break;
    }
  };

  /** The run that has started and not ended. */
  get running(): RunRecord | undefined {
    const run = this.runs[this.runs.length - 1];
    return run?.done || run?.failed ? undefined : run;
  }

  /** The rows of the comparison, in the order of the runs. */
  results(): Result[] {
    return this.runs.map(({ recipe, seed, start, done, epochs }) => ({
      recipe: recipe.name,
      seed,
      testAccuracy: done?.testAccuracy ?? null,
      testLoss: done?.testLoss ?? null,
      imagesPerSecond: done?.imagesPerSecond ?? epochs[epochs.length - 1]?.imagesPerSecond ?? 0,
      peakBytes: start?.memory.peakBytes ?? 0,
      savedForBackwardBytes: start?.memory.savedForBackwardBytes ?? 0,
      integerMacShare: start?.integerMacShare ?? 0,
    }));
  }
}

/** Mean of some numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
