/**
 * What the command and its participants say to each other: one JSON object a line, requests on the child's standard input,
 * answers on its standard output. Lines that are no such objects (libraries greet there) are passed over.
 *
 * A child first makes one step and answers `ready`; then it does as it is asked, one request at a time, until its input ends.
 */
import type { Work } from './works.js';

/** What a participant is told when it is started. */
export interface ChildConfig {
  /** Module that exports `create`, for children that run in Node. */
  readonly module: string;
  readonly work?: Work;
  readonly batch: number;
  readonly threads: number;
  readonly momentum: number;
  /** Settings of one kind of participant: recipe, layout of memory, patch. */
  readonly variant: Readonly<Record<string, string | boolean>>;
}

/** Repeats a job for some time, at least once. */
export interface RunRequest {
  readonly type: 'run';
  readonly job: string;
  readonly seconds: number;
  readonly maxSteps: number;
}

/** Asks for a value that takes no part in rounds. */
export interface CallRequest {
  readonly type: 'call';
  readonly name: string;
}

export type Request = RunRequest | CallRequest;

export interface Ready {
  readonly type: 'ready';
  /** Of the step made before; 0 for participants that do not train. */
  readonly loss: number;
  /** Name and version of what is measured. */
  readonly version: string;
  /** How it runs, in its own words. */
  readonly description: string;
}

export interface Ran {
  readonly type: 'ran';
  /** Of each step. */
  readonly milliseconds: readonly number[];
  /** Of the last step. */
  readonly loss: number;
  /** Highest resident memory of the process so far, in bytes. */
  readonly peakRss: number;
}

export interface Called {
  readonly type: 'called';
  readonly value: unknown;
}

export interface Failed {
  readonly type: 'failed';
  readonly message: string;
}

export type Answer = Ready | Ran | Called | Failed;

/** What `create` of a participant's module resolves to. */
export interface Served {
  readonly version: string;
  readonly description: string;
  /** Does a job once; gives the loss where it trains. Of works the only job is `step`. */
  run(job: string): number | Promise<number>;
  /** What `call` requests may ask for. */
  readonly calls?: Readonly<Record<string, () => unknown>>;
}

/** An answer in a line of output; undefined for anything else. */
export function parseAnswer(line: string): Answer | undefined {
  if (!line.startsWith('{"type":"') && !line.startsWith('{"type": "')) return undefined;
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined;
  }
}
